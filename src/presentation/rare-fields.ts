/** Text of fields that only one rare type has: APL, IPSECKEY, HIP, NSAP and hardware addresses. */
import { formatHex, IpAddress, RdataCursor } from '../wire/index.js';
import { formatBase64, parseBase64, parseHex } from './binary-text.js';
import { parseNumber } from './number-text.js';
import type { OctetSink } from './octet-sink.js';
import type { TokenReader } from './token-reader.js';

/** RFC 3123 §5: `[!]afi:address/prefix`, any number of them. */
export function parsePrefixes(reader: TokenReader, sink: OctetSink): boolean {
  while (!reader.atEnd) {
    const { text } = reader.next('a prefix')!;
    const negated = text.startsWith('!');
    const colon = text.indexOf(':');
    const slash = text.indexOf('/');
    const family = parseNumber(text.slice(negated ? 1 : 0, colon), 2);
    const address = IpAddress.parse(text.slice(colon + 1, slash));
    const width = family === 1 ? 32 : 128;
    const bits = parseNumber(text.slice(slash + 1), width);
    if (address === undefined || bits === undefined || address.octets.length * 8 !== width) {
      return reader.refuse(`not an address prefix: ${text}`);
    }
    // RFC 3123 §4: trailing zero octets are left out.
    let length = address.octets.length;
    while (length > 0 && address.octets[length - 1] === 0) length--;
    sink.u16(family!);
    sink.u8(bits);
    sink.u8((negated ? 0x80 : 0) | length);
    sink.append(address.octets.slice(0, length));
  }
  return true;
}

export function formatPrefixes(rdata: Uint8Array): string | undefined {
  const cursor = new RdataCursor(rdata);
  const texts: string[] = [];
  while (!cursor.failed && cursor.at < rdata.length) {
    const family = cursor.u16();
    const bits = cursor.u8();
    const lengthField = cursor.u8();
    const part = cursor.take(lengthField & 0x7f);
    if (family !== 1 && family !== 2) return undefined;
    const octets = new Uint8Array(family === 1 ? 4 : 16);
    octets.set(part);
    const sign = lengthField > 0x7f ? '!' : '';
    texts.push(`${sign}${family}:${IpAddress.fromOctets(octets)}/${bits}`);
  }
  return texts.join(' ');
}

/** RFC 4025 §3.1: precedence, gateway type, algorithm, gateway. */
export function parseGateway(reader: TokenReader, sink: OctetSink): boolean {
  const precedence = reader.number(255, 'precedence');
  const gatewayType = reader.number(3, 'gateway type');
  const algorithm = reader.number(255, 'algorithm');
  if (precedence === undefined || gatewayType === undefined || algorithm === undefined) {
    return false;
  }
  sink.append(Uint8Array.of(precedence, gatewayType, algorithm));
  if (gatewayType === 3) {
    const name = reader.name();
    if (name !== undefined) sink.append(name.octets);
    return name !== undefined;
  }
  const text = reader.next('a gateway')?.text ?? '';
  if (gatewayType === 0) return text === '.' || reader.refuse('the gateway must be "."');
  const address = IpAddress.parse(text);
  if (address?.family !== (gatewayType === 1 ? 4 : 6)) {
    return reader.refuse(`not a gateway address: ${text}`);
  }
  sink.append(address.octets);
  return true;
}

export function formatGateway(rdata: Uint8Array): string {
  const cursor = new RdataCursor(rdata);
  const numbers = [cursor.u8(), cursor.u8(), cursor.u8()];
  const gatewayType = numbers[1]!;
  let gateway = '.';
  if (gatewayType === 3) gateway = cursor.name().toString();
  else if (gatewayType !== 0) {
    gateway = String(IpAddress.fromOctets(cursor.take(gatewayType === 1 ? 4 : 16)));
  }
  return `${numbers.join(' ')} ${gateway}`;
}

/** RFC 8005 §6: algorithm, tag in hexadecimal, key in base64, rendezvous servers. */
export function parseHip(reader: TokenReader, sink: OctetSink): boolean {
  const algorithm = reader.number(255, 'algorithm');
  const tag = parseHex(reader.next('a host identity tag')?.text ?? '');
  const key = parseBase64(reader.next('a public key')?.text ?? '');
  if (algorithm === undefined || !tag || !key || tag.length > 255) {
    return reader.refuse('not a host identity');
  }
  sink.u8(tag.length);
  sink.u8(algorithm);
  sink.u16(key.length);
  sink.append(tag);
  sink.append(key);
  while (!reader.atEnd) {
    const server = reader.name();
    if (server === undefined) return false;
    sink.append(server.octets);
  }
  return true;
}

export function formatHip(rdata: Uint8Array): string {
  const cursor = new RdataCursor(rdata);
  const tagLength = cursor.u8();
  const algorithm = cursor.u8();
  const keyLength = cursor.u16();
  const tag = formatHex(cursor.take(tagLength));
  const parts = [String(algorithm), tag, formatBase64(cursor.take(keyLength))];
  while (!cursor.failed && cursor.at < rdata.length) parts.push(cursor.name().toString());
  return parts.join(' ');
}

/** RFC 1706 §7: `0x` and hexadecimal, dots anywhere. */
export function parseNsap(reader: TokenReader, sink: OctetSink): boolean {
  const text = reader.next('an NSAP address')?.text ?? '';
  const octets = /^0x/i.test(text) ? parseHex(text.slice(2).replaceAll('.', '')) : undefined;
  if (octets === undefined) return reader.refuse(`not an NSAP address: ${text}`);
  sink.append(octets);
  return true;
}

/** RFC 7043 §3.2, §4.2: `00-00-5e-90-01-2a`; RFC 6742 §2.1.2: `0014:4fff:ff20:ee64`. */
export function parseSeparatedHex(
  reader: TokenReader,
  sink: OctetSink,
  separator: '-' | ':',
  count: number,
): boolean {
  const text = reader.next('an identifier')?.text ?? '';
  const parts = text.split(separator, count + 1);
  // A group of the 64-bit form may leave out its leading zeros.
  const digits = separator === ':' ? parts.map((part) => part.padStart(4, '0')) : parts;
  const width = separator === ':' ? 4 : 2;
  const octets = digits.every((part) => part.length === width)
    ? parseHex(digits.join(''))
    : undefined;
  if (parts.length !== count || octets === undefined || parts.includes('')) {
    return reader.refuse(`not an identifier of ${count} groups: ${text}`);
  }
  sink.append(octets);
  return true;
}

export function formatSeparatedHex(octets: Uint8Array, separator: '-' | ':'): string {
  const groups: string[] = [];
  const width = separator === ':' ? 2 : 1;
  for (let at = 0; at < octets.length; at += width)
    groups.push(formatHex(octets.slice(at, at + width)));
  return groups.join(separator);
}
