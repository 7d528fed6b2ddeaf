/** How the lab's wires behave. */

/** The network in a box instead of the one outside. */
export interface LabSettings {
  readonly oneWayDelayMs: number;
  /** Share of exchanges that get lost, 0 to 1. */
  readonly loss: number;
}
