/**
 * Two whole root zones as they were published, at the time they were: every signed RRset and every
 * delegation must validate from the real trust anchors, and nothing that was touched may.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import {
  type CryptoProvider,
  delegationFromReferral,
  TrustAnchors,
  type ValidationContext,
  validateDnskeys,
  validateNegative,
  validateRRset,
  type ZoneKeys,
} from '../../src/dnssec/index.js';
import { NobleCryptoProvider } from '../../src/dnssec/noble.js';
import { SeededRandom } from '../../src/lab/index.js';
import { parseMasterFile, parseRootAnchorsXml } from '../../src/presentation/index.js';
import {
  canonicalRdata,
  equalOctets,
  groupRRsets,
  Name,
  RRClass,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import { type ContextOptions, context, DAY } from '../dnssec/signed-zone.js';
import { projectPath, sharedPath } from './shared-data.js';

const SEED = Number(process.env.ANCHORITE_SEED ?? 20201019);

interface Expected {
  readonly file: string;
  readonly nowSeconds: number;
  readonly keyTag: number;
  /** What the other anchors of IANA's file come to on that day. */
  readonly otherAnchors: Readonly<Record<number, string>>;
  readonly signatures: number;
  readonly delegations: number;
}

const ZONES: readonly Expected[] = [
  {
    file: 'root-zone-2017082100.txt.gz',
    nowSeconds: Date.UTC(2017, 7, 21, 12) / 1000,
    keyTag: 19_036,
    // KSK-2017 was published a month before, and signed nothing yet.
    otherAnchors: {
      20326: 'keys not signed by secure entry point',
      38696: 'no key matches anchor',
    },
    signatures: 2950,
    delegations: 1547,
  },
  {
    file: 'root-zone-2020101902.txt.gz',
    nowSeconds: Date.UTC(2020, 9, 19, 18) / 1000,
    keyTag: 20_326,
    otherAnchors: { 19036: 'no key matches anchor', 38696: 'no key matches anchor' },
    signatures: 2884,
    delegations: 1508,
  },
];

const UNBOUNDED = { signatureChecks: 1e9, failedSignatureChecks: 1e9 };

function contextOf(expected: Expected, options: ContextOptions = {}): ValidationContext {
  // RFC 9905 came later: in 2017 many TLDs had SHA-1 keys and digests.
  const policy = { sha1: true };
  return context({ nowSeconds: expected.nowSeconds, limits: UNBOUNDED, policy, ...options });
}

function anchorWithTag(keyTag: number, ctx: ValidationContext): TrustAnchors {
  const xml = readFileSync(projectPath('trust-anchors', 'root-anchors.xml'), 'utf8');
  const anchor = parseRootAnchorsXml(xml).find((candidate) => candidate.keyTag === keyTag)!;
  const { algorithm, digestType, digest } = anchor;
  const rdata = Uint8Array.of(keyTag >> 8, keyTag & 0xff, algorithm, digestType, ...digest);
  const record = { owner: Name.root, type: RRType.DS, class: RRClass.IN, ttlSeconds: 0, rdata };
  return TrustAnchors.from([record], ctx);
}

class RootZone {
  readonly expected: Expected;
  readonly rrsets: readonly RRset[];
  readonly dnskeys: RRset;
  readonly keys: ZoneKeys;

  constructor(t: Test, expected: Expected, path: string) {
    this.expected = expected;
    const parsed = parseMasterFile(gunzipSync(readFileSync(path)).toString('latin1'));
    if (parsed.error !== undefined) throw new Error(parsed.error.message);
    this.rrsets = groupRRsets(parsed.records);
    this.dnskeys = this.find(Name.root, RRType.DNSKEY)!;
    const ctx = contextOf(expected);
    const anchors = anchorWithTag(expected.keyTag, ctx);
    const verdict = validateDnskeys(Name.root, this.dnskeys, anchors, ctx);
    t.equal(verdict.status, 'secure', `the root's keys from anchor ${expected.keyTag}`);
    if (verdict.status !== 'secure') throw new Error(verdict.sentence);
    this.keys = verdict.keys;
  }

  find(owner: Name, type: number): RRset | undefined {
    return this.rrsets.find((set) => set.type === type && set.owner.equals(owner));
  }

  get signed(): readonly RRset[] {
    return this.rrsets.filter((rrset) => rrset.signatures.length > 0);
  }
}

for (const expected of ZONES) {
  const path = sharedPath('data', expected.file);
  const skip = path === undefined ? 'the shared data are not at hand (ANCHORITE_SHARED)' : false;
  t.test(expected.file, { skip }, (t) => {
    t.comment(`seed ${SEED} (ANCHORITE_SEED)`);
    const zone = new RootZone(t, expected, path!);
    t.test('the anchors', (t) => checkAnchors(t, zone));
    t.test('every signed RRset', (t) => checkRRsets(t, zone));
    t.test('every delegation', (t) => checkDelegations(t, zone));
    t.test('names that are not there', (t) => checkNameErrors(t, zone));
    t.test('the wrong day', (t) => checkTimes(t, zone));
    t.test('flipped bits', (t) => checkFlips(t, zone));
    t.test('foreign signatures', (t) => checkExchanges(t, zone));
    t.end();
  });
}

