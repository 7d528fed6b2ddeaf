/** What the walk down needs from the rest of the resolver, and what its probes find. */
import type { Name } from '../wire/index.js';
import type { JudgedNegative } from './answer-validation.js';
import type { Deferred } from './deferred.js';
import type { Effort } from './effort.js';
import type { Exchange } from './exchange.js';
import type { ExchangeOutcome } from './exchange-types.js';
import type { Machine } from './machine.js';
import type { Step } from './qname-minimisation.js';
import type { ZoneCut } from './zone-cut.js';

export type ProbeOutcome =
  | { readonly kind: 'cut'; readonly cut: ZoneCut }
  /** Nothing is delegated at this name: one label more. */
  | { readonly kind: 'no cut' }
  | { readonly kind: 'name error'; readonly denial: Extract<JudgedNegative, { kind: 'accepted' }> }
  /** RFC 9156 §2.3: the servers do not take minimised names well. */
  | { readonly kind: 'ask the whole name' };

export interface DescentServices {
  readonly machine: Machine;
  ask(
    cut: ZoneCut,
    name: Name,
    type: number,
    effort: Effort,
    deliver: (outcome: ExchangeOutcome) => void,
    lineage: readonly string[],
  ): Exchange;
  probe(
    cut: ZoneCut,
    step: Step,
    effort: Effort,
    lineage: readonly string[],
  ): Deferred<ProbeOutcome>;
  /** Where to begin with `name`; DS records begin above their owner. */
  startingCut(name: Name, type: number, effort: Effort): ZoneCut;
  /** Lets the keys of a zone be fetched beside the question to its servers. */
  anticipateKeys(cut: ZoneCut, effort: Effort): void;
  /** True when the zone's keys will be fetched anew, so that judging again makes sense. */
  renewKeys(zone: Name): boolean;
}
