/** Zones whose servers the operator names: forwarders for the root, stub and forward zones. */
import { Name } from '../wire/index.js';
import { cutFromConfiguration } from './delegations.js';
import type { Machine } from './machine.js';
import type { ZoneCut } from './zone-cut.js';

export class ConfiguredCuts {
  readonly #byZone = new Map<string, ZoneCut>();

  constructor(machine: Machine) {
    const { forwarders, configuredZones = [] } = machine.config;
    const zones = [...configuredZones];
    if (forwarders.length > 0) {
      zones.push({ zone: Name.root, servers: forwarders, forwarding: true });
    }
    for (const each of zones) {
      this.#byZone.set(each.zone.key, cutFromConfiguration(machine, each));
    }
  }

  closest(name: Name): ZoneCut | undefined {
    if (this.#byZone.size === 0) return undefined;
    for (let at = name; ; at = at.parent()) {
      const cut = this.#byZone.get(at.key);
      if (cut !== undefined || at.isRoot) return cut;
    }
  }
}
