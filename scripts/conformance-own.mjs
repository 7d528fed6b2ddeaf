/**
 * `npm run conformance:own [-- --zones DIR]`: builds, then writes our own replay scenarios anew; see
 * test/conformance/own/generate.ts.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkNodeVersion, ensureInstalled, fail, root, runTsc } from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
if (runTsc('tsconfig.json').status !== 0) fail('the generator does not compile; see above');
const program = join(root, 'build', 'test', 'conformance', 'own', 'generate.js');
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
