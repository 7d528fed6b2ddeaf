/** What one client question may still cost, shared by everything that is done on its behalf. */
import { WorkBudget, type WorkLimits } from '../dnssec/index.js';
import { LIMITS } from './limits.js';

export type Spent = 'upstream queries' | 'upstream octets' | 'time';

export class Effort {
  readonly work: WorkBudget;
  readonly deadlineMs: number;
  /** Nobody waits for it: prefetch and refresh. */
  readonly background: boolean;
  #queries: number = LIMITS.upstreamQueries.value;
  #octets: number = LIMITS.upstreamOctets.value;
  #spent: Spent | undefined;

  constructor(limits: WorkLimits, startMs: number, background: boolean) {
    this.work = new WorkBudget(limits);
    this.deadlineMs = startMs + LIMITS.questionMs.value;
    this.background = background;
  }

  /** The bound that was hit first, if any. */
  get spent(): Spent | undefined {
    return this.#spent;
  }

  get queriesSent(): number {
    return LIMITS.upstreamQueries.value - this.#queries;
  }

  takeQuery(nowMs: number): boolean {
    if (nowMs >= this.deadlineMs) this.#spent ??= 'time';
    else if (this.#queries <= 0) this.#spent ??= 'upstream queries';
    if (this.#spent !== undefined) return false;
    this.#queries--;
    return true;
  }

  takeOctets(octets: number): boolean {
    this.#octets -= octets;
    if (this.#octets < 0) this.#spent ??= 'upstream octets';
    return this.#spent === undefined;
  }
}
