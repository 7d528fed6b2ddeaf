/**
 * The three readings of time (see resolver/now.ts). One reading per event: everything that an event
 * causes happens at the same instant.
 */
import type { Now } from '../resolver/index.js';

export interface Clock {
  now(): Now;
  /** The first of the three alone: no wall clock is read, no object made. */
  monotonicMs(): number;
}

/** How the wall clock differs from the machine's, for tests and for recorded zones. */
export type WallClockSetting =
  | { readonly kind: 'system' }
  /** Always this instant, in seconds since 1970. */
  | { readonly kind: 'fixed'; readonly wallSeconds: number }
  /** So many seconds after the machine's clock. */
  | { readonly kind: 'offset'; readonly offsetSeconds: number };

export interface TimeSources {
  /** Milliseconds since 1970, as the machine believes; may step either way. */
  readonly wallMs: () => number;
  /** Milliseconds since some instant; never goes back. */
  readonly monotonicMs: () => number;
}

const SYSTEM_SOURCES: TimeSources = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/**
 * Cache time is monotonic time plus an offset that only grows, with the wall clock. When the wall
 * clock steps forward (resume from suspend, a late NTP correction), what is cached ages by as much;
 * when it steps back, nothing cached becomes younger and no TTL is counted twice.
 */
export class SystemClock implements Clock {
  readonly #setting: WallClockSetting;
  readonly #sources: TimeSources;
  #offsetMs: number;

  constructor(
    setting: WallClockSetting = { kind: 'system' },
    sources: TimeSources = SYSTEM_SOURCES,
  ) {
    this.#setting = setting;
    this.#sources = sources;
    this.#offsetMs = sources.wallMs() - sources.monotonicMs();
  }

  now(): Now {
    const monotonicMs = this.#sources.monotonicMs();
    const wallMs = this.#sources.wallMs();
    const offsetMs = wallMs - monotonicMs;
    if (offsetMs > this.#offsetMs) this.#offsetMs = offsetMs;
    return {
      monotonicMs,
      wallSeconds: this.#wallSeconds(wallMs),
      cacheMs: monotonicMs + this.#offsetMs,
    };
  }

  monotonicMs(): number {
    return this.#sources.monotonicMs();
  }

  #wallSeconds(wallMs: number): number {
    const setting = this.#setting;
    if (setting.kind === 'fixed') return setting.wallSeconds;
    const machineSeconds = Math.floor(wallMs / 1000);
    return setting.kind === 'offset' ? machineSeconds + setting.offsetSeconds : machineSeconds;
  }
}
