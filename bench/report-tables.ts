/** The figures as tables; peers as they are and as a multiple of ours. */
import type { CoreFigure } from './core-bench.js';
import type { MicroFigure } from './micro-bench.js';
import type { Latency, SubjectFigures } from './network-bench.js';
import { shown } from './statistics.js';
import { table } from './tables.js';

export interface FigureRow {
  readonly title: string;
  readonly unit: string;
  /** What the project has set itself, if anything. */
  readonly target?: number;
  /** True where more is better. */
  readonly more?: boolean;
  readonly of: (figures: SubjectFigures) => number;
}

const latencyRows = (
  title: string,
  of: (figures: SubjectFigures) => Latency,
  target?: number,
  queries?: number,
): readonly FigureRow[] => [
  { title, unit: 'ms', of: (figures) => of(figures).medianMs },
  { title: '  90 %', unit: 'ms', of: (figures) => of(figures).p90Ms },
  {
    title: '  round trips',
    unit: 'RTT',
    ...(target === undefined ? {} : { target }),
    of: (figures) => of(figures).roundTrips,
  },
  {
    title: '  upstream queries',
    unit: '',
    ...(queries === undefined ? {} : { target: queries }),
    of: (figures) => of(figures).queries,
  },
];

export const ROWS: readonly FigureRow[] = [
  {
    title: 'cold TLSA, just started',
    unit: 'RTT',
    of: ({ coldSecureFirst }) => coldSecureFirst.roundTrips,
  },
  ...latencyRows('cold TLSA, secure', ({ coldSecure }) => coldSecure, 2.1, 3),
  ...latencyRows('cold TLSA, insecure', ({ coldInsecure }) => coldInsecure, 2.1),
  ...latencyRows('cold TLSA, bogus', ({ coldBogus }) => coldBogus),
  ...latencyRows('cold MX, A, AAAA, TLSA', ({ mailer }) => mailer, 3.1),
  { title: 'warm TLSA', unit: 'ms', of: ({ warmMs }) => warmMs },
  { title: 'CPU per cold TLSA, just started', unit: 'ms', of: ({ cpuMsFirst }) => cpuMsFirst },
  { title: 'CPU per cold TLSA', unit: 'ms', target: 0.6, of: ({ cpuMs }) => cpuMs },
  {
    title: 'cache hits per second',
    unit: '1/s',
    target: 50_000,
    more: true,
    of: ({ hitsPerSecond }) => hitsPerSecond,
  },
  { title: '  latency under that load', unit: 'ms', of: ({ hitMs }) => hitMs },
  { title: 'start to ready', unit: 'ms', target: 300, of: ({ startMs }) => startMs },
  { title: 'memory before filling', unit: 'MB', of: ({ emptyMegabytes }) => emptyMegabytes },
  {
    title: 'memory with all RRsets cached',
    unit: 'MB',
    target: 250,
    of: ({ fullMegabytes }) => fullMegabytes,
  },
];

export function subjectTables(subjects: readonly SubjectFigures[], roundTripMs: number): string {
  const [ours] = subjects;
  if (ours === undefined) return 'no figures';
  const peers = subjects.slice(1);
  const head = ['', 'unit', 'target', ours.name, ...peers.flatMap(({ name }) => [name, 'ratio'])];
  const rows = ROWS.map(({ title, unit, target, of }) => {
    const own = of(ours);
    const others = peers.flatMap((peer) => {
      const value = of(peer);
      return [shown(value), own > 0 ? `x${(value / own).toFixed(2)}` : ''];
    });
    return [title, unit, target === undefined ? '' : shown(target), shown(own), ...others];
  });
  const wrong = subjects.flatMap(({ name, wrongAnswers }) => {
    return wrongAnswers.slice(0, 5).map((answer) => `unexpected from ${name}: ${answer}`);
  });
  const measured = shown(roundTripMs, 'ms');
  const note = `One round trip was measured as ${measured}; ratios are peer to ours.`;
  return [table(head, rows), '', note, ...wrong].join('\n');
}

export function coreTable(figures: readonly CoreFigure[]): string {
  const rows = figures.map(({ name, microseconds, cryptoMicroseconds, signatureChecks }) => {
    return [name, shown(microseconds), shown(cryptoMicroseconds), shown(signatureChecks)];
  });
  return table(['cold TLSA, the resolver alone', 'us', 'of that crypto', 'checks'], rows);
}

export function microTable(figures: readonly MicroFigure[]): string {
  const rows = figures.map(({ group, name, perSecond, microseconds, margin }) => {
    return [`${group}: ${name}`, shown(perSecond), shown(microseconds), `${margin.toFixed(1)} %`];
  });
  return table(['', 'per second', 'us each', '+-'], rows);
}
