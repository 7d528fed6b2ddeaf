/**
 * Entries by key, as octets in large blocks, bounded by all the memory that they take. What has to
 * go is chosen so that a flood of names that are asked for once cannot push out those that are
 * asked for again and again (the idea is S3-FIFO's: Yang et al., SOSP 2023). New entries
 * stand in a short queue; at its end those go that nobody asked for, the others move to the main
 * queue, at whose end they stay as long as they are asked for between two turns.
 */
import type { Security } from '../dnssec/index.js';
import { Block, BlockQueue, ENTRY_HEAD_OCTETS } from './octet-blocks.js';
import { SlotTable } from './slot-table.js';

export interface PackedStoreOptions {
  readonly maxOctets: number;
  /** 32 bits that nobody outside knows, so that collisions cannot be arranged. */
  readonly secret?: number | undefined;
}

export interface StoredFacts {
  readonly security: Security;
  readonly expiresAtMs: number;
  readonly originalTtlSeconds: number;
}

/** Blocks are a hundredth of the whole: what is dropped at once. */
const BLOCKS = 100;
const LEAST_BLOCK_OCTETS = 2_048;
const MOST_BLOCK_OCTETS = 262_144;
/** The share of new entries. */
const NEW_SHARE = 0.1;
const MOST_USES = 3;
/** No block is that large. */
const NOWHERE = 0xffffffff;
/** Hashes of entries that went while they were new: one that comes again was worth keeping. */
const REMEMBERED_HASHES = 16_384;

export class PackedStore {
  readonly #maxOctets: number;
  readonly #secret: number;
  readonly #blockOctets: number;
  readonly #fresh = new BlockQueue();
  readonly #main = new BlockQueue();
  #slots = new SlotTable();
  #blocks: (Block | undefined)[] = [];
  #gone: Int32Array | undefined;

  constructor({ maxOctets, secret = 0 }: PackedStoreOptions) {
    this.#maxOctets = maxOctets;
    this.#secret = secret | 0;
    const share = Math.floor(maxOctets / BLOCKS);
    this.#blockOctets = Math.min(Math.max(share, LEAST_BLOCK_OCTETS), MOST_BLOCK_OCTETS);
  }

  get sizeOctets(): number {
    return this.#fresh.octets + this.#main.octets + this.#slots.sizeOctets;
  }

  get count(): number {
    return this.#slots.count;
  }

  /** The slot of `key`, good until the next change; -1 when there is none. Latin-1 keys only. */
  find(key: string): number {
    const slots = this.#slots;
    return slots.find(this.#hash(key), (slot) =>
      this.#blockOf(slot).hasKeyAt(slots.start[slot]!, key),
    );
  }

  security(slot: number): Security {
    return this.#slots.security[slot]!;
  }

  expiresAtMs(slot: number): number {
    return this.#slots.expiresAtMs[slot]!;
  }

  originalTtlSeconds(slot: number): number {
    return this.#slots.ttlSeconds[slot]!;
  }

  tag(slot: number): number {
    return this.#slots.tag[slot]!;
  }

  /** The octets that were put in; counts as a use. */
  read(slot: number): Uint8Array {
    const { uses, start } = this.#slots;
    if (uses[slot]! < MOST_USES) uses[slot]!++;
    return this.#blockOf(slot).payloadAt(start[slot]!);
  }

