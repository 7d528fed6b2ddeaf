/**
 * Validators with one rule left out, as edits of the compiled JavaScript: never a switch in the
 * product. `find` must stand exactly once in the file; otherwise the mutant is out of date.
 */
import { LAYERED } from './mutant-table-layered.js';
import { AROUND } from './mutant-table-resolver.js';

export interface Mutant {
  /** The rule that is left out. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** The forgeries that the rule is there for: the attacker prefers them. */
  readonly themes: readonly string[];
  /** It refuses what is right: nobody needs to do any harm. */
  readonly honest?: boolean;
  /**
   * Another rule stands behind it, so that no answer at all could tell; the test, below `test/`,
   * that holds it by itself.
   */
  readonly test?: string;
  /** Not caught yet, and why; it counts against the score, and does not fail the run. */
  readonly open?: string;
}

const BAD_TIME = "return 'signature expired';";

const SIGNATURES: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §5.3.3: the signature verifies',
    file: 'dnssec/verify-signatures.js',
    find: 'if (crypto.verify(rrsig.algorithm, imported, data, rrsig.signature)) {',
    put: 'if (true) {',
    themes: ['F1 other data under the signature'],
  },
  {
    rule: 'RFC 4035 §5.3.1: not after the expiration',
    file: 'dnssec/verify-signatures.js',
    find: BAD_TIME,
    put: 'void 0;',
    themes: ['D6'],
  },
  {
    rule: 'RFC 4035 §5.3.1: not before the inception',
    file: 'dnssec/verify-signatures.js',
    find: "return 'signature not yet valid';",
    put: 'void 0;',
    themes: ['D6'],
  },
  {
    rule: 'RFC 4035 §5.3.1: the key has the Zone Key flag',
    file: 'dnssec/read-zone-keys.js',
    find: 'if (!isZoneKey(key))',
    put: 'if (false)',
    themes: ['F15'],
  },
  {
    rule: 'RFC 4034 §2.1.2: the protocol of the key is 3',
    file: 'dnssec/read-zone-keys.js',
    find: 'if (key.protocol !== 3)',
    put: 'if (false)',
    themes: ['F15'],
  },
  {
    rule: 'RFC 5011 §2.1: the key is not revoked',
    file: 'dnssec/read-zone-keys.js',
    find: 'if (isRevoked(key))',
    put: 'if (false)',
    themes: ['F15'],
  },
  {
    rule: 'RFC 4035 §5.3.3: the TTL is at most the original one',
    file: 'dnssec/verify-rrset.js',
    find: 'Math.min(rrset.ttlSeconds, rrsig.originalTtlSeconds,',
    put: 'Math.min(rrset.ttlSeconds,',
    themes: ['G6'],
  },
  {
    rule: 'RFC 4035 §5.3.3: the TTL ends with the signature',
    file: 'dnssec/verify-rrset.js',
    find: 'Math.min(expiration, keys.validUntilSeconds)',
    put: 'ctx.nowSeconds + 1e9',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4035 §5.3.1: a key with a flaw is not tried',
    file: 'dnssec/verify-signatures.js',
    find: 'if (key.problem !== undefined) {',
    put: 'if (false) {',
    themes: ['F15'],
  },
  {
    rule: 'RFC 6840 §5.11: one good signature is enough, wherever it stands',
    file: 'dnssec/verify-signatures.js',
    find: 'if (fault !== undefined) {',
    put: "if (fault !== undefined) return this.failure(fault);\n            if (this.keys.every((key) => key.tag !== rrsig.keyTag || key.algorithm !== rrsig.algorithm || key.problem !== undefined)) return this.failure('no such key');\n            if (false) {",
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4034 §3.1.8.1: the name of the signer is signed in lower case',
    file: 'dnssec/signed-data.js',
    find: 'buffer[at] = LOWER_CASE[prefix[at]];',
    put: 'buffer[at] = prefix[at];',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4034 §3.1.8.1: it is the original TTL that is signed',
    file: 'dnssec/signed-data.js',
    find: 'for (let at = 4; at < 8; at++)\n            buffer[end++] = prefix[at];',
    put: 'for (let at = 0; at < 4; at++)\n            buffer[end++] = (rrset.ttlSeconds >> (24 - 8 * at)) & 0xff;',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4035 §5.3.2: what a wildcard made is signed under the name of the wildcard',
    file: 'dnssec/signed-data.js',
    find: 'if (labels < labelsOfOwner(rrset)) {',
    put: 'if (false) {',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4034 §6.3: records are signed in canonical order, each once',
    file: 'dnssec/canonical-form.js',
    find: 'sorted.sort(compareOctets);',
    put: '',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4035 §5.3.4: fewer labels mean a wildcard, which takes a proof',
    file: 'dnssec/verify-rrset.js',
    find: 'if (rrsig.labels < labelsOfOwner(rrset)) {',
    put: 'if (false) {',
    themes: ['F3'],
  },
  {
    rule: 'RFC 4035 §5.3.4: a wildcard answer needs its proof',
    file: 'resolver/answer-validation.js',
    find: 'if (verdict.wildcard !== undefined) {',
    put: 'if (false) {',
    themes: ['F3'],
  },
  {
    rule: 'RFC 4035 §5.4: no closer match than the wildcard',
    file: 'dnssec/wildcard.js',
    find: "if (status.state !== 'absent') {",
    put: 'if (false) {',
    themes: ['F3 wildcard replayed'],
  },
  {
    rule: 'RFC 5155 §8.8: it is the next closer name that must be absent',
    file: 'dnssec/wildcard.js',
    find: 'const nextCloser = name.suffix(closestEncloser.labelCount + 1);',
    put: 'const nextCloser = name;',
    themes: ['F3'],
  },
];

