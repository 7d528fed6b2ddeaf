/** The judge: records, keys, time and budget in; a verdict out. Never fetches, never remembers. */
export * from './bogus-reasons.js';
export type * from './crypto-provider.js';
export { INSECURE_REASONS } from './insecure-reasons.js';
export * from './security-status.js';
export * from './validation-context.js';
export * from './work-budget.js';
export { ALGORITHMS, type AlgorithmRow, algorithmIsSupported } from './algorithms.js';
export { canonicalRdatas } from './canonical-form.js';
export { DIGESTS, type DigestRow } from './digests.js';
export type { DsSet } from './ds-set.js';
export { keyTag } from './key-tag.js';
// What a signer, such as the lab's, signs.
export { signedData } from './signed-data.js';
export { type Anchor, TrustAnchors, type UnusableAnchor } from './trust-anchors.js';
export { unsupportedDs, type ValidatedKeys, validateDnskeys } from './verify-dnskeys.js';
export { signerOf, type ValidatedRRset, validateRRset } from './verify-rrset.js';
export type { ZoneKeys } from './zone-keys.js';
export { ImportedKeyCache } from './imported-key-cache.js';
export { LayeredCryptoProvider } from './layered-provider.js';
export { parseRsaPublicKey, type RsaPublicKey } from './rsa-public-key.js';
