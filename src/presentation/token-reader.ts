/** Walks the tokens of one entry; the first thing that goes wrong is kept as the error. */
import { Name } from '../wire/index.js';
import type { Token } from './lexer.js';
import { parseName } from './name-text.js';
import { parseNumber } from './number-text.js';
import { parseString } from './string-text.js';

export class TokenReader {
  error: string | undefined;
  readonly origin: Name | undefined;
  readonly #tokens: readonly Token[];
  #index: number;

  constructor(tokens: readonly Token[], index: number, origin: Name | undefined) {
    this.#tokens = tokens;
    this.#index = index;
    this.origin = origin;
  }

  get atEnd(): boolean {
    return this.#index >= this.#tokens.length;
  }

  fail(message: string): undefined {
    this.error ??= message;
    return undefined;
  }

  refuse(message: string): false {
    this.error ??= message;
    return false;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#index];
  }

  skip(): void {
    this.#index++;
  }

  next(what: string): Token | undefined {
    const token = this.#tokens[this.#index++];
    return token ?? this.fail(`${what} is missing`);
  }

  number(limit: number, what: string): number | undefined {
    const token = this.next(what);
    if (token === undefined) return undefined;
    const value = parseNumber(token.text, limit);
    return value ?? this.fail(`${what} is not a number from 0 to ${limit}: ${token.text}`);
  }

  name(): Name | undefined {
    const token = this.next('a domain name');
    if (token === undefined) return undefined;
    // RFC 1035 §5.1: a free-standing @ is the origin.
    if (token.text === '@' && !token.quoted) return this.origin ?? Name.root;
    const name = parseName(token.text, this.origin);
    return name ?? this.fail(`not a domain name: ${token.text}`);
  }

  /** A character-string's octets, at most 255 of them. */
  string(): Uint8Array | undefined {
    const octets = this.text();
    if (octets === undefined || octets.length <= 255) return octets;
    return this.fail('a character-string is longer than 255 octets');
  }

  /** A quoted or plain string of any length. */
  text(): Uint8Array | undefined {
    const token = this.next('a string');
    if (token === undefined) return undefined;
    return parseString(token.text) ?? this.fail(`bad escape in string: ${token.text}`);
  }

  /** What is left, spaces dropped: long hexadecimal and base64 may be broken anywhere. */
  joined(): string {
    const first = this.peek();
    this.#index++;
    if (first === undefined) return '';
    let text = first.text;
    for (; this.#index < this.#tokens.length; this.#index++) {
      text += this.#tokens[this.#index]!.text;
    }
    return text;
  }
}
