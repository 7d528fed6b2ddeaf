/** Unpredictable numbers, handed in so that runs can be replayed; the runtime's are a CSPRNG's. */
export interface Entropy {
  uint16(): number;
  uint32(): number;
  fill(octets: Uint8Array): void;
}
