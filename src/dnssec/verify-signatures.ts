/**
 * The signatures of one RRset against a set of keys: RFC 4035 §5.3.1 to §5.3.3, within a budget.
 * One good path is enough (RFC 6840 §5.11); when there is none, the most telling failure is kept.
 */
import { type Name, parseRrsig, type RRset, RRType, type Rrsig } from '../wire/index.js';
import { type Bogus, type BogusReason, bogus } from './bogus-reasons.js';
import { canonicalRdatas } from './canonical-form.js';
import { labelsOfOwner, signedData } from './signed-data.js';
import type { ValidationContext } from './validation-context.js';
import type { ZoneKey } from './zone-keys.js';

export interface GoodSignature {
  readonly status: 'good';
  readonly rrsig: Rrsig;
  readonly key: ZoneKey;
}

/** From the most telling to the least: what is reported when every path fails. */
const MOST_TELLING_FIRST: readonly BogusReason[] = [
  'signature expired',
  'signature not yet valid',
  'signature expires before inception',
  'budget: keys per tag',
  'budget: signatures per RRset',
  'signature does not verify',
  'key malformed',
  'key revoked',
  'no zone key bit',
  'key protocol',
  'key unsupported',
  'no such key',
  'labels below signer',
  'labels above owner',
  'wildcard DNAME',
  'signer is another zone',
  'signature of another type',
  'signature malformed',
];

const RANK: ReadonlyMap<BogusReason, number> = new Map(
  MOST_TELLING_FIRST.map((reason, index) => [reason, index]),
);

/** One RRset on the bench. */
class Examination {
  readonly rrset: RRset;
  readonly zone: Name;
  readonly keys: readonly ZoneKey[];
  readonly ctx: ValidationContext;
  /** Made once, and only when a signature gets as far as the crypto library. */
  #rdatas: readonly Uint8Array[] | undefined;
  #checks = 0;
  #worst: BogusReason | undefined;
  #worstRrsig: Rrsig | undefined;

  constructor(rrset: RRset, zone: Name, keys: readonly ZoneKey[], ctx: ValidationContext) {
    this.rrset = rrset;
    this.zone = zone;
    this.keys = keys;
    this.ctx = ctx;
  }

