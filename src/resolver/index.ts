/** Decides what to ask whom, in which order, and when to give up. Pure: see `Resolver.handle`. */
export type { Entropy } from './entropy.js';
export { InFlight } from './in-flight.js';
export { LIMITS, type Limit } from './limits.js';
export type {
  ConfiguredZone,
  Endpoint,
  Hint,
  ResolverConfig,
  ResolverParts,
  MaintainedAnchors,
} from './machine.js';
export type { Now } from './now.js';
export type { Minimisation } from './qname-minimisation.js';
export * from './resolution-types.js';
export { Resolver } from './resolver.js';
export { type Why, whyOf } from './why.js';
