/** IP addresses and prefixes as octets; text form at the edge (RFC 4291 §2.2, RFC 5952). */
import { octetKey } from './name.js';

export class IpAddress {
  /** 4 or 16 octets, network order. Never written to. */
  readonly octets: Uint8Array;
  readonly family: 4 | 6;
  /** Octets as a string: equal keys are equal addresses (::ffff:192.0.2.1 is not 192.0.2.1). */
  readonly key: string;
  #text: string | undefined;

  private constructor(octets: Uint8Array, family: 4 | 6) {
    this.octets = octets;
    this.family = family;
    this.key = octetKey(octets);
  }

  /** Takes ownership of `octets`, 4 or 16 of them. */
  static fromOctets(octets: Uint8Array): IpAddress | undefined {
    if (octets.length === 4) return new IpAddress(octets, 4);
    return octets.length === 16 ? new IpAddress(octets, 6) : undefined;
  }

  /** Strict: no leading zeros in IPv4 (RFC 6943 §3.1.1), no zone identifier in IPv6. */
  static parse(text: string): IpAddress | undefined {
    const octets = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
    return octets === undefined ? undefined : IpAddress.fromOctets(octets);
  }

  equals(other: IpAddress): boolean {
    return this.key === other.key;
  }

  isIn(prefix: IpPrefix): boolean {
    return prefix.contains(this);
  }

  /** The IPv4 address inside an IPv4-mapped one (RFC 4291 §2.5.5.2), otherwise this address. */
  unmapped(): IpAddress {
    return MAPPED.contains(this) ? new IpAddress(this.octets.slice(12), 4) : this;
  }

  get isLoopback(): boolean {
    const address = this.unmapped();
    return address.family === 4 ? address.octets[0] === 127 : LOOPBACK_6.contains(address);
  }

  /** Canonical text: dotted quad, or RFC 5952. */
  toString(): string {
    this.#text ??= this.family === 4 ? formatIpv4(this.octets, 0) : formatIpv6(this.octets);
    return this.#text;
  }
}

export class IpPrefix {
  readonly address: IpAddress;
  readonly lengthBits: number;

  private constructor(address: IpAddress, lengthBits: number) {
    this.address = address;
    this.lengthBits = lengthBits;
  }

  /** `address/bits` or a lone address; bits beyond the prefix length are cleared. */
  static parse(text: string): IpPrefix | undefined {
    const slash = text.indexOf('/');
    const address = IpAddress.parse(slash < 0 ? text : text.slice(0, slash));
    if (address === undefined) return undefined;
    const width = address.octets.length * 8;
    const bits = slash < 0 ? width : parseDecimal(text.slice(slash + 1), width);
    if (bits === undefined) return undefined;
    const octets = address.octets.slice();
    for (let bit = bits; bit < width; bit++) octets[bit >> 3]! &= ~(0x80 >> (bit & 7));
    return new IpPrefix(IpAddress.fromOctets(octets) ?? address, bits);
  }

  contains(address: IpAddress): boolean {
    const mine = this.address.octets;
    const theirs = address.octets;
    if (mine.length !== theirs.length) return false;
    const whole = this.lengthBits >> 3;
    for (let at = 0; at < whole; at++) if (mine[at] !== theirs[at]) return false;
    const rest = this.lengthBits & 7;
    if (rest === 0) return true;
    return (mine[whole]! ^ theirs[whole]!) >> (8 - rest) === 0;
  }

  toString(): string {
    return `${this.address}/${this.lengthBits}`;
  }
}

const MAPPED = IpPrefix.parse('::ffff:0.0.0.0/96')!;
const LOOPBACK_6 = IpPrefix.parse('::1/128')!;

/** A decimal number without sign or surplus zeros, at most `limit`. */
function parseDecimal(text: string, limit: number): number | undefined {
  if (text.length === 0 || text.length > 3 || (text.length > 1 && text[0] === '0')) {
    return undefined;
  }
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= limit ? value : undefined;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.', 5);
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (let at = 0; at < 4; at++) {
    const value = parseDecimal(parts[at]!, 255);
    if (value === undefined) return undefined;
    octets[at] = value;
  }
  return octets;
}

function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const gap = text.indexOf('::');
  if (gap < 0) {
    const whole = parseGroups(text);
    return whole !== undefined && whole.length === 16 ? Uint8Array.from(whole) : undefined;
  }
  // A second "::" leaves an empty group in `after`, which parseGroups refuses.
  const before = parseGroups(text.slice(0, gap));
  const after = parseGroups(text.slice(gap + 2));
  if (before === undefined || after === undefined || before.length + after.length > 14) {
    return undefined;
  }
  if (before.length > 0 && text.slice(0, gap).includes('.')) return undefined;
  const octets = new Uint8Array(16);
  octets.set(before);
  octets.set(after, 16 - after.length);
  return octets;
}

/** Colon-separated groups of 16 bits, the last of which may be a dotted quad. */
function parseGroups(text: string): number[] | undefined {
  const octets: number[] = [];
  if (text.length === 0) return octets;
  const groups = text.split(':', 9);
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index]!;
    if (index === groups.length - 1 && group.includes('.')) {
      const quad = parseIpv4(group);
      if (quad === undefined) return undefined;
      octets.push(...quad);
      continue;
    }
    if (group.length === 0 || group.length > 4) return undefined;
    let value = 0;
    for (let at = 0; at < group.length; at++) {
      const digit = hexDigit(group.charCodeAt(at));
      if (digit < 0) return undefined;
      value = value * 16 + digit;
    }
    octets.push(value >> 8, value & 0xff);
  }
  return octets.length <= 16 ? octets : undefined;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function formatIpv4(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

function formatIpv6(octets: Uint8Array): string {
  // RFC 5952 §5: mixed notation for the prefix that is known to embed IPv4.
  let mapped = octets[10] === 0xff && octets[11] === 0xff;
  for (let at = 0; at < 10 && mapped; at++) mapped = octets[at] === 0;
  if (mapped) return `::ffff:${formatIpv4(octets, 12)}`;
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((octets[at]! << 8) | octets[at + 1]!);
  // RFC 5952 §4.2: the first of the longest runs of at least two zero groups becomes "::".
  let gapStart = -1;
  let gapLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > gapLength) {
      gapStart = start;
      gapLength = length;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (gapStart < 0) return hex.join(':');
  return `${hex.slice(0, gapStart).join(':')}::${hex.slice(gapStart + gapLength).join(':')}`;
}
