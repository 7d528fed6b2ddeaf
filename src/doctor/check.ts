/** What one check is, and what it finds. */
import type { Facts } from './facts.js';

export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly wrong: string;
  /** Why it matters for mail. */
  readonly matters: string;
  /** The line, the command or the step that repairs it. */
  readonly fix: string;
}

/** Undefined: nothing is wrong, or nothing is known. */
export interface Check {
  readonly matters: string;
  find(facts: Facts): { readonly wrong: string; readonly fix: string } | undefined;
}
