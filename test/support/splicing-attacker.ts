/**
 * Somebody who sits on every wire and has collected everything that the zones ever signed. He can
 * replay, drop, splice, rename and reorder genuine records, flip whatever is not signed, forge what
 * is unsigned, and sign with the keys of a zone of his own. What he cannot do is sign for others.
 */
import type { Lab, SeededRandom } from '../../src/lab/index.js';
import type { LabReply, LabServer, Listener } from '../../src/lab/index.js';
import {
  decodeMessage,
  type EncodableMessage,
  encodeMessage,
  type IpAddress,
  type Message,
  Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import {
  nsecRdata,
  ofType,
  signedBy,
  unsigned,
  without,
  WORLD_SECONDS,
} from './genuine-records.js';
import { record } from './tampering.js';

/** One RRset with its signatures, as records. */
type Collected = readonly ResourceRecord[];

export interface Loot {
  readonly data: readonly Collected[];
  readonly denials: readonly Collected[];
  readonly soas: readonly Collected[];
  readonly delegations: readonly Collected[];
}

/** Everything that a patient reader of the signed zones ends up with. */
export function collect(lab: Lab): Loot {
  const data: Collected[] = [];
  const denials: Collected[] = [];
  const soas: Collected[] = [];
  const delegations: Collected[] = [];
  for (const { origin, zone, signed } of lab.zones.values()) {
    if (signed === undefined) continue;
    const { signer, denial } = signed;
    const seen = new Set<string>();
    const take = (set: Parameters<typeof signer.signNow>[0], into: Collected[]): void => {
      const made = { owner: set.owner, class: RRClass.IN, ttlSeconds: set.ttlSeconds };
      into.push([
        ...set.rdatas().map((rdata) => ({ ...made, type: set.type, rdata })),
        ...signer
          .signNow(set, WORLD_SECONDS)
          .map((rdata) => ({ ...made, type: RRType.RRSIG, rdata })),
      ]);
    };
    for (const node of zone.nodesInOrder()) {
      for (const set of node.rrsets.values()) {
        if (node.kind === 'cut' && set.type !== RRType.DS) continue;
        take(set, set.type === RRType.SOA ? soas : set.type === RRType.DS ? delegations : data);
      }
      const below = node.name.prepend(Uint8Array.of(0x7e, 0x7e));
      const proofs = [
        ...denial.noData(node.name),
        ...(below === undefined ? [] : denial.nameError(below, node.name)),
      ];
      for (const set of proofs) {
        if (seen.has(set.owner.key)) continue;
        seen.add(set.owner.key);
        take(set, denials);
      }
    }
    if (seen.size === 0) throw new Error(`nothing denies anything in ${origin}`);
  }
  return { data, denials, soas, delegations };
}

export interface SplicingOptions {
  readonly lab: Lab;
  readonly loot: Loot;
  readonly random: SeededRandom;
  /** Share of replies that are touched, 0 to 1. */
  readonly share: number;
  /** Which replies, by the type that was asked for; all when absent. */
  readonly focus?: ((type: number) => boolean) | undefined;
  /** Servers that are not the lab's, and whose wires are his as well. */
  readonly alsoAt?: readonly LabServer[];
  /** The attacker's own signed zone and its server. */
  readonly ownZone: string;
  readonly ownServer: IpAddress;
}

const NS1 = Uint8Array.of(0x6e, 0x73, 0x31);
const EVIL_ADDRESS = Uint8Array.of(11, 66, 66, 66);

export class SplicingAttacker {
  readonly #options: SplicingOptions;
  readonly log: string[] = [];

  constructor(options: SplicingOptions) {
    this.#options = options;
  }

  /** Sits down on all wires; returns how to get up again. */
  begin(): () => void {
    const { lab } = this.#options;
    for (const server of this.#servers()) {
      const between: Listener = {
        answer: (query, transport, nowSeconds) => {
          const reply = server.answer(query, transport, nowSeconds);
          return this.#between(query, reply, () => this.#truthFor(query, transport, nowSeconds));
        },
      };
      for (const address of server.addresses) lab.network.listen(address, between);
    }
    return () => {
      for (const server of this.#servers()) {
        for (const address of server.addresses) lab.network.listen(address, server);
      }
    };
  }

  #servers(): readonly LabServer[] {
    const { lab, alsoAt = [] } = this.#options;
    return [...lab.servers.values(), ...alsoAt];
  }

  /** What the right server would say: the attacker relays it where he has lured the resolver. */
  #truthFor(query: Uint8Array, transport: 'udp' | 'tcp', nowSeconds: number): LabReply | undefined {
    const { lab } = this.#options;
    const asked = decodeMessage(query);
    const question = asked.ok ? asked.value.questions[0] : undefined;
    if (question === undefined) return undefined;
    for (let at = question.name; ; at = at.parent()) {
      const hosted = lab.zones.get(at.key);
      const ns = hosted?.zone.rrset(at, RRType.NS)?.rdatas()[0];
      const server = ns === undefined ? undefined : lab.servers.get(nameKey(ns));
      if (server !== undefined) return server.answer(query, transport, nowSeconds);
      if (at.isRoot) return undefined;
    }
  }

  #between(query: Uint8Array, reply: LabReply, relay: () => LabReply | undefined): LabReply {
    const { random, share, focus } = this.#options;
    const asked = decodeMessage(query);
    const question = asked.ok ? asked.value.questions[0] : undefined;
    if (!asked.ok || question === undefined || focus?.(question.type) === false) return reply;
    if (random.fraction() >= share) return reply;
    const source = random.below(4) === 0 ? (relay() ?? reply) : reply;
    if (source.kind !== 'reply') return source;
    const said = decodeMessage(source.octets);
    if (!said.ok) return reply;
    let message: EncodableMessage & Message = said.value;
    const steps = 1 + random.below(3);
    for (let step = 0; step < steps; step++) {
      const made = this.#change(message, asked.value);
      if (made === undefined) return { kind: 'silence' };
      message = made;
    }
    return { kind: 'reply', octets: encodeMessage(message, { maxOctets: 65_535 }) };
  }

  #change(reply: Message, query: Message): Message | undefined {
    const { random } = this.#options;
    const names = Object.keys(this.#moves);
    const move = names[random.below(names.length)]!;
    const { name, type } = query.questions[0]!;
    this.log.push(`${name} ${type}: ${move}`);
    return this.#moves[move]!(reply, name, type);
  }

  readonly #moves: Record<
    string,
    (reply: Message, name: Name, type: number) => Message | undefined
  > = {
    drop: () => undefined,
    strip: (reply) => ({
      ...reply,
      answer: unsigned(reply.answer),
      authority: unsigned(reply.authority),
    }),
    'strip the answer': (reply) => ({ ...reply, answer: unsigned(reply.answer) }),
    'another rcode': (reply) => {
      const codes = [Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN, Rcode.REFUSED, Rcode.SERVFAIL];
      return { ...reply, rcode: this.#one(codes) };
    },
    'without answer': (reply) => ({ ...reply, answer: [] }),
    'without authority': (reply) => ({ ...reply, authority: [] }),
    'without DS': (reply) => ({
      ...reply,
      answer: without(reply.answer, RRType.DS),
      authority: without(reply.authority, RRType.DS),
    }),
    'without SOA': (reply) => ({ ...reply, authority: without(reply.authority, RRType.SOA) }),
    'without denial': (reply) => ({
      ...reply,
      authority: without(reply.authority, RRType.NSEC, RRType.NSEC3),
    }),
    'some of the authority': (reply) => ({
      ...reply,
      authority: reply.authority.filter(() => this.#options.random.below(2) === 0),
    }),
    'other denials': (reply) => this.#denied(reply),
    'other denials, other rcode': (reply) => ({
      ...this.#denied(reply),
      rcode: this.#one([Rcode.NOERROR, Rcode.NXDOMAIN]),
    }),
    'more denials': (reply) => ({
      ...reply,
      authority: [...reply.authority, ...this.#near(this.#options.loot.denials)],
    }),
    'other data': (reply) => ({ ...reply, answer: this.#near(this.#options.loot.data) }),
    'other data under this name': (reply, name) => ({
      ...reply,
      rcode: Rcode.NOERROR,
      answer: renamed(this.#near(this.#options.loot.data), name),
    }),
    'data of this type under this name': (reply, name, type) => {
      const fit = this.#options.loot.data.filter((set) => set[0]!.type === type);
      return fit.length === 0
        ? reply
        : { ...reply, rcode: Rcode.NOERROR, answer: renamed(this.#one(fit), name) };
    },
    'forged, unsigned': (reply, name, type) => ({
      ...reply,
      rcode: Rcode.NOERROR,
      authoritative: true,
      answer: [forgery(name, type)],
      authority: [],
    }),
    'forged beside the real': (reply, name, type) => ({
      ...reply,
      answer: [forgery(name, type), ...reply.answer],
    }),
    'signed by the attacker': (reply, name, type) => ({
      ...reply,
      rcode: Rcode.NOERROR,
      authoritative: true,
      answer: this.#ownWork(name, type, [forgery(name, type).rdata]),
      authority: [],
    }),
    'denied by the attacker': (reply, name) => ({
      ...reply,
      rcode: this.#one([Rcode.NOERROR, Rcode.NXDOMAIN]),
      authoritative: true,
      answer: [],
      authority: this.#ownWork(name, RRType.NSEC, [
        nsecRdata(this.#one([`${name}`, '.', this.#options.ownZone]), [RRType.RRSIG, RRType.NSEC]),
      ]),
    }),
    'an alias to the attacker': (reply, name) => ({
      ...reply,
      rcode: Rcode.NOERROR,
      answer: [at(name, RRType.CNAME, nameOctets(`mx.${this.#options.ownZone}`))],
    }),
    'a DNAME above': (reply, name) => {
      const above = name.suffix(this.#options.random.below(Math.max(1, name.labelCount)));
      const dname = at(above, RRType.DNAME, nameOctets(this.#options.ownZone));
      return { ...reply, rcode: Rcode.NOERROR, answer: [dname, ...reply.answer] };
    },
    'a referral to the attacker': (reply, name) => {
      const labels = 1 + this.#options.random.below(Math.max(1, name.labelCount));
      const cut = name.suffix(labels);
      const keep = this.#options.random.below(2) === 0;
      const kept = ofType(reply.authority, RRType.DS, RRType.NSEC, RRType.NSEC3);
      const proof = keep ? kept : this.#near(this.#options.loot.denials);
      const host = cut.prepend(NS1) ?? cut;
      return {
        ...reply,
        rcode: Rcode.NOERROR,
        authoritative: false,
        answer: [],
        authority: [at(cut, RRType.NS, host.octets), ...proof],
        additional: [at(host, RRType.A, this.#options.ownServer.octets)],
      };
    },
    'another delegation': (reply) => ({
      ...reply,
      authority: [
        ...without(reply.authority, RRType.DS),
        ...this.#near(this.#options.loot.delegations),
      ],
    }),
    'another SOA': (reply) => ({
      ...reply,
      authority: [...without(reply.authority, RRType.SOA), ...this.#one(this.#options.loot.soas)],
    }),
    'long lives': (reply) => timed(reply, 0x7fff_ffff),
    'no life': (reply) => timed(reply, 0),
    'no authority bit': (reply) => ({ ...reply, authoritative: false }),
    'a changed signature': (reply) => ({
      ...reply,
      answer: reply.answer.map((one) => this.#scratched(one)),
      authority: reply.authority.map((one) => this.#scratched(one)),
    }),
    reordered: (reply) => ({
      ...reply,
      answer: reply.answer.toReversed(),
      authority: reply.authority.toReversed(),
    }),
  };

  #denied(reply: Message): Message {
    const { loot } = this.#options;
    const records = [...this.#near(loot.denials), ...this.#near(loot.denials)];
    const soa = this.#options.random.below(3) > 0 ? this.#one(loot.soas) : [];
    return { ...reply, authoritative: true, answer: [], authority: [...soa, ...records] };
  }

  #ownWork(name: Name, type: number, rdatas: readonly Uint8Array[]): ResourceRecord[] {
    const { lab, ownZone } = this.#options;
    return signedBy(lab, ownZone, `${name}`, type, rdatas);
  }

  /** Algorithm, label count, key tag, times or signer: all of what stands before the signature. */
  #scratched(one: ResourceRecord): ResourceRecord {
    const { random } = this.#options;
    if (one.type !== RRType.RRSIG || random.below(3) > 0) return one;
    const rdata = one.rdata.slice();
    const place = 2 + random.below(18);
    rdata[place] = random.below(2) === 0 ? (rdata[place]! + 1) & 0xff : random.below(256);
    return { ...one, rdata };
  }

  #near(sets: readonly Collected[]): Collected {
    return this.#one(sets);
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#options.random.below(list.length)]!;
  }
}

function forgery(name: Name, type: number): ResourceRecord {
  switch (type) {
    case RRType.A:
      return at(name, type, EVIL_ADDRESS);
    case RRType.MX:
      return at(name, type, Uint8Array.of(0, 1, ...nameOctets('mx.evil.dane.')));
    case RRType.TLSA:
      return at(name, type, Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0x66)]));
    default:
      return at(name, type, Uint8Array.of(4, 0x65, 0x76, 0x69, 0x6c));
  }
}

function at(owner: Name, type: number, rdata: Uint8Array, ttlSeconds = 3_600): ResourceRecord {
  return { owner, type, class: RRClass.IN, ttlSeconds, rdata };
}

function renamed(records: Collected, owner: Name): ResourceRecord[] {
  return records.map((one) => ({ ...one, owner }));
}

function timed(reply: Message, ttlSeconds: number): Message {
  const all = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((one) => ({ ...one, ttlSeconds }));
  return { ...reply, answer: all(reply.answer), authority: all(reply.authority) };
}

function nameOctets(text: string): Uint8Array {
  return record(text, RRType.NS, new Uint8Array(0)).owner.octets;
}

function nameKey(octets: Uint8Array): string {
  let labels = 0;
  for (let place = 0; octets[place] !== 0; place += 1 + octets[place]!) labels++;
  return Name.fromCheckedOctets(octets, labels).key;
}
