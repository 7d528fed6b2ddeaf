/** Service parameters of SVCB and HTTPS in text: RFC 9460 §2.1 and Appendix A. */
import { IpAddress, parseSvcb } from '../wire/index.js';
import { formatBase64, parseBase64 } from './binary-text.js';
import { SVC_PARAM_KEYS } from './mnemonics.js';
import { parseNumber } from './number-text.js';
import type { OctetSink } from './octet-sink.js';
import { escapeString, parseString, quoteString } from './string-text.js';
import type { TokenReader } from './token-reader.js';

export function parseParams(reader: TokenReader, sink: OctetSink): boolean {
  const params = new Map<number, Uint8Array>();
  while (!reader.atEnd) {
    const token = reader.next('a service parameter')!;
    const equals = token.text.indexOf('=');
    const keyText = equals < 0 ? token.text : token.text.slice(0, equals);
    let valueText = equals < 0 ? '' : token.text.slice(equals + 1);
    const following = reader.peek();
    if (equals === token.text.length - 1 && following?.quoted && following.glued) {
      valueText = following.text;
      reader.skip();
    }
    const key = keyValue(keyText);
    const value = key === undefined ? undefined : parseValue(key, valueText);
    if (key === undefined || value === undefined) {
      return reader.refuse(`bad service parameter: ${token.text}`);
    }
    // RFC 9460 §2.1: a key may not be repeated.
    if (params.has(key)) return reader.refuse(`service parameter given twice: ${keyText}`);
    params.set(key, value);
  }
  for (const [key, value] of [...params].sort(([a], [b]) => a - b)) {
    sink.u16(key);
    sink.u16(value.length);
    sink.append(value);
  }
  return true;
}

function keyValue(text: string): number | undefined {
  const known = (SVC_PARAM_KEYS as readonly string[]).indexOf(text);
  if (known >= 0) return known;
  return text.startsWith('key') ? parseNumber(text.slice(3), 0xffff) : undefined;
}

function keyName(key: number): string {
  return SVC_PARAM_KEYS[key] ?? `key${key}`;
}

function parseValue(key: number, text: string): Uint8Array | undefined {
  switch (SVC_PARAM_KEYS[key]) {
    case 'mandatory': {
      const keys = text.split(',').map(keyValue);
      if (keys.includes(undefined)) return undefined;
      const sorted = (keys as number[]).sort((a, b) => a - b);
      return Uint8Array.from(sorted.flatMap((each) => [each >> 8, each & 0xff]));
    }
    case 'alpn':
      return parseAlpn(text);
    case 'no-default-alpn':
    case 'ohttp':
      return text === '' ? new Uint8Array(0) : undefined;
    case 'port': {
      const port = parseNumber(text, 0xffff);
      return port === undefined ? undefined : Uint8Array.of(port >> 8, port & 0xff);
    }
    case 'ipv4hint':
      return parseAddresses(text, 4);
    case 'ipv6hint':
      return parseAddresses(text, 6);
    case 'ech':
      return text === '' ? undefined : parseBase64(text);
    default:
      return parseString(text);
  }
}

/** RFC 9460 Appendix A.1: a comma separates, `\,` and `\\` are a comma and a backslash. */
function parseAlpn(text: string): Uint8Array | undefined {
  const list = parseString(text);
  if (list === undefined) return undefined;
  const octets: number[] = [];
  let identifier: number[] = [];
  const finish = (): boolean => {
    if (identifier.length === 0 || identifier.length > 255) return false;
    octets.push(identifier.length, ...identifier);
    identifier = [];
    return true;
  };
  for (let at = 0; at < list.length; at++) {
    if (list[at] === 0x2c) {
      if (!finish()) return undefined;
      continue;
    }
    if (list[at] === 0x5c && at + 1 < list.length) at++;
    identifier.push(list[at]!);
  }
  return finish() ? Uint8Array.from(octets) : undefined;
}

function parseAddresses(text: string, family: 4 | 6): Uint8Array | undefined {
  const octets: number[] = [];
  for (const part of text.split(',')) {
    const address = IpAddress.parse(part);
    if (address?.family !== family) return undefined;
    octets.push(...address.octets);
  }
  return Uint8Array.from(octets);
}

/** The parameters of well-formed RDATA; undefined when a value has not the form of its key. */
export function formatParams(rdata: Uint8Array): string[] | undefined {
  const texts: string[] = [];
  for (const { key, value } of parseSvcb(rdata)?.params ?? []) {
    const text = formatValue(key, value);
    if (text === undefined) return undefined;
    texts.push(text === '' ? keyName(key) : `${keyName(key)}=${text}`);
  }
  return texts;
}

function formatValue(key: number, value: Uint8Array): string | undefined {
  const { length } = value;
  switch (SVC_PARAM_KEYS[key]) {
    case 'mandatory': {
      if (length === 0 || length % 2 !== 0) return undefined;
      const names: string[] = [];
      for (let at = 0; at < length; at += 2)
        names.push(keyName((value[at]! << 8) | value[at + 1]!));
      return names.join(',');
    }
    case 'alpn':
      return formatAlpn(value);
    case 'no-default-alpn':
    case 'ohttp':
      return length === 0 ? '' : undefined;
    case 'port':
      return length === 2 ? String((value[0]! << 8) | value[1]!) : undefined;
    case 'ipv4hint':
      return formatAddresses(value, 4);
    case 'ipv6hint':
      return formatAddresses(value, 16);
    case 'ech':
      return length === 0 ? undefined : formatBase64(value);
    default:
      return length === 0 ? '' : quoteString(value);
  }
}

function formatAlpn(value: Uint8Array): string | undefined {
  const identifiers: string[] = [];
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    const end = at + 1 + value[at]!;
    if (value[at] === 0 || end > value.length) return undefined;
    const escaped: number[] = [];
    for (const octet of value.slice(at + 1, end)) {
      if (octet === 0x2c || octet === 0x5c) escaped.push(0x5c);
      escaped.push(octet);
    }
    identifiers.push(escapeString(Uint8Array.from(escaped)));
  }
  return identifiers.length === 0 ? undefined : `"${identifiers.join(',')}"`;
}

function formatAddresses(value: Uint8Array, size: 4 | 16): string | undefined {
  if (value.length === 0 || value.length % size !== 0) return undefined;
  const texts: string[] = [];
  for (let at = 0; at < value.length; at += size) {
    texts.push(String(IpAddress.fromOctets(value.slice(at, at + size))));
  }
  return texts.join(',');
}
