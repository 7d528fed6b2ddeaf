/** `npm start`: installs and builds what is missing or stale, then runs `anchorite serve`. */
import { checkNodeVersion, ensureBuilt, ensureBundled, ensureInstalled } from './prepare.mjs';

checkNodeVersion();
ensureInstalled();
ensureBuilt();
await ensureBundled();
const { program } = await import('../build/program/cli/main.js');
await program.runCommandLine(['serve', '--suggest', ...process.argv.slice(2)]);
