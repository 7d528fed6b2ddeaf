/**
 * Published ways to slip records into an answer that is otherwise accepted, and to play with life
 * times, by the letters of the shared research (its parts A.2, A.3 and some of A.5). Most need no
 * signature at all: they aim at what is kept besides, and at what is asked next.
 */
import {
  IpAddress,
  type Name,
  nameOfRdata,
  Rcode,
  type ResourceRecord,
  RRType,
} from '../../src/wire/index.js';
import type { Message } from '../../src/wire/index.js';
import type { Loot } from './scene.js';
import {
  answered,
  data,
  denied,
  falseRdata,
  type Operator,
  plain,
  renamed,
  type Touch,
} from './stage.js';

const { A, AAAA, CNAME, DNAME, DS, MX, NS, NSEC, RRSIG, SOA, TLSA, TXT } = RRType;
const CHAOS = 3;
const LONG = 0x7fff_ffff;
const NULL_ADDRESSES = ['0.0.0.0', '127.0.0.1', '169.254.169.254', '10.0.0.1', '::', '::1'];

type Section = 'answer' | 'authority' | 'additional';
const SECTIONS: readonly Section[] = ['answer', 'authority', 'additional'];

function joined(reply: Message, section: Section, more: readonly ResourceRecord[]): Message {
  return { ...reply, [section]: [...reply[section], ...more] };
}

/** Somebody whose name he would like to speak for: data of any zone, signed or not. */
function victimOf({ stage, dice }: Touch, type: number): Name {
  const { lab, plan } = stage.scene;
  const names = plan.zones.flatMap(({ origin, lines }) => {
    return lines
      .filter((line) => line.split(' ')[1] === 'A' || type !== A)
      .map((line) => ({ label: line, owner: line.split(' ')[0]!, origin }));
  });
  const chosen = dice.pick(names);
  if (chosen === undefined) return lab.zones.values().next().value!.zone.origin;
  const zone = [...lab.zones.values()].find(
    ({ zone: { origin } }) => `${origin}` === chosen.origin,
  );
  const origin = zone!.zone.origin;
  if (chosen.owner === '@') return origin;
  const labels = chosen.owner.split('.').map((label) => new TextEncoder().encode(label));
  return labels.reduceRight((name, label) => name.prepend(label) ?? name, origin);
}

/** Addresses at which the attacker sits. */
function hisAddress({ stage }: Touch): Uint8Array {
  const origin = stage.liars[0] ?? stage.evil[0]!.origin;
  const host = origin.prepend(new TextEncoder().encode('ns1'))!;
  return stage.scene.lab.servers.get(host.key)!.addresses[0]!.octets;
}

function hisHost({ stage }: Touch): Name {
  const origin = stage.liars[0] ?? stage.evil[0]!.origin;
  return origin.prepend(new TextEncoder().encode('ns1'))!;
}

const outOfBailiwick: Operator = (touch) => {
  const { reply, dice } = touch;
  const type = dice.one([A, A, TXT, TLSA, CNAME, DNAME]);
  const lie = plain(victimOf(touch, type), type, falseRdata(type), LONG);
  return joined(reply, dice.one(SECTIONS), [lie]);
};

/** Takes over the zone above, the zone itself or one beside, for those who keep what comes too. */
const promiscuousNs: Operator = (touch) => {
  const { reply, name, dice } = touch;
  const owner = dice.one([name.parent(), name.suffix(1), victimOf(touch, NS), name]);
  const host = hisHost(touch);
  const more = joined(reply, 'authority', [plain(owner, NS, host.octets, LONG)]);
  return joined(more, 'additional', [plain(host, A, hisAddress(touch), LONG)]);
};

const ridersInAuthority: Operator = (touch) => {
  const { reply, name } = touch;
  const victim = victimOf(touch, A);
  const exchange = Uint8Array.of(0, 1, ...victim.octets);
  const more = joined(reply, 'authority', [plain(name, MX, exchange, LONG)]);
  return joined(more, 'additional', [plain(victim, A, falseRdata(A), LONG)]);
};

const nullGlue: Operator = (touch) => {
  const { reply, dice } = touch;
  const isAddress = ({ type }: ResourceRecord): boolean => type === A || type === AAAA;
  const changed = (one: ResourceRecord): ResourceRecord => {
    if (!isAddress(one)) return one;
    const { family, octets } = IpAddress.parse(dice.one(NULL_ADDRESSES))!;
    return { ...one, type: family === 4 ? A : AAAA, rdata: octets };
  };
  return reply.additional.some(isAddress)
    ? { ...reply, additional: reply.additional.map(changed) }
    : reply;
};

