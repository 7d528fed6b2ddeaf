/** Collects the octets of one record's RDATA while its text is read. */

export class OctetSink {
  #octets = new Uint8Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#size = 0;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#octets[this.#size++] = value;
  }

  u16(value: number): void {
    this.u8(value >> 8);
    this.u8(value & 0xff);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  append(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#octets.set(octets, this.#size);
    this.#size += octets.length;
  }

  /** A copy of what was collected. */
  taken(): Uint8Array {
    return this.#octets.slice(0, this.#size);
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#octets.length) return;
    const grown = new Uint8Array(2 * (this.#size + count));
    grown.set(this.#octets);
    this.#octets = grown;
  }
}
