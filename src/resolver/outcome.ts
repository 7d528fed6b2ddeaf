/** How one resolution ended, in a form that every waiter can take what it needs from. */
import type { Bogus, Security } from '../dnssec/index.js';
import type { ExtendedError, RRset } from '../wire/index.js';
import type { Unchecked } from './resolution-types.js';

/** A validated or provably unvalidatable RRset with the instant at which it must be forgotten. */
export interface HeldRRset {
  readonly rrset: RRset;
  readonly security: Security;
  readonly expiresAtMs: number;
  /** No reply shows more; undefined: what is left of its life. */
  readonly originalTtlSeconds?: number;
  readonly proof: readonly RRset[];
}

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly rcode: number;
      readonly answer: readonly HeldRRset[];
      readonly authority: readonly HeldRRset[];
      /** The status of the denial, when there is one. */
      readonly denial: Security | undefined;
      readonly fromCache: boolean;
      readonly stale: boolean;
      /** No server answered, and RFC 7672 §2.2.2 lets that pass for no data. */
      readonly unanswered?: readonly ExtendedError[];
    }
  | {
      readonly kind: 'failed';
      /** Why the data may not be used; undefined when there was none. */
      readonly bogus: Bogus | undefined;
      readonly errors: readonly ExtendedError[];
      readonly sentence: string;
      readonly unchecked: Unchecked | undefined;
      readonly fromCache: boolean;
    };
