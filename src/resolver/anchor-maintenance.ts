/**
 * RFC 5011 §2.3: looks at the key sets of the configured trust points at the intervals that the
 * RFC sets, hands each to the pure state machine, and puts the anchors that result in force.
 */
import {
  isDeleted,
  observe,
  retryAfter,
  type Rfc5011Event,
  type Rfc5011State,
  TrustAnchors,
  trustedRecords,
} from '../dnssec/index.js';
import { type ResourceRecord, RRType } from '../wire/index.js';
import { Descent, type DescentOutcome } from './descent.js';
import { Effort } from './effort.js';
import type { MaintainedAnchors } from './machine.js';
import type { ResolutionServices } from './resolution.js';
import { rrsetAt } from './sections.js';

/** A moment after the start, so that the first client is not kept waiting. */
const FIRST_LOOK_MS = 1_000;
/** A clock step or a long suspension must not put the next look off by much. */
const LONGEST_SLEEP_MS = 86_400_000;

export class AnchorMaintenance {
  readonly #services: ResolutionServices;
  readonly #fixed: readonly ResourceRecord[];
  readonly #states: Map<string, Rfc5011State>;
  readonly #withdraw: (sentence: string) => void;
  #started = false;

  /** `withdraw` ends what is under way and forgets what was proven. */
  constructor(
    services: ResolutionServices,
    maintained: MaintainedAnchors,
    withdraw: (sentence: string) => void,
  ) {
    this.#services = services;
    this.#withdraw = withdraw;
    this.#fixed = maintained.fixed;
    this.#states = new Map(maintained.states.map((state) => [state.zone.key, state]));
    this.#putInForce();
  }

  /** Timers need a first instant to count from: the first event. */
  startOnce(): void {
    if (this.#started) return;
    this.#started = true;
    for (const [key, state] of this.#states) {
      if (!isDeleted(state)) this.#lookIn(key, FIRST_LOOK_MS);
    }
  }

  #lookIn(key: string, ms: number): void {
    const { machine } = this.#services;
    machine.deadlines.schedule(machine.now.monotonicMs + Math.min(ms, LONGEST_SLEEP_MS), () => {
      if (ms > LONGEST_SLEEP_MS) this.#lookIn(key, ms - LONGEST_SLEEP_MS);
      else this.#look(key);
    });
  }

  #look(key: string): void {
    const { machine } = this.#services;
    const state = this.#states.get(key)!;
    const effort = new Effort(machine.workLimits, machine.now.monotonicMs, true);
    const { zone } = state;
    const goal = { name: zone, type: RRType.DNSKEY, effort, lineage: [], validated: false };
    const descent = new Descent(this.#services, goal, (outcome) => {
      descent.close();
      this.#arrived(key, outcome, effort);
    });
    descent.start(this.#services.startingCut(zone, RRType.DNSKEY, effort));
  }

  #arrived(key: string, outcome: DescentOutcome, effort: Effort): void {
    const { machine } = this.#services;
    const state = this.#states.get(key)!;
    const answer = outcome.kind === 'reply' ? outcome.usable.reply.answer : [];
    const dnskeys = rrsetAt(answer, state.zone, RRType.DNSKEY);
    if (dnskeys === undefined) {
      this.#lookIn(key, retryAfter(state, machine.now.wallSeconds) * 1000);
      return;
    }
    const observation = observe(state, dnskeys, machine.validation(effort));
    this.#states.set(key, observation.state);
    for (const event of observation.events) this.#tell(state, event);
    this.#putInForce();
    // A key in its hold-down has never vouched for anything.
    const revoked = observation.events.find(
      (event) => event.kind === 'key' && event.event === 'RevBit' && event.from !== 'ADDPEND',
    );
    if (revoked !== undefined) this.#withdraw(`a trusted key of ${state.zone} was revoked`);
    machine.effect({ kind: 'anchor state', state: observation.state });
    // A trust point that is gone is not looked at any more: only the operator can bring it back.
    if (isDeleted(observation.state)) return;
    this.#lookIn(key, observation.nextProbeSeconds * 1000);
  }

  #putInForce(): void {
    const { machine } = this.#services;
    const records = [...this.#fixed];
    for (const state of this.#states.values()) records.push(...trustedRecords(state));
    const policy = machine.policy;
    machine.anchors = TrustAnchors.from(records, { crypto: machine.crypto, policy });
  }

  #tell(state: Rfc5011State, event: Rfc5011Event): void {
    const zone = state.zone.toString();
    const { machine } = this.#services;
    switch (event.kind) {
      case 'key': {
        const { tag, from, to } = event;
        const sentence = `key ${tag} of ${zone}: ${from} to ${to} (${event.event})`;
        machine.report({ kind: 'trust anchor', sentence });
        return;
      }
      case 'set refused': {
        const why = event.security.sentence;
        const sentence = `No trust anchor validates the keys of ${zone}: ${why}`;
        machine.report({ kind: 'no anchor matches', zone: state.zone, sentence });
        return;
      }
      case 'no anchor left':
        machine.report({ kind: 'no anchor matches', zone: state.zone, sentence: event.sentence });
    }
  }
}
