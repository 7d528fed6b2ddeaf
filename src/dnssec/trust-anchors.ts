/**
 * Where chains of trust begin: DS and DNSKEY records that the operator (or RFC 5011) vouches for.
 * An anchor is a name *and* a key: the root's key is worth nothing at another name.
 */
import {
  type Dnskey,
  type Ds,
  isRevoked,
  isZoneKey,
  type Name,
  parseDnskey,
  parseDs,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../wire/index.js';
import { algorithmIsSupported, judgePublicKey, type Means } from './algorithms.js';
import { digestIsSupported } from './digests.js';
import { type Indeterminate, indeterminate } from './security-status.js';

/** The anchors for one name. */
export interface Anchor {
  readonly zone: Name;
  readonly ds: readonly Ds[];
  readonly dnskeys: readonly Dnskey[];
}

export interface UnusableAnchor {
  readonly record: ResourceRecord;
  readonly why:
    | 'not a DS or DNSKEY of class IN'
    | 'malformed'
    | 'not a zone key'
    | 'revoked'
    | 'unsupported algorithm'
    | 'unsupported digest'
    | 'unsupported key';
}

interface GrowingAnchor {
  zone: Name;
  ds: Ds[];
  dnskeys: Dnskey[];
}

export class TrustAnchors {
  /** Anchors that were left out, for the operator to hear about. */
  readonly unsupported: readonly UnusableAnchor[];
  readonly #byName: ReadonlyMap<string, Anchor>;
  readonly #deepestFirst: readonly Name[];

  private constructor(byName: ReadonlyMap<string, Anchor>, unsupported: UnusableAnchor[]) {
    this.#byName = byName;
    this.#deepestFirst = Array.from(byName.values(), ({ zone }) => zone).sort(
      (a, b) => b.labelCount - a.labelCount,
    );
    this.unsupported = unsupported;
  }

  static readonly none: TrustAnchors = new TrustAnchors(new Map(), []);

  /** Anchors that cannot be used here are left out, as RFC 6840 §5.2 does with DS records. */
  static from(records: readonly ResourceRecord[], means: Means): TrustAnchors {
    const byName = new Map<string, GrowingAnchor>();
    const unsupported: UnusableAnchor[] = [];
    for (const record of records) {
      const read = readAnchor(record, means);
      if (typeof read === 'string') {
        unsupported.push({ record, why: read });
        continue;
      }
      let anchor = byName.get(record.owner.key);
      if (anchor === undefined) {
        anchor = { zone: record.owner, ds: [], dnskeys: [] };
        byName.set(record.owner.key, anchor);
      }
      if ('digest' in read) anchor.ds.push(read);
      else anchor.dnskeys.push(read);
    }
    return new TrustAnchors(byName, unsupported);
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  get zones(): Name[] {
    return [...this.#byName.values()].map((anchor) => anchor.zone);
  }

  forName(zone: Name): Anchor | undefined {
    return this.#byName.get(zone.key);
  }

  /** RFC 6840 §5.10 and Appendix C.1: of nested anchors the closest one counts. */
  closestAtOrAbove(name: Name): Name | undefined {
    return this.#deepestFirst.find((zone) => name.isAtOrBelow(zone));
  }

  /** The verdict on data that no anchor covers; undefined when one does. */
  statusIfUncovered(name: Name): Indeterminate | undefined {
    return this.closestAtOrAbove(name) === undefined ? indeterminate(name) : undefined;
  }
}

function readAnchor(record: ResourceRecord, means: Means): Ds | Dnskey | UnusableAnchor['why'] {
  if (record.class !== RRClass.IN) return 'not a DS or DNSKEY of class IN';
  if (record.type === RRType.DS) {
    const ds = parseDs(record.rdata);
    if (ds === undefined) return 'malformed';
    if (!algorithmIsSupported(ds.algorithm, means)) return 'unsupported algorithm';
    return digestIsSupported(ds.digestType, means.policy) ? ds : 'unsupported digest';
  }
  if (record.type !== RRType.DNSKEY) return 'not a DS or DNSKEY of class IN';
  const key = parseDnskey(record.rdata);
  if (key === undefined || key.protocol !== 3) return 'malformed';
  if (!isZoneKey(key)) return 'not a zone key';
  if (isRevoked(key)) return 'revoked';
  if (!algorithmIsSupported(key.algorithm, means)) return 'unsupported algorithm';
  const verdict = judgePublicKey(key.algorithm, key.publicKey, means);
  if (verdict === 'good') return key;
  return verdict === 'malformed' ? 'malformed' : 'unsupported key';
}