function checkAnchors(t: Test, { expected, dnskeys }: RootZone): void {
  for (const [tag, reason] of Object.entries(expected.otherAnchors)) {
    const ctx = contextOf(expected);
    const verdict = validateDnskeys(Name.root, dnskeys, anchorWithTag(Number(tag), ctx), ctx);
    t.equal(verdict.status === 'bogus' && verdict.reason, reason, `anchor ${tag}`);
  }
  t.end();
}

function checkRRsets(t: Test, zone: RootZone): void {
  const { expected, keys, rrsets, signed } = zone;
  const ctx = contextOf(expected);
  const started = process.hrtime.bigint();
  const refused = signed.filter((rrset) => validateRRset(rrset, keys, ctx).status !== 'secure');
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  t.same(
    refused.map((rrset) => `${rrset.owner} ${rrset.type}`),
    [],
  );
  const signatures = signed.reduce((sum, rrset) => sum + rrset.signatures.length, 0);
  t.equal(signatures, expected.signatures, `${signatures} signatures in ${ms.toFixed(0)} ms`);
  t.equal(ctx.budget.failedSignatureChecks, 0);
  // RFC 4035 §2.2: only delegations and glue are unsigned.
  const cuts = new Set(rrsets.filter(isDelegation).map(({ owner }) => owner.key));
  const unexplained = rrsets.filter(({ owner, type, signatures }) => {
    const glue = type === RRType.A || type === RRType.AAAA;
    const tld = owner.suffix(1).key;
    return signatures.length === 0 && !(glue && cuts.has(tld)) && !cuts.has(owner.key);
  });
  t.same(unexplained, []);
  // The second provider on a sample.
  const crypto: CryptoProvider = new NobleCryptoProvider();
  const slow = contextOf(expected, { crypto });
  const random = new SeededRandom(SEED);
  for (let count = 0; count < 200; count++) {
    const rrset = signed[random.below(signed.length)]!;
    t.equal(validateRRset(rrset, keys, slow).status, 'secure', `noble: ${rrset.owner}`);
  }
  t.end();
}

function isDelegation(rrset: RRset): boolean {
  return rrset.type === RRType.NS && !rrset.owner.isRoot;
}

function checkDelegations(t: Test, zone: RootZone): void {
  const { expected, keys, rrsets } = zone;
  const proofs = new Map<string, RRset[]>();
  for (const rrset of rrsets) {
    if (rrset.type !== RRType.DS && rrset.type !== RRType.NSEC) continue;
    const of = proofs.get(rrset.owner.key);
    if (of === undefined) proofs.set(rrset.owner.key, [rrset]);
    else of.push(rrset);
  }
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  const delegations = rrsets.filter(isDelegation);
  for (const ns of delegations) {
    const records = proofs.get(ns.owner.key) ?? [];
    const ds = records.find(({ type }) => type === RRType.DS);
    // A referral carries the DS RRset, or else the NSEC that shows there is none.
    const authority = [ns, ...records.filter((rrset) => ds === undefined || rrset === ds)];
    const verdict = delegationFromReferral(ns.owner, authority, keys, contextOf(expected));
    const kind = 'kind' in verdict ? verdict.kind : verdict.reason;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind !== (ds === undefined ? 'unsigned' : 'signed')) wrong.push(`${ns.owner} ${kind}`);
    // The same without its signatures, and with nothing at all.
    const bare = authority.map((rrset) => ({ ...rrset, signatures: [] }));
    const stripped = delegationFromReferral(ns.owner, bare, keys, contextOf(expected));
    if ('kind' in stripped && stripped.kind !== 'missing') wrong.push(`${ns.owner} stripped`);
    // Withheld DS: the NSEC alone shows that there is one.
    if (ds === undefined) continue;
    const nsec = records.filter(({ type }) => type === RRType.NSEC);
    const withheld = delegationFromReferral(ns.owner, [ns, ...nsec], keys, contextOf(expected));
    if (!('status' in withheld)) wrong.push(`${ns.owner} withheld`);
  }
  t.same(wrong, [], JSON.stringify(counts));
  t.equal(delegations.length, expected.delegations);
  t.end();
}

function checkNameErrors(t: Test, zone: RootZone): void {
  const random = new SeededRandom(SEED + 1);
  const nsecs = zone.rrsets
    .filter(({ type }) => type === RRType.NSEC)
    .sort((a, b) => a.owner.compareCanonical(b.owner));
  const soa = zone.find(Name.root, RRType.SOA)!;
  const apex = nsecs[0]!;
  for (let count = 0; count < 300; count++) {
    const label = new Uint8Array(1 + random.below(12));
    for (let at = 0; at < label.length; at++) label[at] = 0x61 + random.below(26);
    const name = Name.root.prepend(label)!;
    const index = nsecs.findLastIndex(({ owner }) => owner.compareCanonical(name) <= 0);
    const nsec = nsecs[index]!;
    if (nsec.owner.equals(name)) continue;
    const claim = { name, type: RRType.TLSA, kind: 'name error' } as const;
    const judge = (authority: readonly RRset[]): string => {
      const verdict = validateNegative(claim, authority, zone.keys, contextOf(zone.expected));
      return 'kind' in verdict ? `${verdict.security.status} ${verdict.kind}` : verdict.status;
    };
    t.equal(judge([soa, nsec, apex]), 'secure name error', name.toString());
    // The NSEC of the neighbours covers other names.
    const next = nsecs[(index + 1) % nsecs.length]!;
    const before = nsecs[(index + nsecs.length - 1) % nsecs.length]!;
    const others = [next, before].filter((other) => other !== apex && other !== nsec);
    t.equal(judge([soa, ...others, apex]), nsec === apex ? 'secure name error' : 'bogus');
  }
  t.end();
}

