/** The judge: records, keys, time and budget in; a verdict out. Never fetches, never remembers. */

export { ALGORITHMS, type AlgorithmRow, algorithmIsSupported } from './algorithms.js';
export * from './bogus-reasons.js';
export { canonicalRdatas } from './canonical-form.js';
export type * from './crypto-provider.js';
export { DIGESTS, type DigestRow } from './digests.js';
export type { DsSet } from './ds-set.js';
export { GoodSignatures } from './good-signatures.js';
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
// Proofs of absence, of delegation and of redirection.
export { type DelegationVerdict, delegationFromReferral } from './delegation.js';
export { type NegativeClaim, type ValidatedNegative, validateNegative } from './denial.js';
export { checkDnameSynthesis } from './dname.js';
export { proveWildcardAnswer, type WildcardProof, validateWildcardAnswer } from './wildcard.js';
// Predicates on validated NSEC and NSEC3 records, for RFC 8198.
export {
  isEmptyNonTerminal,
  type NsecRecord,
  nsecClosestEncloser,
  nsecCovers,
  nsecMatches,
  readNsec,
  whyNsecDoesNotDeny,
} from './nsec.js';
export {
  type Nsec3Parameters,
  type Nsec3Record,
  nsec3Covers,
  nsec3Hash,
  nsec3HashBlocks,
  nsec3Matches,
  nsec3OwnerHash,
  readNsec3,
  sameNsec3Parameters,
} from './nsec3.js';
export { isCompactNameError, whyNotBelow, whyTypeMayExist } from './type-denial.js';
export {
  adoptAnchor,
  initialState,
  type KeyEvent,
  type KeyState,
  observe,
  type Rfc5011Event,
  type Rfc5011Observation,
  type Rfc5011State,
  retryAfter,
  type TrackedKey,
  isDeleted,
  trustedRecords,
} from './rfc5011.js';
export {
  type ParsedRfc5011State,
  parseRfc5011State,
  type Rfc5011StateFault,
  serialiseRfc5011State,
} from './rfc5011-state-text.js';
