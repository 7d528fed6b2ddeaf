/** Data of single EDNS options: extended errors, cookies, keepalive, padding. */
import { type Edns, type EdnsOption, EdnsOptionCode } from './edns.js';

/** RFC 8914 §2. */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

export function extendedErrorOption(error: ExtendedError): EdnsOption {
  const text = encodeUtf8(error.text);
  const data = new Uint8Array(2 + text.length);
  data[0] = (error.code >> 8) & 0xff;
  data[1] = error.code & 0xff;
  data.set(text, 2);
  return { code: EdnsOptionCode.EDE, data };
}

export function parseExtendedError(data: Uint8Array): ExtendedError | undefined {
  if (data.length < 2) return undefined;
  let end = data.length;
  // RFC 8914 §2: EXTRA-TEXT may be null-terminated, and the null is no part of it.
  while (end > 2 && data[end - 1] === 0) end--;
  return { code: (data[0]! << 8) | data[1]!, text: decodeUtf8(data, 2, end) };
}

/** All well-formed extended errors of a message's OPT record, in order. */
export function extendedErrorsOf(edns: Edns | undefined): ExtendedError[] {
  const errors: ExtendedError[] = [];
  for (const option of edns?.options ?? []) {
    if (option.code !== EdnsOptionCode.EDE) continue;
    const error = parseExtendedError(option.data);
    if (error !== undefined) errors.push(error);
  }
  return errors;
}

export const CLIENT_COOKIE_OCTETS = 8;

/** RFC 7873 §4: 8 octets from the client, 8 to 32 from the server once it has answered. */
export interface Cookie {
  readonly client: Uint8Array;
  readonly server?: Uint8Array;
}

/** Undefined for lengths RFC 7873 §5.2.2 calls malformed. */
export function parseCookie(data: Uint8Array): Cookie | undefined {
  if (data.length === CLIENT_COOKIE_OCTETS) return { client: data.slice() };
  if (data.length < 16 || data.length > 40) return undefined;
  return { client: data.slice(0, CLIENT_COOKIE_OCTETS), server: data.slice(CLIENT_COOKIE_OCTETS) };
}

export function cookieOption(client: Uint8Array, server?: Uint8Array): EdnsOption {
  const data = new Uint8Array(client.length + (server?.length ?? 0));
  data.set(client);
  if (server !== undefined) data.set(server, client.length);
  return { code: EdnsOptionCode.COOKIE, data };
}

/** RFC 7828 §3.1: units of 100 ms; an empty option is the client's way of asking. */
export function keepaliveOption(timeoutMs?: number): EdnsOption {
  if (timeoutMs === undefined) {
    return { code: EdnsOptionCode.KEEPALIVE, data: new Uint8Array(0) };
  }
  const units = Math.min(0xffff, Math.max(0, Math.floor(timeoutMs / 100)));
  return { code: EdnsOptionCode.KEEPALIVE, data: Uint8Array.of(units >> 8, units & 0xff) };
}

/** The server's idle timeout; undefined when the option carries none or is malformed. */
export function parseKeepalive(data: Uint8Array): number | undefined {
  return data.length === 2 ? ((data[0]! << 8) | data[1]!) * 100 : undefined;
}

export function paddingOption(lengthOctets: number): EdnsOption {
  return { code: EdnsOptionCode.PADDING, data: new Uint8Array(lengthOctets) };
}

/** UTF-8 (RFC 3629); lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const octets: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0xfffd;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) octets.push(code);
    else if (code < 0x800) octets.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) {
      octets.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      octets.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f));
      octets.push(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
  }
  return Uint8Array.from(octets);
}

/** UTF-8 to text; an octet that belongs to no well-formed sequence becomes U+FFFD. */
export function decodeUtf8(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = '';
  for (let at = start; at < end;) {
    const lead = octets[at]!;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    const code = length === 0 || at + length > end ? -1 : codePointAt(octets, at, length);
    text += code < 0 ? '\ufffd' : String.fromCodePoint(code);
    at += code < 0 ? 1 : length;
  }
  return text;
}

const SMALLEST_OF_LENGTH = [0, 0, 0x80, 0x800, 0x10000];

function codePointAt(octets: Uint8Array, at: number, length: number): number {
  let code = length === 1 ? octets[at]! : octets[at]! & (0xff >> (length + 1));
  for (let next = 1; next < length; next++) {
    const octet = octets[at + next]!;
    if ((octet & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (octet & 0x3f);
  }
  // RFC 3629 §3: no overlong forms, no surrogates, nothing above U+10FFFF.
  if (code < SMALLEST_OF_LENGTH[length]! || code > 0x10ffff) return -1;
  return code >= 0xd800 && code <= 0xdfff ? -1 : code;
}
