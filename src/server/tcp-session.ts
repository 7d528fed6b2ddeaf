/**
 * One client's TCP connection as RFC 7766 wants it, without the socket: octets in, whole messages
 * out as long as few enough are unanswered, and the instant at which patience ends.
 */
import { plainOctets } from '../wire/index.js';
import { CLIENT_LIMITS } from './client-limits.js';

const LENGTH_OCTETS = 2;
const HEADER_OCTETS = 12;
const MAX_FRAMED_OCTETS = LENGTH_OCTETS + CLIENT_LIMITS.tcpMessageOctets.value;

export class TcpSession {
  #held = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #inFlight = 0;
  #sawQuery = false;
  #broken = false;
  #lastProgressMs: number;
  #unreadSinceMs: number | undefined;

  constructor(nowMs: number) {
    this.#lastProgressMs = nowMs;
  }

  /** A length was announced that no message has: nothing after it can be trusted. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Queries whose replies have not been handed to the kernel yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Nothing is under way, so the connection may make room for another. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  /** RFC 7766 §7 bounds pipelining: reading stops while too much is unanswered. */
  get wantsReading(): boolean {
    return !this.#broken && this.#inFlight < CLIENT_LIMITS.tcpQueriesInFlight.value;
  }

  /** Octets that arrived and belong to no message taken yet. */
  get heldOctets(): number {
    return this.#end - this.#start;
  }

  /** Memory follows what has arrived, not the length that was announced. */
  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    const octets = plainOctets(chunk);
    const kept = this.heldOctets;
    if (this.#end + octets.length > this.#held.length) {
      // Doubling, so that a message that arrives octet by octet is not copied for each of them.
      const room = Math.max(kept + octets.length, Math.min(2 * kept, MAX_FRAMED_OCTETS));
      const grown = new Uint8Array(room);
      grown.set(this.#held.subarray(this.#start, this.#end));
      this.#held = grown;
      this.#start = 0;
      this.#end = kept;
    }
    this.#held.set(octets, this.#end);
    this.#end += octets.length;
  }

  /** The next whole message; undefined when there is none, or too many are unanswered. */
  next(nowMs: number): Uint8Array | undefined {
    if (!this.wantsReading || this.heldOctets < LENGTH_OCTETS) return undefined;
    const length = (this.#held[this.#start]! << 8) | this.#held[this.#start + 1]!;
    if (length < HEADER_OCTETS) {
      this.#broken = true;
      this.#drop();
      return undefined;
    }
    const from = this.#start + LENGTH_OCTETS;
    if (from + length > this.#end) return undefined;
    const message = this.#held.slice(from, from + length);
    this.#start = from + length;
    if (this.#start === this.#end) this.#drop();
    this.#inFlight++;
    this.#sawQuery = true;
    this.#lastProgressMs = nowMs;
    return message;
  }

  /** A message taken with `next` gets no reply. */
  skipped(): void {
    this.#inFlight--;
  }

  /** A reply was written; it counts until the kernel has taken it. */
  replyWritten(nowMs: number): void {
    this.#unreadSinceMs ??= nowMs;
  }

  /** The kernel has taken one reply; `allTaken` when no other is waiting. */
  replyTaken(nowMs: number, allTaken: boolean): void {
    this.#inFlight--;
    this.#lastProgressMs = nowMs;
    this.#unreadSinceMs = allTaken ? undefined : nowMs;
  }

  /**
   * When to close, should nothing happen until then; undefined while the resolver has the word. A
   * part of a message moves nothing: else one octet a second would hold a connection for ever.
   */
  deadlineMs(): number | undefined {
    if (this.#unreadSinceMs !== undefined) {
      return this.#unreadSinceMs + CLIENT_LIMITS.tcpUnreadMs.value;
    }
    if (this.#inFlight > 0) return undefined;
    const patience = this.#sawQuery ? CLIENT_LIMITS.tcpIdleMs : CLIENT_LIMITS.tcpFirstQueryMs;
    return this.#lastProgressMs + patience.value;
  }

  #drop(): void {
    this.#held = new Uint8Array(0);
    this.#start = 0;
    this.#end = 0;
  }
}
