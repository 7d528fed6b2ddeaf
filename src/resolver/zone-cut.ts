/** A zone cut on the way: its servers, and what is known about its place in the chain of trust. */
import { type IpAddress, type Name, type RRset, RRType } from '../wire/index.js';
import type { Deferred } from './deferred.js';
import type { CutTrust, CutDelegation } from './trust-types.js';

export interface ServerAddress {
  readonly address: IpAddress;
  readonly port: number;
  /** Identity of the server in every table. */
  readonly key: string;
}

/** Authority section of the referral that made a cut known, to be judged by the parent's keys. */
export interface ReferralProof {
  readonly authority: readonly RRset[];
  readonly server: IpAddress;
}

export interface Glue {
  readonly name: Name;
  readonly addresses: readonly ServerAddress[];
}

const NO_GLUE: readonly Glue[] = [];

export class ZoneCut {
  readonly zone: Name;
  /** The cut that delegated it; undefined for the root, configured anchors and forwarders. */
  readonly parent: ZoneCut | undefined;
  /** Known addresses of its servers; grows as name server names are looked up. */
  readonly addresses: ServerAddress[];
  /** Name server names whose addresses are not known yet. */
  readonly unresolved: Name[];
  /** Names with glue of one address family only: looked up when all that is known is of no use. */
  readonly halfKnown: Name[];
  /** Addresses that a parent gave for names whose own zone tells others: a last resort. */
  readonly spare: ServerAddress[] = [];
  readonly nameServers: readonly Name[];
  /** Addresses of name servers inside the zone itself, as the parent gave them. */
  readonly glue: readonly Glue[];
  /** Servers recurse for us: RD is set, and zone cuts are found by DS questions. */
  readonly forwarding: boolean;
  /** Life of the delegation: the parent's NS TTL, never prolonged by the child (ghost domains). */
  readonly expiresAtMs: number;
  /** Unjudged proof from the referral; taken once. */
  referral: ReferralProof | undefined;
  delegation: Deferred<CutDelegation> | undefined;
  trust: Deferred<CutTrust> | undefined;
  /** Under which anchors `delegation` and `trust` were found (`Machine.anchorEpoch`). */
  anchorEpoch = 0;
  /** What its servers gave was bogus before. */
  isDoubtful = false;
  /** Keys of the name server names that are being looked up now. */
  readonly lookingUp: string[] = [];
  /** Name server names whose look-up failed. */
  failedLookups = 0;

  constructor(fields: {
    zone: Name;
    parent: ZoneCut | undefined;
    addresses: ServerAddress[];
    nameServers: readonly Name[];
    unresolved: Name[];
    halfKnown?: Name[];
    forwarding: boolean;
    expiresAtMs: number;
    referral?: ReferralProof;
    glue?: readonly Glue[];
  }) {
    this.zone = fields.zone;
    this.parent = fields.parent;
    this.addresses = fields.addresses;
    this.nameServers = fields.nameServers;
    this.unresolved = fields.unresolved;
    this.halfKnown = fields.halfKnown ?? [];
    this.forwarding = fields.forwarding;
    this.expiresAtMs = fields.expiresAtMs;
    this.referral = fields.referral;
    this.glue = fields.glue ?? NO_GLUE;
  }

  /** Whether there is any way left to more addresses than are known. */
  get mayGrow(): boolean {
    const { unresolved, halfKnown, spare, lookingUp } = this;
    return unresolved.length + halfKnown.length + spare.length + lookingUp.length > 0;
  }

  /** The parent's addresses for a name server inside the zone. */
  glueOf(name: Name): readonly ServerAddress[] | undefined {
    return this.glue.find((glue) => glue.name.equals(name))?.addresses;
  }

  lookedUp(key: string): void {
    const at = this.lookingUp.indexOf(key);
    if (at >= 0) this.lookingUp.splice(at, 1);
  }

  /** False while nothing is known, or when the zone's data need not be signed. */
  get isKnownSigned(): boolean {
    const trust = this.trust?.value;
    if (trust !== undefined) return trust.kind === 'secure';
    const { referral, zone } = this;
    const isDs = (set: RRset): boolean => set.type === RRType.DS && set.owner.equals(zone);
    return this.delegation?.value?.kind === 'signed' || referral?.authority.some(isDs) === true;
  }

  /** About what it takes in memory. */
  get sizeOctets(): number {
    let octets = 300 + 150 * this.addresses.length + 100 * this.nameServers.length;
    for (const set of this.referral?.authority ?? []) {
      for (const rdata of set.rdatas) octets += 100 + rdata.length;
      for (const signature of set.signatures) octets += 100 + signature.length;
    }
    return octets;
  }
}