/** Addresses for names that have their own zone, which then somebody asks for. */
const glueForOthers: Operator = (touch) => {
  const { reply, stage, dice } = touch;
  const isHost = dice.oneIn(2);
  const zones = [...stage.scene.lab.zones.values()].map(({ zone }) => ({
    label: `${zone.origin}`,
    zone,
  }));
  const { zone } = dice.pick(zones)!;
  const ns = zone.rrset(zone.origin, NS)?.rdatas()[0];
  const host = ns === undefined ? undefined : nameOfRdata(NS, ns);
  const owner = isHost && host !== undefined ? host : victimOf(touch, A);
  const rdata = isHost ? hisAddress(touch) : falseRdata(A);
  return joined(reply, 'additional', [plain(owner, A, rdata, LONG)]);
};

/** One link that may be genuine, and at once what is said to be at its end, and much besides. */
const stuffedChain: Operator = (touch) => {
  const { reply, name, type, dice } = touch;
  const target = victimOf(touch, type);
  const genuine = dice.pick(data(touch, (one) => one.type === CNAME && one.owner.equals(name)));
  const link = genuine?.records ?? [plain(name, CNAME, target.octets)];
  const stated = genuine === undefined ? target : (nameOfRdata(CNAME, link[0]!.rdata) ?? target);
  const strays = Array.from({ length: 20 }, (_, at) => {
    return plain(stated.prepend(Uint8Array.of(0x73, at)) ?? stated, CNAME, falseRdata(CNAME));
  });
  const end = plain(stated, type, falseRdata(type), LONG);
  return answered(reply, [...link, end, ...(dice.oneIn(2) ? strays : [])], reply.authority);
};

const dnameAbove: Operator = (touch) => {
  const { reply, name, dice } = touch;
  if (name.labelCount < 2) return reply;
  const owner = name.suffix(1 + dice.below(name.labelCount - 1));
  const target = dice.oneIn(2) ? hisHost(touch).parent() : victimOf(touch, A);
  const synthesised = name.replaceSuffix(owner, target);
  const records = [plain(owner, DNAME, target.octets, LONG)];
  if (synthesised !== undefined) records.push(plain(name, CNAME, synthesised.octets, LONG));
  return answered(reply, records);
};

/** RFC 1035 §3.1: a dot, a NUL or a slash in a label is not what it looks like in a text. */
const oddLabels: Operator = (touch) => {
  const { reply, name, type, dice } = touch;
  const victim = victimOf(touch, type);
  if (victim.labelCount < 3) return reply;
  const separator = dice.one([0x2e, 0x00, 0x5c, 0x2f, 0x40, 0x0a]);
  const merged = [...victim.label(0), separator, ...victim.label(1)];
  const alike = victim.parent().parent().prepend(Uint8Array.from(merged));
  if (alike === undefined) return reply;
  const lie = plain(alike, type, falseRdata(type), LONG);
  return dice.oneIn(2)
    ? answered(reply, [plain(name, CNAME, alike.octets), lie])
    : joined(reply, dice.one(SECTIONS), [lie]);
};

const otherClass: Operator = (touch) => {
  const { reply, name, type, dice } = touch;
  const lie = { ...plain(name, type, falseRdata(type), LONG), class: CHAOS };
  const section = dice.one(SECTIONS);
  const stays = dice.oneIn(2) ? reply : { ...reply, [section]: [] };
  const copies = reply[section].map((one) => ({ ...one, class: CHAOS }));
  return joined(stays, section, dice.oneIn(2) ? [lie] : copies);
};

/** True, signed, and not what was asked. */
const unrelated: Operator = (touch) => {
  const { reply, type, dice, name } = touch;
  const suits = (one: Loot): boolean => one.type === type && !one.owner.equals(name);
  const chosen = dice.pick(data(touch, suits)) ?? dice.pick(data(touch, () => true))!;
  return answered(reply, chosen.records, dice.oneIn(2) ? reply.authority : []);
};

/** A child's word about its own delegation, for as long as it likes (ghost domains). */
const ghost: Operator = (touch) => {
  const { reply, stage, name, type } = touch;
  const { zone } = stage.zoneOf(name);
  const host = hisHost(touch);
  const mine = [plain(zone.origin, NS, host.octets, LONG)];
  const more = [plain(host, A, hisAddress(touch), LONG)];
  const base = type === NS ? { ...reply, answer: mine, authoritative: true } : reply;
  return joined(joined(base, 'authority', mine), 'additional', more);
};

