/** Answers from the cache, of all subjects in turn, and in rounds that the host left alone. */
import { domainName, hitQuestions, tlsa } from './bench-world.js';
import type { Client, Reply } from './client.js';
import type { Contest } from './contest.js';
import { hitRate, type PacedFigures, pacedHits, tcpHits } from './hit-bench.js';
import type { Progress } from './progress.js';
import { median } from './statistics.js';
import { quietest, type Round } from './stolen-time.js';

export interface HitsInTurn {
  readonly hitsPerSecond: number;
  readonly hitMs: number;
  /** At 10,000 questions a second. */
  readonly paced: PacedFigures;
  readonly tcpHitsPerSecond: number;
  /** Hits while the resolver works on 500 cold questions a second. */
  readonly beside: PacedFigures;
  /** How late its event loop is meanwhile, 99 of 100 times; only for programs of Node. */
  readonly loopDelayMs: number;
  /** What the host took of all processors' time in these rounds. */
  readonly stolenShare: number;
}

export interface HitScale {
  /** That count, of all subjects in turn; more are run where the host has other guests. */
  readonly rounds: number;
  readonly hitSeconds: number;
  /** Of cold questions beside hits. */
  readonly loadSeconds: number;
}

const HITS_PER_SECOND = 10_000;
const HITS_BESIDE_PER_SECOND = 1_000;
const COLD_PER_SECOND = 500;

/** As many domains as all rounds may take. */
export function coldAtLoad({ loadSeconds, rounds }: HitScale): number {
  return 2 * rounds * loadSeconds * COLD_PER_SECOND;
}

/** `firstCold` is the first of the domains that nobody has asked for. */
export async function measureHits(
  contest: Contest,
  scale: HitScale,
  firstCold: number,
  progress: Progress,
): Promise<readonly HitsInTurn[]> {
  const questions = hitQuestions();
  await contest.each(({ client }) => client.askAll(questions, 8));
  const { hitSeconds, loadSeconds, rounds } = scale;
  const hits = await quietest(contest.contenders, rounds, 2 * rounds, async ({ product, port }) => {
    progress(0, 1, `${product.name}: hits`);
    return {
      rate: await hitRate(questions, port, hitSeconds),
      tcpHitsPerSecond: await tcpHits(questions, port, hitSeconds),
    };
  });
  // A single second without guests is found sooner than several on end.
  const paced = await quietest(contest.contenders, rounds, 5 * rounds, ({ product, port }) => {
    progress(0, 1, `${product.name}: hits, evenly spread`);
    return pacedHits(questions, port, HITS_PER_SECOND, 1);
  });
  const nextCold = new Map(contest.contenders.map((contender) => [contender, firstCold]));
  const loads = await quietest(contest.contenders, rounds, 2 * rounds, async (contender) => {
    const { product, subject, client, port } = contender;
    progress(0, 1, `${product.name}: hits beside cold questions`);
    const first = nextCold.get(contender)!;
    nextCold.set(contender, first + COLD_PER_SECOND * loadSeconds);
    let beside: PacedFigures | undefined;
    const loopDelayMs = await subject.loopDelayMs(async () => {
      const load = coldLoad(client, first, loadSeconds);
      beside = await pacedHits(questions, port, HITS_BESIDE_PER_SECOND, loadSeconds);
      await load;
    });
    return { beside: beside!, loopDelayMs };
  });
  return contest.contenders.map((_contender, index) => {
    const [hit, load] = [hits[index]!, loads[index]!];
    return {
      hitsPerSecond: middle(hit, ({ rate }) => rate.hitsPerSecond),
      hitMs: middle(hit, ({ rate }) => rate.hitMs),
      paced: middleOf(paced[index]!, (figures) => figures),
      tcpHitsPerSecond: middle(hit, ({ tcpHitsPerSecond }) => tcpHitsPerSecond),
      beside: middleOf(load, ({ beside }) => beside),
      loopDelayMs: middle(load, ({ loopDelayMs }) => loopDelayMs),
      stolenShare: median(
        [...hit, ...paced[index]!, ...load].map(({ stolenShare }) => stolenShare),
      ),
    };
  });
}

function middle<T>(rounds: readonly Round<T>[], figure: (figures: T) => number): number {
  return median(rounds.map(({ figures }) => figure(figures)));
}

function middleOf<T>(
  rounds: readonly Round<T>[],
  paced: (figures: T) => PacedFigures,
): PacedFigures {
  return {
    p50Ms: middle(rounds, (figures) => paced(figures).p50Ms),
    p99Ms: middle(rounds, (figures) => paced(figures).p99Ms),
    lost: middle(rounds, (figures) => paced(figures).lost),
  };
}

/** Cold questions, evenly spread. */
async function coldLoad(client: Client, first: number, seconds: number): Promise<void> {
  const count = COLD_PER_SECOND * seconds;
  const startMs = performance.now();
  const replies: Promise<Reply>[] = [];
  while (replies.length < count) {
    const due = Math.min(count, ((performance.now() - startMs) / 1_000) * COLD_PER_SECOND);
    while (replies.length < due) {
      replies.push(client.ask(...tlsa(domainName('p256', first + replies.length))));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(replies);
}
