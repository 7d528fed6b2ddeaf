/**
 * Proofs of absence that are almost right: the genuine records that a proof for this name would
 * need, with one of them wrong or missing. What random picks would hit once in a thousand lives.
 */
import { type Name, parseRrsig, Rcode, type ResourceRecord, RRType } from '../../src/wire/index.js';
import type { Loot } from './scene.js';
import { denials, denied, type Operator, plain, recordsOf, soaOf, type Touch } from './stage.js';

const { NS, NSEC, NSEC3, RRSIG } = RRType;

/** One chain of a zone in its order: NSEC by owner, NSEC3 by hash. */
function chainOf(touch: Touch, zone: Name): Loot[] {
  const all = denials(touch, (one) => one.zone.equals(zone));
  const model = touch.dice.pick(all);
  if (model === undefined) return [];
  const parameters = (one: Loot): string => {
    const { rdata } = one.records[0]!;
    return one.type === NSEC3 ? rdata.subarray(2, 5 + rdata[4]!).join() : 'NSEC';
  };
  const chain = all.filter((one) => parameters(one) === parameters(model));
  return chain.sort((a, b) => a.owner.compareCanonical(b.owner));
}

function placeOf({ stage }: Touch, chain: readonly Loot[], name: Name): Name {
  const [first] = chain;
  return first?.type === NSEC3 ? stage.hashedOwner(first, name) : name;
}

function matchOf(touch: Touch, chain: readonly Loot[], name: Name): Loot | undefined {
  const place = placeOf(touch, chain, name);
  return chain.find(({ owner }) => owner.equals(place));
}

/** The record at the name or before it: what covers it, if anything does. */
function coverOf(touch: Touch, chain: readonly Loot[], name: Name): Loot | undefined {
  const place = placeOf(touch, chain, name);
  return chain.findLast(({ owner }) => owner.compareCanonical(place) <= 0) ?? chain.at(-1);
}

function zonesAbove({ stage, name }: Touch): Name[] {
  const zones: Name[] = [];
  for (let at = name; ; at = at.parent()) {
    const { origin } = stage.zoneOf(at).zone;
    if (zones.at(-1)?.equals(origin) !== true) zones.push(origin);
    if (at.isRoot) return zones;
  }
}

/** A name error from an encloser that may be too high, a cut, or a DNAME. */
const piecesOfProof: Operator = (touch) => {
  const { reply, name, dice } = touch;
  const zone = dice.one(zonesAbove(touch).slice(0, 2));
  const chain = chainOf(touch, zone);
  if (chain.length === 0 || !name.isBelow(zone)) return reply;
  const depth = name.labelCount - zone.labelCount;
  const encloser = name.suffix(zone.labelCount + dice.below(depth));
  const nextCloser = name.suffix(encloser.labelCount + 1);
  const pieces = [
    matchOf(touch, chain, encloser),
    coverOf(touch, chain, nextCloser),
    coverOf(touch, chain, encloser.wildcard()!),
  ];
  switch (dice.below(4)) {
    case 0:
      pieces[dice.below(3)] = undefined;
      break;
    case 1:
      pieces[dice.below(3)] = dice.pick(chain);
      break;
  }
  const proof = new Set(pieces.filter((one) => one !== undefined));
  const rcode = dice.oneIn(4) ? Rcode.NOERROR : Rcode.NXDOMAIN;
  return denied(reply, rcode, [...soaOf(touch, zone), ...recordsOf([...proof])]);
};

/** The name does not exist, which is true; of the wildcard that answers for it not a word. */
const wildcardHidden: Operator = (touch) => {
  const { reply, stage, name, dice } = touch;
  const expanded = reply.answer.find(({ type, rdata, owner }) => {
    return type === RRSIG && (parseRrsig(rdata)?.labels ?? 99) < owner.labelCount;
  });
  const zone = stage.zoneOf(name).zone.origin;
  const chain = chainOf(touch, zone);
  if (chain.length === 0 || (expanded === undefined && reply.answer.length > 0)) return reply;
  const encloser = name.suffix(expanded ? parseRrsig(expanded.rdata)!.labels : name.labelCount - 1);
  const match = matchOf(touch, chain, encloser);
  const wildcard = coverOf(touch, chain, encloser.wildcard()!);
  const isDenial = ({ type, rdata }: ResourceRecord): boolean => {
    const covered = type === RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;
    return covered === NSEC || covered === NSEC3;
  };
  const proof = reply.authority.filter(isDenial);
  const more = [match, dice.oneIn(3) ? wildcard : undefined].filter((one) => one !== undefined);
  return denied(reply, Rcode.NXDOMAIN, [...soaOf(touch, zone), ...proof, ...recordsOf(more)]);
};

/** A delegation of a name that is proven not to exist; and the proof says nothing of opt-out. */
const zoneFromNothing: Operator = (touch) => {
  const { reply, stage, name, dice } = touch;
  const zone = stage.zoneOf(name.isRoot ? name : name.parent()).zone.origin;
  const chain = chainOf(touch, zone);
  if (chain.length === 0 || !name.isBelow(zone)) return reply;
  const depth = name.labelCount - zone.labelCount;
  const cut = name.suffix(zone.labelCount + 1 + dice.below(depth));
  const pieces = new Set([
    matchOf(touch, chain, cut.parent()),
    coverOf(touch, chain, cut),
    ...(dice.oneIn(2) ? [coverOf(touch, chain, cut.parent().wildcard()!)] : []),
  ]);
  const proof = recordsOf([...pieces].filter((one) => one !== undefined));
  if (touch.type === RRType.DS) {
    return denied(reply, dice.one([0, 3]), [...soaOf(touch, zone), ...proof]);
  }
  const origin = stage.liars[0] ?? stage.evil[0]!.origin;
  const host = origin.prepend(Uint8Array.of(0x6e, 0x73, 0x31))!;
  const address = stage.scene.lab.servers.get(host.key)!.addresses[0]!.octets;
  return {
    ...reply,
    rcode: Rcode.NOERROR,
    authoritative: false,
    answer: [],
    authority: [plain(cut, NS, host.octets), ...proof],
    additional: [plain(host, RRType.A, address)],
  };
};

export const NEAR_PROOFS: Readonly<Record<string, Operator>> = {
  'F9 pieces of a proof': piecesOfProof,
  'F3 wildcard hidden': wildcardHidden,
  'D5 zone from nothing': zoneFromNothing,
};
