/**
 * The NSEC or NSEC3 RRsets of one response as evidence. A record counts only once its own signature
 * was verified with the keys of the zone, and that is done when a proof first leans on it.
 */
import type { Name, RRset } from '../wire/index.js';
import { type Bogus, type BogusReason, bogus } from './bogus-reasons.js';
import type { ValidationContext } from './validation-context.js';
import { type ValidatedRRset, validateRRset } from './verify-rrset.js';
import type { ZoneKeys } from './zone-keys.js';

/** Why no proof was found. The failure that explains most is kept, of equal ones the first. */
export class Failures {
  readonly zone: Name;
  readonly #owner: Name;
  readonly #type: number;
  #weight = 0;
  #reason: BogusReason | undefined;
  #bogus: Bogus | undefined;

  /** `owner` and `type` are what the proof is about. */
  constructor(zone: Name, owner: Name, type: number) {
    this.zone = zone;
    this.#owner = owner;
    this.#type = type;
  }

  /** A gap: a piece of the proof is not there. */
  lacking(reason: BogusReason): void {
    this.#note(1, reason);
  }

  /** A record is there that says the contrary, or may not be used for this. */
  refused(reason: BogusReason): void {
    this.#note(2, reason);
  }

  /** A record that was needed does not validate. */
  invalid(verdict: Bogus): void {
    // Running out of work outweighs all: nothing is known about what was left.
    this.#note(verdict.reason.startsWith('budget') ? 4 : 3, verdict.reason, verdict);
  }

  exhausted(reason: BogusReason): void {
    this.#note(4, reason);
  }

  /** Work ran out: then what was found out so far is not to be relied on. */
  get ranOut(): boolean {
    return this.#weight === 4;
  }

  verdict(): Bogus {
    if (this.#bogus !== undefined) return this.#bogus;
    const facts = { zone: this.zone, owner: this.#owner, type: this.#type };
    return bogus(this.#reason ?? 'denial missing', facts);
  }

  #note(weight: number, reason: BogusReason, verdict?: Bogus): void {
    if (weight <= this.#weight) return;
    this.#weight = weight;
    this.#reason = reason;
    this.#bogus = verdict;
  }
}

/** One denial record, whose signature is checked at most once. */
export class DenialRecord<T> {
  readonly rrset: RRset;
  readonly data: T;
  readonly #keys: ZoneKeys;
  readonly #ctx: ValidationContext;
  readonly #failures: Failures;
  #verdict: ValidatedRRset | 'refused' | undefined;

  constructor(rrset: RRset, data: T, keys: ZoneKeys, ctx: ValidationContext, failures: Failures) {
    this.rrset = rrset;
    this.data = data;
    this.#keys = keys;
    this.#ctx = ctx;
    this.#failures = failures;
  }

  get isValid(): boolean {
    this.#verdict ??= this.#judge();
    return this.#verdict !== 'refused';
  }

  /** Only after `isValid` said so. */
  get validated(): ValidatedRRset {
    if (!this.isValid) throw new Error('a denial record was used without a valid signature');
    return this.#verdict as ValidatedRRset;
  }

  #judge(): ValidatedRRset | 'refused' {
    const verdict = validateRRset(this.rrset, this.#keys, this.#ctx);
    if (verdict.status === 'bogus') {
      this.#failures.invalid(verdict);
      return 'refused';
    }
    // RFC 4592 §4.7: a denial record made from a wildcard describes the wildcard's place in the
    // chain, not that of the name it was put under.
    if (verdict.wildcard !== undefined) {
      this.#failures.refused('denial: from a wildcard');
      return 'refused';
    }
    return verdict;
  }
}
