/**
 * The door of the dane room: what a mailer must do with each exchange (RFC 6698, 7671, 7672), from
 * resolved RRsets; and whether a server's certificates are those that its records speak of. Pure.
 */
export { type CertificateLayout, readCertificate } from './certificate-layout.js';
export * from './decide.js';
export * from './decision.js';
export { shortText } from './exchange-decision.js';
export { DANE_LIMITS, type DaneLimit } from './limits.js';
export { type Lookup, nameText } from './lookup.js';
export * from './tlsa-records.js';
export type { CertificateTools, OpenedCertificate } from './certificate-tools.js';
export * from './verify-chain.js';
export * from './server-checks.js';
export {
  destinationText,
  type PostfixLevel,
  postfixLevel,
  readSocketmapRequest,
  type SocketmapRequest,
  socketmapReply,
} from './socketmap.js';
export type { TlsaMistake } from './mismatch.js';
