/**
 * `npm run conformance [-- options]`: installs and builds what is missing, then plays the replay
 * scenarios (docs/conformance.md says what they are and what the options mean).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  checkNodeVersion,
  ensureInstalled,
  fail,
  markBuilt,
  root,
  runTsc,
  say,
} from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
say('Building: tsc');
if (runTsc('tsconfig.json').status !== 0) fail('the runner does not compile; see above');
markBuilt();
const program = join(root, 'build', 'test', 'conformance', 'rpl', 'run.js');
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
