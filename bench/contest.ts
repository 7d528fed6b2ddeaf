/** Resolvers that run side by side and are asked in turn: nobody has the quiet minutes alone. */
import type { Authority } from './authority-process.js';
import { Client } from './client.js';
import type { Progress } from './progress.js';
import { mean, median, quantile } from './statistics.js';
import { type Product, Subject, type SubjectOptions } from './subjects.js';

export interface Contender {
  readonly product: Product;
  readonly port: number;
  readonly subject: Subject;
  readonly client: Client;
  /** Answers that were not what they should have been, in words. */
  readonly wrong: Set<string>;
}

export interface Latency {
  readonly medianMs: number;
  readonly p90Ms: number;
  /** The median, and what else is asked for, in round trips. */
  readonly roundTrips: number;
  readonly meanRoundTrips: number;
  readonly p99RoundTrips: number;
  readonly queries: number;
}

export interface Distance {
  readonly roundTripMs: number;
  /** As measured with the same client, timers of the authority included. */
  readonly measuredMs: number;
}

const TURNS = 10;
const STRAGGLERS_MS = 200;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Contest {
  readonly contenders: readonly Contender[];
  readonly #authority: Authority;
  readonly #progress: Progress;

  private constructor(contenders: readonly Contender[], authority: Authority, progress: Progress) {
    this.contenders = contenders;
    this.#authority = authority;
    this.#progress = progress;
  }

  static async open(
    products: readonly Product[],
    firstPort: number,
    authority: Authority,
    progress: Progress,
    options: SubjectOptions = {},
  ): Promise<Contest> {
    const contenders: Contender[] = [];
    const contest = new Contest(contenders, authority, progress);
    try {
      for (const [index, product] of products.entries()) {
        const port = firstPort + index;
        const subject = await Subject.start(product, port, authority.foundation!, options);
        const client = await Client.to(port);
        contenders.push({ product, port, subject, client, wrong: new Set() });
      }
    } catch (error) {
      await contest.close();
      throw error;
    }
    return contest;
  }

  async close(): Promise<void> {
    const stopped = this.contenders.map(({ client, subject }) => {
      client.close();
      return subject.stop();
    });
    await Promise.allSettled(stopped);
  }

  async each<T>(measure: (contender: Contender) => Promise<T>): Promise<readonly T[]> {
    const measured: T[] = [];
    for (const contender of this.contenders) measured.push(await measure(contender));
    return measured;
  }

  /** `once` takes milliseconds for the question of that index; of each contender its own figure. */
  async latencies(
    what: string,
    samplesOf: (contender: Contender) => number,
    distance: Distance,
    once: (contender: Contender, index: number) => Promise<number>,
  ): Promise<readonly Latency[]> {
    const times = this.contenders.map((): number[] => []);
    const queries = this.contenders.map(() => 0);
    for (let turn = 1; turn <= TURNS; turn++) {
      for (const [place, contender] of this.contenders.entries()) {
        const mine = times[place]!;
        const samples = samplesOf(contender);
        const queriesBefore = await this.#authority.queries();
        while (mine.length < (turn * samples) / TURNS) {
          mine.push(await once(contender, mine.length));
          this.#progress(mine.length, samples, `${contender.product.name}: ${what}`);
          // Whatever is still under way belongs to this question.
          await pause(2 * distance.roundTripMs);
        }
        // Repeats and what is fetched in the background.
        await pause(STRAGGLERS_MS);
        queries[place]! += (await this.#authority.queries()) - queriesBefore;
      }
    }
    return times.map((mine, place) => ({
      medianMs: median(mine),
      p90Ms: quantile(mine, 0.9),
      roundTrips: median(mine) / distance.measuredMs,
      meanRoundTrips: mean(mine) / distance.measuredMs,
      p99RoundTrips: quantile(mine, 0.99) / distance.measuredMs,
      queries: queries[place]! / mine.length,
    }));
  }
}
