/**
 * A map that forgets what was not used lately. Two halves: when the younger is full the older is
 * dropped, so memory is bounded and nothing has to be ordered.
 */
export class RecentMap<V> {
  readonly #halfSize: number;
  #younger = new Map<string, V>();
  #older = new Map<string, V>();

  constructor(mostEntries: number) {
    this.#halfSize = Math.max(1, mostEntries >> 1);
  }

  get count(): number {
    return this.#younger.size + this.#older.size;
  }

  get(id: string): V | undefined {
    const young = this.#younger.get(id);
    if (young !== undefined) return young;
    const old = this.#older.get(id);
    if (old !== undefined) this.put(id, old);
    return old;
  }

  put(id: string, value: V): void {
    if (this.#younger.size >= this.#halfSize) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(id, value);
  }
}
