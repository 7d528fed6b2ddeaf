/** Which figures become pictures. */
import type { MicroFigure } from './micro-bench.js';
import type { SubjectFigures } from './network-bench.js';
import type { Growth } from './growth.js';
import type { BarPlot, LinePlot } from './plots.js';

export function subjectPlots(subjects: readonly SubjectFigures[]): readonly BarPlot[] {
  const categories = subjects.map(({ name }) => name);
  const one = (
    file: string,
    title: string,
    unit: string,
    of: (figures: SubjectFigures) => number,
  ): BarPlot => ({
    file,
    title,
    unit,
    categories,
    series: [{ name: title, values: subjects.map(of) }],
  });
  return [
    {
      file: 'round-trips',
      title: 'Waiting for a cold answer, in round trips',
      unit: 'round trips (median)',
      categories,
      series: [
        { name: 'TLSA, secure', values: subjects.map(({ coldSecure }) => coldSecure.roundTrips) },
        {
          name: 'TLSA, insecure',
          values: subjects.map(({ coldInsecure }) => coldInsecure.roundTrips),
        },
        { name: 'TLSA, bogus', values: subjects.map(({ coldBogus }) => coldBogus.roundTrips) },
        { name: 'MX, A, AAAA, TLSA', values: subjects.map(({ mailer }) => mailer.roundTrips) },
      ],
    },
    one('cpu', 'CPU time per cold, secure TLSA', 'ms', ({ cpuMs }) => cpuMs),
    one('hits', 'Answers from the cache, one process', 'per second', (of) => of.hitsPerSecond),
    one('memory', 'Resident memory with all RRsets cached', 'MB', (of) => of.fullMegabytes),
    one('start', 'From start to ready', 'ms', ({ startMs }) => startMs),
  ];
}

export function microPlots(figures: readonly MicroFigure[]): readonly BarPlot[] {
  const groups = [...new Set(figures.map(({ group }) => group))];
  return groups.map((group) => {
    const rows = figures.filter((figure) => figure.group === group);
    return {
      file: group.replaceAll(' ', '-').toLowerCase(),
      title: `${group[0]?.toUpperCase()}${group.slice(1)}`,
      unit: 'microseconds each (logarithmic)',
      logarithmic: true,
      categories: rows.map(({ name }) => name),
      series: [{ name: group, values: rows.map(({ microseconds }) => microseconds) }],
    };
  });
}

export function growthPlots(growth: Growth): readonly LinePlot[] {
  const { loads, cache, memory, core } = growth;
  const offered = 'questions offered per second';
  return [
    {
      file: 'load-answered',
      title: 'Answers from the cache under rising load',
      xUnit: offered,
      yUnit: 'answered per second',
      curves: loads.map(({ answered }) => answered),
    },
    {
      file: 'load-latency',
      title: 'Latency of answers from the cache under rising load',
      xUnit: offered,
      yUnit: 'ms (mean)',
      curves: loads.map(({ latencyMs }) => latencyMs),
    },
    {
      file: 'load-cpu',
      title: 'CPU time under rising load',
      xUnit: offered,
      yUnit: 'cores',
      curves: loads.map(({ cpu }) => cpu),
    },
    {
      file: 'cache-hit-rate',
      title: 'Mail through caches of rising size',
      xUnit: 'cache size, MB',
      yUnit: '1 - upstream queries per question',
      curves: [cache.hitRate],
    },
    {
      file: 'cache-latency',
      title: 'Mail through caches of rising size: latency, servers at no distance',
      xUnit: 'cache size, MB',
      yUnit: 'ms (median)',
      curves: [cache.latencyMs],
    },
    {
      file: 'memory-growth',
      title: 'Resident memory while the cache fills',
      xUnit: 'signed RRsets',
      yUnit: 'MB',
      curves: memory,
    },
    ...core.map((curve, index) => ({
      file: `core-${index + 1}`,
      title: `One cold question: ${curve.name}`,
      xUnit: curve.name,
      yUnit: 'microseconds (median)',
      curves: [curve],
    })),
  ];
}
