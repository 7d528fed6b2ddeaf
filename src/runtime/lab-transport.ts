/** Carries queries to the lab's servers instead of to sockets: nothing leaves the process. */
import type { Delivery, LabNetwork } from '../lab/index.js';
import type { Clock } from './clock.js';
import type { OpenUpstream, OutgoingQuery, Upstream, UpstreamEvent } from './upstream.js';

export function openLab(network: LabNetwork, clock: Clock): OpenUpstream {
  return (deliver) => new LabTransport(network, clock, deliver);
}

class LabTransport implements Upstream {
  readonly #network: LabNetwork;
  readonly #clock: Clock;
  readonly #deliver: (event: UpstreamEvent) => void;
  /** Deliveries on their way, by query. */
  readonly #open = new Map<number, NodeJS.Timeout[]>();

  constructor(network: LabNetwork, clock: Clock, deliver: (event: UpstreamEvent) => void) {
    this.#network = network;
    this.#clock = clock;
    this.#deliver = deliver;
  }

  send({ queryId, address, transport, octets }: OutgoingQuery): void {
    const { wallSeconds } = this.#clock.now();
    const deliveries = this.#network.send(address, transport, octets, wallSeconds);
    const timers = deliveries.map(({ afterMs, what }) => {
      return setTimeout(() => this.#deliver(eventOf(queryId, what)), afterMs);
    });
    this.#open.set(queryId, timers);
  }

  abandon(queryId: number): void {
    for (const timer of this.#open.get(queryId) ?? []) clearTimeout(timer);
    this.#open.delete(queryId);
  }

  close(): void {
    for (const queryId of [...this.#open.keys()]) this.abandon(queryId);
  }
}

function eventOf(queryId: number, what: Delivery['what']): UpstreamEvent {
  if (what.kind === 'failed') return { kind: 'failed', queryId, failure: what.failure };
  return { kind: 'received', queryId, octets: what.octets };
}
