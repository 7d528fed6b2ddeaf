/**
 * One step of QNAME minimisation: asks the servers of a zone for a name that has one label more, to
 * learn whether a zone cut is there. Equal probes in flight are one.
 */
import type { AnswerValidation } from './answer-validation.js';
import { Deferred } from './deferred.js';
import { adoptReferral } from './delegations.js';
import type { DescentServices, ProbeOutcome } from './descent-types.js';
import type { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import { InFlight } from './in-flight.js';
import type { Step } from './qname-minimisation.js';
import { keepDenial } from './learned.js';
import type { ZoneCut } from './zone-cut.js';

export class Probes {
  readonly #services: DescentServices;
  readonly #validation: AnswerValidation;
  readonly #inFlight = new InFlight<string, Deferred<ProbeOutcome>>();

  constructor(services: DescentServices, validation: AnswerValidation) {
    this.#services = services;
    this.#validation = validation;
  }

  probe(
    cut: ZoneCut,
    step: Step,
    effort: Effort,
    lineage: readonly string[],
  ): Deferred<ProbeOutcome> {
    // A look-up of server addresses waits for no other's probes: that could close a circle.
    const key = cut.zone.key + step.name.key + (lineage.at(-1) ?? '');
    const known = this.#inFlight.get(key);
    const { machine } = this.#services;
    if (known !== undefined && machine.isJoinable(known)) return known;
    const outcome = new Deferred<ProbeOutcome>(machine.now.monotonicMs);
    this.#inFlight.set(key, outcome);
    outcome.whenSettled(() => {
      if (this.#inFlight.get(key) === outcome) this.#inFlight.delete(key);
    });
    this.#ask(cut, step, effort, lineage, outcome);
    return outcome;
  }

  #ask(
    cut: ZoneCut,
    step: Step,
    effort: Effort,
    lineage: readonly string[],
    outcome: Deferred<ProbeOutcome>,
  ): void {
    const { machine } = this.#services;
    const exchange = this.#services.ask(
      cut,
      step.name,
      step.type,
      effort,
      (result) => {
        if (result.kind === 'failed') {
          outcome.settle({ kind: 'ask the whole name' });
          return;
        }
        const { classified } = result;
        switch (classified.kind) {
          case 'referral':
            outcome.settle({ kind: 'cut', cut: adoptReferral(machine, cut, result, classified) });
            return;
          case 'no data':
            outcome.settle({ kind: 'no cut' });
            return;
          case 'answer': {
            // Data of the name, perhaps the apex of a child that they serve too: go on, the answer
            // to the question itself will tell.
            const alias = result.reply.answer.some((set) => set.type !== step.type);
            outcome.settle({ kind: alias ? 'ask the whole name' : 'no cut' });
            return;
          }
          case 'name error':
            if (lineage.length > 0) outcome.settle({ kind: 'ask the whole name' });
            else this.#nameError(cut, step, result, effort, outcome, () => exchange.tryOthers());
        }
      },
      lineage,
    );
  }

  #nameError(
    cut: ZoneCut,
    step: Step,
    usable: UsableReply,
    effort: Effort,
    outcome: Deferred<ProbeOutcome>,
    tryOthers: () => boolean,
  ): void {
    const { machine } = this.#services;
    const asked = { name: step.name, type: step.type, kind: 'name error' } as const;
    this.#validation.judgeNegative(asked, cut, usable, effort, (judged) => {
      if (judged.kind === 'accepted' && judged.denial === 'no data') {
        // An empty non-terminal, whatever the reply code says.
        outcome.settle({ kind: 'no cut' });
        return;
      }
      if (judged.kind === 'accepted') {
        // Without proof the rcode alone is not believed for everything below, unless asked for.
        const isProven = judged.security.status === 'secure';
        const isBelieved = isProven || machine.config.minimisation === 'strict';
        if (isBelieved && !machine.hasAnchorBelow(step.name)) {
          keepDenial(machine, asked.name, asked.type, judged);
          outcome.settle({ kind: 'name error', denial: judged });
        } else outcome.settle({ kind: 'ask the whole name' });
        return;
      }
      if (judged.kind === 'bogus' && tryOthers()) return;
      outcome.settle({ kind: 'ask the whole name' });
    });
  }
}
