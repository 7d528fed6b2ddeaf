/**
 * What is under way, by key. A Map would do, but for V8's collector: when a Map outgrows its table,
 * the old table keeps all that was in it, and a link to the new one. As soon as one of a busy Map's
 * tables has outlived two collections of the young generation, those that follow hang on it, and
 * with them nearly everything that ever was under way: a third of what a question allocates was
 * still there when the whole heap was collected. Here old tables hold nothing but emptied cells.
 */
interface Cell<V> {
  value: V | undefined;
}

export class InFlight<K, V extends object> {
  readonly #cells = new Map<K, Cell<V>>();

  get size(): number {
    return this.#cells.size;
  }

  has(key: K): boolean {
    return this.#cells.has(key);
  }

  get(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: K, value: V): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { value });
    else cell.value = value;
  }

  delete(key: K): boolean {
    const cell = this.#cells.get(key);
    if (cell === undefined) return false;
    cell.value = undefined;
    return this.#cells.delete(key);
  }

  clear(): void {
    for (const cell of this.#cells.values()) cell.value = undefined;
    this.#cells.clear();
  }

  oldest(): V | undefined {
    for (const { value } of this.#cells.values()) return value;
    return undefined;
  }

  /** This and the following: the oldest first. */
  keys(): IterableIterator<K> {
    return this.#cells.keys();
  }

  *entries(): Generator<[K, V]> {
    for (const [key, { value }] of this.#cells) if (value !== undefined) yield [key, value];
  }

  *values(): Generator<V> {
    for (const { value } of this.#cells.values()) if (value !== undefined) yield value;
  }
}
