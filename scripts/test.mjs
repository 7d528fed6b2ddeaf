/**
 * `npm test [-- PATTERN…]`: installs, builds, checks types and style, and runs the test files.
 *
 * Each test file is a tap program and runs under plain node; its TAP is read by tap's own parser.
 * The `tap` command would do the same in 2 to 5 s of start-up plus about 1 s per file, because it
 * loads its plug-ins and a terminal reporter; this way a file costs what it does itself.
 *
 * With patterns, only files whose path contains one of them run, and the static checks are left
 * out. The last line is always `N passed, N failed`, counting assertions and static checks.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { checkNodeVersion, ensureInstalled, markBuilt, root, runTsc } from './prepare.mjs';

const JOBS = Math.min(2, availableParallelism());
const FILE_TIME_LIMIT_MS = Number(process.env.ANCHORITE_TEST_TIME_LIMIT_MS ?? 240_000);
const DURATIONS = join(root, 'build', '.test-durations.json');

const totals = { passed: 0, failed: 0, skipped: 0 };
const startedMs = performance.now();

checkNodeVersion();
ensureInstalled();
const { Parser } = await import('tap-parser');

const patterns = process.argv.slice(2);
mkdirSync(join(root, 'build'), { recursive: true });
buildEverything();

const durations = readDurations();
const files = testFiles().filter((file) => matches(file));
// The longest first: the last job to finish is then a short one.
files.sort((a, b) => (durations[b] ?? 1e9) - (durations[a] ?? 1e9) || (a < b ? -1 : 1));
const jobs = patterns.length === 0 ? [...staticChecks()] : [];
jobs.unshift(...files.map((file) => () => runTestFile(file)));
await Promise.all(Array.from({ length: JOBS }, work));

writeFileSync(DURATIONS, JSON.stringify(durations));
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
if (files.length === 0) report('not ok', 'no test file matches', ['']);
console.log(`\n${files.length} test files in ${seconds} s, ${totals.skipped} skipped`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

async function work() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
}

function buildEverything() {
  const { status, stdout } = runTsc('tsconfig.json', { stdio: ['ignore', 'pipe', 'inherit'] });
  if (status === 0) markBuilt();
  // tsc emits in spite of errors, so the tests still run and say more than the compiler did.
  if (status === 0) report('ok', 'tsc');
  else report('not ok', 'tsc', String(stdout).split('\n'));
}

function staticChecks() {
  const require = createRequire(join(root, 'package.json'));
  const tsc = require.resolve('typescript/bin/tsc');
  const biome = require.resolve('@biomejs/biome/bin/biome');
  return [
    () => runCheck('tsc, floors 0 to 4 without Node', [tsc, '-p', 'tsconfig.core.json']),
    () => runCheck('biome', [biome, 'check', '--colors=off', '--max-diagnostics=50', '.']),
  ];
}

function runCheck(title, args) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      if (code === 0) report('ok', title);
      else report('not ok', title, Buffer.concat(output).toString().split('\n'));
      resolve();
    });
  });
}

/** Test programs whose source still exists: a build folder keeps what was deleted. */
function testFiles() {
  const found = [];
  for (const entry of readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.test.ts')) continue;
    found.push(relative(root, join(entry.parentPath ?? entry.path, entry.name)));
  }
  return found.sort();
}

function matches(file) {
  return patterns.length === 0 || patterns.some((pattern) => file.includes(pattern));
}

function runTestFile(file) {
  const program = join(root, 'build', file.replace(/\.ts$/, '.js'));
  if (!existsSync(program)) {
    report('not ok', file, ['it was not compiled']);
    return Promise.resolve();
  }
  const fileStartMs = performance.now();
  return new Promise((resolve) => {
    const failures = [];
    const errors = [];
    const comments = [];
    const parser = new Parser();
    watch(parser, [], failures, comments);
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const timer = setTimeout(() => {
      errors.push(`stopped after ${FILE_TIME_LIMIT_MS} ms`);
      child.kill('SIGKILL');
    }, FILE_TIME_LIMIT_MS);
    child.stdout.on('data', (chunk) => parser.write(chunk));
    child.stderr.on('data', (chunk) => errors.push(String(chunk).trimEnd()));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      parser.end();
      durations[file] = Math.round(performance.now() - fileStartMs);
      finishFile({ file, code, signal, failures, errors, comments, results: parser.results });
      resolve();
    });
  });
}

function finishFile({ file, code, signal, failures, errors, comments, results }) {
  const { pass = 0, fail: failed = 0, skip = 0, todo = 0 } = results ?? {};
  const time = `${(durations[file] / 1000).toFixed(1)} s`;
  totals.skipped += skip + todo;
  const lines = [...failures];
  if (results === null || results === undefined || (!results.ok && failed === 0)) {
    lines.push(`the TAP of this file is not complete: ${JSON.stringify(results?.failures ?? [])}`);
  }
  if (code !== 0 && lines.length === 0) {
    lines.push(`ended with ${signal ?? `status ${code}`} although no assertion failed`);
  }
  if (pass + failed + skip + todo === 0) lines.push('it asserts nothing');
  totals.passed += pass;
  if (lines.length > 0) {
    totals.failed += Math.max(failed, 1);
    printLine('not ok', `${file} (${pass} passed, ${Math.max(failed, 1)} failed, ${time})`);
    for (const line of [...lines, ...errors]) console.log(indent(line));
  } else {
    const skipped = skip + todo === 0 ? '' : `, ${skip + todo} skipped`;
    printLine('ok', `${file} (${pass} passed${skipped}, ${time})`);
  }
  for (const comment of comments) console.log(indent(comment));
}

/** Collects failed leaves with their path of titles, and what was skipped, loudly. */
function watch(parser, path, failures, comments) {
  parser.on('child', (child) => watch(child, [...path, child.name], failures, comments));
  parser.on('assert', (assertion) => {
    const title = [...path, assertion.name].filter((part) => part !== '').join(' > ');
    if (assertion.skip) {
      const reason = assertion.skip === true ? '' : `: ${assertion.skip}`;
      comments.push(`skipped: ${title}${reason}`);
    }
    if (assertion.ok || assertion.skip || assertion.todo) return;
    const detail = assertion.diag === null || assertion.diag === undefined ? '' : assertion.diag;
    failures.push(`not ok ${title}\n${indent(describe(detail))}`);
  });
}

function describe(detail) {
  if (typeof detail === 'string') return detail;
  const { diff, found, wanted, message, stack, at } = detail;
  const lines = [];
  if (at?.fileName !== undefined) lines.push(`at ${at.fileName}:${at.lineNumber}`);
  if (message !== undefined) lines.push(String(message));
  if (diff !== undefined) lines.push(diff);
  else if (found !== undefined || wanted !== undefined) {
    lines.push(`found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
  }
  if (stack !== undefined && diff === undefined) lines.push(stack);
  return lines.join('\n');
}

function report(status, title, lines = []) {
  if (status === 'ok') totals.passed++;
  else totals.failed++;
  printLine(status, title);
  for (const line of lines) if (line !== '') console.log(indent(line));
}

function printLine(status, text) {
  console.log(`${status.padEnd(6)} ${text}`);
}

function indent(text) {
  return String(text).replace(/^/gm, '       ');
}

function readDurations() {
  try {
    return JSON.parse(readFileSync(DURATIONS, 'utf8'));
  } catch {
    return {};
  }
}
