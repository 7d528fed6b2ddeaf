/**
 * Published forgeries of signatures, keys and denials, by the letters of the shared research on
 * attacks (its parts A.4 and A.5). Each is something that another validator once believed. All
 * signatures are genuine: of the zones as they are or were, or of the attacker's own keys.
 * Over 500 lines because it is one list, a few lines for each forgery, to be read side by side.
 */
import { keyTag } from '../../src/dnssec/index.js';
import { concatOctets, uint16Octets } from '../../src/lab/octets.js';
import {
  equalOctets,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
  TypeBitmap,
} from '../../src/wire/index.js';
import { nameOf } from '../support/simulated-world.js';
import { keysOf, type OwnKey, sign, withdrawnKeysOf } from './own-signatures.js';
import {
  answered,
  coveredType,
  data,
  denials,
  denied,
  falseRdata,
  type Operator,
  plain,
  recordsOf,
  renamed,
  soaOf,
  type Touch,
  without,
} from './stage.js';

const { A, CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, RRSIG, SOA } = RRType;
const RCODES = [Rcode.NOERROR, Rcode.NXDOMAIN] as const;

const rcodeOf = ({ dice }: Touch): number => dice.one(RCODES);

function evilOf({ stage, dice, name }: Touch) {
  const near = stage.evil.filter(({ origin }) => origin.parent().isAtOrBelow(name.suffix(1)));
  return dice.pick(near.length > 0 ? near : stage.evil)!;
}

function nsecRdata(next: Name, types: readonly number[]): Uint8Array {
  return concatOctets(next.octets, TypeBitmap.of(types).octets);
}

function nsec3Rdata(
  plan: { readonly iterations?: number; readonly salt?: readonly number[] },
  next: Uint8Array,
  types: readonly number[],
): Uint8Array {
  const salt = Uint8Array.from(plan.salt ?? []);
  return concatOctets(
    Uint8Array.of(1, 0),
    uint16Octets(plan.iterations ?? 0),
    Uint8Array.of(salt.length),
    salt,
    Uint8Array.of(next.length),
    next,
    TypeBitmap.of(types).octets,
  );
}

/** The zone that speaks for the question, as its own servers see it. */
function zoneFor({ stage, name, type }: Touch) {
  return stage.zoneOf(type === DS && !name.isRoot ? name.parent() : name);
}

const ofOtherZone: Operator = (touch) => {
  const { reply, name, type, nowSeconds, dice } = touch;
  const { key, origin } = evilOf(touch);
  const signer = dice.oneIn(2) ? origin : zoneFor(touch).origin;
  const rdatas = [falseRdata(type)];
  return answered(reply, sign(key, { owner: name, type, rdatas, signer, nowSeconds }));
};

const wildcardAbove: Operator = (touch) => {
  const { reply, name, type, nowSeconds } = touch;
  const { key, origin } = evilOf(touch);
  const signedOwner = name.commonAncestor(origin).wildcard()!;
  if (!name.isBelow(signedOwner.parent())) return reply;
  const statement = { owner: name, type, rdatas: [falseRdata(type)], signedOwner };
  return answered(reply, sign(key, { ...statement, signer: origin, nowSeconds }));
};

const wildcardReplayed: Operator = (touch) => {
  const { reply, name, type, dice } = touch;
  const suits = data(touch, (one) => {
    const isAlike = one.type === type || one.type === CNAME;
    return isAlike && one.owner.isWildcard && name.isBelow(one.owner.parent());
  });
  const chosen = dice.pick(suits);
  if (chosen === undefined) return reply;
  const own = denials(touch, (one) => one.zone.equals(chosen.zone));
  const itself = own.filter((one) => touch.stage.isRecordOf(one, name));
  const proof = dice.one([reply.authority, recordsOf(itself), recordsOf(dice.some(own, 4)), []]);
  return answered(reply, renamed(chosen.records, name), proof);
};

const wildcardWithoutProof: Operator = ({ reply }) => {
  return { ...reply, authority: without(reply.authority, NSEC, NSEC3) };
};

