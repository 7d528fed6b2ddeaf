/** The targets for waiting, held where no machine can blur them: in virtual time. */
import t from 'tap';
import { virtualBench } from '../../bench/virtual-bench.js';

/** Round trips at most: median, mean and 99 %. */
const TARGETS: Readonly<Record<string, readonly [number, number, number]>> = {
  secure: [2.05, 2.05, 2.05],
  insecure: [2.05, 2.05, 2.05],
  'DS of another key': [2.1, 2.1, 2.1],
  '5 % loss': [2.05, 2.4, 6],
  'one of two servers dead': [2.1, 2.1, 4],
  'IPv6 unroutable': [2.05, 2.05, 2.05],
};

t.test('round trips of cold questions', (t) => {
  const figures = virtualBench(600, () => undefined);
  t.same(figures.map(({ name }) => name).sort(), Object.keys(TARGETS).sort());
  for (const { name, medianRoundTrips, meanRoundTrips, p99RoundTrips } of figures) {
    const [most, mostMean, most99] = TARGETS[name]!;
    const seen = `${name}: ${medianRoundTrips}, mean ${meanRoundTrips}, 99 % ${p99RoundTrips}`;
    t.ok(medianRoundTrips <= most, seen);
    t.ok(meanRoundTrips <= mostMean, seen);
    t.ok(p99RoundTrips <= most99, seen);
    t.ok(medianRoundTrips >= 2, 'less than the delegation chain forces would be a wrong clock');
  }
  t.end();
});
