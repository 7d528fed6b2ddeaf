/**
 * The names that an authority may issue for (RFC 5280 §4.2.1.10). Only DNS names are looked at: of
 * a mail server nothing else is ever verified.
 */
import { contextTag, type DerElement, readDerAll, readDerSequence } from './der.js';

export interface NameConstraints {
  /** Undefined: any that is not excluded. */
  readonly permitted: readonly string[] | undefined;
  readonly excluded: readonly string[];
  /** Whether there is a subtree of a form that could concern a server's certificate otherwise. */
  readonly hasOther: boolean;
}

/** GeneralName: the mailbox, DNS name, URI and address of RFC 5280 §4.2.1.6. */
const FORM = { mailbox: 0x81, dnsName: 0x82, uri: 0x86, address: 0x87 } as const;
const BESIDE: ReadonlySet<number> = new Set([FORM.mailbox, FORM.uri, FORM.address]);

/** What cannot be read permits nothing. */
const NOTHING: NameConstraints = { permitted: [], excluded: [], hasOther: true };

export function readNameConstraints(value: DerElement | undefined): NameConstraints {
  const parts = readDerSequence(value);
  if (parts === undefined) return NOTHING;
  const permitted = basesOf(parts.find(({ tag }) => tag === contextTag(0)));
  const excluded = basesOf(parts.find(({ tag }) => tag === contextTag(1)));
  if (permitted === undefined || excluded === undefined) return NOTHING;
  const permittedNames = namesOf(permitted);
  return {
    permitted: permittedNames.length === 0 ? undefined : permittedNames,
    excluded: namesOf(excluded),
    hasOther: [...permitted, ...excluded].some(
      ({ tag }) => tag !== FORM.dnsName && !BESIDE.has(tag),
    ),
  };
}

/** The base of each subtree; RFC 5280 §4.2.1.10 leaves minimum and maximum unused. */
function basesOf(subtrees: DerElement | undefined): readonly DerElement[] | undefined {
  if (subtrees === undefined) return [];
  const bases = readDerAll(subtrees.content)?.map((each) => readDerSequence(each)?.[0]);
  return bases?.every((base) => base !== undefined) === true ? bases : undefined;
}

function namesOf(bases: readonly DerElement[]): readonly string[] {
  return bases
    .filter(({ tag }) => tag === FORM.dnsName)
    .map(({ content }) => String.fromCharCode(...content.subarray(0, MOST_OCTETS)).toLowerCase());
}

/** No DNS name is longer, and a longer text matches none. */
const MOST_OCTETS = 256;

/** `name` in lower case, without a final dot. */
export function permitsName(constraints: NameConstraints | undefined, name: string): boolean {
  if (constraints === undefined) return true;
  // Labels may be added on the left; a dot in front, which is no name, is taken as at least one.
  const isWithin = (base: string): boolean =>
    base === '' || name === base || name.endsWith(base.startsWith('.') ? base : `.${base}`);
  const { permitted, excluded } = constraints;
  return !excluded.some(isWithin) && permitted?.some(isWithin) !== false;
}
