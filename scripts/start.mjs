/** `npm start`: installs and builds what is missing or stale, then runs `anchorite serve`. */
import { checkNodeVersion, ensureBuilt, ensureInstalled } from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
ensureBuilt();
const { runCommandLine } = await import('../build/src/cli/main.js');
await runCommandLine(['serve', '--suggest', ...process.argv.slice(2)]);
