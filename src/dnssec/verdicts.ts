/**
 * The birthplace of proven verdicts. `Secure` and `Insecure` carry a private brand and can only be
 * made by the functions below; the door of this room exports the types and never the makers, so no
 * other room can claim that something was validated, or that something need not be.
 */
import type { Name } from '../wire/index.js';
import { INSECURE_REASONS, type InsecureReason } from './insecure-reasons.js';

let newSecure!: (zone: Name, validUntilSeconds: number) => Secure;
let newInsecure!: (reason: InsecureReason, zone: Name, detail: string) => Insecure;

/** RFC 4033 §5: a chain of signed DNSKEY and DS RRsets leads from a trust anchor to the RRset. */
export class Secure {
  readonly status = 'secure';
  /** The zone whose keys made the signature. */
  readonly zone: Name;
  /** Wall clock: the earliest expiration of all signatures used, those over the keys included. */
  readonly validUntilSeconds: number;
  readonly #proven = true;

  private constructor(zone: Name, validUntilSeconds: number) {
    this.zone = zone;
    this.validUntilSeconds = validUntilSeconds;
  }

  static {
    newSecure = (zone, validUntilSeconds) => new Secure(zone, validUntilSeconds);
  }

  static isProven(value: unknown): value is Secure {
    return typeof value === 'object' && value !== null && #proven in value;
  }
}

/** RFC 4033 §5: there is signed proof that the chain ends above the RRset, or a rule says so. */
export class Insecure {
  readonly status = 'insecure';
  readonly reason: InsecureReason;
  readonly section: string;
  /** Extended DNS Error that tells the client why, where RFC 8914 has one. */
  readonly ede: number | undefined;
  readonly sentence: string;
  /** The first zone of the chain that cannot be validated. */
  readonly zone: Name;
  readonly #proven = true;

  private constructor(reason: InsecureReason, zone: Name, detail: string) {
    const row = INSECURE_REASONS[reason];
    this.reason = reason;
    this.section = row.section;
    this.ede = row.ede;
    this.sentence = row.sentence(zone.toString(), detail);
    this.zone = zone;
  }

  static {
    newInsecure = (reason, zone, detail) => new Insecure(reason, zone, detail);
  }

  static isProven(value: unknown): value is Insecure {
    return typeof value === 'object' && value !== null && #proven in value;
  }
}

/** For the judges in this room only, after every check has passed. */
export function makeSecure(zone: Name, validUntilSeconds: number): Secure {
  return newSecure(zone, validUntilSeconds);
}

/** For the judges in this room only, with the proof in hand. */
export function makeInsecure(reason: InsecureReason, zone: Name, detail = ''): Insecure {
  return newInsecure(reason, zone, detail);
}