function checkTimes(t: Test, zone: RootZone): void {
  const { dnskeys, expected } = zone;
  const cases = [
    [30 * DAY, 'signature expired'],
    [-30 * DAY, 'signature not yet valid'],
  ] as const;
  for (const [shift, reason] of cases) {
    const ctx = contextOf(expected, { nowSeconds: expected.nowSeconds + shift });
    const anchors = anchorWithTag(expected.keyTag, ctx);
    const verdict = validateDnskeys(Name.root, dnskeys, anchors, ctx);
    t.equal(verdict.status === 'bogus' && verdict.reason, reason);
  }
  t.end();
}

/** One flipped bit in any place that is signed: owner, RDATA, signature or its fields. */
function checkFlips(t: Test, zone: RootZone): void {
  const random = new SeededRandom(SEED + 2);
  const ctx = contextOf(zone.expected);
  const { signed, keys, expected } = zone;
  const reasons: Record<string, number> = {};
  const accepted: string[] = [];
  let flips = 0;
  while (flips < 3000) {
    const rrset = signed[random.below(signed.length)]!;
    const touched = flipBit(rrset, random);
    if (touched === undefined) continue;
    flips++;
    const anchors = anchorWithTag(expected.keyTag, ctx);
    const verdict =
      touched.type === RRType.DNSKEY
        ? validateDnskeys(Name.root, touched, anchors, ctx)
        : validateRRset(touched, keys, ctx);
    if (verdict.status !== 'bogus') accepted.push(`${verdict.status} ${rrset.owner} ${rrset.type}`);
    else reasons[verdict.reason] = (reasons[verdict.reason] ?? 0) + 1;
  }
  t.same(accepted, [], JSON.stringify(reasons));
  t.ok((reasons['signature does not verify'] ?? 0) > 1000);
  t.end();
}

function flipBit(rrset: RRset, random: SeededRandom): RRset | undefined {
  const bit = 1 << random.below(8);
  const place = random.below(4);
  if (place === 0 && !rrset.owner.isRoot) {
    const octets = rrset.owner.octets.slice();
    octets[1 + random.below(octets[0]!)]! ^= bit;
    const owner = Name.fromOctets(octets)!;
    // RFC 4343: another case is the same name.
    return owner.equals(rrset.owner) ? undefined : { ...rrset, owner };
  }
  if (place === 1) {
    const index = random.below(rrset.rdatas.length);
    const before = rrset.rdatas[index]!;
    const rdata = before.slice();
    rdata[random.below(rdata.length)]! ^= bit;
    // RFC 4034 §6.2: so is another case in the RDATA of the old types.
    const { type } = rrset;
    if (equalOctets(canonicalRdata(type, rdata), canonicalRdata(type, before))) return undefined;
    return { ...rrset, rdatas: rrset.rdatas.with(index, rdata) };
  }
  const index = random.below(rrset.signatures.length);
  const rrsig = rrset.signatures[index]!.slice();
  // The fields of the first 19 octets and the signature itself, half and half.
  const at = place === 2 ? random.below(19) : 19 + random.below(rrsig.length - 19);
  rrsig[at]! ^= bit;
  return { ...rrset, signatures: rrset.signatures.with(index, rrsig) };
}

/** Good signatures, but over something else. */
function checkExchanges(t: Test, zone: RootZone): void {
  const random = new SeededRandom(SEED + 3);
  const ctx = contextOf(zone.expected);
  const { signed, keys } = zone;
  const accepted: string[] = [];
  for (let count = 0; count < 1000; count++) {
    const rrset = signed[random.below(signed.length)]!;
    const other = signed[random.below(signed.length)]!;
    if (rrset === other) continue;
    const mixed = [
      { ...rrset, signatures: other.signatures },
      { ...rrset, rdatas: other.rdatas },
      { ...rrset, rdatas: [...rrset.rdatas, ...other.rdatas] },
      { ...rrset, owner: other.owner.equals(rrset.owner) ? Name.root.wildcard()! : other.owner },
      { ...rrset, type: rrset.type ^ 1 },
      { ...rrset, signatures: [] },
    ];
    mixed.forEach((forged, index) => {
      const verdict = validateRRset(forged, keys, ctx);
      if (verdict.status !== 'bogus') accepted.push(`${index} ${rrset.owner} ${rrset.type}`);
    });
  }
  t.same(accepted, []);
  t.end();
}
