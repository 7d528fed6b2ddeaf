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
import {
  checkNodeVersion,
  ensureBundled,
  ensureInstalled,
  markBuilt,
  root,
  runTsc,
} from './prepare.mjs';

const JOBS = Math.min(2, availableParallelism());
const FILE_TIME_LIMIT_MS = Number(process.env.ANCHORITE_TEST_TIME_LIMIT_MS ?? 150_000);
const DURATIONS = join(root, 'build', '.test-durations.json');

const totals = { passed: 0, failed: 0, skipped: 0 };
const startedMs = performance.now();

checkNodeVersion();
ensureInstalled();
const { Parser } = await import('tap-parser');

const patterns = process.argv.slice(2);
mkdirSync(join(root, 'build'), { recursive: true });
await buildEverything();

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

async function buildEverything() {
  const { status, stdout } = runTsc('tsconfig.json', { stdio: ['ignore', 'pipe', 'inherit'] });
  if (status === 0) {
    markBuilt();
    await ensureBundled();
  }
  // tsc emits in spite of errors, so the tests still run and say more than the compiler did.
  if (status === 0) report('ok', 'tsc');
  else report('not ok', 'tsc', String(stdout).split('\n'));
}

function staticChecks() {
  const require = createRequire(join(root, 'package.json'));
  const tsc = require.resolve('typescript/bin/tsc');
  const bin = (name, path) => join(require.resolve(`${name}/package.json`), '..', path);
  const eslint = bin('eslint', 'bin/eslint.js');
  const prettier = bin('prettier', 'bin/prettier.cjs');
  return [
    () => runCheck('tsc, floors 0 to 4 without Node', [tsc, '-p', 'tsconfig.core.json']),
    () => runCheck('eslint', [eslint, '--no-color', ...cacheAt('eslint'), '.']),
    () => runCheck('prettier', [prettier, '--check', ...cacheAt('prettier'), '.']),
  ];
}

/** Only what has changed since the last run is looked at again. */
function cacheAt(tool) {
  return ['--cache', '--cache-location', `build/.cache-${tool}`];
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

function runTestFile(file, isRepeat = false) {
  const program = join(root, 'build', file.replace(/\.ts$/, '.js'));
  if (!existsSync(program)) {
    report('not ok', file, ['it was not compiled']);
    return Promise.resolve();
  }
  const fileStartMs = performance.now();
  return new Promise((resolve) => {
    const seen = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
    const errors = [];
    const parser = new Parser();
    watch(parser, [], seen);
    const child = spawn(process.execPath, [program], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // The limit above is the one that counts: tap's own is 30 s, too short on a busy machine.
      env: { ...process.env, FORCE_COLOR: '0', TAP_TIMEOUT: `${FILE_TIME_LIMIT_MS / 1000}` },
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      errors.push(`stopped after ${FILE_TIME_LIMIT_MS} ms`);
      child.kill('SIGKILL');
    }, FILE_TIME_LIMIT_MS);
    child.stdout.on('data', (chunk) => parser.write(chunk));
    child.stderr.on('data', (chunk) => errors.push(String(chunk).trimEnd()));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (timedOut && !isRepeat && seen.failed === 0) {
        // Node 20 can deadlock while it makes keys (see src/runtime/key-pairs.ts): once more, aloud.
        printLine('again', `${file} was stopped after ${FILE_TIME_LIMIT_MS} ms`);
        resolve(runTestFile(file, true));
        return;
      }
      parser.end();
      durations[file] = Math.round(performance.now() - fileStartMs);
      if (!parser.results?.ok && seen.failures.length === 0) {
        const reasons = JSON.stringify(parser.results?.failures ?? []);
        seen.failures.push(`the TAP of this file is not complete: ${reasons}`);
      }
      if (code !== 0 && seen.failures.length === 0) {
        seen.failures.push(`ended with ${signal ?? `status ${code}`} though nothing failed`);
      }
      if (seen.passed + seen.failed + seen.skipped === 0) seen.failures.push('it asserts nothing');
      finishFile(file, seen, errors);
      resolve();
    });
  });
}

function finishFile(file, { passed, failed, skipped, failures, skips }, errors) {
  const time = `${(durations[file] / 1000).toFixed(1)} s`;
  const bad = failures.length > 0 ? Math.max(failed, 1) : 0;
  totals.passed += passed;
  totals.failed += bad;
  totals.skipped += skipped;
  const counts = [`${passed} passed`];
  if (bad > 0) counts.push(`${bad} failed`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  printLine(bad === 0 ? 'ok' : 'not ok', `${file} (${[...counts, time].join(', ')})`);
  if (bad > 0) for (const line of [...failures, ...errors]) console.log(indent(line));
  for (const line of skips) console.log(indent(line));
}

/** Counts the leaves; collects the failed ones with their path of titles, and what was skipped. */
function watch(parser, path, seen) {
  let failuresBefore = -1;
  parser.on('child', (child) => {
    failuresBefore = seen.failures.length;
    watch(child, [...path, child.name], seen);
  });
  parser.on('assert', ({ ok, skip, todo, name, diag }) => {
    // After a subtest comes one line that sums it up; it counts when nothing else told of a failure.
    const isSummary = failuresBefore >= 0;
    const wasTold = isSummary && seen.failures.length > failuresBefore;
    failuresBefore = -1;
    const title = [...path, name].filter((part) => part !== '').join(' > ');
    if (skip || todo) {
      seen.skipped++;
      const reason = typeof skip === 'string' ? `: ${skip}` : '';
      seen.skips.push(`skipped: ${title}${reason}`);
    } else if (ok) {
      if (!isSummary) seen.passed++;
    } else if (!wasTold) {
      seen.failed++;
      seen.failures.push(`not ok ${title}\n${indent(describe(diag ?? ''))}`);
    }
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
