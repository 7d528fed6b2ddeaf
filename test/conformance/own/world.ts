/**
 * A small signed Internet at one stage of its life: zones, each on a server of its own, linked by
 * delegations, and what is true in it. The lab's authority says which records go into a reply.
 */
import { answerQuestion, type Answer, type HostedZones } from '../../../src/lab/authority.js';
import { HostedZone } from '../../../src/lab/hosted-zone.js';
import { absoluteName, Zone, type ZoneRRset } from '../../../src/lab/index.js';
import { dsRRset } from '../../../src/lab/zone-signer.js';
import { parseMasterFile } from '../../../src/presentation/index.js';
import { NodeCryptoProvider } from '../../../src/runtime/crypto.js';
import { labSigner } from '../../../src/runtime/lab-signer.js';
import {
  type Name,
  nameOfRdata,
  type ResourceRecord,
  RRClass,
  RRType,
  typeFromMnemonic,
} from '../../../src/wire/index.js';
import { DAY, OwnSigner, type Signing, START_SECONDS } from './signer.js';
import type { KeyLabel } from './keys.js';

export interface OwnZone {
  /** Absolute. */
  readonly origin: string;
  /** Of its only server, which is called `ns` in the zone. */
  readonly server: string;
  /** Lines relative to the origin; SOA, NS, address and delegations are added. */
  readonly text?: string;
  readonly signing?: Signing;
  /** Delegations to nowhere: relative names. */
  readonly unsignedCuts?: readonly string[];
}

export const TTL_SECONDS = 3_600;
const NEGATIVE_TTL_SECONDS = 900;

/** One key for everything, NSEC, three weeks: what differs is said. */
export function signedBy(algorithm = 13, changes: Partial<Signing> = {}): Signing {
  const key: readonly KeyLabel[] = [`csk-1/${algorithm}`];
  return {
    denial: { kind: 'NSEC' },
    published: key,
    keySigners: key,
    dataSigners: key,
    ds: key,
    inceptionSeconds: START_SECONDS - DAY,
    expirationSeconds: START_SECONDS + 20 * DAY,
    ...changes,
  };
}

interface Planned {
  readonly zone: OwnZone;
  readonly origin: Name;
  readonly signer: OwnSigner | undefined;
}

const tools = { signer: labSigner, crypto: new NodeCryptoProvider() };

export interface Question {
  readonly name: Name;
  readonly type: number;
}

export function question(text: string): Question {
  const [name = '', mnemonic = ''] = text.split(' ');
  const type = typeFromMnemonic(mnemonic);
  if (type === undefined) throw new Error(`not a type: ${text}`);
  return { name: absoluteName(name), type };
}

export class OwnWorld {
  readonly zones: readonly OwnZone[];
  readonly #hosted = new Map<string, HostedZone>();
  readonly #planned: readonly Planned[];

