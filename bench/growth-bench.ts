/**
 * How cost grows: answers under rising load, the hit rate with a cache of rising size, the work of
 * one question with depth, signatures and iterations, memory with what is cached.
 */
import type { Authority } from './authority-process.js';
import { largeZoneName } from './bench-world.js';
import { Client, type Question } from './client.js';
import { offeredLoad } from './hit-bench.js';
import { MailTrace } from './mail-trace.js';
import { quantile } from './statistics.js';
import { ANCHORITE, type Product, Subject } from './subjects.js';
import type { Progress } from './progress.js';

/** One line of a plot: points in rising order of x. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LoadCurves {
  readonly answered: Curve;
  readonly latencyMs: Curve;
  /** Share of one core. */
  readonly cpu: Curve;
}

export const LOADS = [1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 120_000] as const;
export const CACHE_MEGABYTES = [1, 2, 4, 8, 16, 32] as const;
const LOAD_SECONDS = 2;
const HOT_NAMES = 40;

/** Cache hits at rising rates, until well past what the resolver can do. */
export async function loadCurves(
  product: Product,
  port: number,
  authority: Authority,
  progress: Progress,
): Promise<LoadCurves> {
  authority.setRoundTripMs(0);
  const subject = await Subject.start(product, port, authority.foundation!);
  const client = await Client.to(port);
  const { name } = product;
  const answered: [number, number][] = [];
  const latency: [number, number][] = [];
  const cpu: [number, number][] = [];
  try {
    const questions = Array.from({ length: HOT_NAMES }, (_, at): Question => {
      return [largeZoneName(at), 'A'];
    });
    await client.askAll(questions, 8);
    for (const [index, load] of LOADS.entries()) {
      const before = subject.cpuMs();
      const figures = await offeredLoad(questions, port, load, LOAD_SECONDS);
      const cpuSeconds = (subject.cpuMs() - before) / 1_000;
      answered.push([load, figures.hitsPerSecond]);
      latency.push([load, figures.hitMs]);
      cpu.push([load, cpuSeconds / figures.seconds]);
      progress(index + 1, LOADS.length, `${name}: rising load`);
    }
  } finally {
    client.close();
    await subject.stop();
  }
  return {
    answered: { name, points: answered },
    latencyMs: { name, points: latency },
    cpu: { name, points: cpu },
  };
}

export interface CacheCurves {
  /** Questions that cost no upstream query at all would be 1. */
  readonly hitRate: Curve;
  readonly latencyMs: Curve;
}

/** The same mail through caches of rising size. */
export async function cacheCurves(
  port: number,
  authority: Authority,
  messages: number,
  progress: Progress,
): Promise<CacheCurves> {
  authority.setRoundTripMs(0);
  const hitRate: [number, number][] = [];
  const latency: [number, number][] = [];
  for (const [index, megabytes] of CACHE_MEGABYTES.entries()) {
    const subject = await Subject.start(withCache(megabytes), port, authority.foundation!);
    const client = await Client.to(port);
    try {
      const questions = new MailTrace(1).take(messages).flatMap(({ stages }) => stages.flat());
      const times: number[] = [];
      const before = await authority.queries();
      await client.askAll(questions, 8, ({ ms }) => times.push(ms));
      const queries = (await authority.queries()) - before;
      hitRate.push([megabytes, Math.max(0, 1 - queries / questions.length)]);
      latency.push([megabytes, quantile(times, 0.5)]);
    } finally {
      client.close();
      await subject.stop();
    }
    progress(index + 1, CACHE_MEGABYTES.length, 'rising cache size');
  }
  const name = ANCHORITE.name;
  return { hitRate: { name, points: hitRate }, latencyMs: { name, points: latency } };
}

function withCache(megabytes: number): Product {
  return {
    ...ANCHORITE,
    prepare(...parts) {
      const { command, args } = ANCHORITE.prepare(...parts);
      return { command, args: [...args, '--cache-size', `${megabytes}M`] };
    },
  };
}

/** Resident memory while names of one large signed zone come in. */
export async function memoryCurve(
  product: Product,
  port: number,
  authority: Authority,
  rrsets: number,
  progress: Progress,
): Promise<Curve> {
  authority.setRoundTripMs(0);
  const steps = 5;
  const subject = await Subject.start(product, port, authority.foundation!);
  const client = await Client.to(port);
  try {
    const points: [number, number][] = [[0, subject.residentMegabytes()]];
    for (let step = 1; step <= steps; step++) {
      const first = (rrsets * (step - 1)) / steps;
      const names = Array.from({ length: rrsets / steps }, (_, at): Question => {
        return [largeZoneName(first + at), 'A'];
      });
      await client.askAll(names, 64);
      points.push([(rrsets * step) / steps, subject.residentMegabytes()]);
      progress(step, steps, `${product.name}: memory`);
    }
    return { name: product.name, points };
  } finally {
    client.close();
    await subject.stop();
  }
}
