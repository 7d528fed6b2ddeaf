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

interface KeptReply {
  readonly octets: Uint8Array;
  readonly ttlOffsets: Uint16Array;
  readonly questionEnd: number;
  readonly variant: number;
  readonly isCaseBound: boolean;
  /** Second of the cache clock at which the TTLs in `octets` were right. */
  readonly second: number;
  readonly expiresAtMs: number;
  /** Wall clock; without end for data that no signature vouches for. */
  readonly validUntilSeconds: number;
  readonly sizeOctets: number;
}

export class ReplyCache {
  readonly #replies: LRUCache<number, KeptReply>;
  readonly #maxReplyOctets: number;
  readonly #key: RequestKey;

  constructor(options: ReplyCacheOptions) {
    const maxSize = Math.max(1, Math.floor(options.maxOctets));
    this.#replies = new LRUCache({
      max: Math.max(1, Math.ceil(maxSize / CACHE_LIMITS.entryOverheadOctets.value)),
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
    if (now.cacheMs >= kept.expiresAtMs || now.wallSeconds > kept.validUntilSeconds) {
      this.#replies.delete(key.hash);
      return undefined;
    }
    // What does not fit is cut by whole RRsets: the long way knows how.
    const { length } = kept.octets;
    if (length > limitOctets || (!overTcp && length > key.udpSizeOctets)) return undefined;
    return answer(kept, request, Math.floor(now.cacheMs / 1000) - kept.second);
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
    const expiresAtMs = Math.min(
      (second + layout.leastTtlSeconds) * 1000,
      facts.notAfterMs ?? Number.POSITIVE_INFINITY,
    );
    if (expiresAtMs <= now.cacheMs) return false;
    this.#replies.set(hash, {
      // A copy, whatever kind of array it is (the platform's buffers share on slice).
      octets: new Uint8Array(reply),
      ttlOffsets: layout.ttlOffsets,
      questionEnd,
      variant,
      isCaseBound: layout.isCaseBound,
      second,
      expiresAtMs,
      validUntilSeconds: isSecure(security) ? security.validUntilSeconds : Number.POSITIVE_INFINITY,
      sizeOctets:
        CACHE_LIMITS.entryOverheadOctets.value + reply.length + 2 * layout.ttlOffsets.length,
    });
    return true;
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

function answer(kept: KeptReply, request: Uint8Array, elapsedSeconds: number): Uint8Array {
  const { ttlOffsets, questionEnd } = kept;
  const reply = kept.octets.slice();
  reply[0] = request[0]!;
  reply[1] = request[1]!;
  if (!kept.isCaseBound) {
    for (let at = HEADER_OCTETS; at < questionEnd; at++) reply[at] = request[at]!;
  }
  if (elapsedSeconds === 0) return reply;
  for (let index = 0; index < ttlOffsets.length; index++) {
    const at = ttlOffsets[index]!;
    const ttl =
      ((reply[at]! << 24) | (reply[at + 1]! << 16) | (reply[at + 2]! << 8) | reply[at + 3]!) -
      elapsedSeconds;
    reply[at] = ttl >>> 24;
    reply[at + 1] = (ttl >> 16) & 0xff;
    reply[at + 2] = (ttl >> 8) & 0xff;
    reply[at + 3] = ttl & 0xff;
  }
  return reply;
}