  constructor(zones: readonly OwnZone[]) {
    this.zones = zones;
    this.#planned = zones.map((zone) => {
      const origin = absoluteName(zone.origin);
      const signer = zone.signing && new OwnSigner(origin, zone.signing);
      return { zone, origin, signer };
    });
    for (const plan of this.#planned) {
      const { origin, signer } = plan;
      const hosted = new HostedZone(origin, () => this.#load(plan), signer, [], tools);
      this.#hosted.set(origin.key, hosted);
    }
  }

  /** DS records of the root's keys. */
  anchors(): ResourceRecord[] {
    const { origin, signer } = this.#planned.find((plan) => plan.origin.isRoot)!;
    const made = { owner: origin, type: RRType.DS, class: RRClass.IN, ttlSeconds: TTL_SECONDS };
    return (signer?.dsRdatas() ?? []).map((rdata) => ({ ...made, rdata }));
  }

  /** The zone that answers for the name; for DS the one above the cut. */
  zoneFor({ name, type }: Question): OwnZone {
    const fitting = this.#planned
      .filter(({ origin }) => name.isAtOrBelow(origin))
      .filter(({ origin }) => origin.isRoot || type !== RRType.DS || !name.equals(origin))
      .sort((a, b) => b.origin.labelCount - a.origin.labelCount);
    return fitting[0]!.zone;
  }

  /** What that zone's server says; its own zone only. */
  says(zone: OwnZone, { name, type }: Question): Answer {
    const hosted = this.#hosted.get(absoluteName(zone.origin).key)!;
    const zones: HostedZones = new Map([[hosted.origin.key, hosted]]);
    const asked = { name, type, class: RRClass.IN };
    return answerQuestion(zones, asked, true, 0)!;
  }

  /** What a resolver finds: the answers along the aliases, and the proofs that belong to them. */
  truth(asked: Question): Answer {
    const answer: ResourceRecord[] = [];
    const authority: ResourceRecord[] = [];
    let target: Name | undefined = asked.name;
    let said: Answer | undefined;
    for (let links = 0; target !== undefined && links < 8; links++) {
      const at: Question = { name: target, type: asked.type };
      said = this.says(this.zoneFor(at), at);
      answer.push(...said.answer);
      authority.push(...said.authority);
      target = this.#unfollowed(said.answer, asked.type);
    }
    return { ...said!, answer, authority, additional: [] };
  }

  /** The questions that a resolver comes to ask on the way to an answer. */
  chase(asked: Question): Question[] {
    const questions = [asked];
    for (const { owner, type, rdata } of this.truth(asked).answer) {
      const alias = type === RRType.CNAME ? nameOfRdata(type, rdata) : undefined;
      if (alias !== undefined) questions.push({ name: alias, type: asked.type });
      if (type === RRType.DNAME) questions.push({ name: owner, type: RRType.DNAME });
    }
    return questions;
  }

  #unfollowed(records: readonly ResourceRecord[], type: number): Name | undefined {
    const last = records.findLast((record) => record.type !== RRType.RRSIG);
    if (last?.type !== RRType.CNAME || type === RRType.CNAME) return undefined;
    return nameOfRdata(RRType.CNAME, last.rdata);
  }

  #load(plan: Planned): Zone {
    const { zone, origin, signer } = plan;
    const own = zone.origin === '.' ? 'ns.' : `ns.${zone.origin}`;
    const lines = [
      `@ NS ${own}`,
      `${own} A ${zone.server}`,
      zone.text ?? '',
      ...(zone.unsignedCuts ?? []).flatMap((cut) => [
        `${cut} NS ns.${cut}`,
        `ns.${cut} A 192.0.2.9`,
      ]),
    ];
    const lazy: ZoneRRset[] = [];
    for (const child of this.#childrenOf(plan)) {
      lines.push(`${child.zone.origin} NS ns.${child.zone.origin}`);
      lines.push(`ns.${child.zone.origin} A ${child.zone.server}`);
      const hasDs = (child.zone.signing?.ds.length ?? 0) > 0;
      if (child.signer !== undefined && hasDs) {
        lazy.push(dsRRset(child.origin, child.signer, TTL_SECONDS));
      }
    }
    if (signer !== undefined) lazy.push(...apexSets(origin, signer));
    lines.push(soaLine(zone.origin, own));
    const parsed = parseMasterFile(lines.join('\n'), { origin, defaultTtlSeconds: TTL_SECONDS });
    if (parsed.error !== undefined) {
      throw new Error(`${zone.origin} line ${parsed.error.line}: ${parsed.error.message}`);
    }
    return new Zone(origin, parsed.records, lazy);
  }

  #childrenOf({ origin }: Planned): Planned[] {
    return this.#planned.filter((plan) => {
      if (plan.origin.isRoot || plan.origin.equals(origin)) return false;
      const above = this.zoneFor({ name: plan.origin, type: RRType.DS });
      return absoluteName(above.origin).equals(origin);
    });
  }

  /** The delegations of a zone to other zones of this world. */
  childrenOf(zone: OwnZone): readonly OwnZone[] {
    const plan = this.#planned.find((one) => one.zone === zone)!;
    return this.#childrenOf(plan).map((child) => child.zone);
  }

  /** SOA, and the records with which a zone denies types at a name of its own. */
  denialIn(origin: string, name: string): ResourceRecord[] {
    const hosted = this.#hosted.get(absoluteName(origin).key)!;
    const { signer, denial } = hosted.signed!;
    return [hosted.zone.soa, ...denial.noData(absoluteName(name))].flatMap((set) => {
      const made = { owner: set.owner, class: RRClass.IN, ttlSeconds: set.ttlSeconds };
      return [
        ...set.rdatas().map((rdata) => ({ ...made, type: set.type, rdata })),
        ...signer.signNow(set, 0).map((rdata) => ({ ...made, type: RRType.RRSIG, rdata })),
      ];
    });
  }

  /** All records of a zone with signatures and denial, as a master file would have them. */
  wholeZone(zone: OwnZone): ResourceRecord[] {
    const hosted = this.#hosted.get(absoluteName(zone.origin).key)!;
    const records: ResourceRecord[] = [];
    const add = (set: ZoneRRset, signs: boolean): void => {
      const made = { owner: set.owner, class: RRClass.IN, ttlSeconds: set.ttlSeconds };
      for (const rdata of set.rdatas()) records.push({ ...made, type: set.type, rdata });
      if (!signs || hosted.signed === undefined) return;
      for (const rdata of hosted.signed.signer.signNow(set, 0)) {
        records.push({ ...made, type: RRType.RRSIG, rdata });
      }
    };
    for (const node of hosted.zone.nodesInOrder()) {
      for (const set of node.rrsets.values()) {
        add(set, node.kind === 'authoritative' || set.type === RRType.DS);
      }
      const { denial } = hosted.signed ?? {};
      const proofs = denial?.noData(node.name) ?? [];
      for (const proof of proofs) {
        const isThere = records.some(
          (one) => one.type === proof.type && one.owner.equals(proof.owner),
        );
        if (!isThere) add(proof, true);
      }
    }
    for (const child of zone.unsignedCuts ?? []) {
      const glue = hosted.zone.rrset(absoluteName(`ns.${child}.${zone.origin}`), RRType.A);
      if (glue !== undefined) add(glue, false);
    }
    for (const child of this.childrenOf(zone)) {
      const glue = hosted.zone.rrset(absoluteName(`ns.${child.origin}`), RRType.A);
      if (glue !== undefined) add(glue, false);
    }
    return records;
  }
}

function apexSets(origin: Name, signer: OwnSigner): ZoneRRset[] {
  const sets: ZoneRRset[] = [
    {
      owner: origin,
      type: RRType.DNSKEY,
      ttlSeconds: TTL_SECONDS,
      rdatas: () => signer.publishedKeys(),
    },
  ];
  const { denial } = signer.spec;
  if (denial.kind !== 'NSEC3') return sets;
  const { iterations, salt } = denial;
  const rdata = Uint8Array.of(1, 0, iterations >> 8, iterations & 0xff, salt.length, ...salt);
  // RFC 5155 §4.1.2: the flags of NSEC3PARAM are zero.
  sets.push({ owner: origin, type: RRType.NSEC3PARAM, ttlSeconds: 0, rdatas: () => [rdata] });
  return sets;
}

function soaLine(origin: string, primary: string): string {
  const contact = origin === '.' ? 'hostmaster.' : `hostmaster.${origin}`;
  const times = `1 14400 3600 1209600 ${NEGATIVE_TTL_SECONDS}`;
  return `${origin} ${NEGATIVE_TTL_SECONDS} SOA ${primary} ${contact} ${times}`;
}
