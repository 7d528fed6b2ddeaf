/**
 * Shows that the fuzzer bites: each broken validator gets a copy of the compiled program to itself
 * and a bounded number of answers, and must be caught at a wrong verdict.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, MUTANTS } from './mutant-table.js';

const BUILD = fileURLToPath(new URL('../../', import.meta.url));
/** What the program needs of the build. */
const NEEDED = ['src', 'test/verdict-fuzz', 'test/support', 'test/fuzz'];
const MOST_MS = 60_000;

export interface Score {
  readonly caught: number;
  readonly survived: number;
}

type Fate = { readonly kind: 'caught'; readonly by: string } | { readonly kind: Survival };
type Survival = 'survived' | 'out of date' | 'crashed';

export function runMutants(seed: number, count: number, only: string | undefined): Score {
  const folder = mkdtempSync(join(BUILD, 'mutants-'));
  let caught = 0;
  const chosen = MUTANTS.filter(({ rule }) => only === undefined || rule.includes(only));
  try {
    for (const part of NEEDED) {
      cpSync(join(BUILD, part), join(folder, part), {
        recursive: true,
        filter: (path) => !path.endsWith('.d.ts') && !path.endsWith('.test.js'),
      });
    }
    // What the sound validator fails at says nothing about a broken one.
    if (fateOfProgram(folder, seed, count, []).kind !== 'survived') {
      console.log(`the sound validator does not pass with seed ${seed}: see to that first`);
      return { caught: 0, survived: chosen.length };
    }
    for (const mutant of chosen) {
      const fate = fateOf(mutant, folder, seed, count);
      if (fate.kind === 'caught') caught++;
      const why = fate.kind === 'caught' ? `  (${fate.by})` : '';
      console.log(`${fate.kind.padEnd(12)} ${mutant.rule}${why}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const percent = chosen.length === 0 ? 0 : (100 * caught) / chosen.length;
  console.log(
    `mutation score: ${caught} of ${chosen.length} caught (${percent.toFixed(1)} %), ` +
      `each within ${count} answers, seed ${seed}`,
  );
  return { caught, survived: chosen.length - caught };
}

function fateOf(
  { file, find, put, themes }: Mutant,
  folder: string,
  seed: number,
  count: number,
): Fate {
  const path = join(folder, 'src', file);
  const sound = readFileSync(path, 'utf8');
  if (sound.split(find).length !== 2) return { kind: 'out of date' };
  writeFileSync(
    path,
    sound.replace(find, () => put),
  );
  try {
    return fateOfProgram(folder, seed, count, themes);
  } finally {
    writeFileSync(path, sound);
  }
}

function fateOfProgram(
  folder: string,
  seed: number,
  count: number,
  themes: readonly string[],
): Fate {
  const program = join(folder, 'test/verdict-fuzz/main.js');
  const args = [program, '--brief', '--seed', `${seed}`, '--count', `${count}`];
  for (const theme of themes) args.push('--theme', theme);
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: MOST_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = stdout.trimEnd().split('\n');
  if (!/^\d+ passed, \d+ failed$/.test(lines.at(-1) ?? '')) return { kind: 'crashed' };
  return status === 0 ? { kind: 'survived' } : { kind: 'caught', by: lines[1] ?? '' };
}
