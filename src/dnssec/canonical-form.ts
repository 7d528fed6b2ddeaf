/** The canonical form of an RRset's data, RFC 4034 §6.2 and §6.3. */
import { canonicalRdata, compareOctets, type RRset } from '../wire/index.js';

/** RDATA in canonical form and order, each once. */
export function canonicalRdatas(rrset: RRset): readonly Uint8Array[] {
  const { type, rdatas } = rrset;
  const first = rdatas[0];
  if (first === undefined) return [];
  if (rdatas.length === 1) return [canonicalRdata(type, first)];
  const sorted: Uint8Array[] = [];
  for (const rdata of rdatas) sorted.push(canonicalRdata(type, rdata));
  // RFC 4034 §6.3: as left-justified unsigned octet strings, where absence sorts first.
  sorted.sort(compareOctets);
  // RFC 4034 §6.3: equal RDATA count once; lower-casing may have made some equal.
  let kept = 1;
  for (let at = 1; at < sorted.length; at++) {
    if (compareOctets(sorted[at]!, sorted[kept - 1]!) !== 0) sorted[kept++] = sorted[at]!;
  }
  sorted.length = kept;
  return sorted;
}
