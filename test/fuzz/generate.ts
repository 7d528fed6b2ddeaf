/** Random values that are valid: names, RDATA of every known type, whole messages. */
import {
  concatOctets,
  type EdnsOption,
  type EncodableMessage,
  encodeMessage,
  type FieldKind,
  layoutOf,
  Name,
  type ResourceRecord,
  RRType,
  TypeBitmap,
  typesWithLayout,
} from '../../src/wire/index.js';
import type { Prng } from './mutate.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*';

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function label(prng: Prng): Uint8Array {
  const length = prng.oneIn(40) ? prng.between(1, 63) : prng.between(1, 9);
  if (prng.oneIn(10)) return prng.octets(length);
  let text = '';
  for (let left = length; left > 0; left--) text += LETTERS[prng.below(LETTERS.length)];
  return ascii(text);
}

/** Any name; below one of `suffixes` as a rule, so that compression has something to do. */
export function randomName(prng: Prng, suffixes: readonly Name[] = []): Name {
  let name = suffixes.length > 0 && !prng.oneIn(4) ? prng.pick(suffixes) : Name.root;
  for (let left = prng.below(4); left > 0; left--) name = name.prepend(label(prng)) ?? name;
  return name;
}

/** A name of exactly 255 octets. */
export function longestName(prng: Prng): Name {
  const labels = [63, 63, 63, 61].map((length) => prng.octets(length));
  return Name.fromLabels(labels)!;
}

function counted(octets: Uint8Array): Uint8Array {
  return concatOctets(Uint8Array.of(octets.length), octets);
}

function repeated(prng: Prng, most: number, make: () => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let left = prng.below(most + 1); left > 0; left--) parts.push(make());
  return concatOctets(...parts);
}

function randomBitmap(prng: Prng): Uint8Array {
  const types: number[] = [];
  for (let left = prng.below(8); left > 0; left--) {
    types.push(prng.oneIn(4) ? prng.below(0x10000) : prng.between(1, 270));
  }
  return TypeBitmap.of(types).octets;
}

function randomParams(prng: Prng): Uint8Array {
  let key = 0;
  return repeated(prng, 4, () => {
    key += prng.between(1, 900);
    const value = prng.octets(prng.below(20));
    return concatOctets(Uint8Array.of(key >> 8, key, 0, value.length), value);
  });
}

function randomPrefixes(prng: Prng): Uint8Array {
  return repeated(prng, 3, () => {
    const family = prng.between(1, 2);
    const address = prng.octets(prng.below(family === 1 ? 5 : 17));
    // RFC 3123 §4: no trailing zeros, or the text form would not come back the same.
    if (address.length > 0) address[address.length - 1]! |= 1;
    const negated = prng.oneIn(2) ? 0x80 : 0;
    const bits = prng.below(family === 1 ? 33 : 129);
    return concatOctets(Uint8Array.of(0, family, bits, negated | address.length), address);
  });
}

function randomGateway(prng: Prng, suffixes: readonly Name[]): Uint8Array {
  const kind = prng.below(4);
  const head = Uint8Array.of(prng.uint32(), kind, prng.uint32());
  if (kind === 3) return concatOctets(head, randomName(prng, suffixes).octets);
  return concatOctets(head, prng.octets([0, 4, 16][kind]!));
}

function randomHip(prng: Prng, suffixes: readonly Name[]): Uint8Array {
  const tag = prng.octets(prng.between(1, 20));
  const key = prng.octets(prng.between(1, 60));
  const head = Uint8Array.of(tag.length, prng.uint32(), 0, key.length);
  const servers = repeated(prng, 2, () => randomName(prng, suffixes).octets);
  return concatOctets(head, tag, key, servers);
}

function randomLocation(prng: Prng): Uint8Array {
  const location = new Uint8Array(16);
  for (let at = 1; at < 4; at++) location[at] = (prng.between(1, 9) << 4) | prng.below(10);
  const view = new DataView(location.buffer);
  view.setUint32(4, 2 ** 31 + prng.below(600_000_000) - 300_000_000);
  view.setUint32(8, 2 ** 31 + prng.below(1_200_000_000) - 600_000_000);
  view.setUint32(12, prng.uint32());
  return location;
}

function randomField(prng: Prng, kind: FieldKind, suffixes: readonly Name[]): Uint8Array {
  switch (kind) {
    case 'u8':
    case 'algorithm':
      return prng.octets(1);
    case 'u16':
    case 'certificate':
    case 'type':
      return prng.octets(2);
    case 'u32':
    case 'time':
    case 'period':
    case 'ipv4':
      return prng.octets(4);
    case 'eui48':
      return prng.octets(6);
    case 'eui64':
    case 'locator64':
      return prng.octets(8);
    case 'ipv6':
      return prng.octets(16);
    case 'name':
      return randomName(prng, suffixes).octets;
    case 'string':
    case 'salt':
      return counted(prng.octets(prng.below(20)));
    case 'strings':
      return concatOctets(
        counted(prng.octets(prng.below(256))),
        repeated(prng, 3, () => counted(prng.octets(prng.below(20)))),
      );
    case 'tag':
      return counted(ascii(prng.pick(['issue', 'issuewild', 'iodef', 'x9'])));
    case 'hash':
      return counted(prng.octets(prng.between(1, 32)));
    case 'hex':
      // RFC 8976 §2.2.4 wants twelve for ZONEMD; the others do not mind.
      return prng.octets(prng.between(12, 70));
    case 'text':
    case 'base64':
    case 'opaque':
    case 'nsap':
      return prng.octets(prng.between(1, 70));
    case 'bitmap':
      return randomBitmap(prng);
    case 'params':
      return randomParams(prng);
    case 'prefixes':
      return randomPrefixes(prng);
    case 'gateway':
      return randomGateway(prng, suffixes);
    case 'hip':
      return randomHip(prng, suffixes);
    case 'location':
      return randomLocation(prng);
  }
}

