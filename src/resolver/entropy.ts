/** Unpredictable numbers, handed in so that runs can be replayed. The runtime's come from a CSPRNG. */
export interface Entropy {
  uint16(): number;
  uint32(): number;
  fill(octets: Uint8Array): void;
}
