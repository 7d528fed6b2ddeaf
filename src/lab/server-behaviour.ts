/** The ways in which authoritative servers of the real Internet differ from a good one. */

export type LabTransport = 'udp' | 'tcp';

export type ServerBehaviour =
  /** Swallows what it gets: a dead host or a firewall. */
  | { readonly kind: 'silent'; readonly transport?: LabTransport }
  /** Nothing listens there: ICMP port unreachable, or a TCP reset. */
  | { readonly kind: 'port closed'; readonly transport?: LabTransport }
  /** Always this RCODE and nothing else. */
  | { readonly kind: 'fixed rcode'; readonly rcode: number }
  /** Answers everything but questions for that type. */
  | { readonly kind: 'chokes on type'; readonly type: number; readonly shows: ChokeShows }
  /** Predates RFC 6891, with what it does when it sees an OPT record. */
  | { readonly kind: 'no EDNS'; readonly shows: 'FORMERR' | 'NOTIMP' | 'silence' | 'plain reply' }
  /** TC=1 on every UDP reply. */
  | { readonly kind: 'truncates UDP' }
  /** A path that loses fragments. */
  | { readonly kind: 'loses large UDP'; readonly aboveOctets: number }
  /** Understands EDNS but never sends DNSSEC records. */
  | { readonly kind: 'ignores DO' }
  /** RFC 1034 §4.3.1's bit is never set: a lame or careless server. */
  | { readonly kind: 'clears AA' }
  /** Sends everybody to the root (RFC 1912 §2.8 lame delegation, the old way). */
  | { readonly kind: 'upward referral' }
  /** The question comes back in lower case, so 0x20 is lost. */
  | { readonly kind: 'lower-cases question' }
  /** RFC 7873 §5.2.3: BADCOOKIE until its own cookie comes back. */
  | { readonly kind: 'requires cookie' }
  | { readonly kind: 'extended error'; readonly code: number; readonly text: string };

export type ChokeShows = 'NOTIMP' | 'SERVFAIL' | 'REFUSED' | 'FORMERR' | 'silence';

/** The behaviour of that kind, if the server has it. */
export function behaviour<K extends ServerBehaviour['kind']>(
  behaviours: readonly ServerBehaviour[],
  kind: K,
): Extract<ServerBehaviour, { kind: K }> | undefined {
  for (const candidate of behaviours) {
    if (candidate.kind === kind) return candidate as Extract<ServerBehaviour, { kind: K }>;
  }
  return undefined;
}
