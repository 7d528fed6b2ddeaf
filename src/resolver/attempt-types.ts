/** One query on its way to one server: what was sent, so that the reply can be held against it. */
import type { Name } from '../wire/index.js';
import type { Timer } from './deadlines.js';
import type { SendFailure, Transport } from './resolution-types.js';
import type { ServerAddress } from './zone-cut.js';

/** Who is told what became of a query. */
export interface AttemptOwner {
  received(attempt: Attempt, octets: Uint8Array, oversized: boolean): void;
  failed(attempt: Attempt, failure: SendFailure): void;
  nearMiss(attempt: Attempt): void;
}

export interface Attempt {
  readonly queryId: number;
  /** Changes when the exchange is over and somebody else hears the late reply. */
  exchange: AttemptOwner;
  readonly server: ServerAddress;
  readonly transport: Transport;
  /** The 16 bits of the message header. */
  readonly messageId: number;
  readonly name: Name;
  /** The question name in the letter case in which it was sent. */
  readonly sentName: Name;
  readonly type: number;
  readonly sentAtMs: number;
  readonly edns: boolean;
  readonly hedge: boolean;
  readonly clientCookie: Uint8Array | undefined;
  /** The server is known to answer with cookies: a reply without one is suspect. */
  readonly cookieExpected: boolean;
  late: boolean;
  retransmit: Timer | undefined;
  expiry: Timer | undefined;
  hedgeTimer: Timer | undefined;
}

export function cancelTimers(attempt: Attempt): void {
  attempt.retransmit?.cancel();
  attempt.expiry?.cancel();
  attempt.hedgeTimer?.cancel();
}
