/** How queries leave and replies come in. The driver knows this much about the network, no more. */
import type { Effect, Entropy, ResolverEvent } from '../resolver/index.js';
import type { IpAddress } from '../wire/index.js';
import { UpstreamTcp } from './upstream-tcp.js';
import { UpstreamUdp } from './upstream-udp.js';

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

export function openSockets(settings: SocketSettings): OpenUpstream {
  return (deliver) => new SocketUpstream(settings, deliver);
}

class SocketUpstream implements Upstream {
  readonly #udp: UpstreamUdp;
  readonly #tcp: UpstreamTcp;

  constructor(settings: SocketSettings, deliver: (event: UpstreamEvent) => void) {
    this.#udp = new UpstreamUdp(settings, deliver);
    this.#tcp = new UpstreamTcp(settings, deliver);
  }

  send(query: OutgoingQuery): void {
    if (query.transport === 'udp') this.#udp.send(query);
    else this.#tcp.send(query);
  }

  abandon(queryId: number): void {
    this.#udp.abandon(queryId);
    this.#tcp.abandon(queryId);
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }
}
