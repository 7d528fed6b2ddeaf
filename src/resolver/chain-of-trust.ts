/**
 * From a trust anchor to the keys of a zone: joins DS and DNSKEY fetching, and asks the judge. The
 * DNSKEY question goes out as soon as a referral shows DS records, before the parent's own keys are
 * known, so that a cold chain costs no extra round trips; nothing is believed earlier for that.
 */
import { LRUCache } from 'lru-cache';
import { TrustRank } from '../cache/index.js';
import {
  type Security,
  bogus,
  delegationFromReferral,
  indeterminate,
  negativeTrustAnchor,
  validateDnskeys,
} from '../dnssec/index.js';
import { EdeCode, type IpAddress, type Name, RRType } from '../wire/index.js';
import { Deferred } from './deferred.js';
import type { Effort } from './effort.js';
import type { Exchange } from './exchange.js';
import type { ExchangeOutcome, UsableReply } from './exchange-types.js';
import type { Machine } from './machine.js';
import { rrsetAt } from './sections.js';
import type { CutDelegation, CutTrust } from './trust-types.js';
import type { ZoneCut } from './zone-cut.js';

/** How old keys must be before a strange signature makes us doubt them. */
const RENEW_AFTER_MS = 60_000;

export interface ChainServices {
  /** Starts asking the servers of `cut`. */
  ask(
    cut: ZoneCut,
    name: Name,
    type: number,
    effort: Effort,
    deliver: (outcome: ExchangeOutcome) => void,
  ): Exchange;
  /** Asks whoever is responsible above `zone` what it says about a cut there. */
  delegationOf(zone: Name, effort: Effort): Deferred<CutDelegation>;
}

export class ChainOfTrust {
  readonly #machine: Machine;
  readonly #services: ChainServices;
  readonly #renewed = new LRUCache<string, number>({ max: 1_000 });

  constructor(machine: Machine, services: ChainServices) {
    this.#machine = machine;
    this.#services = services;
  }

  /** The keys that judge the data of `cut.zone`, or why there are none. */
  trustOf(cut: ZoneCut, effort: Effort): Deferred<CutTrust> {
    this.#dropOutdated(cut);
    const known = cut.trust;
    if (known !== undefined && this.#stillGood(known)) return known;
    const trust = new Deferred<CutTrust>(this.#machine.now.monotonicMs);
    cut.trust = trust;
    trust.whenSettled((value) => {
      // A failure is not kept with the cut; the failure cache says how soon it is tried again.
      if (value.kind === 'bogus' || value.kind === 'unreachable') {
        if (cut.trust === trust) cut.trust = undefined;
      }
      this.#reportTrust(cut, value);
    });
    this.#begin(cut, effort, trust);
    return trust;
  }

  /**
   * A signature by a key that the cached key set does not have: perhaps the zone rolled its keys
   * faster than its TTL allows. The keys are fetched again, once a minute at most.
   */
  renewKeys(zone: Name): boolean {
    const machine = this.#machine;
    const now = machine.now.cacheMs;
    const cut = machine.cuts.exact(zone, machine.clock);
    const trust = cut?.trust?.value;
    if (cut === undefined || trust?.kind !== 'secure') return false;
    const last = this.#renewed.get(zone.key);
    if (now - trust.fetchedAtMs < RENEW_AFTER_MS) return false;
    if (last !== undefined && now - last < RENEW_AFTER_MS) return false;
    this.#renewed.set(zone.key, now);
    machine.zoneKeys.remove(zone);
    cut.trust = undefined;
    return true;
  }

  /** A cut may be in somebody's hands while anchors are revoked. */
  #dropOutdated(cut: ZoneCut): void {
    const { anchorEpoch } = this.#machine;
    if (cut.anchorEpoch === anchorEpoch) return;
    cut.anchorEpoch = anchorEpoch;
    cut.trust = undefined;
    cut.delegation = undefined;
  }

  #stillGood(trust: Deferred<CutTrust>): boolean {
    const value = trust.value;
    if (value === undefined) return this.#machine.isJoinable(trust);
    const { cacheMs, wallSeconds } = this.#machine.now;
    switch (value.kind) {
      case 'secure':
        return value.expiresAtMs > cacheMs && value.keys.validUntilSeconds >= wallSeconds;
      case 'insecure':
        return value.expiresAtMs > cacheMs;
      case 'indeterminate':
        return true;
      default:
        return false;
    }
  }

