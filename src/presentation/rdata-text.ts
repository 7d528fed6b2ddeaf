/** RDATA from text and to text, field by field after the layouts of the wire room. */
import {
  type FieldKind,
  fieldEnd,
  formatHex,
  IpAddress,
  layoutOf,
  type Name,
  RRType,
  rdataIsWellFormed,
  TypeBitmap,
  typeFromMnemonic,
  typeMnemonic,
  uncompressedNameAt,
} from '../wire/index.js';
import {
  formatBase32Hex,
  formatBase64,
  parseBase32Hex,
  parseBase64,
  parseHex,
} from './binary-text.js';
import { Lexer } from './lexer.js';
import { formatLocation, parseLocation } from './location.js';
import { ALGORITHM_VALUES, CERTIFICATE_VALUES } from './mnemonics.js';
import { formatTime, parsePeriod, parseTime } from './number-text.js';
import { OctetSink } from './octet-sink.js';
import * as rare from './rare-fields.js';
import { escapeString, parseString, quoteString } from './string-text.js';
import { formatParams, parseParams } from './svc-params.js';
import { TokenReader } from './token-reader.js';

const MAX_RDATA_OCTETS = 0xffff;

const sink = new OctetSink();

/** RDATA alone, as they stand in a master file behind the type; undefined when malformed. */
export function parseRdataText(type: number, text: string, origin?: Name): Uint8Array | undefined {
  const lexer = new Lexer(text);
  if (!lexer.next()) return lexer.error === undefined ? parseEmptyRdata(type) : undefined;
  const rdata = readRdata(type, new TokenReader(lexer.tokens, 0, origin));
  return lexer.next() ? undefined : rdata;
}

/** The only RDATA that may be written with no text at all (RFC 3123 §5). */
function parseEmptyRdata(type: number): Uint8Array | undefined {
  return type === RRType.APL ? new Uint8Array(0) : undefined;
}

/** Reads RDATA up to the end of the entry; undefined leaves the reason in `reader.error`. */
export function readRdata(type: number, reader: TokenReader): Uint8Array | undefined {
  const first = reader.peek();
  if (first?.text === '\\#' && !first.quoted) return readUnknownRdata(type, reader);
  const layout = layoutOf(type);
  if (layout === undefined) {
    return reader.fail(`${typeMnemonic(type)} is written as \\# (RFC 3597 §5)`);
  }
  sink.clear();
  for (const kind of layout.fields) {
    if (!readField(kind, reader)) return reader.fail(`${typeMnemonic(type)}: bad ${kind} field`);
  }
  if (!reader.atEnd) return reader.fail(`${typeMnemonic(type)}: surplus text after the data`);
  if (sink.size > MAX_RDATA_OCTETS) return reader.fail('RDATA are longer than 65,535 octets');
  const rdata = sink.taken();
  // The fields agree with the layout; what is left to refuse are rules across fields.
  return rdataIsWellFormed(type, rdata)
    ? rdata
    : reader.fail(`${typeMnemonic(type)}: these values do not make valid RDATA`);
}

/** RFC 3597 §5: `\# length hexadecimal`, allowed for known types too. */
function readUnknownRdata(type: number, reader: TokenReader): Uint8Array | undefined {
  reader.skip();
  const length = reader.number(MAX_RDATA_OCTETS, 'the length');
  if (length === undefined) return undefined;
  const rdata = parseHex(reader.joined());
  if (rdata?.length !== length) return reader.fail(`not ${length} octets in hexadecimal`);
  if (rdataIsWellFormed(type, rdata)) return rdata;
  return reader.fail(`${typeMnemonic(type)}: these octets are not valid RDATA`);
}

