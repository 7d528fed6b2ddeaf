// Holds what became of a message against what must become of it.

import type { Deviation, Fate, MailCase } from './mail-cases.js';
import type { MailOutcome, MailProgram } from './mail-program.js';
import type { Delivered } from './smtp-sink.js';

export interface Verdict {
  readonly fate: Fate | 'lost';
  readonly faults: readonly string[];
  /** The deviation that this program is known for, when it showed. */
  readonly deviation?: Deviation;
}

function fateOf(outcome: MailOutcome): Fate {
  if (outcome.status !== 'sent') return outcome.status;
  return outcome.verified ? 'verified' : 'unverified';
}

function arrivalFaults(host: string | undefined, arrived: readonly Delivered[]): string[] {
  if (host === undefined) {
    return arrived.map((each) => `arrived at ${each.host} all the same`);
  }
  if (arrived.length === 0) return [`arrived nowhere, not at ${host}`];
  if (arrived.length > 1) return [`arrived ${arrived.length} times`];
  const [{ host: where, tls }] = arrived as [Delivered];
  if (where !== host) return [`arrived at ${where}, not at ${host}`];
  return tls === '' ? ['arrived without TLS'] : [];
}

/** Sentences about what is not as it must be; none when it is. */
export function judgeMail(
  mailCase: MailCase,
  program: MailProgram,
  outcome: MailOutcome | undefined,
  arrived: readonly Delivered[],
): Verdict {
  if (outcome === undefined) {
    return { fate: 'lost', faults: ['the program did not come to an end with it'] };
  }
  const fate = fateOf(outcome);
  const deviation = mailCase.deviations?.[program.id];
  const wanted = deviation?.fate ?? mailCase.fate;
  const faults: string[] = [];
  if (fate !== wanted) faults.push(`${fate}, not ${wanted}: ${outcome.line}`);
  const arrives = wanted === 'verified' || wanted === 'unverified';
  if (!program.onlyLooks) {
    const host = arrives ? (deviation?.host ?? mailCase.host) : undefined;
    faults.push(...arrivalFaults(host, arrived));
  }
  const fits = program.id !== 'postfix' || (mailCase.reason?.test(outcome.line) ?? true);
  if (!arrives && !fits) faults.push(`another reason than ${mailCase.reason}: ${outcome.line}`);
  return deviation === undefined ? { fate, faults } : { fate, faults, deviation };
}