  #begin(cut: ZoneCut, effort: Effort, trust: Deferred<CutTrust>): void {
    const machine = this.#machine;
    const { zone } = cut;
    if (machine.anchors.closestAtOrAbove(zone) === undefined) {
      trust.settle({ kind: 'indeterminate', security: indeterminate(zone) });
      return;
    }
    const negative = machine.negativeAnchorOf(zone);
    if (negative !== undefined) {
      const security = negativeTrustAnchor(negative);
      trust.settle({ kind: 'insecure', security, expiresAtMs: Number.POSITIVE_INFINITY });
      return;
    }
    const cached = machine.zoneKeys.get(zone, machine.clock);
    if (cached !== undefined) {
      const { keys, fetchedAtMs, expiresAtMs } = cached;
      trust.settle({ kind: 'secure', keys, fetchedAtMs, expiresAtMs });
      return;
    }
    const failure = machine.failures.get(zone, RRType.DNSKEY, machine.clock);
    if (failure !== undefined) {
      trust.settle(
        failure.security.status === 'bogus'
          ? { kind: 'bogus', security: failure.security }
          : { kind: 'unreachable', errors: failure.errors, sentence: failure.sentence },
      );
      return;
    }
    new KeyFetch(machine, this.#services, this, cut, effort, trust).start();
  }

  /** What the parent says about `cut`: from the referral that made it known, or by asking. */
  delegationOf(cut: ZoneCut, effort: Effort): Deferred<CutDelegation> {
    this.#dropOutdated(cut);
    const known = cut.delegation;
    if (known !== undefined) {
      const value = known.value;
      const fresh =
        value === undefined
          ? this.#machine.isJoinable(known)
          : 'expiresAtMs' in value
            ? value.expiresAtMs > this.#machine.now.cacheMs
            : value.kind === 'indeterminate';
      if (fresh) return known;
    }
    const delegation = new Deferred<CutDelegation>(this.#machine.now.monotonicMs);
    cut.delegation = delegation;
    delegation.whenSettled((value) => this.#reportDelegation(cut, value));
    const proof = cut.referral;
    cut.referral = undefined;
    const { zone, parent } = cut;
    // From above an island to what lies below it: its anchor has to be heard first.
    const skipsAnchor =
      parent !== undefined && this.#machine.isCutOffFrom(parent.zone, zone.parent());
    if (proof === undefined || parent === undefined || skipsAnchor) {
      this.#services.delegationOf(zone, effort).whenSettled((value) => delegation.settle(value));
      return delegation;
    }
    this.trustOf(parent, effort).whenSettled((trust) => {
      if (trust.kind !== 'secure') {
        delegation.settle(inherited(trust));
        return;
      }
      const verdict = delegationFromReferral(
        cut.zone,
        proof.authority,
        trust.keys,
        this.#machine.validation(effort),
      );
      const judged = this.delegationVerdict(cut.zone, verdict, trust.keys.zone, proof.server);
      // RFC 4035 §5.2 leaves a referral without DS or its denial open; and a bad referral is
      // checked against the zone's other servers: both by asking for the DS records.
      if (judged === undefined || judged.kind === 'bogus') {
        this.#services
          .delegationOf(cut.zone, effort)
          .whenSettled((value) => delegation.settle(value));
        return;
      }
      delegation.settle(judged);
    });
    return delegation;
  }

  /** The judge's word in the terms of this room; undefined when the proof was missing. */
  delegationVerdict(
    child: Name,
    verdict: ReturnType<typeof delegationFromReferral>,
    parent: Name,
    server: IpAddress,
  ): CutDelegation | undefined {
    const { cacheMs } = this.#machine.now;
    const security =
      'security' in verdict
        ? (verdict.security as Security)
        : 'status' in verdict
          ? verdict
          : undefined;
    if (security !== undefined && this.#machine.reporting) {
      this.#machine.trace({
        kind: 'validated',
        zone: parent,
        name: child,
        type: RRType.DS,
        what: 'delegation',
        security,
        server,
      });
    }
    if ('status' in verdict) {
      return { kind: 'bogus', security: { ...verdict, server: server.toString() } };
    }
    switch (verdict.kind) {
      case 'signed':
        // Whoever asks for the DS records of a zone on the way has them here.
        for (const rrset of verdict.proof) {
          const { security: secure, ttlSeconds } = verdict;
          const rank = TrustRank.SECURE;
          const kept = { security: secure, rank, proof: [], ttlSeconds };
          this.#machine.rrsets.put(rrset, kept, this.#machine.clock);
        }
        return {
          kind: 'signed',
          ds: verdict.ds,
          expiresAtMs: cacheMs + verdict.ds.ttlSeconds * 1000,
        };
      case 'unsigned':
        return {
          kind: 'unsigned',
          security: verdict.security,
          expiresAtMs: cacheMs + verdict.ttlSeconds * 1000,
        };
      case 'not a delegation':
        return {
          kind: 'not a cut',
          nameError: verdict.nameError,
          expiresAtMs: cacheMs + verdict.ttlSeconds * 1000,
        };
      case 'missing':
        return undefined;
    }
  }

