/** The judge: records, keys, time and budget in; a verdict out. Never fetches, never remembers. */

export { ALGORITHMS, type AlgorithmRow, algorithmIsSupported } from './algorithms.js';
export * from './bogus-reasons.js';
export { canonicalRdatas } from './canonical-form.js';
export type * from './crypto-provider.js';
export { DIGESTS, type DigestRow } from './digests.js';
export type { DsSet } from './ds-set.js';
export { ImportedKeyCache } from './imported-key-cache.js';
export { INSECURE_REASONS } from './insecure-reasons.js';
export { keyTag } from './key-tag.js';
export { LayeredCryptoProvider } from './layered-provider.js';
export { parseRsaPublicKey, type RsaPublicKey } from './rsa-public-key.js';
export * from './security-status.js';
// What a signer, such as the lab's, signs.
export { signedData } from './signed-data.js';
export { type Anchor, TrustAnchors, type UnusableAnchor } from './trust-anchors.js';
export * from './validation-context.js';
export { unsupportedDs, type ValidatedKeys, validateDnskeys } from './verify-dnskeys.js';
export { signerOf, type ValidatedRRset, validateRRset } from './verify-rrset.js';
export * from './work-budget.js';
export type { ZoneKeys } from './zone-keys.js';