  /** `tag`: 0 to 255, the owner's own. */
  put(key: string, payload: Uint8Array, facts: StoredFacts, tag: number): void {
    let slot = this.find(key);
    if (slot < 0) slot = this.#slots.add(this.#hash(key));
    else this.#abandon(slot);
    const hash = this.#slots.hashOf(slot);
    const isKnown = this.#slots.uses[slot]! > 0 || this.#forgetGone(hash);
    const queue = isKnown ? this.#main : this.#fresh;
    const block = this.#roomFor(ENTRY_HEAD_OCTETS + key.length + payload.length, queue);
    const slots = this.#slots;
    slots.start[slot] = block.append(slot, key, payload);
    slots.block[slot] = block.id;
    slots.expiresAtMs[slot] = facts.expiresAtMs;
    slots.ttlSeconds[slot] = facts.originalTtlSeconds;
    slots.tag[slot] = tag;
    slots.security[slot] = facts.security;
    while (this.sizeOctets > this.#maxOctets && this.#slots.count > 0) this.#makeRoom();
  }

  delete(key: string): void {
    const slot = this.find(key);
    if (slot < 0) return;
    this.#abandon(slot);
    this.#slots.remove(slot);
  }

  clear(): void {
    for (const queue of [this.#fresh, this.#main]) {
      for (const block of [...queue.blocks]) queue.remove(block);
    }
    this.#blocks = [];
    this.#slots = new SlotTable();
    this.#gone = undefined;
  }

  // --- blocks ---

  #blockOf(slot: number): Block {
    return this.#blocks[this.#slots.block[slot]!]!;
  }

  /** The entry's octets mean nothing any more; the slot stays. */
  #abandon(slot: number): void {
    const block = this.#blockOf(slot);
    block.live -= block.sizeAt(this.#slots.start[slot]!);
    this.#slots.start[slot] = NOWHERE;
    if (block.live === 0 && block !== this.#fresh.newest && block !== this.#main.newest) {
      this.#drop(block);
    }
  }

  #roomFor(octets: number, queue: BlockQueue): Block {
    if (queue.newest?.hasRoomFor(octets) === true) return queue.newest;
    this.#tidy();
    // What was moved may have begun a block, which has room left: one is enough.
    if (queue.newest?.hasRoomFor(octets) === true) return queue.newest;
    let id = this.#blocks.indexOf(undefined);
    if (id < 0) id = this.#blocks.length;
    const block = new Block(id, Math.max(this.#blockOctets, octets));
    this.#blocks[id] = block;
    queue.push(block);
    return block;
  }

  /** Blocks that are mostly empty, after many changes, are emptied into others. */
  #tidy(): void {
    for (const queue of [this.#fresh, this.#main]) {
      const mostlyEmpty = queue.blocks.find((block) => {
        return block !== queue.newest && block.live * 2 < block.end;
      });
      if (mostlyEmpty !== undefined) this.#empty(mostlyEmpty, () => queue);
    }
  }

  #drop(block: Block): void {
    if (!this.#fresh.remove(block)) this.#main.remove(block);
    this.#blocks[block.id] = undefined;
  }

  // --- what goes ---

  #makeRoom(): void {
    const isFreshFull = this.#fresh.octets > NEW_SHARE * this.#maxOctets;
    const queue = isFreshFull || this.#main.blocks.length === 0 ? this.#fresh : this.#main;
    const isNew = queue === this.#fresh;
    const { uses } = this.#slots;
    this.#empty(queue.blocks[0]!, (slot) => {
      if (uses[slot] === 0) {
        if (isNew) this.#rememberGone(this.#slots.hashOf(slot));
        return undefined;
      }
      uses[slot] = isNew ? 0 : uses[slot]! - 1;
      return this.#main;
    });
  }

  /** Entries move to the queue that `fate` says, or go; then the block goes. */
  #empty(block: Block, fate: (slot: number) => BlockQueue | undefined): void {
    if (!this.#fresh.remove(block)) this.#main.remove(block);
    const slots = this.#slots;
    for (let at = 0; at < block.end; at += block.sizeAt(at)) {
      const slot = block.slotAt(at);
      if (slots.block[slot] !== block.id || slots.start[slot] !== at) continue;
      if (slots.security[slot] === undefined) continue;
      const queue = fate(slot);
      if (queue === undefined) {
        slots.remove(slot);
        continue;
      }
      const to = this.#roomFor(block.sizeAt(at), queue);
      slots.start[slot] = to.copy(block, at);
      slots.block[slot] = to.id;
    }
    this.#blocks[block.id] = undefined;
  }

  #rememberGone(hash: number): void {
    this.#gone ??= new Int32Array(REMEMBERED_HASHES);
    this.#gone[hash & (REMEMBERED_HASHES - 1)] = hash;
  }

  #forgetGone(hash: number): boolean {
    const at = hash & (REMEMBERED_HASHES - 1);
    if (this.#gone === undefined || this.#gone[at] !== hash || hash === 0) return false;
    this.#gone[at] = 0;
    return true;
  }

  #hash(key: string): number {
    let hash = this.#secret ^ 0x811c9dc5;
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return hash ^ (hash >>> 15);
  }
}
