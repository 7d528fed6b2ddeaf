/**
 * Drives a DANE decision with the resolver: makes the look-ups that it asks for, all of one step
 * at once, and hands their resolutions back. The decision is made in `dane/`.
 */
import {
  DANE_LIMITS,
  type DaneDecision,
  decideDane,
  type Deciding,
  type Destination,
  type Lookup,
} from '../dane/index.js';
import type { Resolution } from '../resolver/index.js';
import { unresolved } from '../server/index.js';
import { EdeCode } from '../wire/index.js';
import type { Driver } from './driver.js';

export interface DecisionEnd {
  decided(decision: DaneDecision): void;
  /** A broken invariant: it fails this decision and no other. */
  broke(error: unknown): void;
}

const TOO_LATE = unresolved([
  { code: EdeCode.NO_REACHABLE_AUTHORITY, text: 'there was no time left for this look-up' },
]);

/** One of the two ends is called exactly once, perhaps before this returns; none after `cancel`. */
export function decideWith(
  driver: Driver,
  destination: Destination,
  end: DecisionEnd,
): { cancel(): void } {
  const running = new RunningDecision(driver, destination, end);
  running.start();
  return running;
}

class RunningDecision {
  readonly #driver: Driver;
  readonly #deciding: Deciding<DaneDecision>;
  readonly #end: DecisionEnd;
  /** Look-ups of this step without an answer: the handle, and the place among the answers. */
  readonly #open = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #answers: Resolution[] = [];
  #missing = 0;
  #late = false;
  #ended = false;

  constructor(driver: Driver, destination: Destination, end: DecisionEnd) {
    this.#driver = driver;
    this.#deciding = decideDane(destination);
    this.#end = end;
    this.#timer = setTimeout(() => this.#giveUp(), DANE_LIMITS.decisionMs.value);
  }

  start(): void {
    this.#advance(() => this.#deciding.next());
  }

  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const handle of this.#open.keys()) this.#driver.cancel(handle);
    this.#open.clear();
  }

  /** What is not known by now counts as failed, so the decision comes, and fails closed. */
  #giveUp(): void {
    this.#late = true;
    const open = [...this.#open];
    this.#open.clear();
    for (const [handle] of open) this.#driver.cancel(handle);
    for (const [, index] of open) this.#answered(index, TOO_LATE);
  }

  #advance(step: () => IteratorResult<readonly Lookup[], DaneDecision>): void {
    if (this.#ended) return;
    try {
      const { done, value } = step();
      if (done === true) {
        this.cancel();
        this.#end.decided(value);
        return;
      }
      this.#answers = [];
      this.#missing = value.length;
      value.forEach(({ name, type }, index) => this.#ask(name, type, index));
    } catch (error) {
      if (this.#ended) throw error;
      this.cancel();
      this.#end.broke(error);
    }
  }

  #ask(name: Destination['name'], type: number, index: number): void {
    if (this.#late) {
      this.#answered(index, TOO_LATE);
      return;
    }
    const handle = this.#driver.newHandle();
    this.#open.set(handle, index);
    const how = { checkingDisabled: false, recursionDesired: true } as const;
    this.#driver.ask({ kind: 'question', handle, name, type, ...how }, (resolution) => {
      if (this.#open.delete(handle)) this.#answered(index, resolution);
    });
  }

  #answered(index: number, resolution: Resolution): void {
    this.#answers[index] = resolution;
    this.#missing--;
    const answers = this.#answers;
    if (this.#missing === 0) this.#advance(() => this.#deciding.next(answers));
  }
}
