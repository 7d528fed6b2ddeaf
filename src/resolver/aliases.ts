/** CNAME and DNAME links: where they lead, and the records that tell the client. */
import { type Name, RRClass, RRType, type RRset, nameOfRdata } from '../wire/index.js';
import type { HeldRRset } from './outcome.js';

export interface Alias {
  readonly links: readonly HeldRRset[];
  readonly target: Name;
}

export function aliasFromCname(held: HeldRRset): Alias | undefined {
  const target = nameOfRdata(RRType.CNAME, held.rrset.rdatas[0] ?? new Uint8Array(0));
  return target === undefined ? undefined : { links: [held], target };
}

/**
 * RFC 6672 §3.1: a CNAME made from the DNAME goes with it, with its TTL. It is unsigned and as
 * secure as the DNAME, since it is we who made it.
 */
export function aliasFromDname(held: HeldRRset, name: Name, target: Name): Alias {
  const cname: RRset = {
    owner: name,
    type: RRType.CNAME,
    class: RRClass.IN,
    ttlSeconds: held.rrset.ttlSeconds,
    rdatas: [target.octets],
    signatures: [],
  };
  return { links: [held, { ...held, rrset: cname, proof: [] }], target };
}

/**
 * An unsigned alias of itself is all that there is. A secure one is an error like any longer loop
 * (RFC 1034 §3.6.2): with AD it would look like the proof that its target has no such data.
 */
export function leadsNowhere({ links, target }: Alias, name: Name): boolean {
  return target.equals(name) && links.every(({ security }) => security.status !== 'secure');
}
