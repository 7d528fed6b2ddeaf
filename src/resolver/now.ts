/** The three readings of time that every event brings along. */
export interface Now {
  /** Never steps; timers and round-trip times. */
  readonly monotonicMs: number;
  /** Seconds since 1970, as the operating system believes; signature validity. */
  readonly wallSeconds: number;
  /** Never goes back, and follows forward steps of the wall clock; TTLs. */
  readonly cacheMs: number;
}