function readField(kind: FieldKind, reader: TokenReader): boolean {
  switch (kind) {
    case 'u8':
      return readNumber(reader, 0xff, 1);
    case 'u16':
      return readNumber(reader, 0xffff, 2);
    case 'u32':
      return readNumber(reader, 0xffffffff, 4);
    case 'algorithm':
      return readMnemonic(reader, ALGORITHM_VALUES, 0xff, 1);
    case 'certificate':
      return readMnemonic(reader, CERTIFICATE_VALUES, 0xffff, 2);
    case 'type':
      return readConverted(reader, typeFromMnemonic, 2);
    case 'time':
      return readConverted(reader, parseTime, 4);
    case 'period':
      return readConverted(reader, parsePeriod, 4);
    case 'ipv4':
      return readAddress(reader, 4);
    case 'ipv6':
      return readAddress(reader, 6);
    case 'name':
      return append(reader.name()?.octets);
    case 'string':
      return appendCounted(reader.string());
    case 'strings':
      do if (!appendCounted(reader.string())) return false;
      while (!reader.atEnd);
      return true;
    case 'tag':
      return readTag(reader);
    case 'text':
      return append(reader.text());
    case 'hex':
      return append(parseHex(reader.joined()));
    case 'base64':
      return append(parseBase64(reader.joined()));
    case 'salt': {
      const text = reader.next('a salt')?.text;
      return text === undefined ? false : appendCounted(text === '-' ? EMPTY : parseHex(text));
    }
    case 'hash':
      return appendCounted(parseBase32Hex(reader.next('a hash')?.text ?? '!'));
    case 'bitmap':
      return readBitmap(reader);
    case 'params':
      return parseParams(reader, sink);
    case 'locator64':
      return rare.parseSeparatedHex(reader, sink, ':', 4);
    case 'eui48':
      return rare.parseSeparatedHex(reader, sink, '-', 6);
    case 'eui64':
      return rare.parseSeparatedHex(reader, sink, '-', 8);
    case 'location':
      return parseLocation(reader, sink);
    case 'nsap':
      return rare.parseNsap(reader, sink);
    case 'prefixes':
      return rare.parsePrefixes(reader, sink);
    case 'gateway':
      return rare.parseGateway(reader, sink);
    case 'hip':
      return rare.parseHip(reader, sink);
    case 'opaque':
      return reader.refuse('this type is written as \\# (RFC 3597 §5)');
  }
}

const EMPTY = new Uint8Array(0);

function append(octets: Uint8Array | undefined): boolean {
  if (octets === undefined) return false;
  sink.append(octets);
  return true;
}

function appendCounted(octets: Uint8Array | undefined): boolean {
  if (octets === undefined || octets.length > 255) return false;
  sink.u8(octets.length);
  sink.append(octets);
  return true;
}

function appendNumber(value: number | undefined, width: number): boolean {
  if (value === undefined) return false;
  if (width === 1) sink.u8(value);
  else if (width === 2) sink.u16(value);
  else sink.u32(value);
  return true;
}

function readNumber(reader: TokenReader, limit: number, width: number): boolean {
  return appendNumber(reader.number(limit, 'a number'), width);
}

function readMnemonic(
  reader: TokenReader,
  values: ReadonlyMap<string, number>,
  limit: number,
  width: number,
): boolean {
  const known = values.get(reader.peek()?.text.toUpperCase() ?? '');
  if (known === undefined) return readNumber(reader, limit, width);
  reader.skip();
  return appendNumber(known, width);
}

function readConverted(
  reader: TokenReader,
  convert: (text: string) => number | undefined,
  width: number,
): boolean {
  const token = reader.next('a field');
  return token !== undefined && appendNumber(convert(token.text), width);
}

function readAddress(reader: TokenReader, family: 4 | 6): boolean {
  const token = reader.next('an address');
  if (token === undefined) return false;
  const address = IpAddress.parse(token.text);
  if (address?.family === family) return append(address.octets);
  return reader.refuse(`not an IPv${family} address: ${token.text}`);
}

/** RFC 8659 §4.1: a tag is letters and digits. */
function readTag(reader: TokenReader): boolean {
  const text = reader.next('a tag')?.text ?? '';
  return /^[A-Za-z0-9]{1,255}$/.test(text) && appendCounted(parseString(text));
}

