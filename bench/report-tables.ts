/** The figures as tables; peers as they are and as a multiple of ours. */
import type { Allocations } from './allocation-work.js';
import type { CoreFigure } from './core-bench.js';
import type { Budget } from './counted-work.js';
import type { MailFigures } from './mail-bench.js';
import type { MicroFigure } from './micro-bench.js';
import type { Latency } from './contest.js';
import type { ColdFigures, SubjectFigures } from './network-bench.js';
import type { Scaling } from './scaling-bench.js';
import { shown } from './statistics.js';
import { table } from './tables.js';
import type { VirtualFigure } from './virtual-bench.js';

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

const one = (
  title: string,
  unit: string,
  of: (figures: SubjectFigures) => number,
  target?: number,
  more?: 'more is better',
): FigureRow => ({
  title,
  unit,
  ...(target === undefined ? {} : { target }),
  ...(more === undefined ? {} : { more: true }),
  of,
});

export const ROWS: readonly FigureRow[] = [
  one('the very first question', 'RTT', ({ firstRoundTrips }) => firstRoundTrips, 3.1),
  one('cold TLSA, just started', 'RTT', ({ coldSecureFirst }) => coldSecureFirst.roundTrips),
  ...latencyRows('cold TLSA, secure', ({ coldSecure }) => coldSecure, 2.05, 3),
  ...latencyRows('cold TLSA, insecure', ({ coldInsecure }) => coldInsecure, 2.05),
  ...latencyRows('cold TLSA, DS of another key', ({ coldBogus }) => coldBogus, 2.1),
  one('cold TLSA, corrupt signature', 'RTT', ({ coldCorrupt }) => coldCorrupt.roundTrips),
  ...latencyRows('cold MX, A, AAAA, TLSA', ({ mailer }) => mailer, 3.05),
  one('cold TLSA, 5 % loss, mean', 'RTT', ({ lossy }) => lossy.meanRoundTrips, 2.4),
  one('  99 %', 'RTT', ({ lossy }) => lossy.p99RoundTrips, 6),
  one('cold TLSA, one of two servers dead', 'RTT', ({ halfDead }) => halfDead.roundTrips, 2.1),
  one('  99 %', 'RTT', ({ halfDead }) => halfDead.p99RoundTrips, 4),
  one('cold TLSA, IPv6 unroutable', 'RTT', ({ withoutIpv6 }) => withoutIpv6.roundTrips, 2.15),
  one('warm TLSA', 'ms', ({ warmMs }) => warmMs),
  one('CPU per cold TLSA, just started', 'ms', ({ cpuMsFirst }) => cpuMsFirst),
  one('CPU per cold TLSA', 'ms', ({ cpuMs }) => cpuMs, 0.55),
  one('cache hits', '1/s', ({ hitsPerSecond }) => hitsPerSecond, 75_000, 'more is better'),
  one('  latency under that load', 'ms', ({ hitMs }) => hitMs),
  one('cache hits with one', '1/s', ({ scaling }) => scaling.one.hitsPerSecond),
  one('  per second of its CPU time', '1/s', ({ scaling }) => scaling.one.hitsPerCpuSecond),
  one('cache hits with two', '1/s', ({ scaling }) => scaling.two.hitsPerSecond, 100_000),
  one('  per second of their CPU time', '1/s', ({ scaling }) => scaling.two.hitsPerCpuSecond),
  one('hits at 10,000/s', 'ms', ({ paced }) => paced.p50Ms, 0.1),
  one('  99 %', 'ms', ({ paced }) => paced.p99Ms, 1),
  one('hits over one TCP connection', '1/s', (of) => of.tcpHitsPerSecond, 20_000, 'more is better'),
  one('hits beside 500 cold questions/s', 'ms', ({ beside }) => beside.p50Ms),
  one('  99 %', 'ms', ({ beside }) => beside.p99Ms),
  one('  event loop late, 99 %', 'ms', ({ loopDelayMs }) => loopDelayMs, 10),
  one('  stolen by the host meanwhile', '%', ({ stolenShare }) => 100 * stolenShare),
  one('start to ready', 'ms', ({ startMs }) => startMs, 150),
  one('memory when idle', 'MB', ({ idleMegabytes }) => idleMegabytes, 60),
  one('memory before filling', 'MB', ({ emptyMegabytes }) => emptyMegabytes),
  one('memory with all RRsets cached', 'MB', ({ fullMegabytes }) => fullMegabytes, 250),
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
      return [shown(value), own > 0 && !Number.isNaN(value) ? `x${(value / own).toFixed(2)}` : ''];
    });
    return [title, unit, target === undefined ? '' : shown(target), shown(own), ...others];
  });
  const wrong = subjects.flatMap(({ name, wrongAnswers }) => {
    return wrongAnswers.slice(0, 5).map((answer) => `unexpected from ${name}: ${answer}`);
  });
  const measured = shown(roundTripMs, 'ms');
  const note =
    `One round trip was measured as ${measured}; ratios are peer to ours. 'With two': two ` +
    'processes of Anchorite and Knot, two threads of the others, beside the load generator.';
  return [table(head, rows), '', note, ...wrong].join('\n');
}

