/**
 * A value that is not there yet, with listeners that run at once when it comes. Synchronous on
 * purpose: the order of work is the order of events, so a run can be replayed.
 */
export class Deferred<T> {
  /** When the work for it began, on whatever clock its owner has. */
  readonly sinceMs: number;
  #value: { readonly value: T } | undefined;
  #listeners: ((value: T) => void)[] = [];

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  static of<T>(value: T): Deferred<T> {
    const deferred = new Deferred<T>(0);
    deferred.#value = { value };
    return deferred;
  }

  get value(): T | undefined {
    return this.#value?.value;
  }

  get isSettled(): boolean {
    return this.#value !== undefined;
  }

  /** Calls `listener` now when the value is there, otherwise when it comes; once. */
  whenSettled(listener: (value: T) => void): void {
    if (this.#value !== undefined) listener(this.#value.value);
    else this.#listeners.push(listener);
  }

  /** Later calls are ignored: the first value stands. */
  settle(value: T): void {
    if (this.#value !== undefined) return;
    this.#value = { value };
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(value);
  }
}
