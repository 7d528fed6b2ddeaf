/** What a decision is: which exchanges, what to do at each, and why, in words. */
import type { Why } from '../resolver/index.js';
import type { IpAddress, Name } from '../wire/index.js';
import type { TlsaJudgement } from './tlsa-records.js';

/** Where mail is to go. */
export interface Destination {
  readonly name: Name;
  /** RFC 7672 §2.2.3: the port stands in the name of the TLSA records. */
  readonly port: number;
  /** False for a host that is named as such (`[mail.example.org]`): RFC 7672 §2.2.2. */
  readonly viaMx: boolean;
}

/** What to do at one exchange. */
export type ExchangeAction =
  /** RFC 7672 §2.2: TLS, and a certificate that matches; nothing else will do. */
  | 'authenticate'
  /** RFC 7672 §2.2: TLS is a must, but there is nothing to check the server by. */
  | 'encrypt'
  /** TLS if it is offered, in the way of RFC 7435; DANE does not apply. */
  | 'opportunistic'
  /** RFC 7672 §2.1.2: treat as if it could not be reached, and try the next one, or later. */
  | 'defer'
  /** It has no address. */
  | 'skip';

export type ExchangeReason =
  | 'TLSA usable'
  | 'TLSA unusable'
  | 'no TLSA'
  | 'TLSA insecure'
  | 'address insecure'
  | 'address lookup failed'
  | 'TLSA lookup failed'
  | 'no address'
  | 'too many exchanges'
  | 'name too long';

export interface ExchangeDecision {
  readonly exchange: Name;
  readonly preference: number;
  readonly action: ExchangeAction;
  readonly reason: ExchangeReason;
  readonly sentence: string;
  readonly section: string;
  readonly addresses: readonly IpAddress[];
  /** Where the exchange's name leads, when it is an alias. */
  readonly expandedName: Name;
  /** RFC 7672 §2.2.3: the name to send as SNI, and the first that a certificate may have. */
  readonly baseDomain: Name | undefined;
  /** Owner of the records that decide: `_25._tcp.` before the base domain. */
  readonly tlsaName: Name | undefined;
  readonly records: readonly TlsaJudgement[];
  /** RFC 7672 §3.2.2: names that a certificate below a DANE-TA authority may have. */
  readonly referenceNames: readonly Name[];
  /** The look-up that decided. */
  readonly why: Why;
}

/** How the exchanges were found. */
export type RouteKind =
  'MX' | 'implicit MX' | 'null MX' | 'host' | 'no such domain' | 'MX lookup failed';

export interface Route {
  readonly kind: RouteKind;
  readonly isSecure: boolean;
  /** Where the domain's own name leads, when it is an alias. */
  readonly expandedDomain: Name;
  readonly why: Why;
}

export interface DaneDecision {
  readonly destination: Destination;
  /** What becomes of the mail: try the exchanges in order, give it back, or keep it. */
  readonly outcome: 'deliver' | 'refuse' | 'defer';
  readonly route: Route;
  /** Most preferred first. Of equal preference as they were found: the mailer mixes them. */
  readonly exchanges: readonly ExchangeDecision[];
  readonly sentence: string;
  readonly section: string;
  /** How long the whole holds; 0 when something failed. */
  readonly ttlSeconds: number;
}
