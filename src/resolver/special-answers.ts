/** Answers for special-use names, made here. They carry no signature and no AD bit. */
import { indeterminate } from '../dnssec/index.js';
import { type Name, RRClass, RRType, type RRset, Rcode } from '../wire/index.js';
import type { Resolution } from './resolution-types.js';
import { type SpecialName, specialName } from './special-names.js';

const TTL_SECONDS = 10_800;
const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

export function specialResolution(name: Name, type: number): Resolution | undefined {
  const special = specialName(name);
  // RFC 8375 §5, RFC 6303 §3: the delegation itself (DS) is the parent's to tell.
  if (special === undefined || (type === RRType.DS && name.equals(special.domain))) {
    return undefined;
  }
  const security = indeterminate(special.domain);
  const shared = { security, errors: [], fromCache: true, stale: false } as const;
  const soa = { rrset: soaOf(special.domain), security, ttlSeconds: TTL_SECONDS };
  if (special.answer === 'loopback') {
    const address = type === RRType.A ? LOOPBACK4 : type === RRType.AAAA ? LOOPBACK6 : undefined;
    if (address !== undefined) {
      const rrset = set(name, type, address);
      const answer = [{ rrset, security, ttlSeconds: TTL_SECONDS }];
      return { ...shared, rcode: Rcode.NOERROR, answer, authority: [] };
    }
  }
  if (name.equals(special.domain) && type === RRType.SOA && special.answer === 'empty') {
    return { ...shared, rcode: Rcode.NOERROR, answer: [soa], authority: [] };
  }
  return { ...shared, rcode: rcodeFor(special, name), answer: [], authority: [soa] };
}

function rcodeFor(special: SpecialName, name: Name): number {
  if (special.answer === 'name error') return Rcode.NXDOMAIN;
  if (special.answer === 'loopback') return Rcode.NOERROR;
  return name.equals(special.domain) ? Rcode.NOERROR : Rcode.NXDOMAIN;
}

function set(owner: Name, type: number, rdata: Uint8Array): RRset {
  return {
    owner,
    type,
    class: RRClass.IN,
    ttlSeconds: TTL_SECONDS,
    rdatas: [rdata],
    signatures: [],
  };
}

/** RFC 6303 §3: SOA of an empty zone; RNAME and MNAME are the zone itself and nobody. */
function soaOf(zone: Name): RRset {
  const { octets } = zone;
  const rdata = new Uint8Array(octets.length + 1 + 20);
  rdata.set(octets);
  const view = new DataView(rdata.buffer, octets.length + 1);
  for (const [index, value] of [1, 3600, 1200, 604_800, TTL_SECONDS].entries()) {
    view.setUint32(index * 4, value);
  }
  return set(zone, RRType.SOA, rdata);
}
