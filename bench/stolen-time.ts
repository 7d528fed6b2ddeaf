/**
 * What the host of a virtual machine gives to its other guests meanwhile: a resolver that was not
 * run for five milliseconds has answered late, whichever it is.
 */
import { readFileSync } from 'node:fs';

/** Of the processors' time: a round with more is not counted if a quieter one can be had. */
const QUIET_SHARE = 0.01;

/** Of the columns of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
const STOLEN = 7;
const COLUMNS = 8;

interface Ticks {
  readonly all: number;
  readonly stolen: number;
}

function ticks(): Ticks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const columns = line
    .split(/\s+/)
    .slice(1, 1 + COLUMNS)
    .map(Number);
  return { all: columns.reduce((sum, each) => sum + each, 0), stolen: columns[STOLEN] ?? 0 };
}

class StolenTime {
  readonly #before = ticks();

  /** Of the time of all processors since this was made, 0 to 1. */
  share(): number {
    const { all, stolen } = ticks();
    const passed = all - this.#before.all;
    return passed > 0 ? (stolen - this.#before.stolen) / passed : 0;
  }
}

export interface Round<T> {
  readonly figures: T;
  readonly stolenShare: number;
}

async function timed<T>(measure: () => Promise<T>): Promise<Round<T>> {
  const stolen = new StolenTime();
  const figures = await measure();
  return { figures, stolenShare: stolen.share() };
}

/**
 * All of them in turn, again and again, as the machine may be slower in one minute than in the
 * next, until each has been measured `rounds` times without much being stolen, or `most` times at
 * all: of each its quietest rounds.
 */
export async function quietest<S, T>(
  subjects: readonly S[],
  rounds: number,
  most: number,
  measure: (subject: S) => Promise<T>,
): Promise<readonly (readonly Round<T>[])[]> {
  const measured = subjects.map((): Round<T>[] => []);
  const isQuiet = ({ stolenShare }: Round<T>) => stolenShare <= QUIET_SHARE;
  for (let round = 0; round < most; round++) {
    for (const [index, subject] of subjects.entries()) {
      measured[index]!.push(await timed(() => measure(subject)));
    }
    if (measured.every((each) => each.filter(isQuiet).length >= rounds)) break;
  }
  return measured.map((each) => {
    return each.toSorted((a, b) => a.stolenShare - b.stolenShare).slice(0, rounds);
  });
}
