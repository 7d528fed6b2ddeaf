/** What became of each server within one exchange: RFC 9520 §3.1 bounds how often it is asked. */
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import type { ServerAddress } from './zone-cut.js';

export interface Tried {
  udp: number;
  /** Of these: repeats before the time for that, because the reply is later than usual. */
  early: number;
  tcp: number;
  /** It answered and is of no use for this question, or its answer was refused as bogus. */
  finished: boolean;
  withoutEdns: boolean;
  cookieRetried: boolean;
  caseLost: boolean;
}

export class TriedServers {
  readonly #machine: Machine;
  readonly #tried = new Map<string, Tried>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  of(server: ServerAddress): Tried {
    let tried = this.#tried.get(server.key);
    if (tried === undefined) {
      const { health, now } = this.#machine;
      tried = {
        udp: 0,
        early: 0,
        tcp: 0,
        finished: false,
        withoutEdns: health.avoidsEdns(server.key, now),
        cookieRetried: false,
        caseLost: health.losesCase(server.key),
      };
      this.#tried.set(server.key, tried);
    }
    return tried;
  }

  isUsable(server: ServerAddress): boolean {
    const tried = this.#tried.get(server.key);
    if (tried === undefined) return true;
    if (tried.finished || (isUdpUsedUp(tried) && tried.tcp > 0)) return false;
    return triesInTime(tried) < LIMITS.triesPerServer.value;
  }

  /** Early repeats not counted: they say that a packet was lost, not that the server was. */
  timesOf(server: ServerAddress): number {
    const tried = this.#tried.get(server.key);
    return tried === undefined ? 0 : triesInTime(tried);
  }
}

export function isUdpUsedUp({ udp }: Tried): boolean {
  return udp >= LIMITS.triesPerServer.value;
}

/** Large replies may get lost on the way as fragments: the last try goes over TCP. */
export function isUdpLossy(tried: Tried): boolean {
  if (tried.tcp > 0) return false;
  return isUdpUsedUp(tried) || tried.udp - tried.early >= LIMITS.triesPerServer.value - 1;
}

function triesInTime({ udp, early, tcp }: Tried): number {
  return udp - early + tcp;
}