const DELEGATIONS: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §5.2: a key that DS points to signs the key set',
    file: 'dnssec/verify-dnskeys.js',
    find: 'verifySignatures(dnskeys, zone, matched, ctx)',
    put: 'verifySignatures(dnskeys, zone, keys, ctx)',
    themes: ['F14'],
  },
  {
    rule: 'RFC 4035 §5.2: the digest is that of the key',
    file: 'dnssec/verify-dnskeys.js',
    find: 'if (digestMatches(ds, this.#zone, key.dnskey.rdata, this.#ctx.crypto))',
    put: 'if (true)',
    themes: ['F14'],
  },
  {
    rule: 'RFC 4034 §5.2: DS and key have the same tag and algorithm, and the digest',
    file: 'dnssec/verify-dnskeys.js',
    find: 'if (key.tag !== ds.keyTag || key.algorithm !== ds.algorithm)',
    put: 'if (key.problem === undefined) return key; else',
    themes: ['F14', 'F13'],
  },
  {
    rule: 'RFC 6840 §5.11: one supported DS record is enough',
    file: 'dnssec/verify-dnskeys.js',
    find: 'if (!algorithmIsSupported(record.algorithm, ctx))\n            continue;',
    put: "if (!algorithmIsSupported(record.algorithm, ctx)) return makeInsecure('unsupported algorithm', zone, '');",
    themes: ['D2'],
  },
  {
    rule: 'RFC 6840 §5.2: unsupported digests are as no DS at all',
    file: 'dnssec/verify-dnskeys.js',
    find: 'if (unsupportedDigest !== undefined) {',
    put: 'if (unsupportedDigest !== undefined) return undefined;\n    if (false) {',
    themes: ['D2'],
  },
  {
    rule: 'RFC 4035 §5.2: a referral without DS needs a proof',
    file: 'dnssec/delegation.js',
    find: "return { kind: 'missing' };",
    put: "return { kind: 'unsigned', security: makeInsecure('no DS', child), ttlSeconds: 60, proof: [] };",
    themes: ['D5'],
  },
  {
    rule: 'RFC 4035 §5.2: the DS bit is clear',
    file: 'dnssec/delegation.js',
    find: 'if (types.has(RRType.DS)) {',
    put: 'if (false) {',
    themes: ['F7'],
  },
  {
    rule: 'RFC 6840 §4.4: the NS bit is set',
    file: 'dnssec/delegation.js',
    find: 'if (!types.has(RRType.NS))',
    put: 'if (false)',
    themes: ['D5 unsigned', 'D4'],
  },
  {
    rule: 'RFC 4035 §5.2: a withheld DS of a name without a record is no denial',
    file: 'dnssec/delegation.js',
    find: 'if (status === undefined)\n        return undefined;',
    put: "if (status === undefined) return unsigned(makeInsecure('no DS', child), []);",
    themes: ['F7', 'D5'],
  },
  {
    rule: 'RFC 5155 §8.9: a cover without opt-out denies the delegation',
    file: 'dnssec/delegation.js',
    find: 'if (status.optOut) {',
    put: 'if (true) {',
    themes: ['D5 zone from nothing'],
  },
  {
    rule: 'RFC 4035 §5.2: a DS without its key is bogus, not insecure',
    file: 'dnssec/verify-dnskeys.js',
    find: 'return noEntryPoint(zone, keys, flawed, vouchers);',
    put: "return makeInsecure('unsupported key', zone, '');",
    themes: ['F13', 'F14'],
  },
  {
    rule: 'RFC 4035 §5.2: a key set that is not signed is bogus, not insecure',
    file: 'dnssec/verify-dnskeys.js',
    find: "if (outcome.reason !== 'no such key')",
    put: "return makeInsecure('unsupported key', zone, '');\n        if (outcome.reason !== 'no such key')",
    themes: ['F13', 'F14', 'D4'],
  },
  {
    rule: 'RFC 1034 §3.6.2: an alias in the place of DS records counts only when it validates',
    file: 'dnssec/delegation.js',
    find: "if (validated.status === 'bogus')\n        return validated;\n    if (rrset.type === RRType.DNAME) {",
    put: "if (validated.status === 'bogus') return unsigned(makeInsecure('no DS', child), []);\n    if (rrset.type === RRType.DNAME) {",
    themes: ['F17'],
  },
  {
    rule: 'RFC 4035 §5.2: DS records count only when the parent has signed them',
    file: 'dnssec/delegation.js',
    find: "if (validated.status === 'bogus')\n        return validated;\n    const { security, ttlSeconds } = validated;",
    put: "if (validated.status === 'bogus') return unsigned(makeInsecure('no DS', rrset.owner), []);\n    const { security, ttlSeconds } = validated;",
    themes: ['D1'],
  },
];

