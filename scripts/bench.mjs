/** `npm run bench [-- options]`: installs and builds what is missing, then measures (see bench/). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  checkNodeVersion,
  ensureBundled,
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
if (runTsc('tsconfig.json').status !== 0) fail('the benchmark does not compile; see above');
markBuilt();
await ensureBundled();
const program = join(root, 'build', 'bench', 'main.js');
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
