/**
 * Denials made from denials (RFC 8198, RFC 9077): what a signed zone has proven not to exist is
 * not asked for again, whatever the name. Only records of one zone, validated, without opt-out,
 * within their TTL and their signatures take part; the reply carries them, so that whoever
 * validates behind us finds the same proof. This is what makes floods of random names below a
 * signed zone cost that zone nothing (water torture).
 *
 * It trusts its caller in one thing: that each RRset handed to `put` was validated by itself with
 * the keys of the zone, not merely found in a message whose denial was proven.
 */
import { LRUCache } from 'lru-cache';
import {
  type CryptoProvider,
  isCompactNameError,
  isSecure,
  readNsec,
  readNsec3,
  type Secure,
  type Security,
  weakest,
  whyNotBelow,
  whyTypeMayExist,
} from '../dnssec/index.js';
import { Name, parseSoa, type RRset, RRType } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import type { CachedNegative, NegativeKind } from './negative-cache.js';
import { parentKey, typedKey } from './octet-bounded-map.js';
import { isMadeForOneName, isMetaType, isSignedHere } from './denial-fitness.js';
import { entrySizeOctets, packRRsets, payloadOctets, unpackRRsets } from './packed-rrset.js';
import type { CachedRRset } from './rrset-cache.js';
import { TrustRank } from './trust-ranking.js';
import {
  type CacheClock,
  DEFAULT_TTL_LIMITS,
  expiryMs,
  isWithinSignatures,
  negativeTtlSeconds,
  remainingSeconds,
  rrsetTtlSeconds,
  type TtlLimits,
} from './ttl.js';
import { type KnownName, Nsec3Denials, NsecDenials, type Piece } from './zone-denials.js';

export interface AggressiveCacheOptions {
  readonly maxOctets: number;
  /** Hashes names for NSEC3; without it, only NSEC is used. */
  readonly crypto?: CryptoProvider;
  /** RFC 9276 §3.2: records that ask for more are not used. */
  readonly nsec3MaxIterations?: number;
  readonly maxHashBlocks?: number;
  readonly maxZones?: number;
  readonly maxSpansPerZone?: number;
  readonly ttlLimits?: Partial<TtlLimits>;
}

export interface DenialFacts {
  /** The verdict on the denial; nothing but a secure one is kept. */
  readonly security: Security;
  /** What the judge found to be the least TTL of the proof. */
  readonly ttlSeconds?: number;
}

interface KnownZone {
  readonly zone: Name;
  soa: Piece;
  denials: NsecDenials | Nsec3Denials;
  /** Wildcard RRsets that were seen in answers, by the wildcard's name and type. */
  readonly wildcards: LRUCache<string, Piece>;
  /** What this zone counts for in the sum over all; brought up to date with each `put`. */
  accountedOctets: number;
}

const WILDCARDS_PER_ZONE = 64;
/** Its tables, and the empty slots of that for wildcards. */
const ZONE_OVERHEAD_OCTETS = 4_096;

export class AggressiveCache {
  readonly #zones: LRUCache<string, KnownZone>;
  readonly #limits: TtlLimits;
  readonly #maxOctets: number;
  readonly #maxSpans: number;
  readonly #crypto: CryptoProvider | undefined;
  readonly #maxIterations: number;
  readonly #maxHashBlocks: number;
  #sizeOctets = 0;

