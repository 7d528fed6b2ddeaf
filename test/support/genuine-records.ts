/**
 * What an attacker can collect: the signed records that the lab's zones really publish, as their
 * servers would give them. And what he cannot: records signed with a zone's keys on his behalf, for
 * zones that lie about themselves.
 */
import type { Lab } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import {
  type Message,
  type Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
  TypeBitmap,
} from '../../src/wire/index.js';
import { nameOf } from './simulated-world.js';
import { record } from './tampering.js';

/** The wall clock of a world that has just begun. */
export const WORLD_SECONDS = 1_772_323_200;

function signedZone(lab: Lab, zone: string) {
  const hosted = lab.zones.get(nameOf(zone).key);
  const signed = hosted?.signed;
  if (hosted === undefined || signed === undefined) throw new Error(`${zone} is not signed`);
  return { ...hosted, zone: hosted.zone, signed };
}

interface SignableSet {
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdatas: () => readonly Uint8Array[];
}

function withSignatures(
  lab: Lab,
  zone: string,
  set: SignableSet,
  owner: Name = set.owner,
  nowSeconds = WORLD_SECONDS,
): ResourceRecord[] {
  const { signer } = signedZone(lab, zone).signed;
  const { type, ttlSeconds } = set;
  const made = { owner, class: RRClass.IN, ttlSeconds };
  return [
    ...set.rdatas().map((rdata) => ({ ...made, type, rdata })),
    ...signer.signNow(set, nowSeconds).map((rdata) => ({ ...made, type: RRType.RRSIG, rdata })),
  ];
}

/** An RRset of the zone with its signatures; put under another owner if one is given. */
export function genuine(
  lab: Lab,
  zone: string,
  owner: string,
  type: number,
  under = owner,
): ResourceRecord[] {
  const set = signedZone(lab, zone).zone.rrset(nameOf(owner), type);
  if (set === undefined) throw new Error(`${owner} has no such RRset`);
  return withSignatures(lab, zone, set, nameOf(under));
}

export function soaOf(lab: Lab, zone: string): ResourceRecord[] {
  return withSignatures(lab, zone, signedZone(lab, zone).zone.soa);
}

type Proof = 'no data' | 'name error' | 'referral';

/** The NSEC or NSEC3 records of the zone for that name, without the SOA. */
export function proofOf(lab: Lab, zone: string, name: string, kind?: Proof): ResourceRecord[] {
  const { zone: data, signed } = signedZone(lab, zone);
  const target = nameOf(name);
  const found = data.find(target, RRType.DS);
  const encloser = found.kind === 'name error' ? found.closestEncloser : target.parent();
  const isNameError = kind === undefined ? found.kind === 'name error' : kind === 'name error';
  const sets = isNameError
    ? signed.denial.nameError(target, encloser)
    : signed.denial.noData(target);
  return sets.flatMap((set) => withSignatures(lab, zone, set));
}

/** Records that the zone's owner signs for the occasion. */
export function signedBy(
  lab: Lab,
  zone: string,
  owner: string,
  type: number,
  rdatas: readonly Uint8Array[],
  signedOwner = owner,
): ResourceRecord[] {
  const set = { owner: nameOf(signedOwner), type, ttlSeconds: 3_600, rdatas: () => rdatas };
  return withSignatures(lab, zone, set, nameOf(owner));
}

export function nsecRdata(next: string, types: readonly number[]): Uint8Array {
  return Uint8Array.from([...nameOf(next).octets, ...TypeBitmap.of(types).octets]);
}

/** Records of a section that are of a type, or signatures over it. */
export function ofType(records: readonly ResourceRecord[], ...types: number[]): ResourceRecord[] {
  return records.filter(({ type, rdata }) => {
    const covered = type === RRType.RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;
    return types.includes(covered);
  });
}

export function without(records: readonly ResourceRecord[], ...types: number[]): ResourceRecord[] {
  const gone = new Set(ofType(records, ...types));
  return records.filter((one) => !gone.has(one));
}

export function unsigned(records: readonly ResourceRecord[]): ResourceRecord[] {
  return records.filter(({ type }) => type !== RRType.RRSIG);
}

export const asks = (query: Message, type: number, name?: string): boolean => {
  const question = query.questions[0];
  if (question?.type !== type) return false;
  return name === undefined || question.name.equals(nameOf(name));
};

/** An authoritative answer of a forger, without a single signature. */
export function forgedAnswer(reply: Message, records: readonly ResourceRecord[]): Message {
  return {
    ...reply,
    rcode: Rcode.NOERROR,
    authoritative: true,
    answer: records,
    authority: [],
    additional: [],
  };
}

export function forgedDenial(
  reply: Message,
  rcode: number,
  authority: readonly ResourceRecord[],
): Message {
  return { ...reply, rcode, authoritative: true, answer: [], authority, additional: [] };
}

export function address(owner: string, ...octets: number[]): ResourceRecord {
  return record(owner, octets.length === 4 ? RRType.A : RRType.AAAA, Uint8Array.from(octets));
}

/** What it came to, in three words: rcode, status, reason. */
export function verdictOf(resolution: Resolution): string {
  const { rcode, security } = resolution;
  const reason = 'reason' in security ? security.reason : '';
  const mnemonic = Object.entries(Rcode).find(([, value]) => value === rcode)?.[0] ?? `${rcode}`;
  return `${mnemonic} ${security.status} ${reason}`.trim();
}
