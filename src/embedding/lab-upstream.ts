/** Carries queries to the lab's servers: no sockets, but the same delays as real ones. */
import type { CryptoProvider } from '../dnssec/index.js';
import { buildLab, FINE_WEATHER, type LabNetwork, labWorld } from '../lab/index.js';
import {
  type Clock,
  labSigner,
  type OpenUpstream,
  type OutgoingQuery,
  type Upstream,
  type UpstreamEvent,
} from '../runtime/index.js';
import type { Foundations } from './foundations.js';
import type { LabSettings } from './lab-settings.js';

export interface OpenedLab {
  readonly foundations: Foundations;
  readonly openUpstream: OpenUpstream;
}

export function openLab(settings: LabSettings, crypto: CryptoProvider, clock: Clock): OpenedLab {
  const lab = buildLab({
    world: labWorld(),
    tools: { signer: labSigner, crypto },
    weather: {
      ...FINE_WEATHER,
      roundTripMs: 2 * settings.oneWayDelayMs,
      loss: settings.loss,
    },
  });
  return {
    foundations: { hints: lab.rootServers, anchorRecords: lab.rootAnchors() },
    openUpstream: (deliver) => new LabUpstream(lab.network, clock, deliver),
  };
}

class LabUpstream implements Upstream {
  readonly #network: LabNetwork;
  readonly #clock: Clock;
  readonly #deliver: (event: UpstreamEvent) => void;
  readonly #timers = new Map<number, NodeJS.Timeout[]>();

  constructor(network: LabNetwork, clock: Clock, deliver: (event: UpstreamEvent) => void) {
    this.#network = network;
    this.#clock = clock;
    this.#deliver = deliver;
  }

  send({ queryId, address, transport, octets }: OutgoingQuery): void {
    const { wallSeconds } = this.#clock.now();
    const deliveries = this.#network.send(address, transport, octets, wallSeconds);
    const timers = deliveries.map(({ afterMs, what }) =>
      setTimeout(() => this.#deliver({ ...what, queryId }), afterMs),
    );
    this.#timers.set(queryId, timers);
  }

  abandon(queryId: number): void {
    for (const timer of this.#timers.get(queryId) ?? []) clearTimeout(timer);
    this.#timers.delete(queryId);
  }

  close(): void {
    for (const queryId of [...this.#timers.keys()]) this.abandon(queryId);
  }
}