/** RFC 4592 §4.7: the wildcard's own denial record under a name that it was never made for. */
const denialFromWildcard: Operator = (touch) => {
  const { reply, name, dice } = touch;
  const suits = denials(touch, (one) => {
    return one.type === NSEC && one.owner.isWildcard && name.isBelow(one.owner.parent());
  });
  const chosen = dice.pick(suits);
  if (chosen === undefined) return reply;
  const records = renamed(chosen.records, name);
  return denied(reply, Rcode.NOERROR, [...soaOf(touch, chosen.zone), ...records]);
};

/** Genuine signatures over data that is not there any more. */
const changedData: Operator = (touch) => {
  const { reply, name, type, stage, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = stage.loot.filter((one) => one.when === 'now' && one.zone.equals(zone));
  const same = own.filter((one) => one.owner.equals(name) && one.type === type);
  const model = dice.pick(same) ?? dice.pick(own.filter((one) => one.type === type));
  if (model === undefined) return reply;
  const lie = plain(name, type, falseRdata(type));
  const signatures = model.records.filter((one) => one.type === RRSIG);
  return answered(reply, [lie, ...renamed(signatures, name)]);
};

const wildcardDenied: Operator = (touch) => {
  const { reply, name, stage, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = denials(touch, (one) => one.zone.equals(zone));
  const wildcards = own.filter((one) => {
    for (let at = name; at.isBelow(zone); at = at.parent()) {
      const wildcard = at.parent().wildcard();
      if (wildcard !== undefined && stage.isRecordOf(one, wildcard)) return true;
    }
    return false;
  });
  const records = recordsOf([...dice.some(wildcards, 2), ...dice.some(own, 3)]);
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...records]);
};

const nextOutsideZone: Operator = (touch) => {
  const { reply, name, nowSeconds, dice } = touch;
  const { key, origin } = evilOf(touch);
  const next = dice.one([nameOf('zzz.'), name.parent(), nameOf('~.beta.')]);
  const owner = dice.oneIn(2) ? origin : name;
  const nsec = [nsecRdata(next, [NSEC, RRSIG, ...(dice.oneIn(2) ? [SOA, NS] : [])])];
  const zone = zoneFor(touch).origin;
  return denied(reply, rcodeOf(touch), [
    ...soaOf(touch, dice.oneIn(2) ? origin : zone),
    ...sign(key, { owner, type: NSEC, rdatas: nsec, signer: origin, nowSeconds }),
    ...(dice.oneIn(2) ? reply.authority : []),
  ]);
};

const impersonatedHash: Operator = (touch) => {
  const { reply, stage, name, nowSeconds, dice } = touch;
  const { key, origin } = evilOf(touch);
  const zone = zoneFor(touch).origin;
  const plan = stage.planOf(zone);
  const genuine = denials(touch, (one) => one.zone.equals(zone) && one.type === NSEC3);
  const model = dice.pick(genuine);
  if (model === undefined) return reply;
  const next = new Uint8Array(20).fill(0xff);
  const labels = dice.one([name, name.parent(), zone.wildcard()!]);
  const hashed = stage.hashedOwner(model, labels).label(0);
  const shown = dice.oneIn(3) ? new Uint8Array(32).fill(0x30) : hashed;
  const owner = origin.prepend(shown)!;
  const rdatas = [nsec3Rdata(plan, next, dice.oneIn(2) ? [] : [NS])];
  return denied(reply, rcodeOf(touch), [
    ...soaOf(touch, zone),
    ...(dice.oneIn(2) ? recordsOf(dice.some(genuine, 2)) : without(reply.authority, SOA, DS)),
    ...sign(key, { owner, type: NSEC3, rdatas, signer: origin, nowSeconds }),
  ]);
};

const deniedFromAbove: Operator = (touch) => {
  const { reply, stage, name, dice } = touch;
  const zone = zoneFor(touch).origin;
  if (zone.isRoot) return reply;
  const above = stage.zoneOf(zone.parent()).origin;
  const theirs = denials(touch, (one) => one.zone.equals(above));
  const atCut = theirs.filter((one) => stage.isRecordOf(one, zone));
  const proofs = [...atCut, ...(dice.oneIn(2) ? dice.some(theirs, 2) : [])];
  const soa = dice.oneIn(3) ? [] : soaOf(touch, dice.oneIn(2) ? above : zone);
  return name.equals(zone) || dice.oneIn(2)
    ? denied(reply, rcodeOf(touch), [...soa, ...recordsOf(proofs)])
    : denied(reply, rcodeOf(touch), [...soa, ...reply.authority, ...recordsOf(proofs)]);
};

