/**
 * RFC 9156: how much of a name the servers of a zone get to see. `relaxed` hides names from the
 * root and the top-level domains only: below them a whole name costs fewer round trips and never
 * trips over servers that mishandle empty non-terminals such as `_tcp`.
 */
import { type Name, RRType } from '../wire/index.js';
import { LIMITS } from './limits.js';

/** RFC 9156 §2.1: the type that servers and what stands before them mishandle least. */
export const PROBE_TYPE = RRType.A;

export type Minimisation = 'strict' | 'relaxed' | 'off';

export interface Step {
  readonly name: Name;
  readonly type: number;
  /** Only looks for a zone cut; the real question is still to come. */
  readonly isProbe: boolean;
}

/**
 * The next question to the servers of `zone` about `name`. `knownLabels` is the number of labels
 * below which no zone cut was found so far; `steps` counts the probes already spent.
 */
export function nextStep(
  mode: Minimisation,
  zone: Name,
  name: Name,
  type: number,
  knownLabels: number,
  steps: number,
): Step {
  const whole: Step = { name, type, isProbe: false };
  if (mode === 'off' || steps >= LIMITS.minimisationSteps.value) return whole;
  if (mode === 'relaxed' && zone.labelCount > 1) return whole;
  const labels = Math.max(zone.labelCount, knownLabels) + 1;
  // DS records are the parent's: the last label is asked with the question itself.
  if (labels > name.labelCount || (labels === name.labelCount && type === RRType.DS)) return whole;
  const probe = name.suffix(labels);
  if (labels === name.labelCount) {
    // Strict: RFC 9156 §2.3 step 6, the whole name is asked with its own type. And where that is
    // the probes' type, there is nothing to hide.
    return type === PROBE_TYPE || (mode === 'strict' && zone.labelCount > 1)
      ? whole
      : { name: probe, type: PROBE_TYPE, isProbe: true };
  }
  // Underscore labels name services, not zones (RFC 8552); stepping over them gains nothing.
  if (probe.octets[1] === 0x5f) return whole;
  return { name: probe, type: PROBE_TYPE, isProbe: true };
}
