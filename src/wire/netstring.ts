/** Netstrings over a byte stream (cr.yp.to/proto/netstrings.txt): `5:hello,`. */
import { plainOctets } from './octets.js';

const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;

export function netstring(content: Uint8Array): Uint8Array {
  const head = Uint8Array.from(`${content.length}:`, (character) => character.charCodeAt(0));
  const whole = new Uint8Array(head.length + content.length + 1);
  whole.set(head);
  whole.set(content, head.length);
  whole[whole.length - 1] = COMMA;
  return whole;
}

/**
 * Cuts a stream into the contents of netstrings. Memory follows what has arrived, and a length
 * beyond the limit, or anything that is no netstring, breaks the stream for good.
 */
export class NetstringReader {
  readonly #maxOctets: number;
  #held = new Uint8Array(0);
  #broken = false;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  /** Nothing that follows can be understood: the connection is to be closed. */
  get broken(): boolean {
    return this.#broken;
  }

  get heldOctets(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    const octets = plainOctets(chunk);
    const joined = new Uint8Array(this.#held.length + octets.length);
    joined.set(this.#held);
    joined.set(octets, this.#held.length);
    this.#held = joined;
  }

  /** The next whole content; undefined when there is none yet. */
  next(): Uint8Array | undefined {
    if (this.#broken) return undefined;
    const held = this.#held;
    const digits = String(this.#maxOctets).length;
    let at = 0;
    let length = 0;
    for (; at < held.length && held[at] !== COLON; at++) {
      const digit = held[at]! - ZERO;
      // Digits only, no more of them than the limit has, and no zero in front of others.
      const isWrong = !(digit >= 0 && digit <= 9) || at >= digits || (at > 0 && held[0] === ZERO);
      if (isWrong) return this.#break();
      length = length * 10 + digit;
    }
    if (at === held.length) return undefined;
    if (at === 0 || length > this.#maxOctets) return this.#break();
    const end = at + 1 + length;
    if (end >= held.length) return undefined;
    if (held[end] !== COMMA) return this.#break();
    this.#held = held.subarray(end + 1);
    return held.slice(at + 1, end);
  }

  #break(): undefined {
    this.#broken = true;
    this.#held = new Uint8Array(0);
    return undefined;
  }
}
