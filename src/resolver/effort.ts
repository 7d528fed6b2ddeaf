/** What one client question may still cost, shared by everything that is done on its behalf. */
import { WorkBudget, type WorkLimits } from '../dnssec/index.js';
import type { Name } from '../wire/index.js';
import type { UsableReply } from './exchange-types.js';
import { LIMITS } from './limits.js';
import type { ZoneCut } from './zone-cut.js';

export type Spent = 'upstream queries' | 'upstream octets' | 'time';

/** A reply with an alias whose authority section may say what lies on the way to the target. */
export interface Evidence {
  readonly target: Name;
  readonly cut: ZoneCut;
  readonly usable: UsableReply;
}

export class Effort {
  readonly work: WorkBudget;
  readonly deadlineMs: number;
  /** Unjudged; the newest last. */
  readonly evidence: Evidence[] = [];
  #background: boolean;
  #queries: number = LIMITS.upstreamQueries.value;
  #octets: number = LIMITS.upstreamOctets.value;
  #spent: Spent | undefined;

  constructor(limits: WorkLimits, startMs: number, background: boolean) {
    this.work = new WorkBudget(limits);
    this.deadlineMs = startMs + LIMITS.questionMs.value;
    this.#background = background;
  }

  /** Nobody waits for it: prefetch and refresh. */
  get background(): boolean {
    return this.#background;
  }

  /** Somebody waits for it from now on. */
  awaited(): void {
    this.#background = false;
  }

  /** The bound that was hit first, if any. */
  get spent(): Spent | undefined {
    return this.#spent;
  }

  /** Nothing that is missing now may be put down to anybody else. */
  get hasRunOut(): boolean {
    return this.#spent !== undefined || this.work.exhausted !== undefined;
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
