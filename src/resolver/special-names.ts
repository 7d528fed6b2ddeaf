/**
 * Names that are answered here and never asked: RFC 6761, 6303, 6762, 7686, 8375, 9476.
 * `special-names: off` switches them all off.
 */
import { Name } from '../wire/index.js';

export type SpecialAnswer = 'loopback' | 'name error' | 'empty';

const encode = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const name = (...labels: string[]): Name => Name.fromLabels(labels.map(encode))!;
const reverse4 = (...octets: number[]): Name =>
  name(...octets.map(String).reverse(), 'in-addr', 'arpa');
const reverse6 = (nibbles: string): Name => name(...[...nibbles].reverse(), 'ip6', 'arpa');

/** Each domain, what is said about everything at or below it, and the RFC that says so. */
const TABLE: readonly (readonly [Name, SpecialAnswer, string])[] = [
  [name('localhost'), 'loopback', 'RFC 6761 §6.3'],
  [name('invalid'), 'name error', 'RFC 6761 §6.4'],
  [name('test'), 'name error', 'RFC 6761 §6.2'],
  [name('local'), 'name error', 'RFC 6762 §22.1'],
  [name('onion'), 'name error', 'RFC 7686 §2'],
  [name('alt'), 'name error', 'RFC 9476 §2'],
  [name('home', 'arpa'), 'empty', 'RFC 8375 §4'],
  [reverse4(0), 'empty', 'RFC 6303 §4.2'],
  [reverse4(10), 'empty', 'RFC 6303 §4.1'],
  [reverse4(127), 'empty', 'RFC 6303 §4.2'],
  [reverse4(169, 254), 'empty', 'RFC 6303 §4.2'],
  ...Array.from({ length: 16 }, (_, index): readonly [Name, SpecialAnswer, string] => [
    reverse4(172, 16 + index),
    'empty',
    'RFC 6303 §4.1',
  ]),
  [reverse4(192, 0, 2), 'empty', 'RFC 6303 §4.2'],
  [reverse4(192, 168), 'empty', 'RFC 6303 §4.1'],
  [reverse4(198, 51, 100), 'empty', 'RFC 6303 §4.2'],
  [reverse4(203, 0, 113), 'empty', 'RFC 6303 §4.2'],
  [reverse4(255, 255, 255, 255), 'empty', 'RFC 6303 §4.2'],
  ...Array.from({ length: 64 }, (_, index): readonly [Name, SpecialAnswer, string] => [
    reverse4(100, 64 + index),
    'empty',
    'RFC 7793 §2',
  ]),
  [reverse6('0'.repeat(32)), 'empty', 'RFC 6303 §4.3'],
  [reverse6(`${'0'.repeat(31)}1`), 'empty', 'RFC 6303 §4.3'],
  [reverse6('fd'), 'empty', 'RFC 6303 §4.4'],
  [reverse6('fe8'), 'empty', 'RFC 6303 §4.5'],
  [reverse6('fe9'), 'empty', 'RFC 6303 §4.5'],
  [reverse6('fea'), 'empty', 'RFC 6303 §4.5'],
  [reverse6('feb'), 'empty', 'RFC 6303 §4.5'],
  [reverse6('20010db8'), 'empty', 'RFC 6303 §4.6'],
];

export interface SpecialName {
  readonly domain: Name;
  readonly answer: SpecialAnswer;
  readonly section: string;
}

const byKey = new Map<string, SpecialName>(
  TABLE.map(([domain, answer, section]) => [domain.key, { domain, answer, section }]),
);
const lastLabels = new Set(TABLE.map(([domain]) => domain.suffix(1).key));

/** The special-use domain that `asked` lies in; undefined for ordinary names. */
export function specialName(asked: Name): SpecialName | undefined {
  if (asked.isRoot || !lastLabels.has(asked.suffix(1).key)) return undefined;
  for (let at = asked; !at.isRoot; at = at.parent()) {
    const found = byKey.get(at.key);
    if (found !== undefined) return found;
  }
  return undefined;
}
