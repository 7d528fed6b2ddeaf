/**
 * What all parts of the resolver share: configuration, memory, the present instant, timers, and the
 * effects that the current event has caused. It holds no rule of its own.
 */
import {
  AggressiveCache,
  type CacheClock,
  DelegationCache,
  FailureCache,
  NegativeCache,
  RRsetCache,
  ServerHealth,
  ZoneKeyCache,
} from '../cache/index.js';
import type {
  CryptoProvider,
  Rfc5011State,
  TrustAnchors,
  ValidationContext,
  ValidationPolicy,
  WorkLimits,
} from '../dnssec/index.js';
import type { IpAddress, Name, ResourceRecord } from '../wire/index.js';
import type { Attempt } from './attempt-types.js';
import { Deadlines } from './deadlines.js';
import type { Effort } from './effort.js';
import type { Entropy } from './entropy.js';
import { InFlight } from './in-flight.js';
import { LIMITS } from './limits.js';
import type { Now } from './now.js';
import type { Effect, Report } from './resolution-types.js';
import type { ServerAddress, ZoneCut } from './zone-cut.js';

export interface ResolverConfig {
  readonly minimisation: 'strict' | 'relaxed' | 'off';
  readonly priming: boolean;
  readonly specialNames: boolean;
  readonly allowLoopbackServers: boolean;
  /** Ask servers at private, documentation and other special-purpose addresses. */
  readonly allowSpecialServers?: boolean;
  /** Use glue only for names within the zone that gives it. */
  readonly hardenGlue: boolean;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly ednsSizeOctets: number;
  readonly nsec3MaxIterations: number;
  readonly sha1: boolean;
  readonly hedging: boolean;
  readonly prefetch: boolean;
  readonly mailPrefetch: boolean;
  readonly serveStale: boolean;
  /** RFC 8767 §5, client response timer; 0: data past their TTL are given at once. */
  readonly staleAfterMs?: number;
  /** RFC 8767 §5, maximum stale timer. */
  readonly staleMaximumMs?: number;
  /** RFC 8767 §5: the TTL that they are shown with. */
  readonly staleTtlSeconds?: number;
  readonly aggressiveNsec: boolean;
  /** RFC 7672 §2.2.2: where a zone is proven insecure, an unanswered TLSA question is no data. */
  readonly forgiveInsecureTlsa: boolean;
  readonly randomiseCase: boolean;
  readonly minimumTtlSeconds: number;
  readonly maximumTtlSeconds: number;
  readonly cacheSizeOctets: number;
  /** Where the root, or whatever stands for it, is asked first. */
  readonly hints: readonly Hint[];
  readonly forwarders: readonly Endpoint[];
  /** Zones whose servers are configured: asked there, whatever their parent says. */
  readonly configuredZones?: readonly ConfiguredZone[];
  readonly negativeTrustAnchors: readonly Name[];
  readonly rsaMinimumBits: number;
}

export interface Hint {
  readonly name: Name;
  readonly addresses: readonly IpAddress[];
}

export interface ConfiguredZone {
  readonly zone: Name;
  readonly servers: readonly Endpoint[];
  /** Their servers recurse for us. */
  readonly forwarding: boolean;
}

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

export interface MaintainedAnchors {
  readonly states: readonly Rfc5011State[];
  /** Anchors of names that are not maintained. */
  readonly fixed: readonly ResourceRecord[];
}

export interface ResolverParts {
  readonly config: ResolverConfig;
  readonly crypto: CryptoProvider;
  readonly entropy: Entropy;
  readonly anchors: TrustAnchors;
  /** RFC 5011; takes the place of `anchors` when given. */
  readonly maintained?: MaintainedAnchors;
}

export const DNS_PORT = 53;

/** Signers' clocks run ahead of ours by this much at most; expiration has no such tolerance. */
const INCEPTION_SKEW_SECONDS = 60;
/** Longer keys are dear to check and used by nobody (security: oversized RSA). */
const RSA_MAXIMUM_BITS = 4_096;

/** RFC 8767 §5: one to three days. */
const MAXIMUM_STALE_MS = 259_200_000;

/** What a quiet hour may save up. */
const MOST_HEDGES = 20;

