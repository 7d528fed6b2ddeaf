/** The door of the wire room: octets to values and back. It knows format, not meaning. */
export * from './edns.js';
export * from './edns-options.js';
export * from './fault.js';
export * from './ip-address.js';
export * from './name.js';
export * from './octets.js';
export * from './rcodes.js';
export * from './rdata/canonical.js';
export * from './rdata/dnssec-rdata.js';
export * from './rdata/host-rdata.js';
export * from './rdata/key-rdata.js';
export * from './rdata/layouts.js';
export * from './rdata/rdata-cursor.js';
export * from './rdata/type-bitmap.js';
export * from './record.js';
export * from './rr-types.js';
