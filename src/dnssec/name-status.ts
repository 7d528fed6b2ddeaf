/** What the denial records of one response say about names: the terms shared by NSEC and NSEC3. */
import type { Name, RRset, TypeBitmap } from '../wire/index.js';
import type { DenialRecord } from './denial-evidence.js';
import type { Insecure } from './verdicts.js';

/** What the verdict leans on: the validated records of one proof. */
export type ProofRecord = Pick<DenialRecord<unknown>, 'rrset' | 'validated'>;

export type NameStatus = Existing | EmptyNonTerminal | Absent;

/** There is a record for the name itself. */
export interface Existing {
  readonly state: 'exists';
  readonly owner: Name;
  readonly types: TypeBitmap;
  readonly records: readonly ProofRecord[];
}

/** It has names below it and no data. With NSEC3 such a name "exists", with an empty bit map. */
export interface EmptyNonTerminal {
  readonly state: 'empty non-terminal';
  readonly records: readonly ProofRecord[];
}

/** Neither the name nor anything below it exists. */
export interface Absent {
  readonly state: 'absent';
  readonly closestEncloser: Name;
  /** RFC 5155 §6: but for unsigned delegations, of which the record keeps silent. */
  readonly optOut: boolean;
  readonly records: readonly ProofRecord[];
}

/** The records of one kind, NSEC or NSEC3, in one response. */
export interface DenialSource {
  readonly rrsets: readonly RRset[];
  /** RFC 9276 §3.2: the records ask for more hashing than the policy allows; set when proven. */
  insecure(): { readonly security: Insecure; readonly records: readonly ProofRecord[] } | undefined;
  /**
   * What is known of `name`; undefined, and the reason noted, when nothing is. `expected` only
   * says where to look first.
   */
  statusOf(name: Name, expected: 'exists' | 'absent'): NameStatus | undefined;
  /** The same for the wildcard of a closest encloser that another status told of. */
  statusOfWildcard(closestEncloser: Name): NameStatus | undefined;
  /** For a wildcard answer, whose signature tells the closest encloser: is this name absent? */
  statusOfNextCloser(nextCloser: Name): NameStatus | undefined;
}