  #reportTrust(cut: ZoneCut, trust: CutTrust): void {
    if (!this.#machine.reporting) return;
    const detail =
      trust.kind === 'secure'
        ? ''
        : trust.kind === 'unreachable'
          ? trust.sentence
          : trust.security.sentence;
    this.#machine.trace({ kind: 'zone keys', zone: cut.zone, security: trust.kind, detail });
  }

  #reportDelegation(cut: ZoneCut, delegation: CutDelegation): void {
    if (!this.#machine.reporting) return;
    this.#machine.trace({
      kind: 'zone cut',
      zone: cut.zone,
      parent: cut.parent?.zone ?? cut.zone.parent(),
      signed: delegation.kind,
    });
  }
}

/** A child can be no better than its parent: RFC 4035 §5.2. */
export function inherited(trust: Exclude<CutTrust, { kind: 'secure' }>): CutDelegation {
  return trust.kind === 'insecure'
    ? { kind: 'unsigned', security: trust.security, expiresAtMs: trust.expiresAtMs }
    : trust;
}

/** Gets the DNSKEY RRset of one zone and has it judged by the parent's DS or a trust anchor. */
class KeyFetch {
  readonly #machine: Machine;
  readonly #services: ChainServices;
  readonly #chain: ChainOfTrust;
  readonly #cut: ZoneCut;
  readonly #effort: Effort;
  readonly #trust: Deferred<CutTrust>;
  readonly #anchorEpoch: number;
  #exchange: Exchange | undefined;
  #reply: UsableReply | undefined;
  #delegation: Exclude<CutDelegation, { kind: 'unreachable' }> | 'anchor' | undefined;
  #firstBogus: CutTrust | undefined;

  constructor(
    machine: Machine,
    services: ChainServices,
    chain: ChainOfTrust,
    cut: ZoneCut,
    effort: Effort,
    trust: Deferred<CutTrust>,
  ) {
    this.#machine = machine;
    this.#services = services;
    this.#chain = chain;
    this.#cut = cut;
    this.#effort = effort;
    this.#trust = trust;
    this.#anchorEpoch = machine.anchorEpoch;
  }

  start(): void {
    const cut = this.#cut;
    if (this.#machine.anchors.forName(cut.zone) !== undefined) {
      this.#delegation = 'anchor';
      this.#askForKeys();
      return;
    }
    const announced = cut.referral?.authority.some(
      (set) => set.type === RRType.DS && set.owner.equals(cut.zone),
    );
    if (announced === true) this.#askForKeys();
    // The parent's word is heard while the zone's own servers are awaited.
    this.#machine.whileWaiting(() => this.#hearParent());
  }

