/** The room's table of limits, and that it agrees with the resolver's where both name a number. */
import t from 'tap';
import { CACHE_LIMITS, type CacheLimit } from '../../src/cache/index.js';
import { LIMITS } from '../../src/resolver/limits.js';

t.test('every limit says why it is what it is, and what it stops', (t) => {
  for (const [name, limit] of Object.entries<CacheLimit>(CACHE_LIMITS)) {
    t.ok(limit.value > 0 && limit.unit !== '' && limit.reason !== '' && limit.stops !== '', name);
  }
  t.end();
});

t.test('numbers that the resolver names too agree', (t) => {
  const { negativeTtlSeconds, nsec3Iterations, nsec3HashBlocks } = CACHE_LIMITS;
  t.equal(negativeTtlSeconds.value, LIMITS.maximumNegativeTtlSeconds.value);
  t.equal(nsec3Iterations.value, LIMITS.nsec3Iterations.value);
  // A synthesised answer is given up sooner than a received one: the servers can still be asked.
  t.ok(nsec3HashBlocks.value <= LIMITS.nsec3HashesPerProof.value);
  t.end();
});
