/** A zone as a server holds it: the data, its signatures, its proofs. Made when first asked for. */
import type { Name } from '../wire/index.js';
import { type Denial, denialOf } from './denial.js';
import type { Zone } from './zone.js';
import type { ZoneFault } from './zone-faults.js';
import type { LabTools, ZoneSigner } from './zone-signer.js';

export interface Signed {
  readonly signer: ZoneSigner;
  readonly denial: Denial;
}

export class HostedZone {
  readonly origin: Name;
  readonly faults: readonly ZoneFault[];
  readonly #load: () => Zone;
  readonly #signer: ZoneSigner | undefined;
  readonly #tools: LabTools;
  #zone: Zone | undefined;
  #signed: Signed | undefined;

  constructor(
    origin: Name,
    load: () => Zone,
    signer: ZoneSigner | undefined,
    faults: readonly ZoneFault[],
    tools: LabTools,
  ) {
    this.origin = origin;
    this.faults = faults;
    this.#load = load;
    this.#signer = signer;
    this.#tools = tools;
  }

  get zone(): Zone {
    this.#zone ??= this.#load();
    return this.#zone;
  }

  /** Undefined when the zone is not signed. */
  get signed(): Signed | undefined {
    if (this.#signed === undefined && this.#signer !== undefined) {
      const denial = denialOf(this.zone, this.#signer.spec.denial, this.#tools.crypto);
      this.#signed = { signer: this.#signer, denial };
    }
    return this.#signed;
  }
}