  constructor(options: AggressiveCacheOptions) {
    this.#maxOctets = options.maxOctets;
    this.#maxSpans = options.maxSpansPerZone ?? CACHE_LIMITS.aggressiveSpansPerZone.value;
    this.#crypto = options.crypto;
    this.#maxIterations = options.nsec3MaxIterations ?? CACHE_LIMITS.nsec3Iterations.value;
    this.#maxHashBlocks = options.maxHashBlocks ?? CACHE_LIMITS.nsec3HashBlocks.value;
    this.#limits = { ...DEFAULT_TTL_LIMITS, ...options.ttlLimits };
    this.#zones = new LRUCache({
      max: options.maxZones ?? CACHE_LIMITS.aggressiveZones.value,
      dispose: (known) => {
        this.#sizeOctets -= known.accountedOctets;
      },
    });
  }

  get sizeOctets(): number {
    return this.#sizeOctets;
  }

  /** How many zones have spans here. */
  get zoneCount(): number {
    return this.#zones.size;
  }

  /** How many spans are kept for this zone. */
  spanCount(zone: Name): number {
    return this.#zones.peek(zone.key)?.denials.count ?? 0;
  }

  /**
   * Keeps the NSEC and NSEC3 RRsets of a secure denial by `zone`, with its SOA. Each must have
   * been validated by itself. What is not fit for use again is passed over.
   */
  put(zone: Name, proof: readonly RRset[], soa: RRset, facts: DenialFacts, now: CacheClock): void {
    const { security } = facts;
    // RFC 8198 §5: secure answers only; and from this zone's keys, not a parent's or a child's.
    if (!isSecure(security) || !security.zone.equals(zone)) return;
    const soaPiece = this.#soaPiece(zone, soa, security, now);
    if (soaPiece === undefined) return;
    for (const rrset of proof) {
      if (rrset.type !== RRType.NSEC && rrset.type !== RRType.NSEC3) continue;
      if (!isSignedHere(rrset, zone)) continue;
      const piece = this.#piece(rrset, soaPiece, security, facts.ttlSeconds, now);
      if (piece === undefined) continue;
      const known = this.#zones.get(zone.key);
      // Taken apart from the packed octets, so that nothing holds on to the message.
      const [own] = unpackRRsets(piece.packed);
      if (rrset.type === RRType.NSEC) this.#addNsec(zone, known, own!, piece, soaPiece, now);
      else this.#addNsec3(zone, known, own!, piece, soaPiece, now);
      this.#account(zone, now);
    }
  }

  /**
   * The answer "this name, or this type at it, does not exist", if the records kept prove it;
   * undefined when they do not, and somebody has to be asked.
   */
  synthesise(name: Name, type: number, now: CacheClock): CachedNegative | undefined {
    const known = this.#zoneFor(name, type);
    if (known === undefined || !isCurrent(known.soa, now)) return undefined;
    const status = known.denials.statusOf(name, now);
    if (status === undefined) return undefined;
    switch (status.state) {
      case 'exists':
        return this.#noData(known, name, type, name, status, [], now);
      case 'empty non-terminal':
        return denialOf(known, 'no data', name, type, status.pieces, now);
      case 'absent': {
        const wildcard = known.denials.statusOfWildcard(status.closestEncloser, now);
        if (wildcard === undefined) return undefined;
        if (wildcard.state === 'absent') {
          const pieces = [...status.pieces, ...wildcard.pieces];
          return denialOf(known, 'name error', name, type, pieces, now);
        }
        if (wildcard.state === 'empty non-terminal') {
          // RFC 4592 §2.2.2: such a wildcard exists, and has nothing to make an answer from.
          const pieces = [...status.pieces, ...wildcard.pieces];
          return denialOf(known, 'no data', name, type, pieces, now);
        }
        const source = status.closestEncloser.wildcard();
        if (source === undefined) return undefined;
        // RFC 4592 §4.2 and §4.4: what a delegation or a DNAME at a wildcard means nobody knows.
        if (whyNotBelow(wildcard.types) !== undefined) return undefined;
        return this.#noData(known, name, type, source, wildcard, status.pieces, now);
      }
    }
  }

  /**
   * Keeps the RRset of a wildcard answer: `rrset` as it came, owned by the name that was asked,
   * made from the wildcard of `closestEncloser`. It is used again only together with a proof that
   * the other name does not exist.
   */
  putWildcard(
    zone: Name,
    rrset: RRset,
    closestEncloser: Name,
    facts: DenialFacts,
    now: CacheClock,
  ): void {
    const { security } = facts;
    const known = this.#zones.get(zone.key);
    if (known === undefined || !isSecure(security) || !security.zone.equals(zone)) return;
    const source = closestEncloser.wildcard();
    if (source === undefined || !closestEncloser.isAtOrBelow(zone)) return;
    if (!isSignedHere({ ...rrset, owner: source }, zone)) return;
    const ttl = rrsetTtlSeconds(rrset, security, facts.ttlSeconds, this.#limits, now);
    if (ttl <= 0 || payloadOctets(rrset) > CACHE_LIMITS.rrsetOctets.value) return;
    const packed = packRRsets([{ ...rrset, owner: source }]);
    const expiresAtMs = expiryMs(ttl, now);
    const piece = { packed, security, expiresAtMs, lastsUntilMs: expiresAtMs };
    known.wildcards.set(typedKey(source.key, rrset.type), piece);
    this.#account(zone, now);
  }

  /**
   * RFC 8198 §5.3: an answer made from a wildcard that was seen before, for a name that is proven
   * not to exist by itself. A CNAME at the wildcard answers for every type.
   */
  wildcardAnswer(name: Name, type: number, now: CacheClock): CachedRRset | undefined {
    const known = this.#zoneFor(name, type);
    if (known === undefined || known.wildcards.size === 0) return undefined;
    const status = known.denials.statusOf(name, now);
    if (status?.state !== 'absent') return undefined;
    const source = status.closestEncloser.wildcard();
    if (source === undefined) return undefined;
    const piece =
      known.wildcards.get(typedKey(source.key, type)) ??
      known.wildcards.get(typedKey(source.key, RRType.CNAME));
    if (piece === undefined || !isCurrent(piece, now)) return undefined;
    const expiresAtMs = Math.min(piece.expiresAtMs, status.cover.expiresAtMs);
    return {
      rrset: { ...unpackRRsets(piece.packed)[0]!, owner: name },
      security: weakest(piece.security, status.cover.security),
      rank: TrustRank.SECURE,
      expiresAtMs,
      originalTtlSeconds: remainingSeconds(expiresAtMs, now),
      proof: unpackRRsets(status.cover.packed),
    };
  }

  clear(): void {
    this.#zones.clear();
  }

  // --- keeping ---

  #soaPiece(zone: Name, soa: RRset, security: Secure, now: CacheClock): Piece | undefined {
    const rdata = soa.rdatas[0];
    const fields = rdata === undefined ? undefined : parseSoa(rdata);
    if (soa.type !== RRType.SOA || fields === undefined || !soa.owner.equals(zone)) {
      return undefined;
    }
    const ttl = negativeTtlSeconds(
      rrsetTtlSeconds(soa, security, undefined, this.#limits, now),
      fields.minimumSeconds,
      undefined,
      security,
      this.#limits,
      now,
    );
    if (ttl <= 0) return undefined;
    const expiresAtMs = expiryMs(ttl, now);
    return { packed: packRRsets([soa]), security, expiresAtMs, lastsUntilMs: expiresAtMs };
  }

  /** RFC 9077 §3: a denial record lives no longer than SOA TTL and SOA minimum allow. */
  #piece(
    rrset: RRset,
    soa: Piece,
    security: Secure,
    judgedTtlSeconds: number | undefined,
    now: CacheClock,
  ): Piece | undefined {
    const ttl = rrsetTtlSeconds(rrset, security, undefined, this.#limits, now);
    const end = expiryMs(Math.min(ttl, judgedTtlSeconds ?? ttl), now);
    const expiresAtMs = Math.min(end, soa.expiresAtMs);
    if (expiresAtMs <= now.cacheMs) return undefined;
    return { packed: packRRsets([rrset]), security, expiresAtMs, lastsUntilMs: expiryMs(ttl, now) };
  }

  #addNsec(
    zone: Name,
    known: KnownZone | undefined,
    rrset: RRset,
    piece: Piece,
    soa: Piece,
    now: CacheClock,
  ): void {
    const record = readNsec(rrset, zone);
    if (typeof record === 'string' || !record.owner.isAtOrBelow(zone)) return;
    // RFC 9824: a record made for one name tells nothing about any other.
    if (isCompactNameError(record.types) || isMadeForOneName(record.owner, record.nextName)) return;
    const denials =
      known?.denials instanceof NsecDenials ? known.denials : new NsecDenials(zone, this.#maxSpans);
    this.#remember(zone, known, denials, soa);
    denials.add(record, piece, now.cacheMs);
  }

  #addNsec3(
    zone: Name,
    known: KnownZone | undefined,
    rrset: RRset,
    piece: Piece,
    soa: Piece,
    now: CacheClock,
  ): void {
    const crypto = this.#crypto;
    const record = readNsec3(rrset, zone);
    if (crypto === undefined || typeof record === 'string') return;
    // RFC 8198 §5.2: with opt-out, unsigned delegations may hide in the span.
    if (record.optOut || record.iterations > this.#maxIterations) return;
    const denials =
      known?.denials instanceof Nsec3Denials && known.denials.hasParametersOf(record)
        ? known.denials
        : new Nsec3Denials(zone, this.#maxSpans, record, crypto, this.#maxHashBlocks);
    this.#remember(zone, known, denials, soa);
    denials.add(record, piece, now.cacheMs);
  }

  /** A zone that has changed its way of denying, or its salt, begins anew (CVE-2026-33261). */
  #remember(
    zone: Name,
    known: KnownZone | undefined,
    denials: NsecDenials | Nsec3Denials,
    soa: Piece,
  ): void {
    if (known !== undefined) {
      known.soa = soa;
      known.denials = denials;
      return;
    }
    const wildcards = new LRUCache<string, Piece>({ max: WILDCARDS_PER_ZONE });
    const own = Name.fromCheckedOctets(zone.octets.slice(), zone.labelCount);
    this.#zones.set(zone.key, { zone: own, soa, denials, wildcards, accountedOctets: 0 });
  }

  #account(zone: Name, now: CacheClock): void {
    const known = this.#zones.peek(zone.key);
    if (known === undefined) return;
    this.#recount(known);
    while (this.#sizeOctets > this.#maxOctets) {
      // The zone in hand was used last, so while there are others it is not this one that goes.
      if (this.#zones.size > 1 || !known.denials.shrink(now.cacheMs)) this.#zones.pop();
      else this.#recount(known);
      if (this.#zones.size === 0) return;
    }
  }

  #recount(known: KnownZone): void {
    const octets = sizeOf(known);
    this.#sizeOctets += octets - known.accountedOctets;
    known.accountedOctets = octets;
  }

  // --- using ---

  /** The deepest zone at or above the name of which anything is known. */
  #zoneFor(name: Name, type: number): KnownZone | undefined {
    if (this.#zones.size === 0 || isMetaType(type)) return undefined;
    let key = name.key;
    // RFC 4035 §3.1.4.1: the parent speaks for DS.
    if (type === RRType.DS) key = parentKey(key);
    for (;;) {
      const known = this.#zones.get(key);
      if (known !== undefined) return known;
      if (key.charCodeAt(0) === 0) return undefined;
      key = parentKey(key);
    }
  }

  #noData(
    known: KnownZone,
    name: Name,
    type: number,
    owner: Name,
    status: Extract<KnownName, { state: 'exists' }>,
    more: readonly Piece[],
    now: CacheClock,
  ): CachedNegative | undefined {
    if (whyTypeMayExist(status.types, type, owner) !== undefined) return undefined;
    return denialOf(known, 'no data', name, type, [...more, ...status.pieces], now);
  }
}

