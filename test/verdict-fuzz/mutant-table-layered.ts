/**
 * Rules of the judge that no answer can miss, because another one stands before or behind them:
 * keys are found from the top down and never by what a signature says, records are sorted out
 * before they are judged, and so on. That is intended, and each has a test that sees it alone.
 */
import type { Mutant } from './mutant-table.js';

const SIGNATURES = 'dnssec/verify-signatures.js';
const themes: readonly string[] = [];

const OF_SIGNATURES: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §5.3.1: the type covered is that of the RRset',
    file: SIGNATURES,
    find: 'if (rrsig.typeCovered !== rrset.type)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4035 §5.3.1: the signer is the zone that holds the RRset',
    file: SIGNATURES,
    find: 'if (!rrsig.signer.equals(zone))',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4035 §5.3.1: the owner has as many labels as the signature counts',
    file: SIGNATURES,
    find: 'if (rrsig.labels > labels)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4034 §3.1.3: no wildcard above the apex of the signer',
    file: SIGNATURES,
    find: 'if (rrsig.labels < zone.labelCount)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4592 §4.4: no DNAME from a wildcard',
    file: SIGNATURES,
    find: 'if (rrset.type === RRType.DNAME && rrsig.labels < labels)',
    put: 'if (false)',
    themes,
    test: 'dnssec/dname',
  },
  {
    rule: 'RFC 4034 §3.1.5: a signature does not end before it begins',
    file: SIGNATURES,
    find: 'if (serialDifference(expiration, inception) < 0)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4035 §5.3.1: the key has the tag and algorithm of the signature',
    file: SIGNATURES,
    find: 'if (key.tag !== rrsig.keyTag || key.algorithm !== rrsig.algorithm)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4035 §5.3.1: the class is that of the zone',
    file: 'dnssec/verify-rrset.js',
    find: 'if (rrset.class !== RRClass.IN)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4035 §5.3.1: the owner is in the zone',
    file: 'dnssec/verify-rrset.js',
    find: 'if (!owner.isAtOrBelow(zone))',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'RFC 4034 §5: a zone does not sign its own DS records',
    file: 'dnssec/verify-rrset.js',
    find: 'if (type === RRType.DS && owner.equals(zone)) {',
    put: 'if (false) {',
    themes,
    test: 'dnssec/signatures',
  },
];

const OF_DENIALS: readonly Mutant[] = [
  {
    rule: 'RFC 4034 §4.1.1: the next name is in the zone',
    file: 'dnssec/nsec.js',
    find: 'if (!nsec.nextName.isAtOrBelow(zone))',
    put: 'if (false)',
    themes,
    test: 'dnssec/denial',
  },
  {
    rule: 'RFC 5155 §3: an NSEC3 record is one label below its zone',
    file: 'dnssec/nsec3.js',
    find: 'if (owner.labelCount !== zone.labelCount + 1 || !owner.isAtOrBelow(zone))',
    put: 'if (!owner.isAtOrBelow(zone))',
    themes,
    test: 'dnssec/denial-nsec3',
  },
  {
    rule: 'RFC 5155 §8.1: unknown hash algorithms are ignored',
    file: 'dnssec/nsec3.js',
    find: 'if (nsec3.hashAlgorithm !== NSEC3_SHA1)',
    put: 'if (false)',
    themes,
    test: 'dnssec/denial-nsec3',
  },
  {
    rule: 'RFC 5155 §8.2: unknown flags are ignored',
    file: 'dnssec/nsec3.js',
    find: 'if ((nsec3.flags & ~NSEC3_FLAG_OPT_OUT) !== 0)',
    put: 'if (false)',
    themes,
    test: 'dnssec/denial-nsec3',
  },
  {
    rule: 'RFC 4035 §3.1.4.1: the child does not deny its DS records',
    file: 'dnssec/denial.js',
    find: 'if (type === RRType.DS && owner.equals(zone) && !zone.isRoot) {',
    put: 'if (false) {',
    themes,
    test: 'dnssec/denial',
  },
  {
    rule: 'RFC 6840 §4.4: a record with SOA does not deny DS records',
    file: 'dnssec/type-denial.js',
    find: 'if (type === RRType.DS && types.has(RRType.SOA) && !owner.isRoot)',
    put: 'if (false)',
    themes,
    test: 'dnssec/denial',
  },
  {
    rule: 'RFC 6840 §4.4: an unsigned delegation has no SOA bit',
    file: 'dnssec/delegation.js',
    find: 'if (types.has(RRType.SOA)) {',
    put: 'if (false) {',
    themes,
    test: 'dnssec/delegation',
  },
  {
    rule: 'RFC 2308 §2: the SOA is that of the zone that denies',
    file: 'dnssec/denial.js',
    find: "if (rrset === undefined)\n        return bogus('SOA of another zone'",
    put: "if (rrset === undefined)\n        return undefined;\n    if (false)\n        return bogus('SOA of another zone'",
    themes,
    test: 'dnssec/denial',
  },
];

const OF_KEYS: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §5: an anchor is for its own name',
    file: 'dnssec/verify-dnskeys.js',
    find: 'if (!vouching.zone.equals(zone))',
    put: 'if (false)',
    themes,
    test: 'dnssec/keys',
  },
  {
    rule: 'RFC 4509 §3: SHA-1 digests are ignored beside stronger ones',
    file: 'dnssec/verify-dnskeys.js',
    find: 'return strong.length > 0 ? strong : supported;',
    put: 'return supported;',
    themes,
    test: 'dnssec/keys',
  },
  {
    rule: 'RFC 6672 §5.3.1: the CNAME says what the DNAME says',
    file: 'dnssec/dname.js',
    find: 'if (cname !== undefined && !saysTheSame(cname, name, target)) {',
    put: 'if (false) {',
    themes,
    test: 'dnssec/dname',
  },
  {
    rule: 'RFC 6672 §2.2: a DNAME does not redirect its own name',
    file: 'dnssec/dname.js',
    find: 'if (!name.isBelow(owner)) {',
    put: 'if (false) {',
    themes,
    test: 'dnssec/dname',
  },
  {
    rule: 'keys end when the signatures do that lead to them',
    file: 'dnssec/verify-rrset.js',
    find: 'if (keys.validUntilSeconds < ctx.nowSeconds)',
    put: 'if (false)',
    themes,
    test: 'dnssec/signatures',
  },
  {
    rule: 'a limit never makes anything insecure: opt-out',
    file: 'dnssec/denial.js',
    find: 'if (failures.ranOut)',
    put: 'if (false)',
    themes,
    test: 'dnssec/denial-nsec3',
  },
];

export const LAYERED: readonly Mutant[] = [...OF_SIGNATURES, ...OF_DENIALS, ...OF_KEYS];
