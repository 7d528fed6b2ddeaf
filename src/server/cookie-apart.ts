/**
 * Takes the cookie out of a request and puts one into a reply, so that clients with cookies (dig,
 * other resolvers) get kept replies like all others: cookies differ with every client, the rest of
 * the reply does not. Only what looks exactly like an ordinary request with one cookie counts.
 */
import { type Cookie, EdnsOptionCode, parseCookie, RRType } from '../wire/index.js';
import { CLIENT_LIMITS } from './client-limits.js';

const HEADER_OCTETS = 12;
/** RFC 6891 §6.1.2: root, type, size, upper rcode bits, version, flags, length. */
const OPT_OCTETS = 11;
const OPTION_HEAD_OCTETS = 4;
/** What every reply to a cookie carries: RFC 9018 §4 gives 16 octets to the client's 8. */
export const REPLY_COOKIE_OCTETS = OPTION_HEAD_OCTETS + 8 + 16;

export interface Apart {
  /** The same request without the cookie, and with room for ours in the size that it takes. */
  readonly request: Uint8Array;
  readonly cookie: Cookie;
}

export function withoutCookie(request: Uint8Array): Apart | undefined {
  const opt = endOfQuestion(request);
  const options = opt + OPT_OCTETS;
  if (options + OPTION_HEAD_OCTETS > request.length || u16(request, opt + 1) !== RRType.OPT) {
    return undefined;
  }
  const length = u16(request, opt + 9);
  const cookieOctets = length - OPTION_HEAD_OCTETS;
  if (options + length !== request.length) return undefined;
  if (u16(request, options) !== EdnsOptionCode.COOKIE) return undefined;
  if (u16(request, options + 2) !== cookieOctets) return undefined;
  const size = u16(request, opt + 3) - REPLY_COOKIE_OCTETS;
  if (size < CLIENT_LIMITS.plainUdpOctets.value) return undefined;
  const cookie = parseCookie(request.subarray(options + OPTION_HEAD_OCTETS));
  if (cookie === undefined) return undefined;
  const bare = request.slice(0, options);
  bare[opt + 3] = size >> 8;
  bare[opt + 4] = size & 0xff;
  bare[opt + 9] = 0;
  bare[opt + 10] = 0;
  return { request: bare, cookie };
}

/** The reply with the cookie; undefined when its OPT record is not the last thing, and empty. */
export function withCookie(reply: Uint8Array, cookie: Uint8Array): Uint8Array | undefined {
  if (!isOurOpt(reply, reply.length - OPT_OCTETS, 0)) return undefined;
  const length = OPTION_HEAD_OCTETS + cookie.length;
  const octets = new Uint8Array(reply.length + length);
  octets.set(reply);
  const at = reply.length;
  octets[at - 1] = length;
  octets[at + 1] = EdnsOptionCode.COOKIE;
  octets[at + 3] = cookie.length;
  octets.set(cookie, at + OPTION_HEAD_OCTETS);
  return octets;
}

/** The reply as it would be to the request without a cookie; undefined when there is more in it. */
export function replyWithoutCookie(reply: Uint8Array): Uint8Array | undefined {
  const end = reply.length - REPLY_COOKIE_OCTETS;
  if (!isOurOpt(reply, end - OPT_OCTETS, REPLY_COOKIE_OCTETS)) return undefined;
  if (u16(reply, end) !== EdnsOptionCode.COOKIE) return undefined;
  const bare = new Uint8Array(end);
  bare.set(reply.subarray(0, end));
  bare[end - 1] = 0;
  return bare;
}

/** Told by its size and length too: text of an extended error has other octets there. */
function isOurOpt(reply: Uint8Array, at: number, length: number): boolean {
  return (
    at > HEADER_OCTETS &&
    reply[at] === 0 &&
    u16(reply, at + 1) === RRType.OPT &&
    u16(reply, at + 3) === CLIENT_LIMITS.udpPayloadOctets.value &&
    u16(reply, at + 9) === length
  );
}

/** Where the question ends, if there is one; what stands there is checked by the caller. */
function endOfQuestion(request: Uint8Array): number {
  let at = HEADER_OCTETS;
  while (at < request.length && request[at] !== 0) at += 1 + request[at]!;
  return at + 5;
}

function u16(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}
