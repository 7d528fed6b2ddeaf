/** Real sockets as the driver wants them: UDP and TCP behind one face. */
import type {
  OpenUpstream,
  OutgoingQuery,
  SocketSettings,
  Upstream,
  UpstreamEvent,
} from './upstream.js';
import { UpstreamTcp } from './upstream-tcp.js';
import { UpstreamUdp } from './upstream-udp.js';

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