function readBitmap(reader: TokenReader): boolean {
  const types: number[] = [];
  while (!reader.atEnd) {
    const { text } = reader.next('a type')!;
    const type = typeFromMnemonic(text);
    if (type === undefined) return reader.refuse(`unknown type: ${text}`);
    types.push(type);
  }
  return append(TypeBitmap.of(types).octets);
}

/** The text of RDATA; malformed or unknown ones in the form of RFC 3597 §5. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const layout = layoutOf(type);
  if (layout !== undefined && rdataIsWellFormed(type, rdata)) {
    const texts = formatFields(layout.fields, rdata);
    if (texts !== undefined) return texts.join(' ');
  }
  return rdata.length === 0 ? '\\# 0' : `\\# ${rdata.length} ${formatHex(rdata)}`;
}

function formatFields(fields: readonly FieldKind[], rdata: Uint8Array): string[] | undefined {
  const texts: string[] = [];
  let at = 0;
  for (const kind of fields) {
    if (kind === 'params') {
      const params = formatParams(rdata);
      return params === undefined ? undefined : [...texts, ...params];
    }
    // A key with no octets is well-formed (rdataIsWellFormed) and leaves its field empty.
    const end = at === rdata.length ? at : fieldEnd(kind, rdata, at);
    const text = end < 0 ? undefined : formatField(kind, rdata, at, end);
    if (text === undefined) return undefined;
    if (text !== '') texts.push(text);
    at = end;
  }
  return texts;
}

function formatField(
  kind: FieldKind,
  rdata: Uint8Array,
  at: number,
  end: number,
): string | undefined {
  const octets = rdata.slice(at, end);
  switch (kind) {
    case 'u8':
    case 'algorithm':
    case 'u16':
    case 'certificate':
    case 'u32':
    case 'period':
      return String(numberOf(octets));
    case 'type':
      return typeMnemonic(numberOf(octets));
    case 'time':
      return formatTime(numberOf(octets));
    case 'ipv4':
    case 'ipv6':
      return String(IpAddress.fromOctets(octets));
    case 'name':
      return uncompressedNameAt(rdata, at)?.toString();
    case 'string':
      return quoteString(octets.slice(1));
    case 'strings':
      return formatStrings(octets);
    case 'tag':
      return formatTag(octets.slice(1));
    case 'text':
      return quoteString(octets);
    case 'hex':
      return formatHex(octets);
    case 'base64':
      return formatBase64(octets);
    case 'salt':
      return octets.length === 1 ? '-' : formatHex(octets.slice(1));
    case 'hash':
      return formatBase32Hex(octets.slice(1));
    case 'bitmap':
      return TypeBitmap.fromOctets(octets)?.types().map(typeMnemonic).join(' ');
    case 'locator64':
      return rare.formatSeparatedHex(octets, ':');
    case 'eui48':
    case 'eui64':
      return rare.formatSeparatedHex(octets, '-');
    case 'location':
      return formatLocation(octets);
    case 'nsap':
      return `0x${formatHex(octets)}`;
    case 'prefixes':
      return rare.formatPrefixes(octets);
    case 'gateway':
      return rare.formatGateway(octets);
    case 'hip':
      return rare.formatHip(octets);
    default:
      return undefined;
  }
}

function numberOf(octets: Uint8Array): number {
  let value = 0;
  for (const octet of octets) value = value * 256 + octet;
  return value;
}

function formatStrings(octets: Uint8Array): string {
  const texts: string[] = [];
  for (let at = 0; at < octets.length; at += 1 + octets[at]!) {
    texts.push(quoteString(octets.slice(at + 1, at + 1 + octets[at]!)));
  }
  return texts.join(' ');
}

/** A tag with other characters than RFC 8659 allows has no text form. */
function formatTag(octets: Uint8Array): string | undefined {
  const text = escapeString(octets);
  return /^[A-Za-z0-9]+$/.test(text) ? text : undefined;
}
