/** Looking up RRsets in a section of a reply. */
import type { Name, RRset } from '../wire/index.js';

export function rrsetAt(section: readonly RRset[], owner: Name, type: number): RRset | undefined {
  for (const set of section) if (set.type === type && set.owner.equals(owner)) return set;
  return undefined;
}
