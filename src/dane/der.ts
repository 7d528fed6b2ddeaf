/**
 * As much of DER (X.690) as is needed to find the parts of a certificate: definite lengths, short
 * tags. Strict: what is not minimal or does not fit is not DER.
 */

export interface DerElement {
  readonly tag: number;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

export const DerTag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
} as const;

/** The tag of a context-specific, constructed element, as `[0]` in a certificate. */
export function contextTag(number: number): number {
  return 0xa0 | number;
}

/** One element that fills the octets; undefined when they hold anything else. */
export function readDer(octets: Uint8Array): DerElement | undefined {
  const element = elementAt(octets, 0);
  return element?.whole.length === octets.length ? element : undefined;
}

/** The elements that fill the octets one after the other. */
export function readDerAll(octets: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let at = 0; at < octets.length;) {
    const element = elementAt(octets, at);
    if (element === undefined) return undefined;
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** What is inside of a sequence. */
export function readDerSequence(
  element: DerElement | undefined,
): readonly DerElement[] | undefined {
  return element?.tag === DerTag.SEQUENCE ? readDerAll(element.content) : undefined;
}

function elementAt(octets: Uint8Array, start: number): DerElement | undefined {
  const tag = octets[start];
  const first = octets[start + 1];
  // X.690 §8.1.2.4: tags of several octets do not occur in certificates.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let at = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // X.690 §10.1: definite lengths in as few octets as possible.
    if (count === 0 || count > 3 || octets[at] === 0) return undefined;
    length = 0;
    for (let taken = 0; taken < count; taken++) {
      const octet = octets[at++];
      if (octet === undefined) return undefined;
      length = length * 256 + octet;
    }
    if (length < 0x80) return undefined;
  }
  const end = at + length;
  if (end > octets.length) return undefined;
  return { tag, whole: octets.subarray(start, end), content: octets.subarray(at, end) };
}
