/**
 * Whole replies as octets: the shortest way from a request to its answer. A hit copies the reply,
 * puts in the request's ID and its question in its own letter case (draft-vixie-dnsext-dns0x20),
 * and counts down the TTLs; octet for octet what encoding the cached data afresh would give.
 *
 * Only what many clients may be told is kept: whole replies without an error, made of data that is
 * not bogus. The AD bit of a reply is kept only with a Secure verdict, and ends with it.
 */
import { LRUCache } from 'lru-cache';
import { isSecure, type Security } from '../dnssec/index.js';
import { LOWER_CASE } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { readReplyLayout } from './reply-layout.js';
import { HEADER_OCTETS, RequestKey, Variant } from './request-key.js';
import type { CacheClock } from './ttl.js';

export interface ReplyCacheOptions {
  readonly maxOctets: number;
  /** 32 bits from the CSPRNG. */
  readonly secret: number;
  readonly maxReplyOctets?: number;
}

export interface ReplyFacts {
  /** The weakest of all data in the reply. */
  readonly security: Security;
  /** Earlier than the TTLs say: the moment from which a refresh should be thought of. */
  readonly notAfterMs?: number;
}

const SLAB_OCTETS = 65_536;

/** Small integers and one array: every pointer to follow is a likely miss of the CPU's cache. */
interface KeptReply {
  /** The reply, and behind it the offsets of its TTL fields, two octets each. */
  readonly octets: Uint8Array;
  readonly replyOctets: number;
  readonly questionEnd: number;
  readonly variant: number;
  readonly isCaseBound: boolean;
  /** Second of the cache clock at which the TTLs in `octets` were right. */
  readonly second: number;
  /** Second of the cache clock at which it is gone. */
  readonly endSecond: number;
  /** Wall clock; NO_END for data that no signature vouches for. */
  readonly validUntilSeconds: number;
  readonly sizeOctets: number;
}

const NO_END = -1;

export class ReplyCache {
  readonly #replies: LRUCache<number, KeptReply>;
  readonly #maxReplyOctets: number;
  readonly #key: RequestKey;
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  constructor(options: ReplyCacheOptions) {
    const maxSize = Math.max(1, Math.floor(options.maxOctets));
    this.#replies = new LRUCache({
      maxSize,
      sizeCalculation: (reply) => reply.sizeOctets,
    });
    this.#maxReplyOctets = options.maxReplyOctets ?? CACHE_LIMITS.replyOctets.value;
    this.#key = new RequestKey(options.secret);
  }

  get sizeOctets(): number {
    return this.#replies.calculatedSize;
  }

  get count(): number {
    return this.#replies.size;
  }

  /**
   * The reply to send, which is the caller's own; undefined when the request has to go the long
   * way. `limitOctets` is the most that the way back takes: over UDP the server's own limit (the
   * client's is in the request), over TCP 65,535, which `overTcp` says.
   */
  get(
    request: Uint8Array,
    limitOctets: number,
    overTcp: boolean,
    now: CacheClock,
  ): Uint8Array | undefined {
    const key = this.#key;
    if (!key.read(request)) return undefined;
    const kept = this.#replies.get(key.hash);
    if (kept === undefined || !isFor(kept, key, request)) return undefined;
    const second = Math.floor(now.cacheMs / 1000);
    if (second >= kept.endSecond || hasEnded(kept, now)) {
      this.#replies.delete(key.hash);
      return undefined;
    }
    // What does not fit is cut by whole RRsets: the long way knows how.
    const { replyOctets } = kept;
    if (replyOctets > limitOctets || (!overTcp && replyOctets > key.udpSizeOctets)) {
      return undefined;
    }
    const reply = this.#copy(kept);
    fitTo(reply, kept, request, second - kept.second);
    return reply;
  }

  /**
   * Keeps a reply that was just encoded for this request, at this moment. False when it is not one
   * to be kept. The caller must not put in what was cut to size, nor data that a client with CD
   * set was given unvalidated.
   */
  put(request: Uint8Array, reply: Uint8Array, facts: ReplyFacts, now: CacheClock): boolean {
    const key = this.#key;
    const { security } = facts;
    if (reply.length > this.#maxReplyOctets || !key.read(request)) return false;
    const { questionEnd, variant, hash } = key;
    const layout = readReplyLayout(reply, questionEnd);
    if (layout === undefined || !answersExactly(reply, request, questionEnd)) return false;
    if (layout.hasOpt !== ((variant & Variant.EDNS) !== 0)) return false;
    if (security.status === 'bogus' || (layout.authenticData && !isSecure(security))) return false;
    const second = Math.floor(now.cacheMs / 1000);
    const notAfter = Math.floor((facts.notAfterMs ?? Number.POSITIVE_INFINITY) / 1000);
    const endSecond = Math.min(second + layout.leastTtlSeconds, notAfter);
    if (endSecond <= second) return false;
    const octets = withOffsets(reply, layout.ttlOffsets);
    this.#replies.set(hash, {
      octets,
      replyOctets: reply.length,
      questionEnd,
      variant,
      isCaseBound: layout.isCaseBound,
      second,
      endSecond,
      validUntilSeconds: isSecure(security) ? security.validUntilSeconds : NO_END,
      sizeOctets: CACHE_LIMITS.entryOverheadOctets.value + octets.length,
    });
    return true;
  }

  /**
   * A copy in a buffer that many replies share: to make one of its own for each would cost more
   * than all the rest. No part is handed out twice; the buffer goes when its last reply was sent.
   */
  #copy({ octets, replyOctets }: KeptReply): Uint8Array {
    let start = this.#slabUsed;
    if (start + octets.length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB_OCTETS, octets.length));
      start = 0;
    }
    // The offsets at the end are copied too, and overwritten by the next reply.
    this.#slab.set(octets, start);
    this.#slabUsed = start + replyOctets;
    return this.#slab.subarray(start, this.#slabUsed);
  }

  /** After anything that changes answers at once: new trust anchors, a flushed name. */
  clear(): void {
    this.#replies.clear();
  }
}

