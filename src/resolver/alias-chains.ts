/** Which part of a reply is about a name, and whether it may go on about an alias's target. */
import { type Name, type RRset, RRType } from '../wire/index.js';
import { dnameAbove } from './classify-response.js';
import type { CleanReply } from './sanitise.js';
import { rrsetAt } from './sections.js';
import type { ZoneCut } from './zone-cut.js';

/**
 * The RRset of an answer section that says what there is at `name`. A DNAME outweighs what is said
 * unsigned about names below it, such as the CNAME made from it (RFC 6672 §5.3.1).
 */
export function speakingFor(answer: readonly RRset[], name: Name, type: number): RRset | undefined {
  const set = rrsetAt(answer, name, type) ?? rrsetAt(answer, name, RRType.CNAME);
  if (set !== undefined && set.signatures.length > 0) return set;
  return dnameAbove(answer, name) ?? set;
}

/** Whether the servers of `cut` speak for `target`; `deepest` is the lowest cut known above it. */
export function speaksFor(
  { zone }: ZoneCut,
  target: Name,
  type: number,
  deepest: ZoneCut | undefined,
): boolean {
  // RFC 4035 §3.1.4.1: a zone's servers do not speak for its own DS records, the parent's do.
  const isTheirs = type === RRType.DS ? target.isBelow(zone) : target.isAtOrBelow(zone);
  return isTheirs && (deepest === undefined || !deepest.zone.isBelow(zone));
}

/** Whether the reply says anything about where an alias leads. */
export function continuesAt(
  { answer, authority }: CleanReply,
  target: Name,
  type: number,
): boolean {
  return (
    rrsetAt(answer, target, type) !== undefined ||
    rrsetAt(answer, target, RRType.CNAME) !== undefined ||
    authority.some((set) => set.type === RRType.SOA && target.isAtOrBelow(set.owner))
  );
}
