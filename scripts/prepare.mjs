/**
 * Brings a checkout into a state where it can run: dependencies as package-lock.json names them,
 * JavaScript at least as new as the TypeScript it was made from. Uses Node's own modules only,
 * since nothing else is there on a fresh checkout.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const STAMP = join(root, 'build', '.built-src');
const PROGRAM_STAMP = join(root, 'build', '.built-program');
const TSC = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Runs `npm ci` when the installed packages are not those of package-lock.json. */
export function ensureInstalled() {
  const reason = installReason();
  if (reason === undefined) return;
  say(`${reason}: npm ci`);
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  const cause = error === undefined ? `ended with status ${status}` : error.message;
  fail(`npm ci ${cause}; the dependencies are not installed, so nothing can be built`);
}

function installReason() {
  const wanted = lockedPackages(join(root, 'package-lock.json'));
  const present = lockedPackages(join(root, 'node_modules', '.package-lock.json'));
  if (present === undefined) return 'Dependencies are missing';
  if (wanted === undefined) return undefined;
  for (const [path, entry] of Object.entries(wanted)) {
    // Optional packages are built for one platform each; npm leaves out those of the others.
    if (path === '' || entry.optional === true || entry.devOptional === true) continue;
    if (present[path]?.version !== entry.version) return `${path} is not at ${entry.version}`;
  }
  return undefined;
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Compiles `src/` when any of it is newer than the last successful compilation. */
export function ensureBuilt() {
  if (newestSource() <= modifiedMs(STAMP)) return;
  say('Building: tsc');
  const { status } = runTsc('tsconfig.src.json');
  if (status !== 0) fail('the TypeScript sources do not compile; see the messages above');
  markBuilt();
}

/** Makes the program of what was compiled, anew for another version of Node. */
export async function ensureBundled() {
  if (modifiedMs(STAMP) <= modifiedMs(PROGRAM_STAMP)) {
    if (readFileSync(PROGRAM_STAMP, 'utf8') === process.version) return;
  }
  const { bundle } = await import('./bundle.mjs');
  const problem = await bundle();
  if (problem !== undefined) say(`starts will take longer, nothing is precompiled: ${problem}`);
  writeFileSync(PROGRAM_STAMP, process.version);
}

export function runTsc(project, options = {}) {
  return spawnSync(process.execPath, [TSC, '-p', project], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
}

/** Remembers that `build/src` is now as new as `src/`. */
export function markBuilt() {
  writeFileSync(STAMP, `${new Date().toISOString()}\n`);
}

function newestSource() {
  let newest = modifiedMs(join(root, 'package-lock.json'));
  for (const name of ['tsconfig.json', 'tsconfig.src.json']) {
    newest = Math.max(newest, modifiedMs(join(root, name)));
  }
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    // A folder's own time changes when a file in it is removed.
    newest = Math.max(newest, modifiedMs(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return newest;
}

function modifiedMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

export function say(text) {
  process.stderr.write(`anchorite: ${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}

export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [needMajor = 0, needMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(`Node.js ${engines.node} is needed, this is ${process.versions.node}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  checkNodeVersion();
  ensureInstalled();
  ensureBuilt();
  await ensureBundled();
}
