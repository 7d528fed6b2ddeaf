/** What goes into the machine and what comes out of it: events, effects, and finished questions. */
import type { Rfc5011State, Security } from '../dnssec/index.js';
import type { ExtendedError, IpAddress, Name, RRset } from '../wire/index.js';

export type Transport = 'udp' | 'tcp';

export type ResolverEvent =
  | {
      readonly kind: 'question';
      /** Chosen by the asker; comes back with the `finished` effect. */
      readonly handle: number;
      readonly name: Name;
      readonly type: number;
      /** RFC 4035 §3.2.2: the client judges by itself; bogus data is handed out, never kept. */
      readonly checkingDisabled: boolean;
      /** Without recursion only what is cached is answered. */
      readonly recursionDesired: boolean;
    }
  | {
      readonly kind: 'received';
      readonly queryId: number;
      readonly octets: Uint8Array;
      /** Set by the runtime when the datagram was larger than advertised (RFC 9715). */
      readonly oversized?: boolean;
    }
  | { readonly kind: 'failed'; readonly queryId: number; readonly failure: SendFailure }
  /** A reply from the right place with the wrong ID: somebody may be guessing (RFC 5452). */
  | { readonly kind: 'near miss'; readonly queryId: number }
  | { readonly kind: 'cancelled'; readonly handle: number }
  /** Questions are to be expected: what the first one needs in any case may be fetched. */
  | { readonly kind: 'started' }
  | { readonly kind: 'tick' };

export type SendFailure = 'unreachable' | 'refused' | 'closed' | 'send error';

export type Effect =
  | {
      readonly kind: 'send';
      readonly queryId: number;
      readonly address: IpAddress;
      readonly port: number;
      readonly transport: Transport;
      readonly octets: Uint8Array;
    }
  /** Nobody waits for this query any more: close its socket. */
  | { readonly kind: 'abandon'; readonly queryId: number }
  | { readonly kind: 'finished'; readonly handle: number; readonly resolution: Resolution }
  /** RFC 5011: to be written down, so that the next start goes on from here. */
  | { readonly kind: 'anchor state'; readonly state: Rfc5011State }
  /** A trust anchor was revoked: replies that were kept whole must not be sent again. */
  | { readonly kind: 'replies outdated' }
  | { readonly kind: 'report'; readonly report: Report };

export interface AnsweredRRset {
  readonly rrset: RRset;
  readonly security: Security;
  /** What is left of its life, in seconds. */
  readonly ttlSeconds: number;
}

export interface Resolution {
  readonly rcode: number;
  /** The weakest of all parts (RFC 4035 §3.2.3). */
  readonly security: Security;
  /** The CNAME and DNAME links in order, then the data. */
  readonly answer: readonly AnsweredRRset[];
  /** SOA and denial, or the proof that goes with a wildcard. */
  readonly authority: readonly AnsweredRRset[];
  readonly errors: readonly ExtendedError[];
  /** For clients with CD set: what was received and did not pass. */
  readonly unchecked?: Unchecked;
  /** True when it came out of the cache without asking anybody. */
  readonly fromCache: boolean;
  /** True when the data is past its TTL (RFC 8767). */
  readonly stale: boolean;
  /** No data because nobody answered (RFC 7672 §2.2.2): of no use for anything but this reply. */
  readonly unanswered?: true;
}

export interface Unchecked {
  readonly rcode: number;
  readonly answer: readonly RRset[];
  readonly authority: readonly RRset[];
}

/** Facts for logs, metrics and traces; the cli finds the words. */
export type Report =
  | {
      readonly kind: 'query sent';
      readonly zone: Name;
      readonly name: Name;
      readonly type: number;
      readonly address: IpAddress;
      readonly transport: Transport;
      readonly attempt: number;
      readonly hedge: boolean;
    }
  | {
      readonly kind: 'reply';
      readonly zone: Name;
      readonly name: Name;
      readonly type: number;
      readonly address: IpAddress;
      readonly rttMs: number;
      readonly sizeOctets: number;
      readonly outcome: string;
    }
  | {
      readonly kind: 'zone cut';
      readonly zone: Name;
      readonly parent: Name;
      readonly signed: string;
    }
  | {
      readonly kind: 'zone keys';
      readonly zone: Name;
      readonly security: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'validated';
      readonly zone: Name;
      readonly name: Name;
      readonly type: number;
      readonly what: string;
      readonly security: Security;
      readonly server: IpAddress;
    }
  | {
      readonly kind: 'bogus';
      readonly name: Name;
      readonly type: number;
      readonly security: Security;
      readonly server: IpAddress;
    }
  | { readonly kind: 'no anchor matches'; readonly zone: Name; readonly sentence: string }
  | { readonly kind: 'trust anchor'; readonly sentence: string }
  | { readonly kind: 'no root server'; readonly sentence: string }
  | { readonly kind: 'suspicious'; readonly address: IpAddress; readonly sentence: string }
  | { readonly kind: 'internal error'; readonly sentence: string };
