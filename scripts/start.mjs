/** `npm start`: installs and builds what is missing or stale, then runs `anchorite serve`. */
import { checkNodeVersion, ensureBuilt, ensureBundled, ensureInstalled } from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
ensureBuilt();
await ensureBundled();
const { runCommandLine } = await import('../build/program/cli/main.js');
await runCommandLine(['serve', '--suggest', ...process.argv.slice(2)]);
