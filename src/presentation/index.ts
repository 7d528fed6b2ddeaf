/** The door of the presentation room: records as text, both ways. */
export * from './binary-text.js';
export * from './master-file.js';
export * from './name-text.js';
export * from './number-text.js';
export { formatRdata, parseRdataText } from './rdata-text.js';
export * from './root-anchors-xml.js';
export * from './root-hints.js';
export * from './string-text.js';
export * from './trust-anchor-text.js';
