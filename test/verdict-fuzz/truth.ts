/**
 * What is true in a world, read from its records by brute force and without a line of the product
 * or of the lab's authority: which zone holds a name, what is there, and what may be proven of it.
 */
import { nameOfRdata, octetKey, type Name, RRType } from '../../src/wire/index.js';
import { nameOf } from '../support/simulated-world.js';
import type { ZonePlan } from './plan.js';
import { changeAfter, type Scene, START_SECONDS } from './scene.js';

export interface TrueRRset {
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  /** What it says, or says at one time and another; the last one to the end. */
  readonly versions: readonly Version[];
  /** Where an alias leads. */
  readonly target: Name | undefined;
}

export interface Version {
  /** Keys of the RDATA, sorted. */
  readonly rdatas: readonly string[];
  readonly fromSeconds: number;
  /** From then on servers do not say it any more. */
  readonly untilSeconds: number;
  /** Until then signatures over it are valid, and nobody can tell that it is not the latest. */
  readonly signedUntilSeconds: number;
}

/**
 * What a validator may say of a name:
 * - `secure`: the truth, proven;
 * - `insecure`: nothing can be proven, so anything may be said, but never as secure;
 * - `either`: proven, or by the policy of RFC 9276 not looked at;
 * - `anything`: the attacker's own.
 */
export type Rule = 'secure' | 'insecure' | 'either' | 'anything';

export interface Step {
  readonly rule: Rule;
  readonly kind: 'data' | 'alias' | 'redirection' | 'no data' | 'name error';
  readonly rrset?: TrueRRset;
  /** RFC 9824: a name that does not exist is answered as one without data. */
  readonly compact: boolean;
  readonly zone: string;
}

const SUPPORTED = [8, 10, 13, 14, 15];
const SUPPORTED_DIGESTS = [2, 4];
const MOST_ITERATIONS = 50;

interface TrueZone {
  readonly plan: ZonePlan;
  readonly origin: Name;
  readonly rrsets: readonly TrueRRset[];
}

export class Truth {
  readonly #scene: Scene;
  readonly #zones: readonly TrueZone[];
  readonly #steps = new Map<string, Step>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#zones = scene.plan.zones.map((plan) => {
      const origin = nameOf(plan.origin);
      return { plan, origin, rrsets: readZone(scene, plan) };
    });
  }

  /** Whose word counts for nothing: the zones of the attacker. */
  isHis(zone: string): boolean {
    const { evil, liars = [] } = this.#scene.plan;
    return evil.includes(zone) || liars.includes(zone);
  }

  stepAt(name: Name, type: number): Step {
    const key = `${type} ${name.key}`;
    let step = this.#steps.get(key);
    if (step === undefined) {
      step = this.#look(name, type);
      this.#steps.set(key, step);
    }
    return step;
  }

  #look(name: Name, type: number): Step {
    const path = this.#zonesAbove(name, type);
    const zone = path.at(-1)!;
    const seen = lookUp(zone, name, type);
    const rule = this.#ruleFor(path, name, seen);
    const compact = zone.plan.denial === 'compact';
    const found = { rule, kind: seen.kind, compact, zone: zone.plan.origin };
    return seen.rrset === undefined ? found : { ...found, rrset: seen.rrset };
  }

  /** From the root down to the zone that answers; DS is the parent's (RFC 4035 §3.1.4.1). */
  #zonesAbove(name: Name, type: number): TrueZone[] {
    return this.#zones
      .filter(({ origin }) => {
        if (type === RRType.DS && !name.isRoot) return name.isBelow(origin);
        return name.isAtOrBelow(origin);
      })
      .sort((a, b) => a.origin.labelCount - b.origin.labelCount);
  }

  #ruleFor(path: readonly TrueZone[], name: Name, seen: Seen): Rule {
    const { islands, evil, negativeAnchors } = this.#scene.plan;
    if (evil.includes(path.at(-1)!.plan.origin)) return 'anything';
    for (const origin of negativeAnchors.map(nameOf)) {
      // RFC 7646 §2: nothing from there on is validated; the DS records there are the parent's.
      if (path.at(-1)!.origin.isAtOrBelow(origin)) return 'insecure';
      if (name.isAtOrBelow(origin)) return 'either';
    }
    let rule: Rule = 'secure';
    path.forEach(({ plan }, at) => {
      if (at > 0) {
        // Too many iterations: what it says of its delegations counts for nothing, or is not asked.
        if (rule === 'secure' && tooManyIterations(path[at - 1]!.plan)) rule = 'either';
        if (!isVouchedFor(plan)) rule = 'insecure';
      }
      if (islands.includes(plan.origin)) rule = 'secure';
    });
    if (rule !== 'secure') return rule;
    const zone = path.at(-1)!;
    if (tooManyIterations(zone.plan)) return 'either';
    // RFC 5155 §9.2: what only an opt-out span tells of is never secure.
    const isProven = seen.owner !== undefined && hasNsec3(zone, seen.owner, this.#zones);
    return zone.plan.denial === 'opt-out' && !isProven ? 'insecure' : 'secure';
  }
}

