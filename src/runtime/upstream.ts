/** How queries leave and replies come in. The driver knows this much about the network, no more. */
import type { Effect, Entropy, ResolverEvent } from '../resolver/index.js';
import type { IpAddress } from '../wire/index.js';

export type OutgoingQuery = Extract<Effect, { kind: 'send' }>;
export type UpstreamEvent = Extract<ResolverEvent, { kind: 'received' | 'failed' | 'near miss' }>;

/** Carries queries to servers; sockets do, and so does a network that exists in memory only. */
export interface Upstream {
  send(query: OutgoingQuery): void;
  /** Nobody waits for this query any more. */
  abandon(queryId: number): void;
  close(): void;
}

export type OpenUpstream = (deliver: (event: UpstreamEvent) => void) => Upstream;

export interface SocketSettings {
  readonly entropy: Entropy;
  /** Source addresses, when the machine has several; the kernel chooses otherwise. */
  readonly sourceAddresses: readonly IpAddress[];
}
