/** What the type bit map at a name that exists denies there: RFC 4035 §5.4, RFC 6840 §4. */
import { type Name, RRType, type TypeBitmap } from '../wire/index.js';
import type { BogusReason } from './bogus-reasons.js';

/** The parent's side of a zone cut: RFC 6840 §4.1 calls the record an ancestor delegation. */
export function isAncestorDelegation(types: TypeBitmap): boolean {
  return types.has(RRType.NS) && !types.has(RRType.SOA);
}

/** Why a record at this owner says nothing about names below it; undefined when it may. */
export function whyNotBelow(types: TypeBitmap): BogusReason | undefined {
  // RFC 6840 §4.1, RFC 5155 §8.3: what lies below a zone cut is another zone's to say.
  if (isAncestorDelegation(types)) return 'denial: above a zone cut';
  // RFC 6840 §4.1, RFC 6672 §5.3.2: names below a DNAME are redirected, not absent.
  if (types.has(RRType.DNAME)) return 'denial: above a DNAME';
  return undefined;
}

/** Why the bit map at `owner` does not deny `type` there; undefined when it does. */
export function whyTypeMayExist(
  types: TypeBitmap,
  type: number,
  owner: Name,
): BogusReason | undefined {
  // RFC 4035 §3.1.4.1, RFC 6840 §4.4: the child's side of a cut does not know of DS records. The
  // root has no other side.
  if (type === RRType.DS && types.has(RRType.SOA) && !owner.isRoot) return 'denial: from the child';
  // RFC 6840 §4.1: at a cut the parent speaks for DS alone.
  if (type !== RRType.DS && isAncestorDelegation(types)) return 'denial: above a zone cut';
  // RFC 4035 §5.4, RFC 5155 §8.5.
  if (type === RRType.ANY ? hasData(types) : types.has(type)) return 'denial: type exists';
  // RFC 6840 §4.3: with a CNAME there, the answer had to be that.
  if (types.has(RRType.CNAME)) return 'denial: alias exists';
  return undefined;
}

/** Any type but those that belong to the denial itself. */
function hasData(types: TypeBitmap): boolean {
  return types.types().some((type) => !OF_THE_DENIAL.has(type));
}

const OF_THE_DENIAL: ReadonlySet<number> = new Set([RRType.RRSIG, RRType.NSEC, RRType.NXNAME]);

/**
 * RFC 9824 §2: the owner does not exist; its denial was made for it alone and says "no data" of
 * every type. Beside NXNAME only the denial's own types are allowed, so nothing real hides there.
 */
export function isCompactNameError(types: TypeBitmap): boolean {
  return types.has(RRType.NXNAME) && !hasData(types);
}
