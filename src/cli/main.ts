#!/usr/bin/env node
/** The program: finds the command, runs it, turns its outcome into an exit status. */
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT } from './command.js';
import { readCommandLine } from './command-line.js';

/** Runs one command line, without the name of the program, to its end. */
export async function runCommandLine(
  argv: readonly string[],
  startedMs = performance.now(),
): Promise<void> {
  // Set and not exited with, so that what is still being written gets out.
  process.exitCode = await statusOf(argv, startedMs);
}

async function statusOf(argv: readonly string[], startedMs: number): Promise<number> {
  const read = readCommandLine(argv, startedMs);
  switch (read.kind) {
    case 'run': {
      const run = await read.command.load();
      return run(read.invocation);
    }
    case 'help': {
      const { helpText } = await import('./help.js');
      process.stdout.write(await helpText(read.command));
      return EXIT.ok;
    }
    case 'completion': {
      const { complete } = await import('./help.js');
      await complete(argv);
      return EXIT.ok;
    }
    case 'version':
      process.stdout.write(`${readVersion()}\n`);
      return EXIT.ok;
    case 'wrong': {
      const path = read.command === undefined ? 'anchorite' : `anchorite ${read.command.path}`;
      for (const problem of read.problems) process.stderr.write(`${path}: ${problem}\n`);
      process.stderr.write(`'${path} --help' tells more\n`);
      return EXIT.usage;
    }
  }
}

export function readVersion(): string {
  // build/src/cli/main.js, three folders below package.json.
  const manifest = new URL('../../../package.json', import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

function isMainProgram(): boolean {
  const [, program] = process.argv;
  if (program === undefined) return false;
  try {
    // npm starts programs through a symbolic link.
    return realpathSync(program) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

/** `anchorite lab list | head`: nobody reads on, so there is nothing left to do. */
function endWithItsReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  throw error;
}

async function runAsProgram(): Promise<void> {
  process.stdout.on('error', endWithItsReader);
  try {
    // The clock of `performance` begins with the process.
    await runCommandLine(process.argv.slice(2), 0);
  } catch (error) {
    process.stderr.write(`anchorite: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = EXIT.failure;
  }
}

if (isMainProgram()) void runAsProgram();
