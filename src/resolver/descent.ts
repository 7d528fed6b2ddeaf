/**
 * The walk down: from a known zone cut, referral by referral, to the servers that answer a question
 * for its zone. It hands over their reply and can be told that the reply was no good.
 */
import { type ExtendedError, type Name, RRType } from '../wire/index.js';
import { adoptReferral } from './delegations.js';
import type { DescentServices } from './descent-types.js';
import type { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import type { Exchange } from './exchange.js';

import { LIMITS } from './limits.js';
import { type Step, nextStep } from './qname-minimisation.js';
import type { JudgedNegative } from './answer-validation.js';
import type { ZoneCut } from './zone-cut.js';

export type DescentOutcome =
  | { readonly kind: 'reply'; readonly cut: ZoneCut; readonly usable: UsableReply }
  /** A probe proved that an ancestor of the name does not exist (RFC 8020). */
  | {
      readonly kind: 'ancestor missing';
      readonly denial: Extract<JudgedNegative, { kind: 'accepted' }>;
      readonly ancestor: Name;
    }
  | {
      readonly kind: 'failed';
      readonly errors: readonly ExtendedError[];
      readonly sentence: string;
    };

type Failed = Extract<DescentOutcome, { kind: 'failed' }>;

export interface DescentGoal {
  readonly name: Name;
  readonly type: number;
  readonly effort: Effort;
  /** Name server names being looked up, outermost first; empty for questions of clients. */
  readonly lineage: readonly string[];
  readonly validated: boolean;
}

export class Descent {
  readonly #services: DescentServices;
  readonly #goal: DescentGoal;
  readonly #deliver: (outcome: DescentOutcome) => void;
  #exchange: Exchange | undefined;
  #referrals = 0;
  #probes = 0;
  #asked = 0;
  #closed = false;
  #deepest: ZoneCut | undefined;
  /** Remembered cuts whose servers gave nothing usable, and how that ended. */
  readonly #forsaken: { readonly cut: ZoneCut; readonly outcome: Failed }[] = [];

  constructor(
    services: DescentServices,
    goal: DescentGoal,
    deliver: (outcome: DescentOutcome) => void,
  ) {
    this.#services = services;
    this.#goal = goal;
    this.#deliver = deliver;
  }

  /** The lowest zone cut that was come to; of those at the same name, the last. */
  get deepest(): ZoneCut | undefined {
    return this.#deepest;
  }

  start(cut: ZoneCut): void {
    this.#at(cut, cut.zone.labelCount, false);
  }

  /** The delivered reply was bogus; false when no other server is left. */
  tryOthers(): boolean {
    return !this.#closed && this.#exchange?.tryOthers() === true;
  }

  close(): void {
    this.#closed = true;
    this.#exchange?.close();
  }

  #at(cut: ZoneCut, knownLabels: number, wholeName: boolean): void {
    if (this.#closed) return;
    if (!(this.#deepest?.zone.isBelow(cut.zone) === true)) this.#deepest = cut;
    const { name, type, effort, validated } = this.#goal;
    const mode = cut.forwarding || wholeName ? 'off' : this.#services.machine.config.minimisation;
    const step = nextStep(mode, cut.zone, name, type, knownLabels, this.#probes);
    // Keys take longer to check than answers, so they are asked for first, if it is known that
    // there are any and more queries are not likely to follow the reply; those must not wait.
    const keysFirst = validated && cut.isKnownSigned && !leadsOn(cut.zone, type);
    if (keysFirst) this.#services.anticipateKeys(cut, effort);
    if (step.isProbe) this.#probe(cut, step);
    else this.#ask(cut);
    if (validated && !keysFirst) this.#services.anticipateKeys(cut, effort);
  }

  #probe(cut: ZoneCut, step: Step): void {
    this.#probes++;
    const { effort, lineage } = this.#goal;
    this.#services.probe(cut, step, effort, lineage).whenSettled((outcome) => {
      if (this.#closed) return;
      switch (outcome.kind) {
        case 'cut':
          this.#follow(outcome.cut);
          return;
        case 'no cut':
          this.#at(cut, step.name.labelCount, false);
          return;
        case 'name error':
          this.#deliver({
            kind: 'ancestor missing',
            denial: outcome.denial,
            ancestor: step.name,
          });
          return;
        case 'ask the whole name':
          this.#at(cut, step.name.labelCount, true);
      }
    });
  }

  #follow(child: ZoneCut): void {
    this.#referrals++;
    if (this.#referrals > LIMITS.referrals.value) {
      const sentence = `more than ${LIMITS.referrals.value} referrals for one name`;
      this.#deliver({ kind: 'failed', errors: [], sentence });
      return;
    }
    for (const { cut, outcome } of this.#forsaken) {
      if (!child.zone.equals(cut.zone)) continue;
      if (hasSameServers(child, cut)) {
        this.#deliver(outcome);
        return;
      }
      // What the others had for keys, or had not, is not held against these.
      this.#services.machine.failures.recovered(child.zone, RRType.DNSKEY);
    }
    this.#at(child, child.zone.labelCount, false);
  }

  /**
   * A delegation from memory may be out of date, or may never have been true: unsigned as it is,
   * whoever forged one packet could have named the servers. Then its parent is asked again.
   */
  #startAbove(cut: ZoneCut, outcome: Failed): boolean {
    const { name, type, effort } = this.#goal;
    const isFromMemory = this.#referrals === 0 && cut.parent !== undefined;
    const isLast = this.#forsaken.length >= LIMITS.forsakenDelegations.value;
    if (!isFromMemory || isLast || effort.spent !== undefined) return false;
    const above = this.#services.startingCut(name, type, effort);
    if (above === cut) return false;
    this.#forsaken.push({ cut, outcome });
    this.start(above);
    return true;
  }

  #ask(cut: ZoneCut): void {
    const { name, type, effort, lineage } = this.#goal;
    const asked = ++this.#asked;
    const exchange = this.#services.ask(
      cut,
      name,
      type,
      effort,
      (outcome) => {
        if (this.#closed) return;
        if (outcome.kind === 'failed') {
          if (!this.#startAbove(cut, outcome)) this.#deliver(outcome);
          return;
        }
        const { classified } = outcome;
        // A referral to the very name of a DS question says nothing about its DS records.
        const isDelegation =
          classified.kind === 'referral' && !(type === RRType.DS && classified.child.equals(name));
        if (isDelegation) {
          this.#follow(adoptReferral(this.#services.machine, cut, outcome, classified));
          return;
        }
        this.#deliver({ kind: 'reply', cut, usable: outcome });
      },
      lineage,
    );
    // It may have failed at once, and another one be on its way by now.
    if (asked === this.#asked) this.#exchange = exchange;
  }
}

/** The root and top-level domains delegate, and MX records name what is asked for next. */
function leadsOn(zone: Name, type: number): boolean {
  return zone.labelCount <= 1 || type === RRType.MX;
}

function hasSameServers(child: ZoneCut, known: ZoneCut): boolean {
  return (
    child.nameServers.every((name) => known.nameServers.some((other) => other.equals(name))) &&
    child.addresses.every(({ key }) => known.addresses.some((other) => other.key === key))
  );
}
