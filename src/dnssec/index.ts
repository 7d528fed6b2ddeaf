/** The judge: records, keys, time and budget in; a verdict out. Never fetches, never remembers. */
export * from './bogus-reasons.js';
export type * from './crypto-provider.js';
export type { DsSet } from './ds-set.js';
export { INSECURE_REASONS } from './insecure-reasons.js';
export * from './security-status.js';
export * from './validation-context.js';
export * from './work-budget.js';
export type { ZoneKeys } from './zone-keys.js';