function sizeOf(known: KnownZone): number {
  const { zone, soa } = known;
  let octets = ZONE_OVERHEAD_OCTETS + entrySizeOctets(2 * zone.octets.length, soa.packed);
  for (const [key, piece] of known.wildcards.entries()) {
    octets += entrySizeOctets(key.length, piece.packed);
  }
  return octets + known.denials.sizeOctets;
}

function isCurrent(piece: Piece, now: CacheClock): boolean {
  return now.cacheMs < piece.expiresAtMs && isWithinSignatures(piece.security, now);
}

/** The RRset of a piece, with what is left of its TTL. */
function asOfNow(packed: Uint8Array, lastsUntilMs: number, now: CacheClock): RRset[] {
  const ttlSeconds = remainingSeconds(lastsUntilMs, now);
  return unpackRRsets(packed).map((rrset) => ({ ...rrset, ttlSeconds }));
}

function denialOf(
  known: KnownZone,
  kind: NegativeKind,
  name: Name,
  type: number,
  pieces: readonly Piece[],
  now: CacheClock,
): CachedNegative {
  let { expiresAtMs } = known.soa;
  let security: Security = known.soa.security;
  const used = new Map<Uint8Array, number>();
  for (const piece of pieces) {
    expiresAtMs = Math.min(expiresAtMs, piece.expiresAtMs);
    security = weakest(security, piece.security);
    used.set(piece.packed, piece.lastsUntilMs);
  }
  // RFC 2308 §5: the SOA shows how long the denial holds; each proof has a TTL of its own.
  const authority = asOfNow(known.soa.packed, expiresAtMs, now);
  for (const [packed, lastsUntilMs] of used) authority.push(...asOfNow(packed, lastsUntilMs, now));
  const originalTtlSeconds = remainingSeconds(expiresAtMs, now);
  return {
    kind,
    name,
    type,
    zone: known.zone,
    authority,
    security,
    expiresAtMs,
    originalTtlSeconds,
  };
}