/** The name below which the reply delegates, if it does, or that DS is asked of. */
function childOf({ reply, name, type }: Touch): Name | undefined {
  if (type === DS) return name;
  if (reply.answer.length > 0) return undefined;
  return reply.authority.find((one) => one.type === NS && name.isAtOrBelow(one.owner))?.owner;
}

/** Takes the DS records away and puts something else in their place. */
function undelegated(touch: Touch, proof: readonly ResourceRecord[]): typeof touch.reply {
  const { reply, type, dice } = touch;
  const authority = [...without(reply.authority, DS), ...proof];
  if (type !== DS) return { ...reply, authority };
  const zone = zoneFor(touch).origin;
  const soa = dice.oneIn(3) ? [] : soaOf(touch, zone);
  return denied(reply, rcodeOf(touch), [...soa, ...proof]);
}

const deniedFromBelow: Operator = (touch) => {
  const { stage, dice } = touch;
  const child = childOf(touch);
  if (child === undefined) return touch.reply;
  const below = denials(touch, (one) => one.zone.equals(child));
  const apex = below.filter((one) => stage.isRecordOf(one, child));
  return undelegated(touch, recordsOf(dice.oneIn(3) ? dice.some(below, 3) : apex));
};

const deniedBesides: Operator = (touch) => {
  const { stage, dice } = touch;
  const child = childOf(touch);
  if (child === undefined || child.isRoot) return touch.reply;
  const parent = stage.zoneOf(child.parent()).origin;
  const theirs = denials(touch, (one) => one.zone.equals(parent));
  return undelegated(touch, recordsOf(dice.some(theirs, 4)));
};

const undelegatedByLeaseholder: Operator = (touch) => {
  const { stage, nowSeconds } = touch;
  const child = childOf(touch);
  if (child === undefined || child.isRoot) return touch.reply;
  const { key, origin } = evilOf(touch);
  const plan = stage.planOf(stage.zoneOf(child.parent()).origin);
  const model = denials(touch, (one) => one.zone.equals(nameOf(plan.origin)))[0];
  if (model === undefined) return touch.reply;
  const isHashed = model.type === NSEC3;
  const owner = isHashed ? origin.prepend(stage.hashedOwner(model, child).label(0))! : child;
  const next = owner.prepend(Uint8Array.of(0)) ?? owner;
  const rdata = isHashed
    ? nsec3Rdata(plan, new Uint8Array(20).fill(0xff), [NS])
    : nsecRdata(next, [NS, NSEC, RRSIG]);
  const statement = { owner, type: model.type, rdatas: [rdata], signer: origin, nowSeconds };
  return undelegated(touch, sign(key, statement));
};

const undelegatedSilently: Operator = (touch) => {
  return childOf(touch) === undefined ? touch.reply : undelegated(touch, []);
};

const optOutDenial: Operator = (touch) => {
  const { reply, name, stage, dice } = touch;
  const near = denials(touch, (one) => {
    return name.isAtOrBelow(one.zone) && stage.planOf(one.zone).denial === 'opt-out';
  });
  if (near.length === 0) return reply;
  const zone = dice.pick(near)!.zone;
  const own = near.filter((one) => one.zone.equals(zone));
  const proof = [...soaOf(touch, zone), ...recordsOf(dice.some(own, 5))];
  const child = childOf(touch);
  return child === undefined ? denied(reply, rcodeOf(touch), proof) : undelegated(touch, proof);
};

const ringEnd: Operator = (touch) => {
  const { reply, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = denials(touch, (one) => one.zone.equals(zone));
  const most = dice.one([1, 2, 3, 7]);
  const records = recordsOf(dice.some(own, most));
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...records]);
};

const flippedRcode: Operator = ({ reply }) => {
  const isError = reply.rcode === Rcode.NXDOMAIN;
  return { ...reply, rcode: isError ? Rcode.NOERROR : Rcode.NXDOMAIN };
};

