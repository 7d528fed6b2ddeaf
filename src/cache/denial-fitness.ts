/** Whether a denial record may be used again for other names, and which questions it may answer. */
import { type Name, parseRrsig, type RRset, RRType } from '../wire/index.js';

/**
 * A second look at what the caller has validated: signed by this zone under this very owner, and
 * not made from a wildcard (RFC 4592 §4.7, CVE-2026-44690: such a record tells about another
 * name's place).
 */
export function isSignedHere(rrset: RRset, zone: Name): boolean {
  const labels = rrset.owner.labelCount - (rrset.owner.isWildcard ? 1 : 0);
  return rrset.signatures.some((signature) => {
    const rrsig = parseRrsig(signature);
    return (
      rrsig?.typeCovered === rrset.type && rrsig.labels === labels && rrsig.signer.equals(zone)
    );
  });
}

/** RFC 9824 §3: the next name is the owner with a label of one zero octet before it. */
export function isMadeForOneName(owner: Name, nextName: Name): boolean {
  return (
    nextName.labelCount === owner.labelCount + 1 &&
    nextName.octets[0] === 1 &&
    nextName.octets[1] === 0 &&
    nextName.isBelow(owner)
  );
}

/** RFC 6895 §3.1: 0 and the types that only queries have; there is nothing to deny of them. */
export function isMetaType(type: number): boolean {
  return type === 0 || type === RRType.OPT || (type >= 128 && type <= 255);
}
