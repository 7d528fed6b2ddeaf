// The words in which the interoperability world is described: who serves a zone, whose signer
// signed it, how it denies names, what is wrong with it, and what a validator must conclude.

import type { Habit } from './habits.js';
import type { MailHosts } from './mail-hosts.js';

/** One running authoritative server; each has a network namespace of its own. */
export const serverIds = [
  'root-nsd',
  'root-knot',
  'tld-bind',
  'tld-knot',
  'tld-nsd',
  'tld-pdns',
  'low-nsd',
  'low-bind',
  'low-knot',
  'low-pdns',
  'low-habits',
  'low-knotlive',
  'low-yadifa',
  'low-tinydns',
] as const;
export type ServerId = (typeof serverIds)[number];

/**
 * `habits` is NSD behind a box that treats some questions badly (habits.ts); `knotlive` is Knot DNS
 * that signs its zones itself.
 */
export type ServerSoftware =
  'nsd' | 'bind' | 'knot' | 'knotlive' | 'pdns' | 'habits' | 'yadifa' | 'tinydns';

export function softwareOf(id: ServerId): ServerSoftware {
  return id.slice(id.indexOf('-') + 1) as ServerSoftware;
}

export type Denial =
  | { readonly kind: 'nsec' }
  | {
      readonly kind: 'nsec3';
      readonly iterations: number;
      readonly salt: string;
      readonly optOut: boolean;
      /** PowerDNS only: proofs computed for each question, covering as little as possible. */
      readonly narrow: boolean;
    };

export const nsec: Denial = { kind: 'nsec' };

export function nsec3(
  options: { iterations?: number; salt?: string; optOut?: boolean; narrow?: boolean } = {},
): Denial {
  return {
    kind: 'nsec3',
    iterations: options.iterations ?? 0,
    salt: options.salt ?? '',
    optOut: options.optOut ?? false,
    narrow: options.narrow ?? false,
  };
}

export const liveSigners = ['pdns', 'knotlive'] as const;
export type LiveSigner = (typeof liveSigners)[number];

export function isLiveSigner(signer: Signing['signer']): signer is LiveSigner {
  return (liveSigners as readonly string[]).includes(signer);
}

export interface Signing {
  /** `pdns` and `knotlive` sign, by themselves, what they serve. */
  readonly signer: 'bind' | 'ldns' | 'knot' | LiveSigner;
  readonly algorithm: 5 | 7 | 8 | 10 | 13 | 14 | 15 | 16;
  readonly denial: Denial;
  /** When the signatures are valid; only the BIND signer is asked for anything but now. */
  readonly validity?: 'now' | 'over' | 'not yet';
  readonly rsaBits?: number;
  /** A second set of keys, of another algorithm; BIND's signer only. */
  readonly secondAlgorithm?: 8;
}

/** How the parent speaks of the child's key. */
export type DsKind =
  | 'sha256'
  | 'sha384'
  | 'three digests'
  | 'wrong digest'
  | 'with a stranger'
  | 'unknown digest type'
  | 'unknown algorithm'
  | 'none';

/** Damage done to a signed zone file before it is served. */
export type Fault =
  | {
      readonly kind: 'corrupt signature' | 'drop signature' | 'expired signature';
      readonly owner: string;
      readonly type: string;
      /** Only signatures of this algorithm. */
      readonly algorithm?: number;
    }
  | { readonly kind: 'drop type'; readonly type: 'NSEC' | 'NSEC3' };

/** A name server of a zone: one of ours, or one that is wrong on purpose. */
export type Host =
  | ServerId
  | 'silent' // packets vanish
  | 'refusing port' // ICMP port unreachable
  | 'lame'; // a server that does not have the zone

export type ZoneStatus = 'secure' | 'insecure' | 'bogus';

export interface ZoneSpec {
  /** Absolute, lower case, with its final dot. */
  readonly name: string;
  readonly shows: string;
  readonly hosts: readonly Host[];
  readonly signing?: Signing;
  readonly ds?: DsKind;
  /** Which address families its name servers have. */
  readonly families?: 'both' | 'IPv6 only' | 'IPv4 only';
  /** Uses these name server names, which live elsewhere, without glue. */
  readonly nameServersElsewhere?: readonly string[];
  /** Leave out the records that every mail domain has (top-level zones). */
  readonly bare?: boolean;
  readonly records?: (mail: MailHosts) => readonly string[];
  readonly faults?: readonly Fault[];
  /** The server that has the damaged copy; without this, all have it. */
  readonly faultsAt?: ServerId;
  /** What the box before its servers does, on `low-habits`. */
  readonly habit?: Habit;
  /** The walk asks what `asks` says and nothing else. */
  readonly ownQuestionsOnly?: boolean;
  readonly status: ZoneStatus;
  /**
   * Questions of this zone alone, as `name type rcode security`, where name is relative to the
   * zone unless it ends in a dot, and security is secure, insecure, either, or `-` with SERVFAIL.
   * A fifth word, `wildcard`, says that the answer is expanded from one.
   */
  readonly asks?: readonly string[];
}
