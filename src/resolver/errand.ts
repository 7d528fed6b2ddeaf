/** What one resolution is sent for. */
import type { Name } from '../wire/index.js';
import type { Effort } from './effort.js';

export interface Errand {
  readonly name: Name;
  readonly type: number;
  readonly effort: Effort;
  /**
   * `answer`: for clients, judged and kept. `unjudged`: server addresses, and RRSIG records as
   * such; nothing is judged, nothing kept.
   */
  readonly purpose: 'answer' | 'unjudged';
  /** The name server names whose addresses are being looked up on its behalf. */
  readonly lineage: readonly string[];
  /** A refresh: what is cached is about to expire. */
  readonly skipCache: boolean;
}
