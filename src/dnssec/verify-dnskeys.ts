/**
 * From a DS RRset, or a trust anchor, to the keys of a zone: RFC 4035 §5.2. A key that is vouched
 * for has to be there and has to have signed the whole DNSKEY RRset.
 */
import { type Dnskey, type Ds, equalOctets, type Name, type RRset, RRType } from '../wire/index.js';
import { ALGORITHMS, algorithmIsSupported } from './algorithms.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import { DIGESTS, digestIsSupported, digestMatches } from './digests.js';
import { DsSet } from './ds-set.js';
import { keyTag } from './key-tag.js';
import { readZoneKeys } from './read-zone-keys.js';
import type { TrustAnchors } from './trust-anchors.js';
import type { ValidationContext } from './validation-context.js';
import { type Insecure, makeInsecure } from './verdicts.js';
import { expirationOf, verifySignatures } from './verify-signatures.js';
import { makeZoneKeys, type ZoneKey, type ZoneKeys } from './zone-keys.js';

export interface ValidatedKeys {
  readonly status: 'secure';
  readonly keys: ZoneKeys;
}

/** What vouches for keys of one zone. */
interface Vouchers {
  readonly ds: readonly Ds[];
  readonly dnskeys: readonly Dnskey[];
  readonly isAnchor: boolean;
  readonly validUntilSeconds: number;
  readonly ttlSeconds: number;
}

export function validateDnskeys(
  zone: Name,
  dnskeys: RRset,
  vouching: DsSet | TrustAnchors,
  ctx: ValidationContext,
): ValidatedKeys | Insecure | Bogus {
  const vouchers = vouchersFor(zone, vouching);
  if (vouchers === undefined) return bogus('no anchor for zone', { zone });
  const insecure = unsupportedVouchers(zone, vouchers, ctx);
  if (insecure !== undefined) return insecure;
  const keys = readZoneKeys(zone, dnskeys, ctx);
  if ('status' in keys) return keys;

  const matched = secureEntryPoints(zone, keys, vouchers, ctx);
  if ('status' in matched) return matched;
  const outcome = verifySignatures(dnskeys, zone, matched, ctx);
  if (outcome.status === 'bogus') {
    if (outcome.reason !== 'no such key') return outcome;
    const detail = `key tag ${matched.map((key) => key.tag).join(', ')}`;
    return bogus('keys not signed by secure entry point', { zone, detail });
  }

  const { rrsig } = outcome;
  const expiration = expirationOf(rrsig, ctx.nowSeconds);
  const validUntilSeconds = Math.min(expiration, vouchers.validUntilSeconds);
  // RFC 4035 §5.3.3; and not longer than the DS that vouches for the keys.
  const ttlSeconds = Math.min(
    dnskeys.ttlSeconds,
    rrsig.originalTtlSeconds,
    vouchers.ttlSeconds,
    Math.max(0, validUntilSeconds - ctx.nowSeconds),
  );
  const made = { zone, rrset: dnskeys, keys, validUntilSeconds, ttlSeconds };
  return { status: 'secure', keys: makeZoneKeys(made) };
}

function vouchersFor(zone: Name, vouching: DsSet | TrustAnchors): Vouchers | undefined {
  if (vouching instanceof DsSet) {
    if (!vouching.zone.equals(zone)) return undefined;
    const { records: ds, validUntilSeconds, ttlSeconds } = vouching;
    return { ds, dnskeys: [], isAnchor: false, validUntilSeconds, ttlSeconds };
  }
  // RFC 4035 §5: an anchor belongs to a name; the same key elsewhere is not trusted.
  const anchor = vouching.forName(zone);
  if (anchor === undefined) return undefined;
  const endless = { validUntilSeconds: Number.MAX_SAFE_INTEGER, ttlSeconds: 0x7fff_ffff };
  return { ds: anchor.ds, dnskeys: anchor.dnskeys, isAnchor: true, ...endless };
}

/**
 * RFC 4035 §5.2, RFC 6840 §5.2: when no DS record at all has both an algorithm and a digest type
 * that are supported, the zone counts as unsigned. All records are looked at, whatever the limits.
 */
export function unsupportedDs(ds: DsSet, ctx: ValidationContext): Insecure | undefined {
  return unsupportedVouchers(ds.zone, { ds: ds.records, dnskeys: [] }, ctx);
}

function unsupportedVouchers(
  zone: Name,
  { ds, dnskeys }: Pick<Vouchers, 'ds' | 'dnskeys'>,
  ctx: ValidationContext,
): Insecure | undefined {
  for (const key of dnskeys) if (algorithmIsSupported(key.algorithm, ctx)) return undefined;
  let unsupportedDigest: number | undefined;
  for (const record of ds) {
    if (!algorithmIsSupported(record.algorithm, ctx)) continue;
    if (digestIsSupported(record.digestType, ctx.policy)) return undefined;
    unsupportedDigest = record.digestType;
  }
  // A DS RRset without one readable record vouches for nothing, and proves no lack of support.
  if (ds.length + dnskeys.length === 0) return undefined;
  if (unsupportedDigest !== undefined) {
    const digest = DIGESTS.get(unsupportedDigest)?.mnemonic ?? `${unsupportedDigest}`;
    return makeInsecure('unsupported digest', zone, `digest type ${digest}`);
  }
  const number = (ds[0] ?? dnskeys[0]!).algorithm;
  const algorithm = ALGORITHMS.get(number)?.mnemonic ?? `${number}`;
  return makeInsecure('unsupported algorithm', zone, `algorithm ${algorithm}`);
}