const apexNoData: Operator = (touch) => {
  const { reply, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = denials(touch, (one) => one.zone.equals(zone));
  const records = recordsOf(dice.some(own, 1));
  return denied(reply, Rcode.NOERROR, [...soaOf(touch, zone), ...records]);
};

const unsignedProof: Operator = (touch) => {
  const { reply, stage, name, dice } = touch;
  const zone = zoneFor(touch).origin;
  const model = dice.pick(denials(touch, (one) => one.zone.equals(zone)));
  if (model === undefined) return reply;
  const isHashed = model.type === NSEC3;
  const target = childOf(touch) ?? name;
  const owner = isHashed ? stage.hashedOwner(model, target) : target;
  const types = dice.oneIn(2) ? [NS] : [RRSIG];
  const rdata = isHashed
    ? nsec3Rdata(stage.planOf(zone), new Uint8Array(20).fill(0xff), types)
    : nsecRdata(owner.prepend(Uint8Array.of(0)) ?? owner, [...types, NSEC]);
  const forged = [plain(owner, model.type, rdata, 300)];
  // A signature that stands beside it, over something else.
  if (dice.oneIn(2)) forged.push(...renamed(model.records.slice(1), owner));
  const proof = dice.oneIn(2) ? [...forged, ...model.records] : [...model.records, ...forged];
  if (childOf(touch) !== undefined) return undelegated(touch, proof);
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...proof]);
};

const joinedProof: Operator = (touch) => {
  const { reply, dice, name } = touch;
  const zone = zoneFor(touch).origin;
  const model = dice.pick(denials(touch, (one) => one.zone.equals(zone) && one.type === NSEC));
  if (model === undefined) return reply;
  const wide = plain(model.owner, NSEC, nsecRdata(zone, [NSEC, RRSIG]), 300);
  const records = name.isBelow(model.owner) ? [...model.records, wide] : [wide, ...model.records];
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...records]);
};

const otherKeys: Operator = (touch) => {
  const { reply, stage, name, type, nowSeconds, dice } = touch;
  // Always the same zone: what these keys are put in for, and what they sign, must fit.
  const { key, origin } = stage.evil[0]!;
  const signer = zoneFor(touch).origin;
  const statement = { owner: name, type, signer, nowSeconds };
  if (type !== DNSKEY) {
    return answered(reply, sign(key, { ...statement, rdatas: [falseRdata(type)] }));
  }
  const root = data(touch, (one) => one.type === DNSKEY && one.zone.isRoot)[0];
  if (dice.oneIn(3) && root !== undefined) return answered(reply, renamed(root.records, name));
  const keys = stage.scene.lab.zones.get(origin.key)!.signed!.signer.publishedKeys();
  return answered(reply, sign(key, { ...statement, rdatas: keys }));
};

/**
 * His key under the tag of a genuine one that DS may point to. The tag is a sum (RFC 4034 App. B),
 * so the reserved flags steer it; for about half of the keys they do so without harm.
 */
function twinOf(genuine: readonly Uint8Array[], { rdata, ...key }: OwnKey): OwnKey | undefined {
  for (const model of genuine) {
    const body = Uint8Array.of(0, 0, ...rdata.subarray(2));
    const flags = (keyTag(model) - keyTag(body) + 0x1_0000) & 0xffff;
    if (model[3] !== key.algorithm || (flags & 0x0100) === 0 || (flags & 0x0080) !== 0) continue;
    body.set(uint16Octets(flags));
    if (keyTag(body) === keyTag(model)) return { ...key, rdata: body };
  }
  return undefined;
}

const ownKeyAmongKeys: Operator = (touch) => {
  const { reply, stage, name, type, nowSeconds, dice } = touch;
  const { key } = stage.evil[0]!;
  const zone = zoneFor(touch);
  const genuine = zone.signed?.signer.publishedKeys() ?? [];
  const twin = dice.oneIn(2) ? twinOf(genuine, key) : undefined;
  const statement = { owner: name, type, signer: zone.origin, nowSeconds };
  if (type !== DNSKEY) {
    return answered(reply, sign(twin ?? key, { ...statement, rdatas: [falseRdata(type)] }));
  }
  const signatures = reply.answer.filter((one) => one.type === RRSIG);
  // RFC 4035 §5.2: be it alone, under the tag of a key that DS points to, or among the genuine.
  const keys = twin === undefined ? [...genuine, key.rdata] : [twin.rdata];
  const made = sign(twin ?? key, { ...statement, rdatas: keys });
  return answered(reply, dice.oneIn(2) ? made : [...signatures, ...made]);
};