const WORK_LIMITS: WorkLimits = {
  signatureChecks: LIMITS.signatureChecks.value,
  failedSignatureChecks: LIMITS.failedSignatureChecks.value,
  signaturesPerRRset: LIMITS.signaturesPerRRset.value,
  signatureChecksPerRRset: LIMITS.signatureChecksPerRRset.value,
  keysPerTag: LIMITS.keysPerTag.value,
  dnskeysPerRRset: LIMITS.dnskeysPerRRset.value,
  dsPerRRset: LIMITS.dsPerRRset.value,
  dsMismatches: LIMITS.dsMismatches.value,
  recordsPerRRset: LIMITS.recordsPerRRset.value,
  nsec3Records: LIMITS.nsec3Records.value,
  nsec3HashesPerProof: LIMITS.nsec3HashesPerProof.value,
  nsec3HashesPerQuestion: LIMITS.nsec3HashesPerQuestion.value,
};

export class Machine {
  readonly config: ResolverConfig;
  readonly crypto: CryptoProvider;
  readonly entropy: Entropy;
  anchors: TrustAnchors;
  readonly deadlines = new Deadlines();
  readonly workLimits = WORK_LIMITS;
  readonly policy: ValidationPolicy;

  readonly rrsets: RRsetCache;
  readonly negatives: NegativeCache;
  readonly aggressive: AggressiveCache;
  readonly zoneKeys: ZoneKeyCache;
  readonly failures: FailureCache;
  readonly health: ServerHealth;
  readonly cuts: DelegationCache<ZoneCut>;

  /** Rises when trust is withdrawn: what was proven under a lower number proves nothing now. */
  anchorEpoch = 0;
  /** How many DNAME records were seen: while none, no ancestor need be looked up. */
  dnamesSeen = 0;
  now: Now = { monotonicMs: 0, wallSeconds: 0, cacheMs: 0 };
  /** By which replies are late: a query is not on its way while its cause waits for its turn. */
  presentMs = 0;
  /** Whether anybody wants to hear of every step; what is wrong is always told. */
  reporting = true;
  #effects: Effect[] = [];
  /** Whether there is a query among them. */
  #isSending = false;
  readonly #attempts = new InFlight<number, Attempt>();
  #lastQueryId = 0;
  #hedges = 5;
  #queriesSent = 0;

  constructor(parts: ResolverParts) {
    this.config = parts.config;
    this.crypto = parts.crypto;
    this.entropy = parts.entropy;
    this.anchors = parts.anchors;
    this.policy = {
      sha1: parts.config.sha1,
      nsec3MaxIterations: parts.config.nsec3MaxIterations,
      inceptionSkewSeconds: INCEPTION_SKEW_SECONDS,
      rsaMinimumBits: parts.config.rsaMinimumBits,
      rsaMaximumBits: RSA_MAXIMUM_BITS,
    };
    const size = parts.config.cacheSizeOctets;
    const ttlLimits = {
      minimumSeconds: parts.config.minimumTtlSeconds,
      maximumSeconds: parts.config.maximumTtlSeconds,
      maximumNegativeSeconds: Math.min(
        LIMITS.maximumNegativeTtlSeconds.value,
        parts.config.maximumTtlSeconds,
      ),
    };
    const { serveStale, staleMaximumMs = MAXIMUM_STALE_MS } = parts.config;
    const maxStaleMs = serveStale ? staleMaximumMs : 0;
    const secret = parts.entropy.uint32();
    this.rrsets = new RRsetCache({ maxOctets: size * 0.6, ttlLimits, maxStaleMs, secret });
    this.negatives = new NegativeCache({ maxOctets: size * 0.15, ttlLimits, maxStaleMs, secret });
    this.aggressive = new AggressiveCache({
      maxOctets: size * 0.1,
      ttlLimits,
      crypto: parts.crypto,
      nsec3MaxIterations: parts.config.nsec3MaxIterations,
    });
    this.zoneKeys = new ZoneKeyCache({ maxOctets: size * 0.05 });
    this.failures = new FailureCache({ repliesHeard: () => this.health.repliesHeard });
    this.health = new ServerHealth({ entropy: parts.entropy });
    this.cuts = new DelegationCache({
      maxOctets: size * 0.1,
      maximumTtlSeconds: parts.config.maximumTtlSeconds,
    });
  }

  get clock(): CacheClock {
    return this.now;
  }

  get queriesSent(): number {
    return this.#queriesSent;
  }

  get openQueries(): number {
    return this.#attempts.size;
  }

  validation(effort: Effort): ValidationContext {
    const { crypto, policy, now } = this;
    return { nowSeconds: now.wallSeconds, crypto, budget: effort.work, policy };
  }

  /** RFC 7646: the negative trust anchor that `name` is at or below. */
  negativeAnchorOf(name: Name): Name | undefined {
    return this.config.negativeTrustAnchors.find((anchor) => name.isAtOrBelow(anchor));
  }

