/**
 * IANA's root-anchors.xml: RFC 9718 §2. Reads the little XML that document needs and refuses the
 * rest (document types, processing instructions after the prolog, foreign elements are skipped).
 */
import { parseBase64, parseHex } from './binary-text.js';
import { parseNumber, secondsOfDate } from './number-text.js';

export interface RootAnchor {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
  /** RFC 9718 §2.1.3: outside this time the anchor is not to be used. */
  readonly validFromSeconds?: number;
  readonly validUntilSeconds?: number;
  /** RFC 9718 §2.1.4: the key itself and its flags, when the file carries them. */
  readonly publicKey?: Uint8Array;
  readonly flags?: number;
}

export type RootAnchorsXml =
  | { readonly anchors: readonly RootAnchor[]; readonly error?: undefined }
  | { readonly error: string; readonly anchors?: undefined };

/** All key digests of the file, expired ones included; a single bad one refuses the file. */
export function readRootAnchorsXml(text: string): RootAnchorsXml {
  const document = new XmlReader(text).document();
  if (typeof document === 'string') return { error: document };
  if (document.name !== 'TrustAnchor') return { error: 'the document element is no TrustAnchor' };
  if (textOf(document, 'Zone') !== '.') return { error: 'the anchors are not for the root zone' };
  const anchors: RootAnchor[] = [];
  for (const child of document.children) {
    if (child.name !== 'KeyDigest') continue;
    const anchor = anchorOf(child);
    if (typeof anchor === 'string') return { error: anchor };
    anchors.push(anchor);
  }
  return anchors.length > 0 ? { anchors } : { error: 'the file has no KeyDigest' };
}

/** The anchors of the file, none when it is malformed: see readRootAnchorsXml for the reason. */
export function parseRootAnchorsXml(text: string): readonly RootAnchor[] {
  return readRootAnchorsXml(text).anchors ?? [];
}

function anchorOf(element: XmlElement): RootAnchor | string {
  const keyTag = parseNumber(textOf(element, 'KeyTag') ?? '', 0xffff);
  const algorithm = parseNumber(textOf(element, 'Algorithm') ?? '', 255);
  const digestType = parseNumber(textOf(element, 'DigestType') ?? '', 255);
  const digest = parseHex((textOf(element, 'Digest') ?? '').replace(/\s/g, ''));
  if (keyTag === undefined || algorithm === undefined || digestType === undefined) {
    return 'a KeyDigest lacks its key tag, algorithm or digest type';
  }
  if (digest === undefined || digest.length === 0)
    return `the digest of ${keyTag} is not hexadecimal`;
  const validFromSeconds = parseDateTime(element.attributes.get('validFrom'));
  const validUntilSeconds = parseDateTime(element.attributes.get('validUntil'));
  if (validFromSeconds === null || validUntilSeconds === null) {
    return `the validity of ${keyTag} is no date and time`;
  }
  const keyText = textOf(element, 'PublicKey')?.replace(/\s/g, '');
  const publicKey = keyText === undefined ? undefined : parseBase64(keyText);
  const flagsText = textOf(element, 'Flags');
  const flags = flagsText === undefined ? undefined : parseNumber(flagsText, 0xffff);
  if ((keyText !== undefined && !publicKey) || (flagsText !== undefined && flags === undefined)) {
    return `the public key of ${keyTag} is malformed`;
  }
  return {
    keyTag,
    algorithm,
    digestType,
    digest,
    ...(validFromSeconds !== undefined && { validFromSeconds }),
    ...(validUntilSeconds !== undefined && { validUntilSeconds }),
    ...(publicKey !== undefined && { publicKey }),
    ...(flags !== undefined && { flags }),
  };
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** XML Schema dateTime with its time zone; undefined when absent, null when malformed. */
function parseDateTime(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined;
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const local = secondsOfDate(year!, month!, day!, hour!, minute!, second!);
  if (local === undefined) return null;
  const offset = (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0)) * 60;
  return match[7] === '-' ? local + offset : local - offset;
}

interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim();
}

const NAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*(?:"([^"<&]*)"|'([^'<&]*)')/y;
const MAX_DEPTH = 8;

class XmlReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
  }

  /** The document element, or what is wrong. */
  document(): XmlElement | string {
    if (this.#text.startsWith('<?xml')) this.#skipPast('?>');
    this.#skipMisc();
    const element = this.#element(0);
    if (typeof element === 'string') return element;
    this.#skipMisc();
    return this.#at === this.#text.length ? element : 'text follows the document element';
  }

  #element(depth: number): XmlElement | string {
    if (depth > MAX_DEPTH) return 'elements are nested too deeply';
    if (this.#text[this.#at] !== '<') return 'an element is missing';
    this.#at++;
    const name = this.#match(NAME)?.[0];
    if (name === undefined) return 'an element has no name';
    const attributes = new Map<string, string>();
    for (let match = this.#match(ATTRIBUTE); match; match = this.#match(ATTRIBUTE)) {
      if (attributes.has(match[1]!)) return `attribute ${match[1]} is given twice`;
      attributes.set(match[1]!, match[2] ?? match[3] ?? '');
    }
    this.#skipSpace();
    const element: XmlElement = { name, attributes, children: [], text: '' };
    if (this.#take('/>')) return element;
    if (!this.#take('>')) return `the tag of ${name} is malformed`;
    return this.#content(element, depth);
  }

  #content(element: XmlElement, depth: number): XmlElement | string {
    for (;;) {
      const tag = this.#text.indexOf('<', this.#at);
      if (tag < 0) return `${element.name} is not closed`;
      const text = this.#text.slice(this.#at, tag);
      if (text.includes('&')) return 'entities are not supported';
      element.text += text;
      this.#at = tag;
      if (this.#take('<!--')) {
        this.#skipPast('-->');
      } else if (this.#take('</')) {
        const closes = this.#match(NAME)?.[0] === element.name;
        this.#skipSpace();
        return closes && this.#take('>') ? element : `${element.name} is closed by another tag`;
      } else {
        const child = this.#element(depth + 1);
        if (typeof child === 'string') return child;
        element.children.push(child);
      }
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  #skipPast(end: string): void {
    const at = this.#text.indexOf(end, this.#at);
    this.#at = at < 0 ? this.#text.length : at + end.length;
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #skipMisc(): void {
    this.#skipSpace();
    while (this.#take('<!--')) {
      this.#skipPast('-->');
      this.#skipSpace();
    }
  }
}
