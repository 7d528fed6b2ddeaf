/** The bench's zones as signed master files, as any authoritative server reads them. */
import type { HostedZone, Lab, ZoneRRset } from '../src/lab/index.js';
import { formatRecord } from '../src/presentation/index.js';
import { type Name, RRClass, RRType } from '../src/wire/index.js';

/** Signed as the lab would sign at this moment; denial is NSEC, as in all of these zones. */
export function zoneFile(hosted: HostedZone, lab: Lab, nowSeconds: number): string {
  const { zone, signed } = hosted;
  const lines: string[] = [];
  const add = ({ owner, ttlSeconds }: ZoneRRset, type: number, rdatas: readonly Uint8Array[]) => {
    for (const rdata of rdatas) {
      lines.push(formatRecord({ owner, type, class: RRClass.IN, ttlSeconds, rdata }));
    }
  };
  const addSigned = (set: ZoneRRset): void => {
    add(set, set.type, set.rdatas());
    if (signed !== undefined) add(set, RRType.RRSIG, signed.signer.signaturesOf(set, nowSeconds));
  };
  // NSD wants the SOA record first.
  addSigned(zone.soa);
  for (const { name, kind, rrsets } of zone.nodesInOrder()) {
    for (const set of rrsets.values()) {
      if (set === zone.soa) continue;
      // RFC 4035 §2.2: what only points to a child is the child's to sign.
      if (kind === 'cut' && set.type !== RRType.DS) add(set, set.type, set.rdatas());
      else addSigned(set);
    }
    if (rrsets.size > 0) signed?.denial.noData(name).forEach(addSigned);
  }
  for (const set of glueOf(zone.origin, hosted, lab)) add(set, set.type, set.rdatas());
  return `${lines.join('\n')}\n`;
}

/** Addresses of servers below a cut of this zone. */
function glueOf(origin: Name, { zone }: HostedZone, { servers }: Lab): readonly ZoneRRset[] {
  const found: ZoneRRset[] = [];
  if (!zone.nodesInOrder().some(({ kind }) => kind === 'cut')) return found;
  for (const { name } of servers.values()) {
    if (!name.isAtOrBelow(origin)) continue;
    const node = zone.node(name);
    if (node?.kind === 'occluded') found.push(...node.rrsets.values());
  }
  return found;
}