  run(): GoodSignature | Bogus {
    const { signatures } = this.rrset;
    const { limits } = this.ctx.budget;
    const kept = Math.min(signatures.length, limits.signaturesPerRRset);
    for (let index = 0; index < kept; index++) {
      const rrsig = parseRrsig(signatures[index]!);
      if (rrsig === undefined) {
        this.note('signature malformed', undefined);
        continue;
      }
      const fault = faultOf(rrsig, this.rrset, this.zone, this.ctx);
      if (fault !== undefined) {
        this.note(fault, rrsig);
        continue;
      }
      const outcome = this.tryKeys(rrsig);
      if (outcome !== undefined) return outcome;
    }
    if (signatures.length > kept) this.note('budget: signatures per RRset', undefined);
    return this.failure(this.#worst ?? 'signature missing');
  }

  /** Tries the keys that this signature may be by; undefined: none of them, go on. */
  private tryKeys(rrsig: Rrsig): GoodSignature | Bogus | undefined {
    const { limits } = this.ctx.budget;
    let found = false;
    let tried = 0;
    // RFC 4035 §5.3.1: all keys with the tag and algorithm, as tags may collide.
    for (const key of this.keys) {
      if (key.tag !== rrsig.keyTag || key.algorithm !== rrsig.algorithm) continue;
      found = true;
      if (key.problem !== undefined) {
        this.note(key.problem, rrsig);
        continue;
      }
      if (tried++ === limits.keysPerTag) {
        this.note('budget: keys per tag', rrsig);
        break;
      }
      if (this.#checks++ === limits.signatureChecksPerRRset) {
        this.note('budget: signatures per RRset', rrsig);
        return this.failure(this.#worst!);
      }
      const outcome = this.check(rrsig, key);
      if (outcome !== undefined) return outcome;
    }
    if (!found) this.note('no such key', rrsig);
    return undefined;
  }

  private check(rrsig: Rrsig, key: ZoneKey): GoodSignature | Bogus | undefined {
    const { crypto, budget } = this.ctx;
    if (!budget.trySignature()) return this.failure(budget.exhausted!);
    const imported = key.imported(crypto);
    if (imported === undefined) {
      budget.signatureFailed();
      this.note('key malformed', rrsig);
      return undefined;
    }
    this.#rdatas ??= canonicalRdatas(this.rrset);
    const data = signedData(this.rrset, rrsig, this.#rdatas);
    // RFC 4035 §5.3.3.
    if (crypto.verify(rrsig.algorithm, imported, data, rrsig.signature)) {
      return { status: 'good', rrsig, key };
    }
    budget.signatureFailed();
    this.note('signature does not verify', rrsig);
    return undefined;
  }

  private note(reason: BogusReason, rrsig: Rrsig | undefined): void {
    if (this.#worst !== undefined && RANK.get(reason)! >= RANK.get(this.#worst)!) return;
    this.#worst = reason;
    this.#worstRrsig = rrsig;
  }

  private failure(reason: BogusReason): Bogus {
    const { owner, type } = this.rrset;
    const detail = this.describe(reason);
    return bogus(reason, { zone: this.zone, owner, type, detail });
  }

  private describe(reason: BogusReason): string {
    const rrsig = this.#worstRrsig;
    const { limits } = this.ctx.budget;
    switch (reason) {
      case 'budget: keys per tag':
        return `${limits.keysPerTag}`;
      case 'budget: signatures per RRset':
        return `${limits.signatureChecksPerRRset} of at most ${limits.signaturesPerRRset}`;
      default:
        return rrsig === undefined ? '' : describeSignature(reason, rrsig, this.ctx.nowSeconds);
    }
  }
}

export function verifySignatures(
  rrset: RRset,
  zone: Name,
  keys: readonly ZoneKey[],
  ctx: ValidationContext,
): GoodSignature | Bogus {
  return new Examination(rrset, zone, keys, ctx).run();
}

/** All that can be wrong with a signature before a key is looked for. */
function faultOf(
  rrsig: Rrsig,
  rrset: RRset,
  zone: Name,
  { nowSeconds, policy }: ValidationContext,
): BogusReason | undefined {
  // RFC 4035 §5.3.1: the type covered is the RRset's type.
  if (rrsig.typeCovered !== rrset.type) return 'signature of another type';
  // RFC 4035 §5.3.1: the signer is the zone that contains the RRset; that the owner is at or
  // below the zone was checked before.
  if (!rrsig.signer.equals(zone)) return 'signer is another zone';
  // RFC 4035 §5.3.1: the owner has at least as many labels as the signature counts.
  const labels = labelsOfOwner(rrset);
  if (rrsig.labels > labels) return 'labels above owner';
  // RFC 4034 §3.1.3: fewer labels mean a wildcard, and a zone has no wildcard above its apex
  // (CVE-2026-44690).
  if (rrsig.labels < zone.labelCount) return 'labels below signer';
  // RFC 4592 §4.4: redirection of a tree is not to be synthesised.
  if (rrset.type === RRType.DNAME && rrsig.labels < labels) return 'wildcard DNAME';

  const { inceptionSeconds: inception, expirationSeconds: expiration } = rrsig;
  if (serialDifference(expiration, inception) < 0) return 'signature expires before inception';
  // RFC 4035 §5.3.1: the time must not be after the expiration, nor before the inception, where
  // our clock may be a little slow.
  if (serialDifference(expiration, nowSeconds) < 0) return 'signature expired';
  if (serialDifference(nowSeconds + policy.inceptionSkewSeconds, inception) < 0) {
    return 'signature not yet valid';
  }
  return undefined;
}

/**
 * RFC 4034 §3.1.5: times are serial numbers of 32 bits (RFC 1982). At a distance of exactly 2^31,
 * which RFC 1982 leaves open, `a` counts as the earlier.
 */
export function serialDifference(a: number, b: number): number {
  return (a - b) | 0;
}

/** The expiration as wall clock seconds, also after 2106. */
export function expirationOf(rrsig: Rrsig, nowSeconds: number): number {
  return nowSeconds + serialDifference(rrsig.expirationSeconds, nowSeconds);
}

function describeSignature(reason: BogusReason, rrsig: Rrsig, nowSeconds: number): string {
  switch (reason) {
    case 'signature expired':
      return `${serialDifference(nowSeconds, rrsig.expirationSeconds)} s ago`;
    case 'signature not yet valid':
      return `it begins in ${serialDifference(rrsig.inceptionSeconds, nowSeconds)} s`;
    case 'signature expires before inception': {
      const { inceptionSeconds, expirationSeconds } = rrsig;
      return `by ${(inceptionSeconds - expirationSeconds) >>> 0} s`;
    }
    case 'signer is another zone':
      return rrsig.signer.toString();
    default:
      return `algorithm ${rrsig.algorithm}, key tag ${rrsig.keyTag}`;
  }
}
