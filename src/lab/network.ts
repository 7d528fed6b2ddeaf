/**
 * The wires between a resolver and the lab's servers: who listens at which address, how long a
 * packet travels, and which packets get lost, doubled or late. Seeded, so a run can be repeated.
 * No clock: a send says how many milliseconds later each delivery happens.
 */
import type { IpAddress } from '../wire/index.js';
import type { LabReply } from './lab-server.js';
import { SeededRandom } from './seeded-random.js';
import type { LabTransport } from './server-behaviour.js';

export interface Listener {
  answer(query: Uint8Array, transport: LabTransport, nowSeconds: number): LabReply;
}

/** The state of the wires. Every member may be changed while the network runs. */
export interface Weather {
  /** There and back. */
  roundTripMs: number;
  /** Up to that much is added to each round trip; makes packets overtake each other. */
  jitterMs: number;
  /** Share of UDP exchanges of which either packet gets lost, 0 to 1. */
  loss: number;
  /** Share of UDP replies that arrive twice. */
  duplication: number;
}

export const FINE_WEATHER: Readonly<Weather> = {
  roundTripMs: 20,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
};

export interface Delivery {
  readonly afterMs: number;
  readonly what:
    | { readonly kind: 'received'; readonly octets: Uint8Array }
    | { readonly kind: 'failed'; readonly failure: 'unreachable' | 'refused' };
}

export interface Traffic {
  readonly sent: number;
  readonly sentOverTcp: number;
  readonly lost: number;
  readonly octetsSent: number;
  readonly octetsReceived: number;
}

export class LabNetwork {
  readonly weather: Weather;
  /** Round-trip times of single servers, by `IpAddress.key`; the weather's otherwise. */
  readonly distanceMs = new Map<string, number>();
  readonly #listeners = new Map<string, Listener>();
  readonly #random: SeededRandom;
  readonly #traffic = { sent: 0, sentOverTcp: 0, lost: 0, octetsSent: 0, octetsReceived: 0 };

  constructor(seed: number, weather: Readonly<Weather> = FINE_WEATHER) {
    this.#random = new SeededRandom(seed);
    this.weather = { ...weather };
  }

  listen(address: IpAddress, listener: Listener): void {
    this.#listeners.set(address.key, listener);
  }

  /** Takes a host off the network; packets to it are then unreachable. */
  remove(address: IpAddress): void {
    this.#listeners.delete(address.key);
  }

  get traffic(): Traffic {
    return { ...this.#traffic };
  }

  /** Hands the query to whoever listens there, at once and without any weather. */
  answer(
    address: IpAddress,
    transport: LabTransport,
    query: Uint8Array,
    nowSeconds: number,
  ): LabReply | undefined {
    return this.#listeners.get(address.key)?.answer(query, transport, nowSeconds);
  }

  /** What a sender will see, and when. Nothing at all means that the packet was lost. */
  send(
    address: IpAddress,
    transport: LabTransport,
    query: Uint8Array,
    nowSeconds: number,
  ): readonly Delivery[] {
    this.#traffic.sent++;
    this.#traffic.octetsSent += query.length;
    if (transport === 'tcp') this.#traffic.sentOverTcp++;
    const roundTripMs = this.#roundTripMs(address);
    const reply = this.answer(address, transport, query, nowSeconds);
    if (reply === undefined) return [failed(roundTripMs, 'unreachable')];
    if (reply.kind === 'silence') return [];
    if (reply.kind === 'refused') return [failed(roundTripMs, 'refused')];
    // One round trip for the handshake, one for the question; TCP repeats what gets lost.
    if (transport === 'tcp') return [this.#received(2 * roundTripMs, reply.octets)];
    if (this.#random.fraction() < this.weather.loss) {
      this.#traffic.lost++;
      return [];
    }
    const deliveries = [this.#received(roundTripMs, reply.octets)];
    if (this.#random.fraction() < this.weather.duplication) {
      deliveries.push(this.#received(roundTripMs + this.#jitterMs(), reply.octets));
    }
    return deliveries;
  }

  #roundTripMs(address: IpAddress): number {
    return (this.distanceMs.get(address.key) ?? this.weather.roundTripMs) + this.#jitterMs();
  }

  #jitterMs(): number {
    return this.weather.jitterMs === 0 ? 0 : this.#random.fraction() * this.weather.jitterMs;
  }

  #received(afterMs: number, octets: Uint8Array): Delivery {
    this.#traffic.octetsReceived += octets.length;
    return { afterMs, what: { kind: 'received', octets } };
  }
}

function failed(afterMs: number, failure: 'unreachable' | 'refused'): Delivery {
  return { afterMs, what: { kind: 'failed', failure } };
}