/** The first of them is Node alone. */
export function inTurnTable(figures: readonly ColdFigures[]): string {
  const [least] = figures;
  const head = ['started anew: cold TLSA, secure', 'RTT', 'CPU, ms', 'ratio', 'stolen, %'];
  const rows = figures.map(({ name, roundTrips, cpuMs, stolenShare }) => {
    const ratio = `x${(cpuMs / least!.cpuMs).toFixed(2)}`;
    return [name, shown(roundTrips), shown(cpuMs), ratio, shown(100 * stolenShare)];
  });
  return table(head, rows);
}

export function virtualTable(figures: readonly VirtualFigure[]): string {
  const head = ['cold TLSA in virtual time', 'questions', 'median', 'mean', '99 %', 'queries'];
  const rows = figures.map((figure) => {
    const { medianRoundTrips, meanRoundTrips, p99RoundTrips, queries } = figure;
    const cells = [medianRoundTrips, meanRoundTrips, p99RoundTrips, queries];
    return [figure.name, String(figure.questions), ...cells.map((cell) => shown(cell))];
  });
  return table(head, rows);
}

export function scalingTable(figures: Readonly<Record<string, Scaling>>): string {
  const head = ['cache hits', 'one', 'per CPU second', 'two', 'per CPU second'];
  const rows = Object.entries(figures).map(([name, { one: single, two }]) => {
    const cells = [single, two].flatMap(({ hitsPerSecond, hitsPerCpuSecond }) => {
      return [shown(hitsPerSecond), shown(hitsPerCpuSecond)];
    });
    return [name, ...cells];
  });
  return table(head, rows);
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

export function workTable(counted: Budget): string {
  const [first] = Object.values(counted);
  const head = Object.keys(first ?? {}).map((what) => what.replace(/[A-Z]/g, ' $&').toLowerCase());
  const rows = Object.entries(counted).map(([title, work]) => [
    title,
    ...Object.values(work).map(String),
  ]);
  return table(['counted work', ...head], rows);
}

export function allocationTable(allocated: Allocations): string {
  const rows = Object.entries(allocated).map(([title, octets]) => [title, String(octets)]);
  return table(['octets allocated for', 'each'], rows);
}

export function mailTable(figures: readonly MailFigures[]): string {
  const head = ['mail', 'messages per core-second', 'p50 ms', 'p99 ms', 'queries each', 'failed'];
  const rows = figures.flatMap(({ name, cold, warm }) =>
    (
      [
        ['cold', cold],
        ['warm', warm],
      ] as const
    ).map(([which, pass]) => [
      `${name}, ${which}`,
      shown(pass.messagesPerCoreSecond),
      shown(pass.p50Ms),
      shown(pass.p99Ms),
      shown(pass.upstreamPerMessage),
      String(pass.failed),
    ]),
  );
  return table(head, rows);
}
