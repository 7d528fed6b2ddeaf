/**
 * Finds the zone whose keys must judge what a reply says, and asks the judge. The asked server may
 * serve a child zone as well, so that no referral was ever seen: then the signer's name (or its
 * absence) leads down, DS question by DS question, and only a proof makes the data insecure.
 */
import {
  type Bogus,
  type Security,
  delegationFromReferral,
  type Insecure,
  type Secure,
  type ZoneKeys,
  bogus,
  negativeTrustAnchor,
  proveWildcardAnswer,
  signerOf,
  validateNegative,
  validateRRset,
  weakest,
} from '../dnssec/index.js';
import { type Name, RRType, type RRset } from '../wire/index.js';
import { type ChainOfTrust, inherited } from './chain-of-trust.js';
import type { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import type { CutDelegation, CutTrust, Unreachable } from './trust-types.js';
import { answeringSide, type Goal, goalOfDenial, signedBy, unsignedAt } from './search-goals.js';
import { type ProvenInsecurity, provenInsecurity } from './unanswered-tlsa.js';
import { ZoneCut } from './zone-cut.js';
import type { Deferred } from './deferred.js';

export interface Refused {
  readonly kind: 'bogus';
  readonly security: Bogus;
  /** The zone's keys are at fault, not this reply: another server's reply would fare no better. */
  readonly ofKeys: boolean;
}

export type JudgedRRset =
  | {
      readonly kind: 'accepted';
      readonly security: Exclude<Security, Bogus>;
      readonly ttlSeconds: number;
      /** Goes with a wildcard answer: the denial of a closer match. */
      readonly proof: readonly RRset[];
      /** The deepest cut found on the way; data of the same zone can be judged from here. */
      readonly cut: ZoneCut;
    }
  | Refused
  | Unreachable;

export interface NegativeQuestion {
  readonly name: Name;
  readonly type: number;
  /** What the reply code says. */
  readonly kind: 'name error' | 'no data';
}

export type JudgedNegative =
  | {
      readonly kind: 'accepted';
      readonly security: Exclude<Security, Bogus>;
      /** What the reply claims, borne out by the proof where there is one. */
      readonly denial: 'name error' | 'no data';
      readonly ttlSeconds: number;
      readonly authority: readonly RRset[];
      readonly zone: Name;
      /** The SOA and proof were validated: RFC 8198 may use them. */
      readonly proven: boolean;
    }
  | Refused
  | Unreachable;

type Found = { readonly cut: ZoneCut; readonly trust: CutTrust };

export class AnswerValidation {
  readonly #machine: Machine;
  readonly #chain: ChainOfTrust;
  readonly #delegationOf: (zone: Name, effort: Effort) => Deferred<CutDelegation>;

  constructor(
    machine: Machine,
    chain: ChainOfTrust,
    delegationOf: (zone: Name, effort: Effort) => Deferred<CutDelegation>,
  ) {
    this.#machine = machine;
    this.#chain = chain;
    this.#delegationOf = delegationOf;
  }

  /**
   * Judges one RRset of the answer section of `reply`, which came from the servers of `cut` and
   * answers the question `asked`: for its name, or for all that is below a DNAME.
   */
  judgeRRset(
    set: RRset,
    asked: Pick<NegativeQuestion, 'name' | 'type'>,
    cut: ZoneCut,
    reply: UsableReply,
    effort: Effort,
    done: (judged: JudgedRRset) => void,
  ): void {
    const unsigned = set.signatures.length === 0;
    const signer = unsigned ? undefined : signerOf(set);
    const side = answeringSide(asked);
    // Whoever speaks for the name need not be looked for below the owner of a DNAME above it.
    const deepest = side.isAtOrBelow(set.owner) ? set.owner : side;
    const isBelow = signer?.isBelow(cut.zone) === true && deepest.isAtOrBelow(signer);
    const search = unsigned ? unsignedAt(deepest) : signedBy(isBelow ? signer : undefined);
    this.#withTrust(cut, search, side, effort, (found) => {
      const { trust } = found;
      if (trust.kind !== 'secure') {
        done(this.#withoutKeys(trust, set, found.cut));
        return;
      }
      const context = this.#machine.validation(effort);
      const verdict = validateRRset(set, trust.keys, context);
      if (verdict.status === 'bogus') {
        done(refused(this.#blame(verdict, set, reply)));
        return;
      }
      let security: Secure | Insecure = verdict.security;
      let proof: readonly RRset[] = [];
      if (verdict.wildcard !== undefined) {
        const { closestEncloser } = verdict.wildcard;
        const expansion = proveWildcardAnswer(
          set.owner,
          set.type,
          closestEncloser,
          reply.reply.authority,
          trust.keys,
          context,
        );
        if (!('usedRRsets' in expansion)) {
          done(refused(this.#blame(expansion, set, reply)));
          return;
        }
        security = weaker(security, expansion.security);
        proof = expansion.usedRRsets;
      }
      if (this.#endsAboveAnchor(security, trust.keys.zone, side)) {
        const facts = { zone: trust.keys.zone, owner: set.owner, type: set.type };
        done(refused(this.#blame(bogus('denial missing', facts), set, reply)));
        return;
      }
      this.#reportValid(set.owner, set.type, 'answer', security, trust.keys.zone, reply);
      done({ kind: 'accepted', security, ttlSeconds: verdict.ttlSeconds, proof, cut: found.cut });
    });
  }

  /** Judges a reply without data for `name` and `type`. */
  judgeNegative(
    asked: NegativeQuestion,
    cut: ZoneCut,
    reply: UsableReply,
    effort: Effort,
    done: (judged: JudgedNegative) => void,
  ): void {
    const { authority } = reply.reply;
    const soa = authority.find(
      (set) => set.type === RRType.SOA && asked.name.isAtOrBelow(set.owner),
    );
    const search = goalOfDenial(asked, soa, authority, cut);
    this.#withTrust(cut, search, answeringSide(asked), effort, ({ cut: deepest, trust }) => {
      if (trust.kind === 'secure') {
        const judged = this.#provenNegative(asked, reply, trust.keys, effort);
        const proves = judged.kind !== 'bogus' || judged.security.reason !== 'denial missing';
        if (proves) done(judged);
        else this.#unlessUnsigned(asked, { cut: deepest, trust }, soa, effort, judged, done);
      } else if (trust.kind === 'bogus') done({ ...trust, ofKeys: true });
      else if (trust.kind === 'unreachable') done(trust);
      else done(unprovenNegative(asked, trust.security, soa, deepest));
    });
  }

  /**
   * A server of a signed zone and of an unsigned one below it may deny names of the latter with the
   * SOA of the former, and no proof. If an unsigned delegation is proven, none is needed.
   */
  #unlessUnsigned(
    asked: NegativeQuestion,
    { cut, trust }: Found,
    soa: RRset | undefined,
    effort: Effort,
    refusal: JudgedNegative,
    done: (judged: JudgedNegative) => void,
  ): void {
    const side = answeringSide(asked);
    const { anchorEpoch } = this.#machine;
    this.#descend(cut, trust, side, cut.zone.labelCount + 1, effort, (found) => {
      const { trust: deeper } = found;
      // RFC 5011 §2.1: what led down may have been said by a key that was revoked meanwhile.
      if (this.#machine.anchorEpoch !== anchorEpoch) {
        done(refusal);
        return;
      }
      // What is unsigned above an island of security denies nothing in it (RFC 6840 §5.10).
      const island = this.#islandBelow(found.cut, side, deeper);
      if (deeper.kind !== 'insecure' || island !== undefined) done(refusal);
      else done(unprovenNegative(asked, deeper.security, soa, found.cut));
    });
  }

  #provenNegative(
    asked: NegativeQuestion,
    reply: UsableReply,
    keys: ZoneKeys,
    effort: Effort,
  ): JudgedNegative {
    const { name, type } = asked;
    const { zone } = keys;
    const context = this.#machine.validation(effort);
    const verdict = validateNegative(asked, reply.reply.authority, keys, context);
    const server = reply.server.toString();
    if ('status' in verdict) return refused({ ...verdict, server });
    if (this.#endsAboveAnchor(verdict.security, zone, answeringSide(asked))) {
      return refused({ ...bogus('denial missing', { zone, owner: name, type }), server });
    }
    // The reply code is unsigned; the proof is what counts. Servers that know no empty
    // non-terminals (RFC 8020 §3.1), and those that deny compactly (RFC 9824 §5), say NXDOMAIN with
    // the proof of "no data". The other way round nobody errs: somebody has changed the code.
    const isSecure = verdict.security.status === 'secure';
    if (isSecure && verdict.kind === 'name error' && asked.kind === 'no data') {
      const detail = ` (${asked.kind} claimed, ${verdict.kind} proven)`;
      const facts = { zone, owner: name, type, detail };
      return refused({ ...bogus('denial: proves something else', facts), server });
    }
    this.#reportValid(name, type, verdict.kind, verdict.security, zone, reply);
    return {
      kind: 'accepted',
      security: verdict.security,
      denial: isSecure ? verdict.kind : asked.kind,
      ttlSeconds: verdict.proofTtlSeconds,
      authority: verdict.usedRRsets,
      zone,
      proven: isSecure,
    };
  }

  /** What a reply to a DS question, or a referral, says about a zone cut at `child`. */
  judgeDelegation(
    child: Name,
    cut: ZoneCut,
    reply: UsableReply,
    effort: Effort,
    done: (delegation: CutDelegation | undefined) => void,
  ): void {
    const sets = [...reply.reply.answer, ...reply.reply.authority];
    const signed = sets.find((set) => set.signatures.length > 0);
    const signer = signed === undefined ? undefined : signerOf(signed);
    const parentSide = child.parent();
    let search: Goal | undefined;
    if (signed === undefined) search = unsignedAt(parentSide);
    else if (signer?.isBelow(cut.zone) === true && parentSide.isAtOrBelow(signer)) {
      search = signedBy(signer);
    }
    this.#withTrust(cut, search, parentSide, effort, ({ trust }) => {
      if (trust.kind !== 'secure') {
        done(inherited(trust));
        return;
      }
      const { keys } = trust;
      const verdict = delegationFromReferral(child, sets, keys, this.#machine.validation(effort));
      done(this.#chain.delegationVerdict(child, verdict, keys.zone, reply.server));
    });
  }

  /** Whether `name` is proven to be in an insecure zone, which is that of `cut` or below it. */
  insecurityOf(
    name: Name,
    cut: ZoneCut,
    effort: Effort,
    done: (proof: ProvenInsecurity | undefined) => void,
  ): void {
    // An alias may have led out of the zone that was come to: what is proven there is not about it.
    if (!name.isAtOrBelow(cut.zone)) {
      done(undefined);
      return;
    }
    this.#withTrust(cut, undefined, name, effort, ({ trust }) => done(provenInsecurity(trust)));
  }

  /**
   * RFC 6840 §5.10: that a zone above a trust anchor leaves open what is below, by Opt-Out say,
   * makes nothing insecure that the anchor covers.
   */
  #endsAboveAnchor(security: Security, zone: Name, side: Name): boolean {
    return security.status === 'insecure' && this.#machine.isCutOffFrom(zone, side);
  }

  #blame(verdict: Bogus, set: RRset, reply: UsableReply): Bogus {
    return { ...verdict, owner: set.owner, type: set.type, server: reply.server.toString() };
  }

  #withoutKeys(
    trust: Exclude<CutTrust, { kind: 'secure' }>,
    set: RRset,
    cut: ZoneCut,
  ): JudgedRRset {
    if (trust.kind === 'bogus') return { ...trust, ofKeys: true };
    if (trust.kind === 'unreachable') return trust;
    return {
      kind: 'accepted',
      security: trust.security,
      ttlSeconds: set.ttlSeconds,
      proof: [],
      cut,
    };
  }

  /**
   * The trust of `cut`, or, when that is secure and `goal` lies below it, of the deepest zone
   * between the two that the parents' proofs lead to.
   */
  #withTrust(
    cut: ZoneCut,
    goal: Goal | undefined,
    name: Name,
    effort: Effort,
    done: (found: Found) => void,
  ): void {
    const { anchorEpoch } = this.#machine;
    this.#seekTrust(cut, goal, name, effort, (found) => {
      // RFC 5011 §2.1: keys that were found before an anchor was revoked may hang on that anchor.
      if (this.#machine.anchorEpoch === anchorEpoch) done(found);
      else this.#withTrust(cut, goal, name, effort, done);
    });
  }

  #seekTrust(
    cut: ZoneCut,
    goal: Goal | undefined,
    name: Name,
    effort: Effort,
    done: (found: Found) => void,
  ): void {
    const negative = this.#machine.negativeAnchorOf(name);
    if (negative !== undefined) {
      const security = negativeTrustAnchor(negative);
      done({ cut, trust: { kind: 'insecure', security, expiresAtMs: Number.POSITIVE_INFINITY } });
      return;
    }
    this.#trustOf(cut, effort, (trust) => {
      // What a secure zone above has signed itself is as good, but not where it leads down.
      const island = this.#islandBelow(cut, trust.kind === 'secure' ? goal?.name : name, trust);
      if (island !== undefined) {
        this.#withTrust(island, goal, name, effort, done);
        return;
      }
      if (trust.kind !== 'secure' || goal === undefined || !goal.name.isBelow(cut.zone)) {
        done({ cut, trust });
        return;
      }
      // A name that signed is asked for at once: if there are zones between, the DS records say so.
      const first = goal.isSigner ? goal.name.labelCount : cut.zone.labelCount + 1;
      this.#descend(cut, trust, goal.name, first, effort, (found) => {
        // The way down may have ended above an anchor.
        const below = this.#islandBelow(found.cut, name, found.trust);
        if (found.trust.kind === 'secure' || below === undefined) done(found);
        else this.#withTrust(below, goal, name, effort, done);
      });
    });
  }

  /**
   * Keys that somebody else's question is fetching may fail for want of its means, which says
   * nothing about them: then they are fetched with our own. What failed by itself is remembered,
   * and to ask again costs nothing.
   */
  #trustOf(cut: ZoneCut, effort: Effort, done: (trust: CutTrust) => void): void {
    this.#chain.trustOf(cut, effort).whenSettled((trust) => {
      const failed = trust.kind === 'bogus' || trust.kind === 'unreachable';
      const spent = effort.spent !== undefined || effort.work.exhausted !== undefined;
      if (failed && !spent) this.#chain.trustOf(cut, effort).whenSettled(done);
      else done(trust);
    });
  }

  /** A trust anchor on the way down: the zone below it is validated by it, whatever is above. */
  #islandBelow(cut: ZoneCut, name: Name | undefined, trust: CutTrust): ZoneCut | undefined {
    if (name === undefined || trust.kind === 'bogus' || trust.kind === 'unreachable') {
      return undefined;
    }
    const anchor = this.#machine.anchors.closestAtOrAbove(name);
    return anchor?.isBelow(cut.zone) === true ? this.#hiddenCut(cut, anchor) : undefined;
  }

  #descend(
    cut: ZoneCut,
    trust: CutTrust,
    goal: Name,
    labels: number,
    effort: Effort,
    done: (found: Found) => void,
  ): void {
    if (labels > goal.labelCount) {
      done({ cut, trust });
      return;
    }
    const zone = goal.suffix(labels);
    this.#delegationOf(zone, effort).whenSettled((delegation) => {
      switch (delegation.kind) {
        case 'not a cut':
          this.#descend(cut, trust, goal, labels + 1, effort, done);
          return;
        case 'signed':
        case 'unsigned': {
          const child = this.#hiddenCut(cut, zone);
          this.#chain.trustOf(child, effort).whenSettled((childTrust) => {
            if (childTrust.kind === 'secure') {
              this.#descend(child, childTrust, goal, labels + 1, effort, done);
            } else done({ cut: child, trust: childTrust });
          });
          return;
        }
        default:
          done({ cut, trust: delegation });
      }
    });
  }

  /** A cut that the parent's servers serve themselves. */
  #hiddenCut(parent: ZoneCut, zone: Name): ZoneCut {
    const machine = this.#machine;
    const known = machine.cuts.exact(zone, machine.clock);
    if (known !== undefined) return known;
    const cut = new ZoneCut({
      zone,
      parent,
      addresses: parent.addresses,
      nameServers: parent.nameServers,
      unresolved: parent.unresolved,
      forwarding: parent.forwarding,
      // A reply that anyone may have forged showed it, and hints never end.
      expiresAtMs: Math.min(
        parent.expiresAtMs,
        machine.now.cacheMs + LIMITS.hiddenCutSeconds.value * 1_000,
      ),
    });
    machine.keepCut(cut);
    return cut;
  }

  #reportValid(
    name: Name,
    type: number,
    what: string,
    security: Security,
    zone: Name,
    reply: UsableReply,
  ): void {
    if (!this.#machine.reporting) return;
    const { server } = reply;
    this.#machine.trace({ kind: 'validated', zone, name, type, what, security, server });
  }
}

/** No signatures are to be expected: RFC 2308 alone says what counts. */
function unprovenNegative(
  asked: NegativeQuestion,
  security: Exclude<Security, Bogus | Secure>,
  soa: RRset | undefined,
  cut: ZoneCut,
): JudgedNegative {
  return {
    kind: 'accepted',
    security,
    denial: asked.kind,
    ttlSeconds: soa?.ttlSeconds ?? 0,
    authority: soa === undefined ? [] : [soa],
    zone: soa?.owner ?? cut.zone,
    proven: false,
  };
}

function weaker(answer: Secure | Insecure, proof: Secure | Insecure): Secure | Insecure {
  return weakest(answer, proof) === answer ? answer : proof;
}

function refused(security: Bogus): Refused {
  return { kind: 'bogus', security, ofKeys: false };
}
