/**
 * `npm run fuzz:verdict [-- --count N] [--seed S] [--mutants]`: builds, then tampers with answers
 * and holds every verdict of the resolver against the truth; see test/verdict-fuzz/main.ts.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkNodeVersion, ensureInstalled, root, runTsc } from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
if (runTsc('tsconfig.json').status !== 0) console.log('tsc: there are errors; going on without');
const program = join(root, 'build', 'test/verdict-fuzz/main.js');
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
