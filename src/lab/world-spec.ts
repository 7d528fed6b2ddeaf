/** A lab world as data: which zones, on which servers, and what a resolver should make of them. */
import type { ServerBehaviour } from './server-behaviour.js';
import type { ZoneFault } from './zone-faults.js';
import type { DenialSpec, SigningSpec } from './zone-signer.js';

export type { DenialSpec, SigningSpec };

export interface ServerSpec {
  /** Absolute name; two zones that name the same server share it. */
  readonly name: string;
  readonly behaviours?: readonly ServerBehaviour[];
  /** Both unless told. */
  readonly families?: readonly (4 | 6)[];
}

export interface ZoneSpec {
  /** Absolute name. */
  readonly origin: string;
  /** Master-file lines relative to the origin. SOA, NS and the servers' addresses are added. */
  readonly text?: string;
  /** Absent: the zone is not signed. */
  readonly signing?: SigningSpec;
  /** Whether the parent publishes a DS RRset for a signed zone; yes unless told. */
  readonly hasDs?: boolean;
  readonly faults?: readonly ZoneFault[];
  /** One good server `ns1.<origin>` unless told. */
  readonly servers?: readonly ServerSpec[];
  /** Seconds; the SOA's MINIMUM is the negative TTL. */
  readonly ttlSeconds?: number;
  readonly negativeTtlSeconds?: number;
}

/** What the client of a correct resolver with default settings sees. */
export interface Expectation {
  readonly name: string;
  readonly type: string;
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL';
  /** `failed`: nobody answered, so there is nothing to judge. Only `secure` carries AD. */
  readonly status: 'secure' | 'insecure' | 'bogus' | 'failed';
  /** Stable code of the reason, see `BogusReason` and `InsecureReason`. */
  readonly reason?: string;
  /** RFC 8914 code that must be among the Extended DNS Errors. */
  readonly ede?: number;
  /** Records of the asked type in the answer; 0 means no data. */
  readonly records?: number;
}

/** What a mailer has to do with an exchange; see `ExchangeAction` of the dane room. */
export type MailAction = 'authenticate' | 'encrypt' | 'opportunistic' | 'defer' | 'skip';

/** What a mailer that does DANE (RFC 7672) has to do with mail for the domain. */
export interface MailExpectation {
  /** The lab's domain itself unless told. */
  readonly domain?: string;
  readonly outcome: 'deliver' | 'refuse' | 'defer';
  /** In the order of preference. */
  readonly exchanges: readonly MailAction[];
}

export interface LabDomain {
  /** Absolute name, without the final dot. */
  readonly name: string;
  /** One sentence: what there is to see. */
  readonly shows: string;
  readonly zones: readonly ZoneSpec[];
  /** Lines for the zone above, relative to it: delegations that lead nowhere. */
  readonly linesInParent?: string;
  readonly expectations: readonly Expectation[];
  /** Absent where it follows from the look-ups of one exchange. */
  readonly mail?: MailExpectation;
}

export interface World {
  /** Root and top-level domains. */
  readonly zones: readonly ZoneSpec[];
  readonly domains: readonly LabDomain[];
}

export const NSEC: DenialSpec = { kind: 'NSEC' };

export function nsec3(iterations = 0, salt: readonly number[] = [], optOut = false): DenialSpec {
  return { kind: 'NSEC3', iterations, salt: Uint8Array.from(salt), optOut };
}

export const OPT_OUT: DenialSpec = nsec3(0, [], true);

/** One key for everything: what Knot DNS and PowerDNS make by default. */
export function singleKey(algorithm: number, denial: DenialSpec = NSEC): SigningSpec {
  return { algorithms: [algorithm], keys: 'single', denial };
}

/** Key signing key and zone signing key: what BIND's and NLnet Labs' tools make. */
export function splitKeys(algorithm: number, denial: DenialSpec = NSEC): SigningSpec {
  return { algorithms: [algorithm], keys: 'split', denial };
}
