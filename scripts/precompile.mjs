/**
 * `node precompile.mjs serve …`: runs the program to its end, then writes what V8 has compiled of it
 * by then, for the next start (bundle.mjs, src/cli/launch.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { CACHE_FILE, PROGRAM_FILE, sealed } from '../build/src/cli/launch.js';
import { root } from './prepare.mjs';

const { program, script } = await import('../build/program/cli/main.js');
// What nobody has called for a while would be forgotten.
setFlagsFromString('--no-flush-bytecode');
await program.runCommandLine(process.argv.slice(2));
// V8 takes the data only where its flags are as they were: those of every start (cli/memory.ts).
const asAtTheStart = [
  '--flush-bytecode',
  '--heap-growing-percent=0',
  '--semi-space-growth-factor=2',
];
for (const flag of asAtTheStart) setFlagsFromString(flag);
if (process.exitCode === 0) {
  const folder = join(root, 'build', 'program', 'cli');
  const source = readFileSync(join(folder, PROGRAM_FILE));
  writeFileSync(join(folder, CACHE_FILE), sealed(source, script.createCachedData()));
}
