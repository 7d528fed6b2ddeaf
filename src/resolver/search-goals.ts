/** How far down the way leads to the zone whose keys must judge what a reply says. */
import { signerOf } from '../dnssec/index.js';
import { type Name, RRType, type RRset } from '../wire/index.js';
import type { ZoneCut } from './zone-cut.js';

/** How far down to look for zone cuts that no referral showed. */
export interface Goal {
  readonly name: Name;
  /** It signed the data, so it claims to be a zone; otherwise every name on the way may be one. */
  readonly isSigner: boolean;
}

interface Asked {
  readonly name: Name;
  readonly type: number;
}

export const signedBy = (name: Name | undefined): Goal | undefined =>
  name === undefined ? undefined : { name, isSigner: true };
export const unsignedAt = (name: Name): Goal => ({ name, isSigner: false });

/**
 * Where the answer to a question has its place. RFC 4035 §3.1.4.1: all that is said about the DS
 * records at a name, an alias in their place included, is said by the zone above.
 */
export function answeringSide({ name, type }: Asked): Name {
  return type === RRType.DS ? name.parent() : name;
}

/** The zone that speaks in a denial, or every name on the way when it is unsigned. */
export function goalOfDenial(
  { name, type }: Asked,
  soa: RRset | undefined,
  authority: readonly RRset[],
  cut: ZoneCut,
): Goal | undefined {
  // DS records belong to the parent's side of a cut at their owner.
  const deepest = type === RRType.DS ? name.parent() : name;
  const unsigned = !authority.some((set) => set.signatures.length > 0);
  if (unsigned) return unsignedAt(deepest);
  const speaker = soa?.owner ?? signerOfDenial(authority);
  const isBelow = speaker?.isBelow(cut.zone) === true && deepest.isAtOrBelow(speaker);
  return isBelow ? signedBy(speaker) : undefined;
}

/** Who signed the NSEC or NSEC3 records, when no SOA record tells whose denial it is. */
function signerOfDenial(authority: readonly RRset[]): Name | undefined {
  const denial = authority.find(
    (set) => (set.type === RRType.NSEC || set.type === RRType.NSEC3) && set.signatures.length > 0,
  );
  return denial === undefined ? undefined : signerOf(denial);
}
