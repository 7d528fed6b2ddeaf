/**
 * RFC 9609: asks the hinted servers for the root's NS records when the root is first needed. The
 * first question does not wait for it: hints are good enough to ask, and its answer is validated.
 */
import { Name, RRType } from '../wire/index.js';
import type { AnswerValidation } from './answer-validation.js';
import { cutFromHints, cutFromReferral } from './delegations.js';
import type { DescentServices } from './descent-types.js';
import { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import { keepRRset } from './learned.js';
import { rrsetAt } from './sections.js';
import { ZoneCut } from './zone-cut.js';

/** After a failed attempt, and after one whose servers may not be used. */
const RETRY_MS = 5_000;
const RETRY_UNUSABLE_MS = 3_600_000;

export class RootPriming {
  readonly #services: DescentServices;
  readonly #validation: AnswerValidation;
  #hints: ZoneCut | undefined;
  #running = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(services: DescentServices, validation: AnswerValidation) {
    this.#services = services;
    this.#validation = validation;
  }

  /** The root's servers as the hints name them; starts priming beside. */
  rootFromHints(): ZoneCut {
    const { machine } = this.#services;
    this.#hints ??= cutFromHints(machine);
    return this.#hints;
  }

  startWhenDue(): void {
    const { machine } = this.#services;
    if (!machine.config.priming || this.#running) return;
    if (machine.now.monotonicMs < this.#notBeforeMs) return;
    this.#running = true;
    // After the question that needs the root, which is on its way first.
    machine.deadlines.schedule(machine.now.monotonicMs, () => this.#ask());
  }

  #ask(): void {
    const { machine } = this.#services;
    const hints = this.rootFromHints();
    const effort = new Effort(machine.workLimits, machine.now.monotonicMs, true);
    this.#services.ask(
      hints,
      Name.root,
      RRType.NS,
      effort,
      (outcome) => {
        this.#running = false;
        this.#notBeforeMs = machine.now.monotonicMs + RETRY_MS;
        if (outcome.kind === 'reply') this.#adopt(hints, outcome, effort);
      },
      [],
    );
  }

  #adopt(hints: ZoneCut, usable: UsableReply, effort: Effort): void {
    const { machine } = this.#services;
    const nameServers = rrsetAt(usable.reply.answer, Name.root, RRType.NS);
    if (nameServers === undefined) return;
    const root = cutFromReferral(machine, hints, nameServers, usable.reply, usable.server);
    if (root.addresses.length > 0) {
      const primed = new ZoneCut({
        zone: Name.root,
        parent: undefined,
        addresses: root.addresses,
        nameServers: root.nameServers,
        unresolved: root.unresolved,
        forwarding: false,
        expiresAtMs: root.expiresAtMs,
      });
      primed.trust = hints.trust;
      machine.keepCut(primed);
    } else this.#notBeforeMs = machine.now.monotonicMs + RETRY_UNUSABLE_MS;
    const asked = { name: Name.root, type: RRType.NS };
    this.#validation.judgeRRset(nameServers, asked, hints, usable, effort, (judged) => {
      if (judged.kind !== 'accepted') return;
      keepRRset(machine, nameServers, judged, usable.reply.authoritative);
    });
  }
}