/** The keys that are vouched for and fit to verify signatures (RFC 4035 §5.2). */
function secureEntryPoints(
  zone: Name,
  keys: readonly ZoneKey[],
  vouchers: Vouchers,
  ctx: ValidationContext,
): ZoneKey[] | Insecure | Bogus {
  const matched: ZoneKey[] = [];
  const flawed: ZoneKey[] = [];
  // Supported vouchers that did not lead to a key of unsupported size.
  let unexplained = 0;
  for (const anchor of vouchers.dnskeys) {
    const key = keys.find((candidate) => equalOctets(candidate.dnskey.rdata, anchor.rdata));
    if (key === undefined) unexplained++;
    else if (!sort(key, matched, flawed)) unexplained++;
  }
  const ds = usableDs(vouchers.ds, ctx);
  const { dsPerRRset } = ctx.budget.limits;
  const search = new DsSearch(zone, keys, ctx);
  for (let index = 0; index < ds.length && index < dsPerRRset; index++) {
    const key = search.find(ds[index]!);
    if (key === undefined || !sort(key, matched, flawed)) unexplained++;
  }
  if (matched.length > 0) return matched;

  if (search.gaveUp) {
    const detail = `after ${ctx.budget.limits.dsMismatches}`;
    return bogus('budget: DS mismatches', { zone, detail });
  }
  if (ds.length > dsPerRRset) {
    return bogus('budget: DS records', { zone, detail: `${ds.length}, at most ${dsPerRRset}` });
  }
  // The parent's signature covers the digest of the very key, so its size is proven: no stronger
  // path was promised, and this one is as good as an unsupported algorithm.
  if (flawed.length > 0 && unexplained === 0) {
    return makeInsecure('unsupported key', zone, describeKeys(flawed));
  }
  return noEntryPoint(zone, keys, flawed, vouchers);
}

/** Files a key under what it is good for; false when it is flawed by more than its size. */
function sort(key: ZoneKey, matched: ZoneKey[], flawed: ZoneKey[]): boolean {
  const list = key.problem === undefined ? matched : flawed;
  if (!list.includes(key)) list.push(key);
  return key.problem === 'key unsupported';
}

function noEntryPoint(
  zone: Name,
  keys: readonly ZoneKey[],
  flawed: readonly ZoneKey[],
  { ds, dnskeys, isAnchor }: Vouchers,
): Bogus {
  const owner = zone;
  const type = RRType.DNSKEY;
  const first = flawed[0];
  if (first?.problem !== undefined) {
    return bogus(first.problem, { zone, owner, type, detail: describeKeys(flawed) });
  }
  // RFC 8914 §4.12: none of the keys has the Zone Key flag.
  if (keys.every((key) => key.problem === 'no zone key bit')) return bogus('no zone key', { zone });
  const tags = [...ds.map((record) => record.keyTag), ...dnskeys.map((key) => keyTag(key.rdata))];
  const detail = `key tag ${tags.slice(0, 8).join(', ')}`;
  return bogus(isAnchor ? 'no key matches anchor' : 'no key matches DS', { zone, detail });
}

function describeKeys(keys: readonly ZoneKey[]): string {
  return keys.map((key) => `algorithm ${key.algorithm}, key tag ${key.tag}`).join('; ');
}

/** DS records that are supported, without those that a stronger one makes redundant. */
function usableDs(records: readonly Ds[], ctx: ValidationContext): readonly Ds[] {
  const supported = records.filter(
    (ds) => algorithmIsSupported(ds.algorithm, ctx) && digestIsSupported(ds.digestType, ctx.policy),
  );
  // RFC 4509 §3: SHA-1 digests are ignored where a stronger one stands beside them.
  const strong = supported.filter((ds) => !DIGESTS.get(ds.digestType)!.sha1);
  return strong.length > 0 ? strong : supported;
}

/** Looks for the keys of DS records, and stops after too many that only look alike. */
class DsSearch {
  readonly #zone: Name;
  readonly #keys: readonly ZoneKey[];
  readonly #ctx: ValidationContext;
  #mismatches = 0;
  gaveUp = false;

  constructor(zone: Name, keys: readonly ZoneKey[], ctx: ValidationContext) {
    this.#zone = zone;
    this.#keys = keys;
    this.#ctx = ctx;
  }

  /** RFC 4034 §5.2: same tag, same algorithm, and the digest is that of the key. */
  find(ds: Ds): ZoneKey | undefined {
    const { limits } = this.#ctx.budget;
    let tried = 0;
    for (const key of this.#keys) {
      if (key.tag !== ds.keyTag || key.algorithm !== ds.algorithm) continue;
      if (this.#mismatches >= limits.dsMismatches || tried++ === limits.keysPerTag) {
        this.gaveUp = true;
        return undefined;
      }
      if (digestMatches(ds, this.#zone, key.dnskey.rdata, this.#ctx.crypto)) return key;
      this.#mismatches++;
    }
    return undefined;
  }
}
