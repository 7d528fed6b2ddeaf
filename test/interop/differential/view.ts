// A reply as the differential run compares it. Names and data keep every octet: they are printed
// with escapes, in canonical form, from the wire.

import { formatRdata } from '../../../src/presentation/index.js';
import {
  canonicalRdata,
  decodeMessage,
  extendedErrorsOf,
  Name,
  parseRrsig,
  rcodeMnemonic,
  type ResourceRecord,
  RRType,
  typeMnemonic,
} from '../../../src/wire/index.js';
import type { Exchanged } from '../ask-servers.js';

export interface View {
  /** A mnemonic, or `silence`, or `unreadable: why`. */
  readonly rcode: string;
  readonly ad: boolean;
  readonly transport: 'udp' | 'tcp';
  readonly answer: readonly string[];
  /** `owner covers type by algorithm/tag`. */
  readonly signatures: readonly string[];
  readonly authorityTypes: readonly string[];
  readonly errors: readonly string[];
  readonly elapsedMs: number;
}

function lowerCase(name: Name): string {
  return String(Name.fromOctets(name.canonicalOctets()) ?? name);
}

function recordText({ owner, type, rdata }: ResourceRecord): string {
  const data = formatRdata(type, canonicalRdata(type, rdata));
  return `${lowerCase(owner)} ${typeMnemonic(type)} ${data}`;
}

function signatureText({ owner, rdata }: ResourceRecord): string {
  const rrsig = parseRrsig(rdata);
  if (rrsig === undefined) return `${lowerCase(owner)} unreadable`;
  const { typeCovered, algorithm, keyTag } = rrsig;
  return `${lowerCase(owner)} covers ${typeMnemonic(typeCovered)} by ${algorithm}/${keyTag}`;
}

function distinct(lines: readonly string[]): string[] {
  return [...new Set(lines)].sort();
}

export function readView({ octets, transport }: Exchanged, asked: Name, elapsedMs: number): View {
  const bare = {
    ad: false,
    transport,
    answer: [],
    signatures: [],
    authorityTypes: [],
    errors: [],
    elapsedMs,
  };
  if (octets === undefined) return { ...bare, rcode: 'silence' };
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return { ...bare, rcode: `unreadable: ${decoded.fault.reason}` };
  const { value } = decoded;
  if (value.questions.length !== 1 || !value.questions[0]!.name.equals(asked)) {
    return { ...bare, rcode: 'unreadable: another question' };
  }
  const isSignature = ({ type }: ResourceRecord): boolean => type === RRType.RRSIG;
  return {
    ...bare,
    rcode: rcodeMnemonic(value.rcode),
    ad: value.authenticData,
    answer: distinct(value.answer.filter((record) => !isSignature(record)).map(recordText)),
    signatures: distinct(value.answer.filter(isSignature).map(signatureText)),
    authorityTypes: distinct(value.authority.map(({ type }) => typeMnemonic(type))),
    errors: extendedErrorsOf(value.edns).map(({ code, text }) => `${code} ${text}`.trim()),
  };
}
