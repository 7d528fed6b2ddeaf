/** What an attacker sees when a reply passes by, and how he finds things in his drawer. */
import { nsec3Hash } from '../../src/dnssec/nsec3.js';
import type { HostedZone } from '../../src/lab/hosted-zone.js';
import { base32hexOctets } from '../../src/lab/octets.js';
import {
  type Message,
  type Name,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import { nameOf } from '../support/simulated-world.js';
import type { Dice } from './dice.js';
import { keysOf, type OwnKey } from './own-signatures.js';
import { changeAfter, crypto, type Loot, type Scene, START_SECONDS } from './scene.js';

const ADDRESS = Uint8Array.of(11, 66, 66, 66);

export class Stage {
  readonly scene: Scene;
  readonly loot: readonly Loot[];
  readonly evil: readonly { readonly origin: Name; readonly key: OwnKey; readonly label: string }[];
  /** Origins of the zones that are his and not signed. */
  readonly liars: readonly Name[];
  readonly changeSeconds: number;

  constructor(scene: Scene) {
    this.scene = scene;
    this.liars = (scene.plan.liars ?? []).map(nameOf);
    this.changeSeconds = START_SECONDS + changeAfter(scene.plan);
    this.loot = scene.loot;
    this.evil = scene.plan.evil.map((label) => {
      const origin = nameOf(label);
      return { label, origin, key: keysOf(scene.lab.zones.get(origin.key)!)[0]! };
    });
  }

  zoneOf(name: Name): HostedZone {
    for (let at = name; ; at = at.parent()) {
      const hosted = this.scene.lab.zones.get(at.key);
      if (hosted !== undefined) return hosted;
      if (at.isRoot) throw new Error('a world without a root');
    }
  }

  planOf(zone: Name) {
    return this.scene.plan.zones.find(({ origin }) => nameOf(origin).equals(zone))!;
  }

  /** Whether a genuine denial record is the one of this very name. */
  isRecordOf(one: Loot, name: Name): boolean {
    if (one.type === RRType.NSEC) return one.owner.equals(name);
    if (one.type !== RRType.NSEC3 || !name.isAtOrBelow(one.zone)) return false;
    return one.owner.equals(this.hashedOwner(one, name));
  }

  hashedOwner(one: Loot, name: Name): Name {
    const rdata = one.records[0]!.rdata;
    const salt = rdata.slice(5, 5 + rdata[4]!);
    const iterations = (rdata[2]! << 8) | rdata[3]!;
    const hash = nsec3Hash(name, { hashAlgorithm: 1, iterations, salt }, crypto);
    return one.zone.prepend(base32hexOctets(hash))!;
  }
}

/** One reply on its way, in the attacker's hands. */
export interface Touch {
  readonly stage: Stage;
  readonly dice: Dice;
  readonly reply: Message;
  readonly name: Name;
  readonly type: number;
  readonly nowSeconds: number;
}

export type Operator = (touch: Touch) => Message | undefined;

// --- drawers ---

/** What was said up to now in this world: after a change, the old as well as the new. */
export function denials(touch: Touch, suits: (one: Loot) => boolean = () => true): Loot[] {
  return touch.stage.loot.filter((one) => one.isDenial && wasSaid(one, touch) && suits(one));
}

export function data(touch: Touch, suits: (one: Loot) => boolean): Loot[] {
  return touch.stage.loot.filter((one) => !one.isDenial && wasSaid(one, touch) && suits(one));
}

function wasSaid({ when }: Loot, { stage, nowSeconds }: Touch): boolean {
  return when === 'now' || (when === 'next' && nowSeconds >= stage.changeSeconds);
}

export function soaOf(touch: Touch, zone: Name): readonly ResourceRecord[] {
  return data(touch, (one) => one.type === RRType.SOA && one.zone.equals(zone))[0]?.records ?? [];
}

export function recordsOf(chosen: readonly Loot[]): ResourceRecord[] {
  return chosen.flatMap(({ records }) => records);
}

// --- rewriting ---

export function renamed(records: readonly ResourceRecord[], owner: Name): ResourceRecord[] {
  return records.map((one) => ({ ...one, owner }));
}

/** The type of a record, or of what a signature covers. */
export function coveredType({ type, rdata }: ResourceRecord): number {
  return type === RRType.RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;
}

export function without(records: readonly ResourceRecord[], ...types: number[]): ResourceRecord[] {
  return records.filter((one) => !types.includes(coveredType(one)));
}

export function answered(
  reply: Message,
  answer: readonly ResourceRecord[],
  authority: readonly ResourceRecord[] = [],
): Message {
  return { ...reply, rcode: 0, authoritative: true, answer, authority };
}

export function denied(
  reply: Message,
  rcode: number,
  authority: readonly ResourceRecord[],
): Message {
  return { ...reply, rcode, authoritative: true, answer: [], authority };
}

export function plain(
  owner: Name,
  type: number,
  rdata: Uint8Array,
  ttlSeconds = 3_600,
): ResourceRecord {
  return { owner, type, class: RRClass.IN, ttlSeconds, rdata };
}

/** RDATA that no honest zone of any world has. */
export function falseRdata(type: number): Uint8Array {
  switch (type) {
    case RRType.A:
      return ADDRESS;
    case RRType.TLSA:
      return Uint8Array.of(3, 1, 1, 0x66, 0x66, 0x66, 0x66);
    case RRType.MX:
      return Uint8Array.of(0, 1, ...nameOf('mx.evil.alpha.').octets);
    case RRType.CNAME:
    case RRType.DNAME:
    case RRType.NS:
      return nameOf('mx.evil.alpha.').octets;
    case RRType.DS:
      return Uint8Array.of(0x66, 0x66, 13, 2, ...new Uint8Array(32));
    default:
      return Uint8Array.of(4, 0x65, 0x76, 0x69, 0x6c);
  }
}
