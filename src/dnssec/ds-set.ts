/** A validated DS RRset: what a signed parent says about the keys of its child. */
import { type Ds, type Name, parseDs, type RRset } from '../wire/index.js';
import type { Secure } from './verdicts.js';

let newDsSet!: (rrset: RRset, security: Secure, ttlSeconds: number) => DsSet;

export class DsSet {
  /** The child: the owner of the DS RRset. */
  readonly zone: Name;
  /** Records that do not have the form of a DS are left out: they match no key. */
  readonly records: readonly Ds[];
  readonly rrset: RRset;
  readonly validUntilSeconds: number;
  readonly ttlSeconds: number;
  readonly #proven = true;

  private constructor(rrset: RRset, security: Secure, ttlSeconds: number) {
    this.zone = rrset.owner;
    this.rrset = rrset;
    const records: Ds[] = [];
    for (const rdata of rrset.rdatas) {
      const ds = parseDs(rdata);
      if (ds !== undefined) records.push(ds);
    }
    this.records = records;
    this.validUntilSeconds = security.validUntilSeconds;
    this.ttlSeconds = ttlSeconds;
  }

  static {
    newDsSet = (rrset, security, ttlSeconds) => new DsSet(rrset, security, ttlSeconds);
  }

  static isProven(value: unknown): value is DsSet {
    return typeof value === 'object' && value !== null && #proven in value;
  }
}

/** For the judges in this room only: `security` is the verdict on `rrset`, of type DS. */
export function makeDsSet(rrset: RRset, security: Secure, ttlSeconds: number): DsSet {
  return newDsSet(rrset, security, ttlSeconds);
}
