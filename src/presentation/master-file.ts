/** Master files: RFC 1035 §5, with $TTL of RFC 2308 §4 and unknown types of RFC 3597 §5. */
import {
  type Name,
  type ResourceRecord,
  RRClass,
  typeFromMnemonic,
  typeMnemonic,
} from '../wire/index.js';
import { Lexer } from './lexer.js';
import { parseName } from './name-text.js';
import { parseNumber, parsePeriod } from './number-text.js';
import { formatRdata, readRdata } from './rdata-text.js';
import { TokenReader } from './token-reader.js';

export interface MasterFileError {
  /** Counted from 1, where the entry at fault begins. */
  readonly line: number;
  readonly message: string;
}

export type MasterFile =
  | {
      readonly records: ResourceRecord[];
      /** For each record the line its entry begins on. */
      readonly lines: number[];
      readonly error?: undefined;
    }
  | { readonly error: MasterFileError; readonly records?: undefined; readonly lines?: undefined };

export interface MasterFileOptions {
  /** Completes relative names until $ORIGIN says otherwise; without one they are absolute. */
  readonly origin?: Name | undefined;
  /** For records with no TTL before any was stated; one hour when left out. */
  readonly defaultTtlSeconds?: number | undefined;
}

const DEFAULT_TTL_SECONDS = 3600;
// RFC 2181 §8
const MAX_TTL_SECONDS = 0x7fffffff;

/** All records of a text, in order, or the first error. $INCLUDE is refused: no file is read. */
export function parseMasterFile(text: string, options: MasterFileOptions = {}): MasterFile {
  const parser = new MasterFileParser(options);
  const lexer = new Lexer(text);
  const records: ResourceRecord[] = [];
  const lines: number[] = [];
  while (lexer.next()) {
    const record = parser.entry(lexer);
    if (record !== undefined) {
      records.push(record);
      lines.push(lexer.line);
    } else if (parser.error !== undefined) {
      return { error: { line: lexer.line, message: parser.error } };
    }
  }
  if (lexer.error !== undefined) return { error: { line: lexer.line, message: lexer.error } };
  return { records, lines };
}

/** One record; undefined when it is malformed or not exactly one. */
export function parseRecord(
  text: string,
  options: MasterFileOptions = {},
): ResourceRecord | undefined {
  const { records } = parseMasterFile(text, options);
  return records?.length === 1 ? records[0] : undefined;
}

/** Owner, TTL, class, type and RDATA, as dig prints them. */
export function formatRecord(record: ResourceRecord): string {
  const { owner, ttlSeconds, class: rrClass, type, rdata } = record;
  const fields = [String(owner), String(ttlSeconds), classMnemonic(rrClass), typeMnemonic(type)];
  return `${fields.join('\t')}\t${formatRdata(type, rdata)}`;
}

const CLASS_NAMES = new Map(Object.entries(RRClass).map(([name, value]) => [value, name] as const));
const CLASS_VALUES = new Map<string, number>(Object.entries(RRClass));

/** Mnemonic of a class, or RFC 3597 §5 `CLASSnnn`. */
export function classMnemonic(rrClass: number): string {
  return CLASS_NAMES.get(rrClass as 1) ?? `CLASS${rrClass}`;
}

export function classFromMnemonic(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = CLASS_VALUES.get(upper);
  if (known !== undefined) return known;
  return upper.startsWith('CLASS') ? parseNumber(upper.slice(5), 0xffff) : undefined;
}

class MasterFileParser {
  error: string | undefined;
  #origin: Name | undefined;
  #owner: Name | undefined;
  #ownerText = '';
  /** $TTL once stated, else the TTL stated last (RFC 2308 §4, RFC 1035 §5.1). */
  #ttlSeconds: number;
  #ttlIsDirective = false;
  #class: number = RRClass.IN;

  constructor(options: MasterFileOptions) {
    this.#origin = options.origin;
    this.#ttlSeconds = options.defaultTtlSeconds ?? DEFAULT_TTL_SECONDS;
  }

  /** The record of an entry; undefined for a directive, and for an error, which is then set. */
  entry(lexer: Lexer): ResourceRecord | undefined {
    const first = lexer.tokens[0]!;
    if (!lexer.ownerOmitted && !first.quoted && first.text.startsWith('$')) {
      this.error = this.#directive(lexer, first.text.toUpperCase());
      return undefined;
    }
    const reader = new TokenReader(lexer.tokens, lexer.ownerOmitted ? 0 : 1, this.#origin);
    if (!lexer.ownerOmitted && !this.#readOwner(first.text, first.quoted)) {
      this.error = `not a domain name: ${first.text}`;
      return undefined;
    }
    const record = this.#readRecord(reader);
    if (record === undefined) this.error = reader.error ?? 'not a resource record';
    return record;
  }

  #readOwner(text: string, quoted: boolean): boolean {
    if (this.#owner !== undefined && text === this.#ownerText) return true;
    const isOrigin = text === '@' && !quoted;
    const owner =
      isOrigin && this.#origin ? this.#origin : parseName(isOrigin ? '.' : text, this.#origin);
    if (owner === undefined) return false;
    this.#owner = owner;
    this.#ownerText = text;
    return true;
  }

  #readRecord(reader: TokenReader): ResourceRecord | undefined {
    const owner = this.#owner;
    if (owner === undefined) return reader.fail('no owner name was given yet');
    let ttlSeconds: number | undefined;
    let rrClass: number | undefined;
    // RFC 1035 §5.1: TTL and class may stand in either order, and either may be left out.
    for (;;) {
      const token = reader.next('a type');
      if (token === undefined) return undefined;
      const first = token.text.charCodeAt(0);
      if (ttlSeconds === undefined && first >= 0x30 && first <= 0x39) {
        ttlSeconds = parsePeriod(token.text, MAX_TTL_SECONDS);
        if (ttlSeconds === undefined) return reader.fail(`not a TTL: ${token.text}`);
        continue;
      }
      const stated = rrClass === undefined ? classFromMnemonic(token.text) : undefined;
      // ANY is a class of queries and, by the same mnemonic, a type of queries.
      if (stated !== undefined) {
        rrClass = stated;
        continue;
      }
      const type = typeFromMnemonic(token.text);
      if (type === undefined) return reader.fail(`unknown type or class: ${token.text}`);
      const rdata = readRdata(type, reader);
      if (rdata === undefined) return undefined;
      if (ttlSeconds !== undefined && !this.#ttlIsDirective) this.#ttlSeconds = ttlSeconds;
      if (rrClass !== undefined) this.#class = rrClass;
      return { owner, type, class: this.#class, ttlSeconds: ttlSeconds ?? this.#ttlSeconds, rdata };
    }
  }

  /** An error message, or undefined when the directive was carried out. */
  #directive(lexer: Lexer, directive: string): string | undefined {
    const argument = lexer.tokens[1]?.text ?? '';
    if (lexer.tokens.length > 2) return `surplus text after ${directive}`;
    if (directive === '$ORIGIN') {
      const origin = parseName(argument, this.#origin);
      if (origin === undefined) return `not a domain name: ${argument}`;
      this.#origin = origin;
      // The same text names another owner from here on.
      this.#ownerText = '';
      return undefined;
    }
    if (directive === '$TTL') {
      const seconds = parsePeriod(argument, MAX_TTL_SECONDS);
      if (seconds === undefined) return `not a TTL: ${argument}`;
      this.#ttlSeconds = seconds;
      this.#ttlIsDirective = true;
      return undefined;
    }
    if (directive === '$INCLUDE') return '$INCLUDE is not supported: put the records here';
    return `unknown directive: ${directive}`;
  }
}
