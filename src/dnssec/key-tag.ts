/** RFC 4034 Appendix B: a hint which key made a signature. Not unique, and never a proof. */
export function keyTag(dnskeyRdata: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < dnskeyRdata.length; at++) {
    sum += at & 1 ? dnskeyRdata[at]! : dnskeyRdata[at]! << 8;
  }
  // 64 KiB of RDATA stay below 2^31, so one folding at the end is the same as one at each step.
  return (sum + (sum >>> 16)) & 0xffff;
}
