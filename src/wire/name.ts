/**
 * Domain names as wire octets. The octets are the name: any octet may stand in a label, nothing
 * is ever decoded to text here. Identity is ASCII-case-insensitive (RFC 4343).
 */

import { portion } from './octets.js';

export const MAX_NAME_OCTETS = 255; // RFC 1035 §2.3.4
export const MAX_LABEL_OCTETS = 63; // RFC 1035 §2.3.4

/** ASCII-only case folding, RFC 4343 §3: octets outside A-Z stand for themselves. */
export const LOWER_CASE: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (let octet = 0; octet < 256; octet++) {
    table[octet] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
  }
  return table;
})();

/** Octets to a string of the same code points: a map key, never shown to anyone. */
export function octetKey(octets: Uint8Array, start = 0, end = octets.length): string {
  let key = '';
  let at = start;
  // Eight at a time is the quickest way that the language alone offers, for names as long as
  // names are; one call for all of them pays only above some hundred octets.
  for (; at + 8 <= end; at += 8) {
    key += String.fromCharCode(
      octets[at]!,
      octets[at + 1]!,
      octets[at + 2]!,
      octets[at + 3]!,
      octets[at + 4]!,
      octets[at + 5]!,
      octets[at + 6]!,
      octets[at + 7]!,
    );
  }
  for (; at < end; at++) key += String.fromCharCode(octets[at]!);
  return key;
}

const scratch = new Uint8Array(MAX_NAME_OCTETS + 1);

export class Name {
  /** Uncompressed wire form with its final root octet; case as received. Never written to. */
  readonly octets: Uint8Array;
  /** Labels without the root label; `*` counts (RFC 4034 §3.1.3 does not count it: see callers). */
  readonly labelCount: number;
  #key: string | undefined;
  #parent: Name | undefined;

  private constructor(octets: Uint8Array, labelCount: number) {
    this.octets = octets;
    this.labelCount = labelCount;
  }

  /** Takes ownership of `octets`, which must already be a checked, uncompressed name. */
  static fromCheckedOctets(octets: Uint8Array, labelCount: number): Name {
    return new Name(octets, labelCount);
  }

  /** Checks an uncompressed name that fills `octets` exactly; undefined when it is not one. */
  static fromOctets(octets: Uint8Array): Name | undefined {
    if (octets.length === 0 || octets.length > MAX_NAME_OCTETS) return undefined;
    let at = 0;
    let labels = 0;
    for (;;) {
      const length = octets[at];
      if (length === undefined || length > MAX_LABEL_OCTETS) return undefined;
      if (length === 0) return at + 1 === octets.length ? new Name(octets, labels) : undefined;
      at += 1 + length;
      labels++;
    }
  }

  /** Joins labels (most specific first); undefined when a label or the whole is too long. */
  static fromLabels(labels: readonly Uint8Array[]): Name | undefined {
    let size = 1;
    for (const label of labels) {
      if (label.length === 0 || label.length > MAX_LABEL_OCTETS) return undefined;
      size += 1 + label.length;
    }
    if (size > MAX_NAME_OCTETS) return undefined;
    const octets = new Uint8Array(size);
    let at = 0;
    for (const label of labels) {
      octets[at] = label.length;
      octets.set(label, at + 1);
      at += 1 + label.length;
    }
    return new Name(octets, labels.length);
  }

  static readonly root: Name = new Name(new Uint8Array(1), 0);

  /** Lower-cased wire octets (length octets included) as a string: equal keys are equal names. */
  get key(): string {
    if (this.#key === undefined) {
      const { octets } = this;
      // Length octets are at most 63, below 'A', so folding every octet cannot change them.
      for (let at = 0; at < octets.length; at++) scratch[at] = LOWER_CASE[octets[at]!]!;
      this.#key = octetKey(scratch, 0, octets.length);
    }
    return this.#key;
  }

  get isRoot(): boolean {
    return this.labelCount === 0;
  }

  /** True when the leftmost label is a lone asterisk (RFC 4592 §2.1.1). */
  get isWildcard(): boolean {
    return this.octets[0] === 1 && this.octets[1] === 0x2a;
  }

  equals(other: Name): boolean {
    if (this === other) return true;
    const mine = this.octets;
    const theirs = other.octets;
    if (mine.length !== theirs.length) return false;
    if (this.#key !== undefined && other.#key !== undefined) return this.#key === other.#key;
    for (let at = 0; at < mine.length; at++) {
      if (LOWER_CASE[mine[at]!] !== LOWER_CASE[theirs[at]!]) return false;
    }
    return true;
  }

  /** True when this name is `ancestor` or lies below it. */
  isAtOrBelow(ancestor: Name): boolean {
    const surplus = this.octets.length - ancestor.octets.length;
    if (surplus < 0 || this.labelCount < ancestor.labelCount) return false;
    if (ancestor.labelCount === 0) return true;
    if (this.offsetOfSuffix(ancestor.labelCount) !== surplus) return false;
    for (let at = 0; at < ancestor.octets.length; at++) {
      if (LOWER_CASE[this.octets[surplus + at]!] !== LOWER_CASE[ancestor.octets[at]!]) return false;
    }
    return true;
  }

  isBelow(ancestor: Name): boolean {
    return this.labelCount > ancestor.labelCount && this.isAtOrBelow(ancestor);
  }

  /** The name without its leftmost label; the root's parent is the root. */
  parent(): Name {
    if (this.labelCount === 0) return this;
    this.#parent ??= new Name(portion(this.octets, 1 + this.octets[0]!), this.labelCount - 1);
    return this.#parent;
  }

  /** The ancestor (or self) that has exactly `labels` labels. */
  suffix(labels: number): Name {
    if (labels >= this.labelCount) return this;
    if (labels <= 0) return Name.root;
    return new Name(portion(this.octets, this.offsetOfSuffix(labels)), labels);
  }

  /** Label `index` counted from the left, without its length octet. */
  label(index: number): Uint8Array {
    let at = 0;
    for (let skipped = 0; skipped < index; skipped++) at += 1 + this.octets[at]!;
    return portion(this.octets, at + 1, at + 1 + this.octets[at]!);
  }

  /** All labels, leftmost first, without the root label. */
  labels(): Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (let at = 0; this.octets[at] !== 0; at += 1 + this.octets[at]!) {
      labels.push(portion(this.octets, at + 1, at + 1 + this.octets[at]!));
    }
    return labels;
  }

