/**
 * Takes a finished reply apart as far as keeping it demands: where its TTLs stand, how long it may
 * live, and whether it depends on the letter case in which the question was asked.
 */
import { EdnsOptionCode, LOWER_CASE, Rcode, RRType } from '../wire/index.js';
import { HEADER_OCTETS } from './request-key.js';

export interface ReplyLayout {
  /** Offsets of the TTL fields; that of the OPT record is none. */
  readonly ttlOffsets: readonly number[];
  readonly leastTtlSeconds: number;
  /**
   * True when RDATA may share octets with the question by compression: RDATA keep their letter
   * case, so such a reply fits only a question asked in the very same letters.
   */
  readonly isCaseBound: boolean;
  readonly hasOpt: boolean;
  readonly authenticData: boolean;
}

const MAX_POINTERS = 127;

/**
 * Undefined for what is not kept: anything but a whole, well-formed NOERROR or NXDOMAIN reply to
 * one question, with at least one record, and no EDNS option that is the client's own.
 */
export function readReplyLayout(reply: Uint8Array, questionEnd: number): ReplyLayout | undefined {
  if (reply.length < questionEnd || !hasOrdinaryHeader(reply)) return undefined;
  const counts = [u16(reply, 6), u16(reply, 8), u16(reply, 10)];
  const ttlOffsets: number[] = [];
  let leastTtlSeconds = Number.POSITIVE_INFINITY;
  let isCaseBound = false;
  let hasOpt = false;
  let at = questionEnd;
  for (let left = counts[0]! + counts[1]! + counts[2]!; left > 0; left--) {
    const fixed = skipName(reply, at);
    if (fixed < 0 || fixed + 10 > reply.length) return undefined;
    const type = u16(reply, fixed);
    const start = fixed + 10;
    const end = start + u16(reply, fixed + 8);
    if (end > reply.length) return undefined;
    if (type === RRType.OPT) {
      if (hasOpt || !isPlainOpt(reply, fixed, start, end)) return undefined;
      hasOpt = true;
    } else {
      const ttl = u16(reply, fixed + 4) * 0x10000 + u16(reply, fixed + 6);
      if (ttl > 0x7fffffff) return undefined;
      leastTtlSeconds = Math.min(leastTtlSeconds, ttl);
      ttlOffsets.push(fixed + 4);
      isCaseBound ||= mayShareWithQuestion(reply, type, start, end);
    }
    at = end;
  }
  if (at !== reply.length || ttlOffsets.length === 0) return undefined;
  return {
    ttlOffsets,
    leastTtlSeconds,
    isCaseBound,
    hasOpt,
    authenticData: (reply[3]! & 0x20) !== 0,
  };
}

function hasOrdinaryHeader(reply: Uint8Array): boolean {
  const high = reply[2]!;
  const rcode = reply[3]! & 15;
  // QR set; opcode 0; not truncated.
  if ((high & 0x80) === 0 || (high & 0x78) !== 0 || (high & 0x02) !== 0) return false;
  return u16(reply, 4) === 1 && (rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN);
}

/** Only extended errors may stand in it: they tell of the data. All else is for one client. */
function isPlainOpt(reply: Uint8Array, fixed: number, start: number, end: number): boolean {
  if (reply[fixed + 4] !== 0) return false;
  for (let at = start; at < end; at += 4 + u16(reply, at + 2)) {
    if (at + 4 > end || u16(reply, at) !== EdnsOptionCode.EDE) return false;
  }
  return true;
}

function u16(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

/** Where the name at `at` ends; -1 when it does not. */
function skipName(octets: Uint8Array, at: number): number {
  for (;;) {
    const length = octets[at];
    if (length === undefined || (length > 63 && length < 0xc0)) return -1;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
}

/**
 * Whether a name in RDATA that the writer compresses ends in the same label as the question's name
 * does: the least that two names must share for one to be written with a pointer into the other.
 */
function mayShareWithQuestion(
  reply: Uint8Array,
  type: number,
  start: number,
  end: number,
): boolean {
  switch (type) {
    case RRType.NS:
    case RRType.CNAME:
    case RRType.PTR:
      return endsAlike(reply, start);
    case RRType.MX:
      return endsAlike(reply, start + 2);
    case RRType.SOA: {
      const second = skipName(reply, start);
      return second < 0 || second >= end || endsAlike(reply, start) || endsAlike(reply, second);
    }
    case RRType.A:
      return false;
    default:
      // RFC 3597 §4: none but the types of RFC 1035 are compressed. The rare ones are not sorted
      // out further.
      return type < 16;
  }
}

function endsAlike(reply: Uint8Array, nameAt: number): boolean {
  const asked = lastLabel(reply, HEADER_OCTETS);
  const named = lastLabel(reply, nameAt);
  if (asked < 0 || named < 0) return named < -1;
  const length = reply[asked]!;
  for (let at = 0; at <= length; at++) {
    if (LOWER_CASE[reply[asked + at]!] !== LOWER_CASE[reply[named + at]!]) return false;
  }
  return true;
}

/** Offset of the last label before the root's; -1 for the root itself, -2 for what is no name. */
function lastLabel(octets: Uint8Array, at: number): number {
  let last = -1;
  for (let pointers = 0; pointers <= MAX_POINTERS;) {
    const length = octets[at];
    if (length === undefined || (length > 63 && length < 0xc0)) return -2;
    if (length === 0) return last;
    if (length >= 0xc0) {
      at = u16(octets, at) & 0x3fff;
      pointers++;
    } else {
      last = at;
      at += 1 + length;
    }
  }
  return -2;
}
