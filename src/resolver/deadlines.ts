/** Timers of the machine: a binary heap of instants; cancelled ones go when they reach the top. */

const NOTHING = (): void => {};

export class Timer {
  readonly atMs: number;
  #fire: () => void;

  constructor(atMs: number, fire: () => void) {
    this.atMs = atMs;
    this.#fire = fire;
  }

  get isCancelled(): boolean {
    return this.#fire === NOTHING;
  }

  /** Lets go of what it would have done at once, though it stays in the heap for a while. */
  cancel(): void {
    this.#fire = NOTHING;
  }

  fire(): void {
    const fire = this.#fire;
    this.#fire = NOTHING;
    fire();
  }
}

export class Deadlines {
  readonly #heap: Timer[] = [];

  schedule(atMs: number, fire: () => void): Timer {
    const timer = new Timer(atMs, fire);
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (heap[up]!.atMs <= atMs) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = timer;
    return timer;
  }

  /** The next instant at which something is due, in monotonic milliseconds. */
  nextMs(): number | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.isCancelled) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** Fires what is due at `nowMs`, in order; timers set meanwhile fire too if they are due. */
  fireDue(nowMs: number): void {
    for (;;) {
      const next = this.nextMs();
      if (next === undefined || next > nowMs) return;
      this.#pop().fire();
    }
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let down = 2 * at + 1;
        if (down >= heap.length) break;
        if (down + 1 < heap.length && heap[down + 1]!.atMs < heap[down]!.atMs) down++;
        if (heap[down]!.atMs >= last.atMs) break;
        heap[at] = heap[down]!;
        at = down;
      }
      heap[at] = last;
    }
    return top;
  }
}