const withdrawnKey: Operator = (touch) => {
  const { reply, name, type, nowSeconds, dice } = touch;
  const zone = zoneFor(touch);
  const key = withdrawnKeysOf(zone)[0];
  if (key === undefined) return reply;
  const statement = { signer: zone.origin, nowSeconds };
  if (type === DNSKEY) {
    const rdatas = dice.oneIn(2) ? [key.rdata] : (zone.signed?.signer.publishedKeys() ?? []);
    return answered(reply, sign(key, { ...statement, owner: name, type, rdatas }));
  }
  if (!dice.oneIn(3)) {
    const rdatas = [falseRdata(type)];
    return answered(reply, sign(key, { ...statement, owner: name, type, rdatas }));
  }
  const rdatas = [nsecRdata(name.prepend(Uint8Array.of(0)) ?? name, [NSEC, RRSIG])];
  const proof = sign(key, { ...statement, owner: name, type: NSEC, rdatas });
  return denied(reply, Rcode.NOERROR, [...soaOf(touch, zone.origin), ...proof]);
};

/** RFC 6781 §4.3: keys that the zone had two months ago, and that somebody has found since. */
const retiredKeys: Operator = (touch) => {
  const { reply, stage, name, type, nowSeconds, dice } = touch;
  const { origin } = zoneFor(touch);
  const keys = keysOf(stage.scene.past.zones.get(origin.key)!);
  const key = dice.oneIn(2) ? keys[0] : keys.at(-1);
  if (key === undefined) return reply;
  const rdatas = type === DNSKEY ? keys.map(({ rdata }) => rdata) : [falseRdata(type)];
  // Where the keys are still the same, he does not have them.
  const now = stage.scene.lab.zones.get(origin.key)!.signed?.signer.publishedKeys() ?? [];
  if (now.some((rdata) => rdatas.some((one) => equalOctets(one, rdata)))) return reply;
  if (now.some((rdata) => equalOctets(rdata, key.rdata))) return reply;
  return answered(reply, sign(key, { owner: name, type, rdatas, signer: origin, nowSeconds }));
};

const wrongSynthesis: Operator = (touch) => {
  const { reply, name, dice } = touch;
  const hasDname = reply.answer.some((one) => one.type === DNAME);
  if (!hasDname) {
    const suits = data(touch, (one) => one.type === DNAME && one.zone.isAtOrBelow(name.suffix(1)));
    const chosen = dice.pick(suits);
    if (chosen === undefined) return reply;
    const owner = dice.oneIn(2) ? chosen.owner : name.parent();
    const cname = plain(name, CNAME, falseRdata(CNAME));
    return answered(reply, [...renamed(chosen.records, owner), cname], reply.authority);
  }
  const answer = reply.answer.flatMap((one) => {
    if (one.type === CNAME) return [{ ...one, rdata: falseRdata(CNAME) }];
    return one.type === DNAME && dice.oneIn(3)
      ? [one, { ...one, rdata: falseRdata(DNAME) }]
      : [one];
  });
  return { ...reply, answer };
};

const aliasInstead: Operator = (touch) => {
  const { reply, name, dice } = touch;
  const suits = data(touch, (one) => one.type === CNAME);
  const chosen = dice.oneIn(2) ? undefined : dice.pick(suits);
  const alias = chosen?.records ?? [plain(name, CNAME, falseRdata(CNAME))];
  return answered(reply, renamed(alias, name), dice.oneIn(2) ? reply.authority : []);
};

const deniedByItself: Operator = (touch) => {
  const { reply, stage, name, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = denials(touch, (one) => one.zone.equals(zone) && stage.isRecordOf(one, name));
  const chain = dice.pick(own);
  if (chain === undefined) return reply;
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...chain.records]);
};

