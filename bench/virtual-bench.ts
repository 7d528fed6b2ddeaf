/**
 * How long answers are waited for in virtual time, where computing takes none and nobody else uses
 * the machine: what the resolver decides, without what the machine adds. Thousands of questions,
 * where over real sockets hundreds must do, so that one packet more or less does not move the 99 %.
 */
import { makeLab, SimulatedWorld } from '../test/support/simulated-world.js';
import { benchWorld, domainName, type Kind, NO_DOMAINS } from './bench-world.js';
import type { Progress } from './progress.js';
import { mean, median, quantile } from './statistics.js';

export interface VirtualFigure {
  readonly name: string;
  readonly questions: number;
  /** In round trips, as all of these. */
  readonly medianRoundTrips: number;
  readonly meanRoundTrips: number;
  readonly p99RoundTrips: number;
  /** Upstream, per question. */
  readonly queries: number;
}

interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly status: 'secure' | 'insecure' | 'bogus';
  readonly loss?: number;
  /** IPv6 is on, and there is no way to any such address. */
  readonly ipv6?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'secure', kind: 'p256', status: 'secure' },
  { name: 'insecure', kind: 'unsigned', status: 'insecure' },
  { name: 'DS of another key', kind: 'bogus', status: 'bogus' },
  { name: '5 % loss', kind: 'p256', status: 'secure', loss: 0.05 },
  { name: 'one of two servers dead', kind: 'half-dead', status: 'secure' },
  { name: 'IPv6 unroutable', kind: 'dual', status: 'secure', ipv6: true },
];

const ROUND_TRIP_MS = 20;
/** As regular as a network is at best; without any, all variance would be unnatural. */
const JITTER_MS = 0.3;
const WARM_UP = 50;
const SEED = 1;

export function virtualBench(questions: number, progress: Progress): readonly VirtualFigure[] {
  const kinds = new Set(CASES.map(({ kind }) => kind));
  const supply = { ...NO_DOMAINS };
  for (const kind of kinds) supply[kind] = questions + WARM_UP;
  const lab = makeLab(benchWorld(supply, 0));
  for (const server of lab.servers.values()) {
    for (const address of server.addresses) {
      if (address.family !== 6) continue;
      lab.network.remove(address);
      // The system says so at once.
      lab.network.distanceMs.set(address.key, 0);
    }
  }
  return CASES.map(({ name, kind, status, loss = 0, ipv6 = false }) => {
    const weather = { roundTripMs: ROUND_TRIP_MS, jitterMs: JITTER_MS, loss: 0 };
    const world = new SimulatedWorld({ lab, seed: SEED, weather, config: { ipv6 } });
    const ask = (index: number): number => {
      const asked = world.ask(`_25._tcp.mx.${domainName(kind, index)}`, 'TLSA');
      world.runUntil(() => asked.resolution !== undefined);
      const seen = asked.resolution!.security.status;
      if (seen !== status) throw new Error(`${name}: question ${index} was ${seen}`);
      const tookMs = asked.finishedMs! - asked.askedMs;
      world.settle();
      return tookMs / ROUND_TRIP_MS;
    };
    for (let index = 0; index < WARM_UP; index++) ask(questions + index);
    lab.network.weather.loss = loss;
    const sentBefore = world.sent.length;
    const roundTrips = Array.from({ length: questions }, (_, index) => {
      progress(index + 1, questions, `virtual time: ${name}`);
      return ask(index);
    });
    return {
      name,
      questions,
      medianRoundTrips: median(roundTrips),
      meanRoundTrips: mean(roundTrips),
      p99RoundTrips: quantile(roundTrips, 0.99),
      queries: (world.sent.length - sentBefore) / questions,
    };
  });
}
