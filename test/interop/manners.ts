// How a question is put, in the walk and in the differential run.

/** How a question is put: the bits that decide whether AD may come back. */
export const manners = {
  /** As an old client: no EDNS, no AD bit; AD may not be set (RFC 6840 §5.7). */
  plain: { edns: false, dnssecOk: false, ad: false, cd: false },
  ad: { edns: false, dnssecOk: false, ad: true, cd: false },
  do: { edns: true, dnssecOk: true, ad: false, cd: false },
  'do+ad': { edns: true, dnssecOk: true, ad: true, cd: false },
  cd: { edns: true, dnssecOk: true, ad: false, cd: true },
} as const;
export type Manner = keyof typeof manners;