/** Two chains of one zone in one reply: each is true, but hashes of one mean nothing in another. */
const mixedChains: Operator = (touch) => {
  const { reply, dice } = touch;
  const zone = zoneFor(touch).origin;
  const own = denials(touch, (one) => one.zone.equals(zone) && one.type === NSEC3);
  const second = own.filter(({ label }) => label.endsWith('second chain'));
  if (second.length === 0) return reply;
  const first = own.filter((one) => !second.includes(one));
  const chosen = [...dice.some(first, 2), ...dice.some(second, 5)];
  const proof = recordsOf(chosen);
  if (childOf(touch) !== undefined) return undelegated(touch, proof);
  return denied(reply, rcodeOf(touch), [...soaOf(touch, zone), ...proof]);
};

const otherSoa: Operator = (touch) => {
  const { reply, dice } = touch;
  const soa = dice.pick(data(touch, (one) => one.type === SOA))!;
  return { ...reply, authority: [...soa.records, ...without(reply.authority, SOA)] };
};

const otherAlgorithm: Operator = ({ reply, dice }) => {
  const algorithm = dice.one([100, 5, 17, 8, 15]);
  const changed = (one: ResourceRecord): ResourceRecord => {
    if (one.type !== RRSIG) return one;
    const rdata = one.rdata.slice();
    rdata[2] = algorithm;
    return { ...one, rdata };
  };
  return { ...reply, answer: reply.answer.map(changed), authority: reply.authority.map(changed) };
};

const oneAlgorithmLeft: Operator = ({ reply, dice }) => {
  const gone = dice.one([13, 15, 8, 100]);
  const stays = (one: ResourceRecord): boolean => one.type !== RRSIG || one.rdata[2] !== gone;
  return { ...reply, answer: reply.answer.filter(stays), authority: reply.authority.filter(stays) };
};

const manyIterations: Operator = (touch) => {
  const { reply, stage, name, nowSeconds, dice } = touch;
  const zone = zoneFor(touch).origin;
  const plan = { ...stage.planOf(zone), iterations: dice.one([51, 2_500, 65_535]) };
  const owner = zone.prepend(new Uint8Array(32).fill(0x30))!;
  const rdata = nsec3Rdata(plan, new Uint8Array(20).fill(0xff), []);
  const { key, origin } = evilOf(touch);
  const statement = { owner, type: NSEC3, rdatas: [rdata], nowSeconds };
  const forged = dice.oneIn(2)
    ? [plain(owner, NSEC3, rdata)]
    : sign(key, { ...statement, signer: dice.oneIn(2) ? origin : zone });
  if (childOf(touch) !== undefined) return undelegated(touch, forged);
  const soa = name.isRoot ? [] : soaOf(touch, zone);
  return denied(reply, rcodeOf(touch), [...soa, ...forged]);
};

/** What was true two months ago, or will be in two: the signatures are good, the time is not. */
const atAnotherTime: Operator = (touch) => {
  const { reply, stage, name, type, dice } = touch;
  const when = dice.one(['before', 'later'] as const);
  const own = stage.loot.filter((one) => one.when === when && name.isAtOrBelow(one.zone));
  const zone = zoneFor(touch).origin;
  const ofZone = own.filter((one) => one.zone.equals(zone));
  const same = ofZone.filter((one) => !one.isDenial && one.owner.equals(name));
  const fitting = same.filter((one) => one.type === type || one.type === CNAME);
  const data = dice.pick(fitting);
  if (data !== undefined && !dice.oneIn(6)) return answered(reply, data.records);
  const proofs = ofZone.filter((one) => one.isDenial);
  const soa = ofZone.filter((one) => one.type === SOA);
  const records = recordsOf([...(dice.oneIn(2) ? soa : []), ...dice.some(proofs, 5)]);
  if (childOf(touch) !== undefined) return undelegated(touch, records);
  return denied(reply, rcodeOf(touch), records);
};

const paddedSignatures: Operator = ({ reply, dice }) => {
  const padded = (one: ResourceRecord): ResourceRecord[] => {
    if (one.type !== RRSIG) return [one];
    const copies = Array.from({ length: 1 + dice.below(12) }, (_, at) => {
      const rdata = one.rdata.slice();
      rdata[rdata.length - 1 - (at % 30)]! ^= 1 + at;
      return { ...one, rdata };
    });
    return [...copies, one];
  };
  return {
    ...reply,
    answer: reply.answer.flatMap(padded),
    authority: reply.authority.flatMap(padded),
  };
};

