/**
 * Memory for entries, in large blocks: an entry is written once, at the end of the newest block of
 * its queue, and stays there until its block is given up as a whole. An array per entry would cost
 * several times what is in it.
 */

/** Before the key and the payload: slot, length of the key, length of the payload. */
export const ENTRY_HEAD_OCTETS = 4 + 2 + 4;

export class Block {
  readonly id: number;
  readonly octets: Uint8Array;
  /** Where the next entry goes. */
  end = 0;
  /** Of these: what belongs to entries that are still there. */
  live = 0;

  constructor(id: number, size: number) {
    this.id = id;
    this.octets = new Uint8Array(size);
  }

  hasRoomFor(octets: number): boolean {
    return this.end + octets <= this.octets.length;
  }

  /** Returns where the entry begins. */
  append(slot: number, key: string, payload: Uint8Array): number {
    const { octets } = this;
    const start = this.end;
    octets[start] = slot >>> 24;
    octets[start + 1] = slot >>> 16;
    octets[start + 2] = slot >>> 8;
    octets[start + 3] = slot;
    octets[start + 4] = key.length >> 8;
    octets[start + 5] = key.length;
    octets[start + 6] = payload.length >>> 24;
    octets[start + 7] = payload.length >>> 16;
    octets[start + 8] = payload.length >>> 8;
    octets[start + 9] = payload.length;
    let at = start + ENTRY_HEAD_OCTETS;
    for (let index = 0; index < key.length; index++) octets[at++] = key.charCodeAt(index);
    octets.set(payload, at);
    this.#grow(at + payload.length - start);
    return start;
  }

  /** An entry of another block, as it is. */
  copy(from: Block, start: number): number {
    const size = from.sizeAt(start);
    const to = this.end;
    this.octets.set(from.octets.subarray(start, start + size), to);
    this.#grow(size);
    return to;
  }

  slotAt(start: number): number {
    return this.#u32(start);
  }

  sizeAt(start: number): number {
    return ENTRY_HEAD_OCTETS + this.#keyLength(start) + this.#u32(start + 6);
  }

  hasKeyAt(start: number, key: string): boolean {
    if (this.#keyLength(start) !== key.length) return false;
    let at = start + ENTRY_HEAD_OCTETS;
    for (let index = 0; index < key.length; index++) {
      if (this.octets[at++] !== key.charCodeAt(index)) return false;
    }
    return true;
  }

  /** A copy, because the block may go while it is in use. */
  payloadAt(start: number): Uint8Array {
    const from = start + ENTRY_HEAD_OCTETS + this.#keyLength(start);
    return this.octets.slice(from, from + this.#u32(start + 6));
  }

  #grow(octets: number): void {
    this.end += octets;
    this.live += octets;
  }

  #keyLength(start: number): number {
    return (this.octets[start + 4]! << 8) | this.octets[start + 5]!;
  }

  #u32(at: number): number {
    const { octets } = this;
    return (
      octets[at]! * 0x1000000 + ((octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!)
    );
  }
}

/** Blocks in the order in which they were begun. */
export class BlockQueue {
  readonly blocks: Block[] = [];
  octets = 0;

  get newest(): Block | undefined {
    return this.blocks.at(-1);
  }

  push(block: Block): void {
    this.blocks.push(block);
    this.octets += block.octets.length;
  }

  remove(block: Block): boolean {
    const at = this.blocks.indexOf(block);
    if (at < 0) return false;
    this.blocks.splice(at, 1);
    this.octets -= block.octets.length;
    return true;
  }
}
