/** What the chain of trust says about a zone cut and about a zone's keys. */
import type { Bogus, DsSet, Indeterminate, Insecure, ZoneKeys } from '../dnssec/index.js';
import type { ExtendedError } from '../wire/index.js';

/** The parent's word about a child zone. */
export type CutDelegation =
  | { readonly kind: 'signed'; readonly ds: DsSet; readonly expiresAtMs: number }
  | { readonly kind: 'unsigned'; readonly security: Insecure; readonly expiresAtMs: number }
  | { readonly kind: 'not a cut'; readonly nameError: boolean; readonly expiresAtMs: number }
  | { readonly kind: 'bogus'; readonly security: Bogus }
  | { readonly kind: 'indeterminate'; readonly security: Indeterminate }
  | Unreachable;

/** Whether, and by which keys, the data of a zone can be judged. */
export type CutTrust =
  | {
      readonly kind: 'secure';
      readonly keys: ZoneKeys;
      readonly fetchedAtMs: number;
      readonly expiresAtMs: number;
    }
  | { readonly kind: 'insecure'; readonly security: Insecure; readonly expiresAtMs: number }
  | { readonly kind: 'bogus'; readonly security: Bogus }
  | { readonly kind: 'indeterminate'; readonly security: Indeterminate }
  | Unreachable;

/** Nobody gave an answer: not a verdict, and never a way to become insecure. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly errors: readonly ExtendedError[];
  readonly sentence: string;
}