/** Well-formed RDATA of a type; random octets for types without a layout. */
export function randomRdata(prng: Prng, type: number, suffixes: readonly Name[] = []): Uint8Array {
  const layout = layoutOf(type);
  if (layout === undefined) return prng.octets(prng.below(40));
  return concatOctets(...layout.fields.map((kind) => randomField(prng, kind, suffixes)));
}

const KNOWN_TYPES = typesWithLayout();

export function randomRecord(prng: Prng, suffixes: readonly Name[]): ResourceRecord {
  const type = prng.oneIn(12) ? prng.between(0x1000, 0xffff) : prng.pick(KNOWN_TYPES);
  return {
    owner: randomName(prng, suffixes),
    type,
    class: prng.oneIn(20) ? prng.below(0x10000) : 1,
    ttlSeconds: prng.uint32() >>> 1,
    rdata: randomRdata(prng, type, suffixes),
  };
}

function randomSection(prng: Prng, suffixes: readonly Name[]): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let left = prng.below(5); left > 0; left--) {
    const record = randomRecord(prng, suffixes);
    records.push(record);
    // Sets of several records, as they are in life.
    while (prng.oneIn(2)) {
      records.push({ ...record, rdata: randomRdata(prng, record.type, suffixes) });
    }
  }
  return records;
}

function randomOptions(prng: Prng): EdnsOption[] {
  const options: EdnsOption[] = [];
  for (let left = prng.below(4); left > 0; left--) {
    options.push({
      code: prng.pick([3, 10, 11, 12, 15, 65001]),
      data: prng.octets(prng.below(30)),
    });
  }
  return options;
}

export function randomMessage(prng: Prng): EncodableMessage {
  const suffixes = [randomName(prng), randomName(prng), Name.root];
  const flags = prng.uint32();
  const withEdns = !prng.oneIn(3);
  const bit = (place: number): boolean => ((flags >> place) & 1) === 1;
  const dnssecOk = bit(20);
  return {
    id: flags >>> 16,
    opcode: prng.oneIn(10) ? prng.below(16) : 0,
    rcode: prng.oneIn(3) ? prng.below(withEdns ? 4096 : 16) : 0,
    isResponse: bit(0),
    authoritative: bit(1),
    truncated: bit(2),
    recursionDesired: bit(3),
    recursionAvailable: bit(4),
    authenticData: bit(5),
    checkingDisabled: bit(6),
    questions: prng.oneIn(10)
      ? []
      : [{ name: randomName(prng, suffixes), type: prng.pick(KNOWN_TYPES), class: 1 }],
    answer: randomSection(prng, suffixes),
    authority: randomSection(prng, suffixes),
    additional: randomSection(prng, suffixes),
    ...(withEdns && {
      edns: {
        udpSizeOctets: prng.between(512, 0xffff),
        version: prng.oneIn(10) ? prng.below(256) : 0,
        dnssecOk,
        flags: (prng.below(0x8000) & 0x7fff) | (dnssecOk ? 0x8000 : 0),
        options: randomOptions(prng),
      },
    }),
  };
}

/** Encoded valid messages to mutate, an answer with TLSA and RRSIG among them. */
export function corpusOf(prng: Prng, count: number): Uint8Array[] {
  const corpus: Uint8Array[] = [tlsaAnswer(prng)];
  while (corpus.length < count) {
    corpus.push(
      encodeMessage(randomMessage(prng), { maxOctets: 0xffff, compress: !prng.oneIn(5) }),
    );
  }
  return corpus;
}

function tlsaAnswer(prng: Prng): Uint8Array {
  const zone = Name.fromLabels([ascii('example'), ascii('org')])!;
  const owner = Name.fromLabels(['_25', '_tcp', 'mail', 'example', 'org'].map(ascii))!;
  const fixed = { owner, class: 1, ttlSeconds: 3600 };
  const signature = concatOctets(
    Uint8Array.of(0, RRType.TLSA, 13, 5, 0, 0, 14, 16),
    prng.octets(10),
    zone.octets,
    prng.octets(64),
  );
  return encodeMessage(
    {
      id: 1,
      isResponse: true,
      authoritative: true,
      questions: [{ name: owner, type: RRType.TLSA, class: 1 }],
      answer: [
        {
          ...fixed,
          type: RRType.TLSA,
          rdata: concatOctets(Uint8Array.of(3, 1, 1), prng.octets(32)),
        },
        { ...fixed, type: RRType.RRSIG, rdata: signature },
      ],
      edns: { udpSizeOctets: 1232, version: 0, dnssecOk: true, flags: 0x8000, options: [] },
    },
    { maxOctets: 1232 },
  );
}