  /** This name with `label` put before it; undefined when that is too long. */
  prepend(label: Uint8Array): Name | undefined {
    const size = this.octets.length + 1 + label.length;
    if (label.length === 0 || label.length > MAX_LABEL_OCTETS || size > MAX_NAME_OCTETS) {
      return undefined;
    }
    const octets = new Uint8Array(size);
    octets[0] = label.length;
    octets.set(label, 1);
    octets.set(this.octets, 1 + label.length);
    return new Name(octets, this.labelCount + 1);
  }

  /** The labels of this name above-left of `oldSuffix`, put before `newSuffix` (RFC 6672 §2.2). */
  replaceSuffix(oldSuffix: Name, newSuffix: Name): Name | undefined {
    const kept = this.octets.length - oldSuffix.octets.length;
    if (kept + newSuffix.octets.length > MAX_NAME_OCTETS) return undefined;
    const octets = new Uint8Array(kept + newSuffix.octets.length);
    for (let at = 0; at < kept; at++) octets[at] = this.octets[at]!;
    octets.set(newSuffix.octets, kept);
    return new Name(octets, this.labelCount - oldSuffix.labelCount + newSuffix.labelCount);
  }

  /** `*.` before this name; undefined when that is too long. */
  wildcard(): Name | undefined {
    return this.prepend(ASTERISK);
  }

  /** The longest name that both are at or below. */
  commonAncestor(other: Name): Name {
    let candidate = this.suffix(Math.min(this.labelCount, other.labelCount));
    while (!other.isAtOrBelow(candidate)) candidate = candidate.parent();
    return candidate;
  }

  /** Lower-cased copy of the wire octets: the canonical form of RFC 4034 §6.2. */
  canonicalOctets(): Uint8Array {
    const octets = new Uint8Array(this.octets.length);
    for (let at = 0; at < octets.length; at++) octets[at] = LOWER_CASE[this.octets[at]!]!;
    return octets;
  }

  /** Canonical order, RFC 4034 §6.1: by label from the right, as lower-cased octet strings. */
  compareCanonical(other: Name): number {
    const mine = labelOffsets(this, leftOffsets);
    const theirs = labelOffsets(other, rightOffsets);
    for (let back = 1; back <= mine && back <= theirs; back++) {
      const difference = compareLabels(
        this.octets,
        leftOffsets[mine - back]!,
        other.octets,
        rightOffsets[theirs - back]!,
      );
      if (difference !== 0) return difference;
    }
    return mine - theirs;
  }

  /**
   * Printable form with the escapes of RFC 1035 §5.1 and RFC 4343 §2.1, ending in a dot. For logs
   * and people only: never compared, never parsed back on the validation path.
   */
  toString(): string {
    if (this.labelCount === 0) return '.';
    let text = '';
    for (const label of this.labels()) {
      for (const octet of label) {
        if (octet <= 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, '0')}`;
        else if (ESCAPED.has(octet)) text += `\\${String.fromCharCode(octet)}`;
        else text += String.fromCharCode(octet);
      }
      text += '.';
    }
    return text;
  }

  private offsetOfSuffix(labels: number): number {
    let at = 0;
    for (let skip = this.labelCount - labels; skip > 0; skip--) at += 1 + this.octets[at]!;
    return at;
  }
}

const ASTERISK = Uint8Array.of(0x2a);
// " $ ( ) . ; @ and \ have a meaning in master files.
const ESCAPED: ReadonlySet<number> = new Set([0x22, 0x24, 0x28, 0x29, 0x2e, 0x3b, 0x40, 0x5c]);

// A name has at most 127 labels; reused so that sorting names allocates nothing.
const leftOffsets = new Uint8Array(128);
const rightOffsets = new Uint8Array(128);

function labelOffsets(name: Name, into: Uint8Array): number {
  let count = 0;
  for (let at = 0; name.octets[at] !== 0; at += 1 + name.octets[at]!) into[count++] = at;
  return count;
}

function compareLabels(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  const aLength = a[aAt]!;
  const bLength = b[bAt]!;
  const shared = Math.min(aLength, bLength);
  for (let index = 1; index <= shared; index++) {
    const difference = LOWER_CASE[a[aAt + index]!]! - LOWER_CASE[b[bAt + index]!]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