/** RFC 2181 §5.2, §8: TTLs that differ within a set, none at all, and the sign bit. */
const oddTtls: Operator = ({ reply, dice }) => {
  const odd = (one: ResourceRecord): ResourceRecord => {
    return { ...one, ttlSeconds: dice.one([0, 1, 300, LONG, 0x8000_0000, 0xffff_ffff]) };
  };
  return { ...reply, answer: reply.answer.map(odd), authority: reply.authority.map(odd) };
};

/** DS records that nobody could use, in place of the real ones or beside them, unsigned. */
const unknownDs: Operator = (touch) => {
  const { reply, name, type, dice } = touch;
  const real = [...reply.answer, ...reply.authority].find((one) => one.type === DS);
  if (real === undefined && type !== DS) return reply;
  const [algorithm, digest] = dice.one([
    [100, 2],
    [13, 99],
    [5, 2],
    [100, 99],
  ] as const);
  const rdata = Uint8Array.of(0x12, 0x34, algorithm, digest, ...new Uint8Array(32));
  const strange = plain(real?.owner ?? name, DS, rdata);
  const section: Section = type === DS ? 'answer' : 'authority';
  const kept = dice.oneIn(2) ? reply[section] : reply[section].filter((one) => one.type !== DS);
  return { ...reply, rcode: Rcode.NOERROR, [section]: [...kept, strange] };
};

/** RFC 7672 §2.1: all is well but for the TLSA records. */
const tlsaWithheld: Operator = ({ reply, type, dice, name }) => {
  if (type !== TLSA && !(type === NS && `${name}`.startsWith('_'))) return reply;
  const bare = { ...reply, answer: [], authority: [] };
  switch (dice.below(5)) {
    case 0:
      return undefined;
    case 1:
      return { ...bare, rcode: dice.one([Rcode.REFUSED, Rcode.SERVFAIL, Rcode.FORMERR]) };
    case 2:
      return { ...bare, rcode: Rcode.NXDOMAIN };
    case 3:
      return { ...bare, authority: reply.authority.filter((one) => one.type === SOA) };
    default:
      return { ...reply, answer: reply.answer.filter((one) => one.type !== RRSIG) };
  }
};

/** From the unsigned zone above an island of security: what would lead around its anchor. */
const aroundIsland: Operator = (touch) => {
  const { reply, stage, name, type, dice } = touch;
  const islands = stage.scene.plan.islands.map((label) => ({ label }));
  const chosen = dice.pick(islands);
  if (chosen === undefined) return reply;
  const zone = [...stage.scene.lab.zones.values()].find(
    ({ zone: z }) => `${z.origin}` === chosen.label,
  )!;
  const { origin } = zone.zone;
  const above = origin.parent();
  if (!name.isAtOrBelow(above) && !origin.isAtOrBelow(name)) return reply;
  const apex = Uint8Array.from([...above.octets, ...[0, 6, 0x22, 0, 0, 0, 0, 0x03]]);
  const types = [plain(origin, NSEC, apex, 300)];
  const soa = reply.authority.filter((one) => one.type === SOA);
  switch (dice.below(4)) {
    case 0:
      return denied(reply, Rcode.NXDOMAIN, [...soa, ...types]);
    case 1:
      return denied(reply, Rcode.NOERROR, [...soa, ...types]);
    case 2:
      return answered(reply, [plain(above, DNAME, hisHost(touch).octets, LONG)]);
    default:
      return answered(reply, renamed([plain(name, type, falseRdata(type))], name));
  }
};

export const INJECTIONS: Readonly<Record<string, Operator>> = {
  'I1 out of bailiwick': outOfBailiwick,
  'I3 promiscuous NS': promiscuousNs,
  'I4 riders in authority': ridersInAuthority,
  'I5 null glue': nullGlue,
  'I6 glue for others': glueForOthers,
  'I7 stuffed chain': stuffedChain,
  'I8 DNAME above': dnameAbove,
  'I9 odd labels': oddLabels,
  'I10 other class': otherClass,
  'I11 unrelated data': unrelated,
  'G1 ghost': ghost,
  'G6 odd TTLs': oddTtls,
  'D1 unknown DS': unknownDs,
  'D8 TLSA withheld': tlsaWithheld,
  'F20 around an island': aroundIsland,
};