  /** An anchor of either kind below `name`: for what is there, no denial of `name` speaks. */
  hasAnchorBelow(name: Name): boolean {
    const isBelow = (anchor: Name): boolean => anchor.isBelow(name);
    return this.anchors.zones.some(isBelow) || this.config.negativeTrustAnchors.some(isBelow);
  }

  /**
   * RFC 6840 §5.10, RFC 7646 §2: whether an anchor of either kind stands between `above` and
   * `name`, so that nothing that was learned at `above` tells anything about `name`.
   */
  isCutOffFrom(above: Name, name: Name): boolean {
    if (this.anchors.closestAtOrAbove(name)?.isBelow(above) === true) return true;
    return this.negativeAnchorOf(name)?.isBelow(above) === true;
  }

  /** Where to begin from now on with names at and below the cut. */
  keepCut(cut: ZoneCut): void {
    this.cuts.put(cut, cut.sizeOctets, this.now);
  }

  /**
   * Its servers gave what is bogus. If they do so again, they are perhaps not the zone's servers at
   * all: a delegation is not signed. Then the parent is asked again, however long its TTL.
   */
  doubt(cut: ZoneCut): void {
    if (cut.isDoubtful && cut.parent !== undefined) this.cuts.remove(cut);
    cut.isDoubtful = true;
  }

  /**
   * RFC 5011 §2.1: a trusted key was revoked, so whoever holds it may have signed anything below.
   * Nothing that is remembered says which keys it rests on, so all of it goes.
   */
  forgetWhatWasProven(): void {
    this.anchorEpoch++;
    const { rrsets, negatives, aggressive, zoneKeys, failures, cuts } = this;
    for (const cache of [rrsets, negatives, aggressive, zoneKeys, failures, cuts]) cache.clear();
    this.effect({ kind: 'replies outdated' });
  }

  // --- effects ---

  takeEffects(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    this.#isSending = false;
    return effects;
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  report(report: Report): void {
    this.#effects.push({ kind: 'report', report });
  }

  /** A step on the way, for traces only. */
  trace(report: Report): void {
    if (this.reporting) this.#effects.push({ kind: 'report', report });
  }

  /**
   * Work that can be done while a reply is awaited is done when the queries of this event are out;
   * without any, at once, lest nobody call again.
   */
  whileWaiting(work: () => void): void {
    if (this.#isSending) this.deadlines.schedule(this.now.monotonicMs, work);
    else work();
  }

  /**
   * Whether to join work of others, by when it began. An exception ends work without a word; who
   * came afterwards would wait for it in vain.
   */
  isJoinable({ sinceMs }: { readonly sinceMs: number }): boolean {
    return this.now.monotonicMs - sinceMs < LIMITS.joinableMs.value;
  }

  nextQueryId(): number {
    this.#lastQueryId++;
    return this.#lastQueryId;
  }

  send(attempt: Attempt, octets: Uint8Array): void {
    this.#attempts.set(attempt.queryId, attempt);
    this.#queriesSent++;
    this.#isSending = true;
    this.#hedges = Math.min(this.#hedges + LIMITS.hedgePercent.value / 100, MOST_HEDGES);
    this.#effects.push({
      kind: 'send',
      queryId: attempt.queryId,
      address: attempt.server.address,
      port: attempt.server.port,
      transport: attempt.transport,
      octets,
    });
  }

  attempt(queryId: number): Attempt | undefined {
    return this.#attempts.get(queryId);
  }

  abandon(attempt: Attempt): void {
    if (this.#attempts.delete(attempt.queryId)) {
      this.#effects.push({ kind: 'abandon', queryId: attempt.queryId });
    }
  }

  // --- servers ---

  /** When a reply is later than this server's usually are; undefined when that is not known. */
  hedgeAfterMs(key: string): number | undefined {
    return this.config.hedging ? this.health.hedgeMs(key) : undefined;
  }

  takeHedge(): boolean {
    if (this.#hedges < 1) return false;
    this.#hedges--;
    return true;
  }

  /** It was not spent in vain: the first query is still without a reply, the second has one. */
  returnHedge(worth: number): void {
    this.#hedges = Math.min(this.#hedges + worth, MOST_HEDGES);
  }

  chooseServer(candidates: readonly ServerAddress[], zone: Name): ServerAddress | undefined {
    if (candidates.length <= 1) return candidates[0];
    return this.health.choose(candidates, zone, this.entropy, this.now);
  }
}
