/** `npm run bench -- --only growth`: the curves, and what a message costs a mail server. */
import { Authority } from './authority-process.js';
import { NO_DOMAINS } from './bench-world.js';
import { coreGrowth } from './core-growth.js';
import {
  type CacheCurves,
  type Curve,
  cacheCurves,
  type LoadCurves,
  loadCurves,
  memoryCurve,
} from './growth-bench.js';
import { MailBench, type MailFigures } from './mail-bench.js';
import type { Product } from './subjects.js';
import type { Progress } from './progress.js';

export interface GrowthScale {
  /** Mail messages of each pass. */
  readonly messages: number;
  readonly rrsets: number;
  readonly samples: number;
  readonly roundTripMs: number;
  readonly firstPort: number;
}

export interface Growth {
  readonly mail: readonly MailFigures[];
  readonly loads: readonly LoadCurves[];
  readonly cache: CacheCurves;
  readonly memory: readonly Curve[];
  readonly core: readonly Curve[];
}

const SEED = 20_261_125;

/** Each resolver gets a port of its own for each measurement, so that no socket is left over. */
export async function measureGrowth(
  products: readonly Product[],
  scale: GrowthScale,
  progress: Progress,
): Promise<Growth> {
  const { messages, rrsets, samples, roundTripMs } = scale;
  const authority = await Authority.start(
    { supply: NO_DOMAINS, largeZoneNames: rrsets, mail: true, backend: 'lab' },
    progress,
  );
  let port = scale.firstPort;
  const mailBench = new MailBench(
    authority,
    { messages, atOnce: 8, roundTripMs, seed: SEED },
    progress,
  );
  await mailBench.rehearse(port++);
  const mail: MailFigures[] = [];
  for (const product of products) mail.push(await mailBench.measure(product, port++));
  const cache = await cacheCurves(port++, authority, messages, progress);
  const loads: LoadCurves[] = [];
  const memory: Curve[] = [];
  for (const product of products) {
    loads.push(await loadCurves(product, port++, authority, progress));
    memory.push(await memoryCurve(product, port++, authority, rrsets, progress));
  }
  authority.stop();
  return { mail, cache, loads, memory, core: coreGrowth(samples, progress) };
}
