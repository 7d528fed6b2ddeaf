/**
 * The door of the cache room: bounded memory of what was learned. The time is always an argument;
 * nothing here asks anybody, and nothing here decides whether data may be believed.
 */
export * from './aggressive-cache.js';
export * from './delegation-cache.js';
export * from './failure-cache.js';
export * from './limits.js';
export * from './negative-cache.js';
export { countBoundedMap } from './octet-bounded-map.js';
export * from './reply-cache.js';
export * from './rrset-cache.js';
export * from './server-health.js';
export * from './trust-ranking.js';
export {
  type CacheClock,
  expiryMs,
  remainingSeconds,
  soundTtlSeconds,
  type TtlLimits,
} from './ttl.js';
export * from './zone-key-cache.js';
