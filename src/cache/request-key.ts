/**
 * Reads a client's request just far enough to know whether a kept reply may answer it, without
 * making anything: what does not look exactly like the ordinary request of a stub resolver goes the
 * long way, where it is decoded and judged in full.
 *
 * Ordinary is: a query with opcode 0 and no header bits but RD, AD and CD; one question of class IN
 * and of a type that can be data; nothing behind it but, perhaps, an OPT record of version 0 with
 * no flag but DO and without any option (a cookie or a keepalive wants a reply of its own).
 */
import { LOWER_CASE, RRClass, RRType } from '../wire/index.js';

export const HEADER_OCTETS = 12;

/** Bits of `variant`: what besides the question a reply depends on. */
export const Variant = { RD: 1, CD: 2, AD: 4, EDNS: 8, DO: 16 } as const;

const OPT_OCTETS = 11;
const LEAST_UDP_OCTETS = 512; // RFC 1035 §2.3.4, RFC 6891 §6.2.3

/** One at a time, overwritten by each request: the fast path leaves nothing to be collected. */
export class RequestKey {
  /** 31 bits over the lower-cased question and the variant, mixed with a secret. */
  hash = 0;
  variant = 0;
  /** Where the question ends. */
  questionEnd = 0;
  /** The largest UDP reply that the client takes. */
  udpSizeOctets = 0;
  readonly #secret: number;

  /** `secret`: 32 bits that nobody outside knows, so that collisions cannot be arranged at will. */
  constructor(secret: number) {
    this.#secret = secret | 0;
  }

  /** False for a request that is not ordinary; the other fields then mean nothing. */
  read(request: Uint8Array): boolean {
    const { length } = request;
    if (length < HEADER_OCTETS + 5) return false;
    const high = request[2]!;
    const low = request[3]!;
    // QR, opcode, AA and TC must be clear in one octet; RA, Z and the rcode in the other.
    if ((high & 0xfe) !== 0 || (low & 0xcf) !== 0) return false;
    if (request[4] !== 0 || request[5] !== 1) return false;
    if ((request[6]! | request[7]! | request[8]! | request[9]! | request[10]!) !== 0) return false;
    this.variant =
      (high & 1) | ((low & 0x10) === 0 ? 0 : Variant.CD) | ((low & 0x20) === 0 ? 0 : Variant.AD);
    if (!this.#readQuestion(request)) return false;
    const extra = length - this.questionEnd;
    if (request[11] === 0) {
      this.udpSizeOctets = LEAST_UDP_OCTETS;
      if (extra !== 0) return false;
    } else if (request[11] !== 1 || extra !== OPT_OCTETS || !this.#readOpt(request)) {
      return false;
    }
    this.#finish();
    return true;
  }

  #readQuestion(request: Uint8Array): boolean {
    const { length } = request;
    let hash = this.#secret ^ 0x811c9dc5;
    let at = HEADER_OCTETS;
    for (;;) {
      const label = request[at];
      // RFC 1035 §4.1.4: a pointer has the two top bits set, and nothing to point at here.
      if (label === undefined || label > 63) return false;
      hash = Math.imul(hash ^ label, 0x01000193);
      at++;
      if (label === 0) break;
      const end = at + label;
      if (end >= length) return false;
      for (; at < end; at++) hash = Math.imul(hash ^ LOWER_CASE[request[at]!]!, 0x01000193);
    }
    if (at - HEADER_OCTETS > 255 || at + 4 > length) return false;
    const type = (request[at]! << 8) | request[at + 1]!;
    if (request[at + 2] !== 0 || request[at + 3] !== RRClass.IN || !mayBeData(type)) return false;
    this.hash = Math.imul(hash ^ type, 0x01000193);
    this.questionEnd = at + 4;
    return true;
  }

  /** RFC 6891 §6.1.2: root, type, size, upper rcode bits, version, flags, length. */
  #readOpt(request: Uint8Array): boolean {
    const at = this.questionEnd;
    if (request[at] !== 0 || request[at + 1] !== 0 || request[at + 2] !== RRType.OPT) return false;
    if ((request[at + 5]! | request[at + 6]!) !== 0) return false;
    if ((request[at + 7]! & 0x7f) !== 0 || request[at + 8] !== 0) return false;
    if ((request[at + 9]! | request[at + 10]!) !== 0) return false;
    const size = (request[at + 3]! << 8) | request[at + 4]!;
    this.udpSizeOctets = Math.max(size, LEAST_UDP_OCTETS);
    this.variant |= Variant.EDNS | (request[at + 7] === 0 ? 0 : Variant.DO);
    return true;
  }

  #finish(): void {
    let hash = Math.imul(this.hash ^ this.variant, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    this.hash = (hash ^ (hash >>> 15)) & 0x3fffffff;
  }
}

/** RFC 6895 §3.1: not 0, not OPT, and not one of the types that only queries have. */
function mayBeData(type: number): boolean {
  return type !== 0 && type !== RRType.OPT && (type < 128 || type > 255);
}
