/**
 * Cuts master-file text (RFC 1035 §5.1) into entries of tokens. Knows spaces, comments, quotes,
 * escapes and parentheses; not what a token means.
 */

export interface Token {
  /** As written, escapes untouched, without the quotation marks. */
  readonly text: string;
  readonly quoted: boolean;
  /** No space before it: the value in `key="value"`. */
  readonly glued: boolean;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** Characters that end an unquoted token. */
const ENDS_WORD: Uint8Array = (() => {
  const table = new Uint8Array(128);
  for (const code of [TAB, LF, CR, SPACE, QUOTE, OPEN, CLOSE, SEMICOLON]) table[code] = 1;
  return table;
})();

export class Lexer {
  /** Tokens of the current entry; at least one. */
  tokens: Token[] = [];
  /** Where the current entry begins. */
  line = 0;
  /** The entry began with a blank: its owner is the one before (RFC 1035 §5.1). */
  ownerOmitted = false;
  error: string | undefined;
  readonly #text: string;
  #at = 0;
  #nextLine = 1;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next entry; false at the end of the text or at an error, with `line` set. */
  next(): boolean {
    const text = this.#text;
    this.tokens = [];
    this.#beginLine();
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code === SPACE || code === TAB || code === CR) this.#at++;
      else if (code === LF) {
        this.#at++;
        this.#nextLine++;
        if (this.#depth > 0) continue;
        if (this.tokens.length > 0) return true;
        this.#beginLine();
      } else if (code === SEMICOLON) {
        const end = text.indexOf('\n', this.#at);
        this.#at = end < 0 ? text.length : end;
      } else if (code === OPEN) {
        this.#depth++;
        this.#at++;
      } else if (code === CLOSE) {
        if (--this.#depth < 0) return this.#fail('a closing parenthesis without an opening one');
        this.#at++;
      } else if (code === QUOTE) {
        if (!this.#quoted()) return false;
      } else this.#word();
    }
    if (this.#depth > 0) return this.#fail('a parenthesis is not closed');
    return this.tokens.length > 0;
  }

  #beginLine(): void {
    const code = this.#text.charCodeAt(this.#at);
    this.line = this.#nextLine;
    this.ownerOmitted = code === SPACE || code === TAB;
  }

  #word(): void {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH && at + 1 < text.length && text.charCodeAt(at + 1) !== LF) at += 2;
      // RFC 1035 §5.1: a string quotes from its beginning; a mark inside a word is a character of
      // it, except in key="value" (RFC 9460 §2.1).
      else if (code === QUOTE && text.charCodeAt(at - 1) !== EQUALS) at++;
      else if (code < 128 && ENDS_WORD[code] === 1) break;
      else at++;
    }
    this.#at = at;
    this.tokens.push({ text: text.slice(start, at), quoted: false, glued: this.#isGlued(start) });
  }

  #quoted(): boolean {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === LF) break;
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) {
        const glued = this.#isGlued(start - 1);
        this.tokens.push({ text: text.slice(start, at), quoted: true, glued });
        this.#at = at + 1;
        return true;
      }
    }
    this.#at = text.length;
    return this.#fail('a quoted string is not closed on its line');
  }

  #isGlued(start: number): boolean {
    if (this.tokens.length === 0 || start === 0) return false;
    const before = this.#text.charCodeAt(start - 1);
    return before >= 128 || ENDS_WORD[before] === 0 || before === QUOTE;
  }

  #fail(message: string): false {
    this.error = message;
    return false;
  }
}
