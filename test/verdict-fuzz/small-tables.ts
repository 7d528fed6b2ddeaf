/**
 * Memory for worlds of a dozen names. lru-cache allocates its tables at once, for tens of thousands
 * of entries; with that, half of a campaign went into making resolvers. Bounds on work are as in
 * the product: an attacker may run into each of them.
 */
import { CACHE_LIMITS } from '../../src/cache/index.js';
import { LIMITS } from '../../src/resolver/index.js';

export const SMALL_CACHE_OCTETS = 4 * 1024 * 1024;
const ENTRIES = 500;

const { servers, lameEntries, failureEntries, aggressiveZones } = CACHE_LIMITS;
const { delegationVerdicts, nameServerAddresses } = LIMITS;
for (const limit of [
  servers,
  lameEntries,
  failureEntries,
  aggressiveZones,
  delegationVerdicts,
  nameServerAddresses,
]) {
  (limit as { value: number }).value = ENTRIES;
}
