/** What an explanation tells. */
import type { Cause } from './causes.js';

export interface Since {
  /**
   * `since`: the fault began then. `at the latest since`: it was there when the records that show
   * it were signed, and may be older. `until`: it ends then by itself.
   */
  readonly how: 'since' | 'at the latest since' | 'until';
  readonly seconds: number;
}

export interface Explanation {
  readonly question: string;
  readonly verdict: 'secure' | 'insecure' | 'bogus' | 'no answer' | 'indeterminate';
  readonly cause: Cause | undefined;
  /** The validator's own code: 'signature expired', 'no DS', …; nothing when it judged nothing. */
  readonly reason: string | undefined;
  readonly sentence: string;
  readonly section: string | undefined;
  readonly zone: string;
  /** The RRset that shows it. */
  readonly record: string | undefined;
  /** Servers that gave the bad answer, or none. */
  readonly servers: readonly string[];
  readonly since: Since | undefined;
  /** What the records say, a line each: for those who want to look themselves. */
  readonly evidence: readonly string[];
  readonly operator: string;
  readonly owner: string;
  /** The zone's contact, from its SOA record. */
  readonly contact: string | undefined;
}
