/** Which figures become pictures. */
import type { MicroFigure } from './micro-bench.js';
import type { SubjectFigures } from './network-bench.js';
import type { BarPlot } from './plots.js';

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