/** The hash only finds the place; whether it is the same question is decided octet by octet. */
function isFor(kept: KeptReply, key: RequestKey, request: Uint8Array): boolean {
  const { octets, questionEnd } = kept;
  if (kept.variant !== key.variant || questionEnd !== key.questionEnd) return false;
  let differs = 0;
  if (kept.isCaseBound) {
    for (let at = HEADER_OCTETS; at < questionEnd; at++) differs |= octets[at]! ^ request[at]!;
    return differs === 0;
  }
  const nameEnd = questionEnd - 4;
  for (let at = HEADER_OCTETS; at < nameEnd; at++) {
    differs |= LOWER_CASE[octets[at]!]! ^ LOWER_CASE[request[at]!]!;
  }
  // Type and class are numbers: 0x41 and 0x61 are not the same type.
  return (
    differs === 0 &&
    octets[nameEnd] === request[nameEnd] &&
    octets[nameEnd + 1] === request[nameEnd + 1]
  );
}

/** The very question of the request, in its letters, with the same RD and CD bits. */
function answersExactly(reply: Uint8Array, request: Uint8Array, questionEnd: number): boolean {
  if (((reply[2]! ^ request[2]!) & 0x01) !== 0 || ((reply[3]! ^ request[3]!) & 0x10) !== 0) {
    return false;
  }
  for (let at = HEADER_OCTETS; at < questionEnd; at++) {
    if (reply[at] !== request[at]) return false;
  }
  return true;
}

function hasEnded({ validUntilSeconds }: KeptReply, now: CacheClock): boolean {
  return validUntilSeconds !== NO_END && now.wallSeconds > validUntilSeconds;
}

/** A copy, whatever kind of array it was (the platform's buffers share memory on slice). */
function withOffsets(reply: Uint8Array, ttlOffsets: readonly number[]): Uint8Array {
  const octets = new Uint8Array(reply.length + 2 * ttlOffsets.length);
  octets.set(reply);
  let at = reply.length;
  for (const offset of ttlOffsets) {
    octets[at++] = offset >> 8;
    octets[at++] = offset & 0xff;
  }
  return octets;
}

/** Makes the copy of a kept reply the answer to this request, some seconds later. */
function fitTo(
  reply: Uint8Array,
  kept: KeptReply,
  request: Uint8Array,
  elapsedSeconds: number,
): void {
  const { octets, questionEnd } = kept;
  reply[0] = request[0]!;
  reply[1] = request[1]!;
  if (!kept.isCaseBound) {
    for (let at = HEADER_OCTETS; at < questionEnd; at++) reply[at] = request[at]!;
  }
  if (elapsedSeconds === 0) return;
  for (let index = kept.replyOctets; index < octets.length; index += 2) {
    const at = (octets[index]! << 8) | octets[index + 1]!;
    const ttl =
      ((reply[at]! << 24) | (reply[at + 1]! << 16) | (reply[at + 2]! << 8) | reply[at + 3]!) -
      elapsedSeconds;
    reply[at] = ttl >>> 24;
    reply[at + 1] = (ttl >> 16) & 0xff;
    reply[at + 2] = (ttl >> 8) & 0xff;
    reply[at + 3] = ttl & 0xff;
  }
}