const manyDenials: Operator = (touch) => {
  const { reply, dice } = touch;
  const records = recordsOf(denials(touch).slice(0, 10 + dice.below(20)));
  if (childOf(touch) !== undefined) return undelegated(touch, records);
  return { ...reply, answer: [], authority: [...records, ...reply.authority] };
};

const stripped: Operator = ({ reply, dice }) => {
  const bare = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.filter((one) => one.type !== RRSIG);
  const answer = bare(reply.answer);
  if (dice.oneIn(3)) return { ...reply, answer };
  const none = dice.oneIn(2) ? [NSEC, NSEC3, DS] : [];
  return { ...reply, answer, authority: bare(without(reply.authority, ...none)) };
};

const longLives: Operator = ({ reply }) => {
  const longer = (one: ResourceRecord): ResourceRecord => ({ ...one, ttlSeconds: 0x7fff_ffff });
  return { ...reply, answer: reply.answer.map(longer), authority: reply.authority.map(longer) };
};

/** Unsigned lies, and an answer that pretends that there never was a signature. */
const unsigned: Operator = ({ reply, name, type }) => {
  return answered(reply, [plain(name, type, falseRdata(type))]);
};

const glueInstead: Operator = ({ reply, name, dice, stage }) => {
  const cut = name.suffix(1 + dice.below(Math.max(1, name.labelCount)));
  const host = stage.evil[0]!.origin.prepend(Uint8Array.of(0x6e, 0x73, 0x31))!;
  const address = stage.scene.lab.servers.get(host.key)!.addresses[0]!.octets;
  const proof = reply.authority.filter((one) => [DS, NSEC, NSEC3].includes(coveredType(one) as 43));
  return {
    ...reply,
    rcode: Rcode.NOERROR,
    authoritative: false,
    answer: [],
    authority: [plain(cut, NS, host.octets), ...(dice.oneIn(2) ? proof : [])],
    additional: [plain(host, A, address)],
  };
};

export const FORGERIES: Readonly<Record<string, Operator>> = {
  'F1 signed by another zone': ofOtherZone,
  'F1 other data under the signature': changedData,
  'F2 wildcard above the signer': wildcardAbove,
  'F3 wildcard replayed': wildcardReplayed,
  'F3 wildcard without its proof': wildcardWithoutProof,
  'F3 wildcard denied': wildcardDenied,
  'F3 denial from a wildcard': denialFromWildcard,
  'F4 next name outside the zone': nextOutsideZone,
  'F5 NSEC3 of a child zone': impersonatedHash,
  'F6 denied from above the cut': deniedFromAbove,
  'F7 DS denied from below': deniedFromBelow,
  'F7 DS denied beside the point': deniedBesides,
  'F7 DS denied by a leaseholder': undelegatedByLeaseholder,
  'F8 opt-out': optOutDenial,
  'F9 ends of the chain': ringEnd,
  'F10 rcode flipped': flippedRcode,
  'F11 no data without a match': apexNoData,
  'F12 unsigned proof': unsignedProof,
  'F12 proof joined by another': joinedProof,
  'F13 keys of another zone': otherKeys,
  'F14 own key among the keys': ownKeyAmongKeys,
  'F14 retired keys': retiredKeys,
  'F15 withdrawn key': withdrawnKey,
  'F16 wrong synthesis': wrongSynthesis,
  'F17 alias instead': aliasInstead,
  'F21 denied by its own record': deniedByItself,
  'F21 mixed chains': mixedChains,
  'F22 SOA of another zone': otherSoa,
  'D2 another algorithm': otherAlgorithm,
  'D2 one algorithm left': oneAlgorithmLeft,
  'D3 many iterations': manyIterations,
  'D4 stripped': stripped,
  'D5 DS left out': undelegatedSilently,
  'D5 referred elsewhere': glueInstead,
  'D5 unsigned': unsigned,
  'D6 at another time': atAnotherTime,
  'G6 long lives': longLives,
  'D7 padded with signatures': paddedSignatures,
  'D7 padded with denials': manyDenials,
};
