/**
 * Data for the tests of the cache room: RRsets whose signatures have the right form and sign
 * nothing, and verdicts as the judge would make them. Nothing in this room checks a signature.
 */
import type { Insecure, Secure, Security } from '../../src/dnssec/index.js';
import { bogus, indeterminate } from '../../src/dnssec/index.js';
import { makeInsecure, makeSecure } from '../../src/dnssec/verdicts.js';
import { parseName } from '../../src/presentation/index.js';
import { Name, RRClass, type RRset, RRType } from '../../src/wire/index.js';

/** 2027-01-15, an arbitrary day. */
export const NOW_SECONDS = 1_800_000_000;
export const DAY = 86_400;

export interface TestClock {
  cacheMs: number;
  wallSeconds: number;
  monotonicMs: number;
}

/** Starts in the middle of a second: whole seconds must come from the rules, not from luck. */
export function clock(): TestClock {
  return { cacheMs: 5_000_437, wallSeconds: NOW_SECONDS, monotonicMs: 77 };
}

/** Both clocks go on, as they do in ordinary life. */
export function pass(now: TestClock, seconds: number): void {
  now.cacheMs += seconds * 1000;
  now.monotonicMs += seconds * 1000;
  now.wallSeconds += seconds;
}

/** Escapes allowed: `a\.b.example.` */
export function name(text: string): Name {
  const parsed = parseName(text);
  if (parsed === undefined) throw new Error(`no name: ${text}`);
  return parsed;
}

export function secure(zone: Name | string, validUntilSeconds = NOW_SECONDS + 7 * DAY): Secure {
  return makeSecure(typeof zone === 'string' ? name(zone) : zone, validUntilSeconds);
}

export function insecure(zone = 'example.'): Insecure {
  return makeInsecure('no DS', name(zone));
}

export function bogusVerdict(zone = 'example.'): Security {
  return bogus('signature missing', { zone: name(zone) });
}

export function indeterminateVerdict(): Security {
  return indeterminate(Name.root);
}

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(Math.floor(value / 65_536)), ...u16(value)];

export interface MadeUpSignature {
  readonly signer?: Name;
  readonly originalTtl?: number;
  readonly labels?: number;
  readonly expiration?: number;
  readonly octets?: number;
}

export function rrsig(
  owner: Name,
  type: number,
  ttlSeconds: number,
  fields: MadeUpSignature,
): Uint8Array {
  const labels = fields.labels ?? owner.labelCount - (owner.isWildcard ? 1 : 0);
  return Uint8Array.from([
    ...u16(type),
    13,
    labels,
    ...u32(fields.originalTtl ?? ttlSeconds),
    ...u32(fields.expiration ?? NOW_SECONDS + 7 * DAY),
    ...u32(NOW_SECONDS - DAY),
    ...u16(12_345),
    ...(fields.signer ?? owner).octets,
    ...new Uint8Array(fields.octets ?? 64).fill(0xa5),
  ]);
}

export function rrset(
  owner: Name | string,
  type: number,
  ttlSeconds: number,
  rdatas: readonly Uint8Array[],
  signed?: MadeUpSignature,
): RRset {
  const ownerName = typeof owner === 'string' ? name(owner) : owner;
  const signatures = signed === undefined ? [] : [rrsig(ownerName, type, ttlSeconds, signed)];
  return { owner: ownerName, type, class: RRClass.IN, ttlSeconds, rdatas, signatures };
}

/** An A RRset with one address, told apart by its last octet. */
export function address(
  owner: Name | string,
  ttlSeconds: number,
  last = 1,
  signed?: MadeUpSignature,
): RRset {
  return rrset(owner, RRType.A, ttlSeconds, [Uint8Array.of(192, 0, 2, last)], signed);
}

export function soaRdata(zone: Name, minimumSeconds: number): Uint8Array {
  const serials = [1, 7_200, 3_600, 1_209_600, minimumSeconds];
  return Uint8Array.from([...zone.octets, ...zone.octets, ...serials.flatMap(u32)]);
}

export function soa(zone: string, ttlSeconds: number, minimum: number, isSigned = true): RRset {
  const owner = name(zone);
  const signed = isSigned ? { signer: owner } : undefined;
  return rrset(owner, RRType.SOA, ttlSeconds, [soaRdata(owner, minimum)], signed);
}
