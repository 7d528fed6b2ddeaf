/**
 * How the work of one cold question grows with what the zone makes of it: depth of the chain,
 * signatures on each RRset, NSEC3 iterations. The resolver alone, without sockets.
 */
import {
  buildLab,
  nsec3,
  type SigningSpec,
  singleKey,
  splitKeys,
  type World,
  type ZoneSpec,
} from '../src/lab/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import { CoreLoop } from './core-bench.js';
import type { Curve } from './growth-bench.js';
import { median } from './statistics.js';
import type { Progress } from './progress.js';

const P256 = 13;
const TLD = 'grow';

const DEPTHS = [1, 2, 3, 4, 6, 8] as const;
/** A zone with several algorithms has as many signatures on each RRset; one good one is enough. */
const ALGORITHMS = [P256, 15, 14, 16, 8] as const;
const ITERATIONS = [0, 1, 5, 10, 25, 50] as const;

function world(zones: readonly ZoneSpec[]): World {
  const top: ZoneSpec[] = [
    { origin: '.', signing: splitKeys(P256), servers: [{ name: 'a.root-servers.' }] },
    { origin: `${TLD}.`, signing: splitKeys(P256) },
  ];
  return { zones: [...top, ...zones], domains: [] };
}

function signed(origin: string, signing: SigningSpec = singleKey(P256)): ZoneSpec {
  return { origin, signing, text: '@ TXT "here"\n' };
}

interface Growth {
  readonly name: string;
  readonly steps: readonly number[];
  zonesOf(step: number, sample: number): readonly ZoneSpec[];
  question(step: number, sample: number): readonly [name: string, type: string];
}

const GROWTHS: readonly Growth[] = [
  {
    name: 'signed zones below the top-level domain',
    steps: DEPTHS,
    zonesOf: (step, sample) => {
      return Array.from({ length: step }, (_, at) => signed(`${chain(at + 1, step, sample)}.`));
    },
    question: (step, sample) => [chain(step, step, sample), 'TXT'],
  },
  {
    name: 'signatures on each RRset',
    steps: ALGORITHMS.map((_, index) => index + 1),
    zonesOf: (step, sample) => {
      const signing = { ...singleKey(P256), algorithms: ALGORITHMS.slice(0, step) };
      return [signed(`several${step}-${sample}.${TLD}.`, signing)];
    },
    question: (step, sample) => [`several${step}-${sample}.${TLD}`, 'TXT'],
  },
  {
    name: 'NSEC3 iterations of a denial',
    steps: ITERATIONS,
    zonesOf: (step, sample) => {
      return [signed(`iter${step}-${sample}.${TLD}.`, singleKey(P256, nsec3(step)))];
    },
    question: (step, sample) => [`nobody.iter${step}-${sample}.${TLD}`, 'TXT'],
  },
];

/** The `depth`-th zone of a chain: `z2.z1.chain4-0.grow`, for instance. */
function chain(depth: number, step: number, sample: number): string {
  const labels = Array.from({ length: depth - 1 }, (_, at) => `z${depth - 1 - at}`);
  return [...labels, `chain${step}-${sample}`, TLD].join('.');
}

/** Microseconds inside the resolver for one cold question, crypto included. */
export function coreGrowth(samples: number, progress: Progress): readonly Curve[] {
  return GROWTHS.map((growth) => {
    const zones = growth.steps.flatMap((step) =>
      Array.from({ length: samples }, (_, sample) => growth.zonesOf(step, sample)).flat(),
    );
    const tools = { signer: labSigner, crypto: new NodeCryptoProvider() };
    const lab = buildLab({ world: world(zones), tools });
    for (const { done, of } of lab.makeKeys()) progress(done, of, 'keys');
    const loop = new CoreLoop(lab);
    loop.resolve(`nothing.${TLD}`, 'A');
    const points = growth.steps.map((step, index): [number, number] => {
      const times: number[] = [];
      for (let sample = 0; sample < samples; sample++) {
        const [name, type] = growth.question(step, sample);
        const before = loop.spentMs;
        const status = loop.resolve(name, type);
        if (status !== 'secure') throw new Error(`${name} ${type}: ${status}`);
        times.push(1_000 * (loop.spentMs - before));
      }
      progress(index + 1, growth.steps.length, growth.name);
      return [step, median(times)];
    });
    return { name: growth.name, points };
  });
}
