// All zones of the interoperability world, and the way from a zone to its parent.

import type { ZoneSpec } from './zone-spec.js';
import { zonesBelowDe, zonesBelowNet, zonesBelowRu } from './zones-net-de.js';
import { zonesForMail } from './zones-mail.js';
import { zonesByServer } from './zones-servers.js';
import { zonesBelowOrg } from './zones-org.js';
import { zonesBelowSe } from './zones-se.js';
import { upperZones } from './zones-upper.js';

export const zones: readonly ZoneSpec[] = [
  ...upperZones,
  ...zonesBelowSe,
  ...zonesBelowOrg,
  ...zonesBelowNet,
  ...zonesBelowDe,
  ...zonesBelowRu,
  ...zonesForMail,
  ...zonesByServer,
];

export function zoneNamed(name: string): ZoneSpec {
  const found = zones.find((zone) => zone.name === name);
  if (found === undefined) throw new Error(`no zone is named ${name}`);
  return found;
}

/** The number of labels: the root has none. */
export function depthOf(name: string): number {
  return name === '.' ? 0 : name.split('.').length - 1;
}

export function isAtOrBelow(name: string, zone: string): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`);
}

/** The closest zone above. Zone names of this world hold no escaped dots. */
export function parentOf(zone: ZoneSpec): ZoneSpec | undefined {
  if (zone.name === '.') return undefined;
  return zones
    .filter((each) => each.name !== zone.name && isAtOrBelow(zone.name, each.name))
    .reduce((best, each) => (depthOf(each.name) > depthOf(best.name) ? each : best));
}

export function childrenOf(zone: ZoneSpec): ZoneSpec[] {
  return zones.filter((each) => parentOf(each) === zone);
}
