/**
 * What a worker has heard over UDP and not yet answered, in a file that outlives it: when it dies,
 * even by SIGKILL, the first process reads the file and gives the questions to the next worker.
 * The file has no name and is never synchronised, so noting a question is a copy into the page
 * cache of the system (about 2 µs), and only questions that have to wait are noted.
 */
import { fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UdpClient } from './listen-udp.js';

/** A question that nobody answers any more. */
export interface LostQuestion {
  /** Which of the fronts of a server, and which of the addresses of that front, has heard it. */
  readonly front: number;
  readonly listener: number;
  readonly host: string;
  readonly port: number;
  readonly octets: Uint8Array;
}

// Slots of one size: state, front, listener, octets of the host, port, octets of the message.
const SLOT_OCTETS = 512;
const HEAD_OCTETS = 8;
const SLOTS = 4_096;
const FREE = Uint8Array.of(0);
const NOTED = 1;

/** Memory, where the system has a folder that is nothing else. */
const FOLDERS = ['/dev/shm', tmpdir()];

/** A descriptor for the worker and for who reads after it; undefined where nothing is writable. */
export function openJournalFile(): number | undefined {
  for (const folder of FOLDERS) {
    const path = join(folder, `anchorite-${process.pid}-${performance.now()}`);
    try {
      const file = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return file;
    } catch {
      // The next folder may do; without any, questions die with their worker, as elsewhere.
    }
  }
  return undefined;
}

/** The worker's side. */
export class QuestionJournal {
  readonly #file: number;
  readonly #front: number;
  readonly #free: number[];
  readonly #slot = Buffer.alloc(SLOT_OCTETS);

  /** The fronts of one worker share the file and divide its slots. */
  constructor(file: number, front: number, fronts: number) {
    this.#file = file;
    this.#front = front;
    const slots = Math.floor(SLOTS / fronts);
    // Taken from the end, so that a quiet server uses the first pages only.
    this.#free = Array.from({ length: slots }, (_, index) => front * slots + slots - 1 - index);
  }

  /** Too long, or too many at once: then it is not noted. */
  note(listener: number, octets: Uint8Array, client: UdpClient): void {
    const slot = this.#slot;
    const hostOctets = slot.write(client.host, HEAD_OCTETS, 'latin1');
    const end = HEAD_OCTETS + hostOctets + octets.length;
    const index = end > SLOT_OCTETS ? undefined : this.#free.pop();
    if (index === undefined) return;
    slot[0] = NOTED;
    slot[1] = this.#front;
    slot[2] = listener;
    slot[3] = hostOctets;
    slot.writeUInt16BE(client.port, 4);
    slot.writeUInt16BE(octets.length, 6);
    slot.set(octets, HEAD_OCTETS + hostOctets);
    if (!this.#write(slot, end, index)) {
      this.#free.push(index);
      return;
    }
    client.whenSettled = () => {
      if (this.#write(FREE, 1, index)) this.#free.push(index);
    };
  }

  /** A full disk must not cost the answer. */
  #write(octets: Uint8Array, length: number, index: number): boolean {
    try {
      return writeSync(this.#file, octets, 0, length, index * SLOT_OCTETS) === length;
    } catch {
      return false;
    }
  }
}

/** What the worker that wrote this file has left unanswered. */
export function unansweredIn(file: number): readonly LostQuestion[] {
  const size = Math.min(fstatSync(file).size, SLOTS * SLOT_OCTETS);
  // The last slot is shorter in the file than in memory.
  const all = Buffer.alloc(Math.ceil(size / SLOT_OCTETS) * SLOT_OCTETS);
  readSync(file, all, 0, size, 0);
  const found: LostQuestion[] = [];
  for (let start = 0; start < all.length; start += SLOT_OCTETS) {
    const slot = all.subarray(start, start + SLOT_OCTETS);
    const [state, front = 0, listener = 0, hostOctets = 0] = slot;
    const messageAt = HEAD_OCTETS + hostOctets;
    const end = messageAt + slot.readUInt16BE(6);
    if (state !== NOTED || end > SLOT_OCTETS) continue;
    const host = slot.toString('latin1', HEAD_OCTETS, messageAt);
    const octets = Uint8Array.from(slot.subarray(messageAt, end));
    found.push({ front, listener, host, port: slot.readUInt16BE(4), octets });
  }
  return found;
}
