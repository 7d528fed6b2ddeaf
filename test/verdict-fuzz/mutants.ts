/**
 * Shows that the fuzzer bites: each broken validator gets a copy of the compiled program to itself
 * and a bounded number of answers, and must be caught at a wrong verdict. A rule behind which
 * another one stands cannot be missed by any answer: its mutant goes to the test that names it.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, MUTANTS } from './mutant-table.js';

const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MOST_MS = 300_000;

export interface Score {
  readonly caught: number;
  readonly survived: number;
}

export interface MutantOptions {
  readonly seed: number;
  /** Answers for each. */
  readonly count: number;
  readonly jobs: number;
  /** Parts of their rules; all of them if absent. */
  readonly only: readonly string[] | undefined;
}

type Fate =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived' | 'out of date' | 'crashed' };

export async function runMutants(options: MutantOptions): Promise<Score> {
  const { seed, count, jobs, only } = options;
  const isMeant = ({ rule }: Mutant): boolean => only?.some((part) => rule.includes(part)) ?? true;
  const waiting = MUTANTS.filter(isMeant);
  const total = waiting.length;
  const tally = { fuzzing: 0, tests: 0, open: 0 };
  const worker = async (): Promise<void> => {
    const folder = workshop();
    try {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const fate = await fateOf(mutant, folder, options);
        if (fate.kind === 'caught') tally[mutant.test === undefined ? 'fuzzing' : 'tests']++;
        const isOpen = fate.kind === 'survived' && mutant.open !== undefined;
        if (isOpen) tally.open++;
        const why = fate.kind === 'caught' ? fate.by : (mutant.open ?? '');
        console.log(`${(isOpen ? 'open' : fate.kind).padEnd(12)} ${mutant.rule}  (${why})`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  if (!(await isSound(options))) {
    console.log(`the sound validator does not pass with seed ${seed}: see to that first`);
    return { caught: 0, survived: total };
  }
  await Promise.all(Array.from({ length: jobs }, worker));
  const caught = tally.fuzzing + tally.tests;
  const percent = total === 0 ? 0 : (100 * caught) / total;
  console.log(
    `mutation score: ${caught} of ${total} caught (${percent.toFixed(1)} %): ${tally.fuzzing} by ` +
      `fuzzing, each within ${count} answers, seed ${seed}; ${tally.tests} by a named test; ` +
      `${tally.open} known to be open`,
  );
  return { caught, survived: total - caught - tally.open };
}

/** A copy of the program that may be broken. */
function workshop(): string {
  // Beside the build itself: from there tests find their data.
  const folder = mkdtempSync(join(ROOT, 'build-mutants-'));
  for (const part of ['src', 'test']) {
    cpSync(join(BUILD, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.endsWith('.d.ts'),
    });
  }
  return folder;
}

/** What the sound validator fails at says nothing about a broken one. */
async function isSound({ seed, count }: MutantOptions): Promise<boolean> {
  const fates = await Promise.all([
    fateOfProgram(BUILD, { seed, count }, { themes: [] }),
    fateOfProgram(BUILD, { seed, count }, { themes: [], honest: true }),
  ]);
  return fates.every(({ kind }) => kind === 'survived');
}

async function fateOf(mutant: Mutant, folder: string, options: MutantOptions): Promise<Fate> {
  const { file, find, put, test } = mutant;
  const path = join(folder, 'src', file);
  const sound = readFileSync(path, 'utf8');
  if (sound.split(find).length !== 2) return { kind: 'out of date' };
  writeFileSync(
    path,
    sound.replace(find, () => put),
  );
  try {
    return test === undefined
      ? await fateOfProgram(folder, options, mutant)
      : await fateInTest(folder, test);
  } finally {
    writeFileSync(path, sound);
  }
}

async function fateOfProgram(
  folder: string,
  { seed, count }: Pick<MutantOptions, 'seed' | 'count'>,
  { themes, honest = false }: Pick<Mutant, 'themes' | 'honest'>,
): Promise<Fate> {
  const args = ['--brief', '--seed', `${seed}`, '--count', `${count}`];
  for (const theme of themes) args.push('--theme', theme);
  if (honest) args.push('--honest');
  const { status, lines } = await run(join(folder, 'test/verdict-fuzz/main.js'), args);
  if (!/^\d+ passed, \d+ failed$/.test(lines.at(-1) ?? '')) return { kind: 'crashed' };
  return status === 0 ? { kind: 'survived' } : { kind: 'caught', by: lines[1] ?? '' };
}

async function fateInTest(folder: string, test: string): Promise<Fate> {
  const { status, lines } = await run(join(folder, 'test', `${test}.test.js`), []);
  const failed = lines.find((line) => line.trimStart().startsWith('not ok '));
  if (status === 0) return { kind: 'survived' };
  const title = failed?.trim().replace(/^not ok \d+ - /, '') ?? '';
  return failed === undefined ? { kind: 'crashed' } : { kind: 'caught', by: `${test}: ${title}` };
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly lines: readonly string[] }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: ROOT,
      timeout: MOST_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TAP_TIMEOUT: `${MOST_MS / 1_000}` },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.on('close', (status) => resolve({ status, lines: text.trimEnd().split('\n') }));
  });
}
