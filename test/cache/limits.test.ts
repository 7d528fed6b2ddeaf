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

t.test('numbers that the resolver names too are the same', (t) => {
  t.equal(CACHE_LIMITS.rrsetOctets.value, LIMITS.cachedRRsetOctets.value);
  t.equal(CACHE_LIMITS.ttlSeconds.value, LIMITS.maximumTtlSeconds.value);
  t.equal(CACHE_LIMITS.negativeTtlSeconds.value, LIMITS.maximumNegativeTtlSeconds.value);
  t.equal(CACHE_LIMITS.failureSeconds.value, LIMITS.failureSeconds.value);
  t.equal(CACHE_LIMITS.failureCapSeconds.value, LIMITS.maximumFailureSeconds.value);
  t.equal(CACHE_LIMITS.nsec3Iterations.value, LIMITS.nsec3Iterations.value);
  t.equal(CACHE_LIMITS.nsec3HashBlocks.value, LIMITS.nsec3HashesPerProof.value);
  t.end();
});
