/** Messages over a byte stream: two octets of length before each (RFC 1035 §4.2.2, RFC 7766 §8). */
import { plainOctets } from './octets.js';
import { HEADER_OCTETS } from './reader.js';

const MAX_FRAMED_OCTETS = 0xffff;

/** The message behind its length; encodeMessage sees to it that it has 65,535 octets at most. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length);
  framed[0] = message.length >> 8;
  framed[1] = message.length & 0xff;
  framed.set(message, 2);
  return framed;
}

/**
 * Cuts a stream into messages. Memory follows the octets that arrived, not the length that was
 * announced; a length too short for a header breaks the stream for good, as nothing after it can
 * be trusted to be a message.
 */
export class TcpDeframer {
  #buffer = new Uint8Array(0);
  #used = 0;
  #broken = false;

  /** True after an impossible length: the connection is to be closed. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Octets held of a message that is not complete yet, its length included. */
  get pendingOctets(): number {
    return this.#used;
  }

  /** Takes what the stream brought and returns the messages it completes, as copies. */
  push(chunk: Uint8Array): Uint8Array[] {
    const octets = plainOctets(chunk);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < octets.length && !this.#broken) {
      if (this.#used === 0 && octets.length - at >= 2) {
        // Nothing is pending: a message that lies whole in the chunk is copied once.
        const length = this.#checkedLength(octets[at]!, octets[at + 1]!);
        if (this.#broken) break;
        const end = at + 2 + length;
        if (end <= octets.length) {
          messages.push(octets.slice(at + 2, end));
          at = end;
          continue;
        }
      }
      at = this.#collect(octets, at, messages);
    }
    if (this.#broken) this.#drop();
    return messages;
  }

  /** Adds to the pending message as much as it lacks; returns where the chunk goes on. */
  #collect(octets: Uint8Array, at: number, messages: Uint8Array[]): number {
    if (this.#used < 2) {
      const wanted = Math.min(2 - this.#used, octets.length - at);
      this.#append(octets, at, at + wanted);
      at += wanted;
      if (this.#used < 2) return at;
    }
    const length = this.#checkedLength(this.#buffer[0]!, this.#buffer[1]!);
    if (this.#broken) return at;
    const wanted = Math.min(2 + length - this.#used, octets.length - at);
    this.#append(octets, at, at + wanted);
    if (this.#used === 2 + length) {
      messages.push(this.#buffer.slice(2, this.#used));
      this.#drop();
    }
    return at + wanted;
  }

  #checkedLength(high: number, low: number): number {
    const length = (high << 8) | low;
    if (length < HEADER_OCTETS) this.#broken = true;
    return length;
  }

  #append(octets: Uint8Array, start: number, end: number): void {
    const needed = this.#used + end - start;
    if (needed > this.#buffer.length) {
      const room = Math.min(Math.max(needed, 2 * this.#buffer.length, 512), MAX_FRAMED_OCTETS + 2);
      const grown = new Uint8Array(room);
      grown.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = grown;
    }
    this.#buffer.set(octets.subarray(start, end), this.#used);
    this.#used = needed;
  }

  #drop(): void {
    this.#used = 0;
    this.#buffer = new Uint8Array(0);
  }
}