const ABSENCE: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §5.4: the proof decides, not the rcode',
    file: 'resolver/answer-validation.js',
    find: 'denial: isSecure ? verdict.kind : asked.kind,',
    put: 'denial: asked.kind,',
    themes: ['F10'],
  },
  {
    rule: 'RFC 4035 §5.4: what is proven is what the rcode says',
    file: 'resolver/answer-validation.js',
    find: "if (isSecure && verdict.kind === 'name error' && asked.kind === 'no data') {",
    put: 'if (false) {',
    themes: [],
    test: 'resolver/denials-beside',
  },
  {
    rule: 'RFC 4035 §5.4: a name error denies the wildcard too',
    file: 'dnssec/denial.js',
    find: 'if (wildcard === undefined)\n        return undefined;',
    put: "if (wildcard === undefined) return { kind: 'name error', records: name.records, closestEncloser: name.closestEncloser };",
    themes: ['F3 wildcard hidden', 'F9 pieces of a proof'],
  },
  {
    rule: 'RFC 4035 §5.4: the denial record itself is validated',
    file: 'dnssec/denial-evidence.js',
    find: "if (verdict.status === 'bogus') {",
    put: "if (verdict.status === 'bogus') { return { status: 'secure', security: { validUntilSeconds: this.#ctx.nowSeconds + 300 }, ttlSeconds: 300 };",
    themes: ['F12'],
  },
  {
    rule: 'RFC 4592 §4.7: a denial record is not made from a wildcard',
    file: 'dnssec/denial-evidence.js',
    find: 'if (verdict.wildcard !== undefined) {',
    put: 'if (false) {',
    themes: ['F3 denial from a wildcard'],
  },
  {
    rule: 'RFC 4035 §5.4: the type bit is clear',
    file: 'dnssec/type-denial.js',
    find: 'if (type === RRType.ANY ? hasData(types) : types.has(type))',
    put: 'if (false)',
    themes: ['F21 denied by its own record'],
  },
  {
    rule: 'RFC 6840 §4.3: the CNAME bit is clear',
    file: 'dnssec/type-denial.js',
    find: 'if (types.has(RRType.CNAME))',
    put: 'if (false)',
    themes: ['F21 denied by its own record'],
  },
  {
    rule: 'RFC 6840 §4.1: above a zone cut nothing is said of names below',
    file: 'dnssec/type-denial.js',
    find: 'if (isAncestorDelegation(types))',
    put: 'if (false)',
    themes: ['F6'],
  },
  {
    rule: 'RFC 6840 §4.1: above a DNAME nothing is said of names below',
    file: 'dnssec/type-denial.js',
    find: 'if (types.has(RRType.DNAME))',
    put: 'if (false)',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 6840 §4.1: at a zone cut the parent denies DS alone',
    file: 'dnssec/type-denial.js',
    find: 'if (type !== RRType.DS && isAncestorDelegation(types))',
    put: 'if (false)',
    themes: ['F6'],
  },
  {
    rule: 'RFC 4034 §4.1.1: a name before the owner is not covered',
    file: 'dnssec/nsec.js',
    find: '|| owner.compareCanonical(name) >= 0)',
    put: '|| owner.equals(name))',
    themes: ['F9'],
  },
  {
    rule: 'RFC 4034 §4.1.1: a name after the next one is not covered',
    file: 'dnssec/nsec.js',
    find: 'return name.compareCanonical(nextName) < 0;',
    put: 'return true;',
    themes: ['F9'],
  },
  {
    rule: 'RFC 4592 §2.2.2: an empty non-terminal exists',
    file: 'dnssec/nsec.js',
    find: 'return nsec.nextName.isBelow(name);',
    put: 'return false;',
    themes: ['F10'],
  },
  {
    rule: 'RFC 4035 §5.4: it is the wildcard at the closest encloser that counts',
    file: 'dnssec/nsec.js',
    find: 'return after.labelCount > before.labelCount ? after : before;',
    put: 'return before;',
    themes: [],
    honest: true,
  },
  {
    rule: 'RFC 4035 §3.1.3.4, RFC 5155 §8.7: where a wildcard is, the name error is none',
    file: 'dnssec/denial.js',
    find: "if (wildcard.state === 'absent')",
    put: 'if (true)',
    themes: ['F10', 'F3 wildcard denied'],
  },
];