function tooManyIterations({ denial, iterations = 0 }: ZonePlan): boolean {
  return (denial === 'NSEC3' || denial === 'opt-out') && iterations > MOST_ITERATIONS;
}

function isVouchedFor({ algorithms, hasDs, digestType = 2 }: ZonePlan): boolean {
  if (algorithms === undefined || hasDs === false) return false;
  return (
    algorithms.some((algorithm) => SUPPORTED.includes(algorithm)) &&
    SUPPORTED_DIGESTS.includes(digestType)
  );
}

function readZone({ plan: world, lab, second }: Scene, plan: ZonePlan): TrueRRset[] {
  const origin = nameOf(plan.origin);
  const { zone } = lab.zones.get(origin.key)!;
  const changes = world.second === 'after' ? second?.zones.get(origin.key)?.zone : undefined;
  const changeSeconds = START_SECONDS + changeAfter(world);
  return zone.nodesInOrder().flatMap(({ name, rrsets }) =>
    [...rrsets.values()].map(({ type, ttlSeconds, rdatas }): TrueRRset => {
      const octets = rdatas();
      const isAlias = type === RRType.CNAME || type === RRType.DNAME;
      const target = isAlias ? nameOfRdata(type, octets[0]!) : undefined;
      const always = { fromSeconds: 0, untilSeconds: Infinity, signedUntilSeconds: Infinity };
      const versions: Version[] = [{ ...always, rdatas: keysOf(octets) }];
      const next = keysOf(changes?.rrset(name, type)?.rdatas() ?? octets);
      if (next.join() !== versions[0]!.rdatas.join()) {
        const signedUntilSeconds = lastSignatureEnds(plan, changeSeconds);
        versions[0] = { ...versions[0]!, untilSeconds: changeSeconds, signedUntilSeconds };
        versions.push({ ...always, fromSeconds: changeSeconds, rdatas: next });
      }
      return { owner: name, type, ttlSeconds, versions, target };
    }),
  );
}

function keysOf(rdatas: readonly Uint8Array[]): string[] {
  return rdatas.map((rdata) => octetKey(rdata)).sort();
}

/** Zones sign anew after each third of the life of their signatures. */
function lastSignatureEnds({ lifetimeSeconds = 21 * 86_400 }: ZonePlan, seconds: number): number {
  const third = Math.floor(lifetimeSeconds / 3);
  return Math.floor(seconds / third) * third + lifetimeSeconds;
}

interface Seen {
  readonly kind: Step['kind'];
  readonly rrset?: TrueRRset;
  /** The name in the zone that speaks; undefined where only its absence does. */
  readonly owner: Name | undefined;
}

/** RFC 1034 §4.3.2, RFC 4592 §3.3, RFC 6672 §2.3: one name in one zone. */
function lookUp({ rrsets, origin }: TrueZone, name: Name, type: number): Seen {
  const redirection = rrsets.find((set) => set.type === RRType.DNAME && name.isBelow(set.owner));
  if (redirection !== undefined) {
    return { kind: 'redirection', rrset: redirection, owner: redirection.owner };
  }
  const exists = (candidate: Name): boolean =>
    rrsets.some(({ owner }) => owner.isAtOrBelow(candidate));
  const at = (candidate: Name): Omit<Seen, 'owner'> => {
    const here = rrsets.filter(({ owner }) => owner.equals(candidate));
    const data = here.find((set) => set.type === type);
    if (data !== undefined) return { kind: 'data', rrset: data };
    const alias = here.find((set) => set.type === RRType.CNAME);
    if (alias !== undefined) return { kind: 'alias', rrset: alias };
    return { kind: 'no data' };
  };
  if (exists(name)) return { ...at(name), owner: name };
  let encloser = name.parent();
  while (!exists(encloser) && !encloser.equals(origin)) encloser = encloser.parent();
  const wildcard = encloser.wildcard()!;
  if (exists(wildcard)) return { ...at(wildcard), owner: undefined };
  return { kind: 'name error', owner: undefined };
}

/** RFC 5155 §7.1: under opt-out, unsigned delegations and what leads only to them have none. */
function hasNsec3(zone: TrueZone, name: Name, zones: readonly TrueZone[]): boolean {
  return zone.rrsets.some(({ owner, type }) => {
    if (!owner.isAtOrBelow(name)) return false;
    const isCut = !owner.equals(zone.origin) && zones.some((other) => other.origin.equals(owner));
    return !isCut || type === RRType.DS;
  });
}
