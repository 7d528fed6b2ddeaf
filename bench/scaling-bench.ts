/**
 * Answers from the cache with one and with two processes (Anchorite, Knot) or threads (the others).
 * Each is kept to as many cores, and the load generator to another one. Where none is left, it
 * takes from theirs, and hits per second of their CPU time say what hits per second cannot.
 */
import { availableParallelism } from 'node:os';
import type { Question } from './client.js';
import { hitRate } from './hit-bench.js';
import { type Foundation, type Product, Subject } from './subjects.js';

export interface HitCost {
  readonly hitsPerSecond: number;
  /** Of all its processes and threads together. */
  readonly hitsPerCpuSecond: number;
}

export interface Scaling {
  readonly one: HitCost;
  readonly two: HitCost;
}

/** Each has a cache of its own that has to be filled. */
const WARM_UP_SECONDS = 1;
/** Enough that the system, which divides them by address and port, gives both their half. */
const SOCKETS = 32;

export async function measureScaling(
  product: Product,
  port: number,
  foundation: Foundation,
  questions: readonly Question[],
  seconds: number,
): Promise<Scaling> {
  const measure = async (parallel: number): Promise<HitCost> => {
    const isRoom = parallel < availableParallelism();
    const generator = { sockets: SOCKETS, cores: isRoom ? '0' : undefined };
    const cores = isRoom ? `1-${parallel}` : undefined;
    const subject = await Subject.start(product, port, foundation, { parallel, cores });
    try {
      await hitRate(questions, port, WARM_UP_SECONDS, generator);
      const beforeMs = subject.cpuMs();
      const figures = await hitRate(questions, port, seconds, generator);
      const cpuSeconds = (subject.cpuMs() - beforeMs) / 1_000;
      const { hitsPerSecond } = figures;
      return { hitsPerSecond, hitsPerCpuSecond: (hitsPerSecond * figures.seconds) / cpuSeconds };
    } finally {
      await subject.stop();
    }
  };
  return { one: await measure(1), two: await measure(2) };
}