const HASHED: readonly Mutant[] = [
  {
    rule: 'RFC 5155 §8.2: one set of parameters in one reply',
    file: 'dnssec/nsec3-source.js',
    find: 'if (usable.length > 0 && !sameNsec3Parameters(usable[0].data, nsec3)) {',
    put: 'if (false) {',
    themes: ['F21 mixed chains'],
  },
  {
    rule: 'RFC 5155 §8.3: the closest encloser is no cut and no DNAME',
    file: 'dnssec/nsec3-source.js',
    find: 'if (refusal !== undefined) {',
    put: 'if (false) {',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §8.3: the next closer name is covered',
    file: 'dnssec/nsec3-source.js',
    find: 'const cover = this.#cover(hash);\n            if (cover !== undefined)',
    put: 'const cover = this.#cover(hash) ?? closest;\n            if (cover !== undefined)',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §8.3: the closest encloser is matched',
    file: 'dnssec/nsec3-source.js',
    find: 'if (closest === undefined || closestLabels !== labels - 1)',
    put: 'closest ??= this.#records.find((one) => one.isValid && !whyNotBelow(one.data.types)); if (closest === undefined)',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §8.4: the hash of a covered name is before the next one',
    file: 'dnssec/nsec3.js',
    find: 'return wraps ? afterOwner || beforeNext : afterOwner && beforeNext;',
    put: 'return wraps ? afterOwner || beforeNext : afterOwner;',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §8.4: the hash of a covered name is after the owner',
    file: 'dnssec/nsec3.js',
    find: 'return wraps ? afterOwner || beforeNext : afterOwner && beforeNext;',
    put: 'return wraps ? afterOwner || beforeNext : beforeNext;',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §3.1.7: the last record covers the two ends only',
    file: 'dnssec/nsec3.js',
    find: 'return wraps ? afterOwner || beforeNext : afterOwner && beforeNext;',
    put: 'return wraps || (afterOwner && beforeNext);',
    themes: ['F9 pieces of a proof'],
  },
  {
    rule: 'RFC 5155 §9.2: an opt-out cover leaves an absence insecure',
    file: 'dnssec/denial.js',
    find: 'if (!status.optOut)',
    put: 'if (true)',
    themes: ['F8'],
  },
  {
    rule: 'RFC 5155 §9.2: an opt-out cover leaves a wildcard answer insecure',
    file: 'dnssec/wildcard.js',
    find: 'if (status.optOut) {',
    put: 'if (false) {',
    themes: ['F8'],
  },
  {
    rule: 'RFC 5155 §8.8: a wildcard answer needs the cover of the next closer name',
    file: 'dnssec/nsec3-source.js',
    find: "if (cover === undefined)\n            return undefined;\n        return { state: 'absent'",
    put: "if (cover === undefined) return { state: 'absent', closestEncloser, optOut: false, records: [] };\n        return { state: 'absent'",
    themes: ['F3 wildcard replayed'],
  },
  {
    rule: 'RFC 9276 §3.2: only a signed record tells of too many iterations',
    file: 'dnssec/nsec3-source.js',
    find: 'const record = this.#records.find((candidate) => candidate.isValid);',
    put: 'const record = this.#records[0] && { data: this.#records[0].data, rrset: this.#records[0].rrset, validated: { ttlSeconds: 60, security: { validUntilSeconds: this.#ctx.nowSeconds + 60 } } };',
    themes: ['D3'],
  },
];

