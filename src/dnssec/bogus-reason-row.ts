/** The form of a row in the tables of bogus reasons. */

export interface BogusReasonRow {
  /** The rule that was broken. */
  readonly section: string;
  /** RFC 8914 code. */
  readonly ede: number;
  /** `what` names the RRset, `zone` the zone, `detail` may be empty. */
  sentence(what: string, zone: string, detail: string): string;
}

export function row(
  section: string,
  ede: number,
  sentence: (what: string, zone: string, detail: string) => string,
): BogusReasonRow {
  return { section, ede, sentence };
}