  #hearParent(): void {
    this.#chain.delegationOf(this.#cut, this.#effort).whenSettled((delegation) => {
      switch (delegation.kind) {
        case 'signed':
          this.#delegation = delegation;
          if (this.#exchange === undefined) this.#askForKeys();
          else this.#judge();
          return;
        case 'unsigned':
          this.#settle({
            kind: 'insecure',
            security: delegation.security,
            expiresAtMs: delegation.expiresAtMs,
          });
          return;
        case 'not a cut':
          // The parent proves that there is no zone here: whatever its servers say is not its data.
          this.#settle({
            kind: 'unreachable',
            errors: [{ code: EdeCode.DNSSEC_BOGUS, text: '' }],
            sentence: `${this.#cut.zone.toString()} is proven to be no zone`,
          });
          return;
        default:
          this.#settle(delegation);
      }
    });
  }

  #askForKeys(): void {
    const { zone } = this.#cut;
    this.#exchange = this.#services.ask(this.#cut, zone, RRType.DNSKEY, this.#effort, (outcome) => {
      if (outcome.kind === 'reply') {
        this.#reply = outcome;
        this.#judge();
        return;
      }
      if (this.#firstBogus !== undefined) {
        this.#settle(this.#firstBogus);
        return;
      }
      const errors = [{ code: EdeCode.DNSKEY_MISSING, text: '' }, ...outcome.errors];
      this.#settle({ kind: 'unreachable', errors, sentence: outcome.sentence });
    });
  }

  #judge(): void {
    const reply = this.#reply;
    const delegation = this.#delegation;
    if (reply === undefined || delegation === undefined || this.#trust.isSettled) return;
    if (delegation !== 'anchor' && delegation.kind !== 'signed') return;
    const { zone } = this.#cut;
    const machine = this.#machine;
    if (machine.anchorEpoch !== this.#anchorEpoch) {
      const sentence = 'a trust anchor was revoked while keys were fetched';
      this.#trust.settle({ kind: 'unreachable', errors: [], sentence });
      this.#exchange?.close();
      return;
    }
    const rrset = rrsetAt(reply.reply.answer, zone, RRType.DNSKEY);
    const vouching = delegation === 'anchor' ? machine.anchors : delegation.ds;
    const verdict =
      rrset === undefined
        ? bogus('no keys', { zone })
        : validateDnskeys(zone, rrset, vouching, machine.validation(this.#effort));
    if (verdict.status === 'secure') {
      const { keys } = verdict;
      const fetchedAtMs = machine.now.cacheMs;
      const ends = fetchedAtMs + keys.ttlSeconds * 1000;
      const expiresAtMs = delegation === 'anchor' ? ends : Math.min(ends, delegation.expiresAtMs);
      machine.zoneKeys.put(zone, { keys, fetchedAtMs, expiresAtMs }, machine.clock);
      machine.failures.recovered(zone, RRType.DNSKEY);
      this.#settle({ kind: 'secure', keys, fetchedAtMs, expiresAtMs });
      return;
    }
    if (verdict.status === 'insecure') {
      const expiresAtMs =
        delegation === 'anchor' ? Number.POSITIVE_INFINITY : delegation.expiresAtMs;
      this.#settle({ kind: 'insecure', security: verdict, expiresAtMs });
      return;
    }
    const security = { ...verdict, server: reply.server.toString() };
    this.#firstBogus ??= { kind: 'bogus', security };
    machine.report({
      kind: 'bogus',
      name: zone,
      type: RRType.DNSKEY,
      security,
      server: reply.server,
    });
    if (delegation === 'anchor') {
      machine.report({
        kind: 'no anchor matches',
        zone,
        sentence: `No trust anchor validates the keys of ${zone.toString()}: ${verdict.sentence}`,
      });
    }
    this.#reply = undefined;
    if (this.#exchange?.tryOthers() !== true) this.#settle(this.#firstBogus);
  }

  #settle(trust: CutTrust): void {
    this.#exchange?.close();
    if (trust.kind === 'bogus' || trust.kind === 'unreachable') {
      // Work that ran out says nothing about the zone: the next question brings its own.
      const spent = this.#effort.spent !== undefined || this.#effort.work.exhausted !== undefined;
      if (!spent) {
        this.#machine.doubt(this.#cut);
        this.#machine.failures.put(
          this.#cut.zone,
          RRType.DNSKEY,
          trust.kind === 'bogus'
            ? { security: trust.security, errors: [], sentence: trust.security.sentence }
            : {
                security: indeterminate(this.#cut.zone),
                errors: trust.errors,
                sentence: trust.sentence,
              },
          this.#machine.clock,
        );
      }
    }
    this.#trust.settle(trust);
  }
}