const WHOLE: readonly Mutant[] = [
  {
    rule: 'RFC 4035 §3.2.3: an answer is as secure as its weakest part',
    file: 'resolver/reply-content.js',
    find: 'security = security === undefined ? held.security : weakest(security, held.security);',
    put: 'security ??= held.security;',
    themes: ['D5 unsigned'],
  },
  {
    rule: 'RFC 4035 §5.3.4: a wildcard answer is no better than its proof',
    file: 'resolver/answer-validation.js',
    find: 'security = weaker(security, expansion.security);',
    put: '',
    themes: ['F8'],
  },
  {
    rule: 'RFC 4035 §5: data of a signed zone that fails is not data of an unsigned one',
    file: 'resolver/answer-validation.js',
    find: 'const search = unsigned ?',
    put: "if (unsigned) { done({ kind: 'accepted', security: negativeTrustAnchor(cut.zone), ttlSeconds: 60, proof: [], cut }); return; }\n        const search = unsigned ?",
    themes: ['D4', 'D5 unsigned'],
  },
  {
    rule: 'RFC 4035 §4.3: a zone with its own trust anchor is validated',
    file: 'resolver/answer-validation.js',
    find: 'if (island !== undefined) {',
    put: 'if (false) {',
    themes: [],
    honest: true,
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...SIGNATURES,
  ...DELEGATIONS,
  ...ABSENCE,
  ...HASHED,
  ...WHOLE,
  ...AROUND,
  ...LAYERED,
];
