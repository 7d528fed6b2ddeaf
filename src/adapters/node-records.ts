/** Records in the shapes of `dns.promises`: one row for each type that Node has a method for. */
import type { DnsRecord } from '../embedding/index.js';
import { parseNaptr, RRType } from '../wire/index.js';

export interface NodeShape {
  /** Of the asked type only; aliases are left out. */
  readonly typeValue: number;
  /** As of Node's errors: `queryMx`. */
  readonly syscall: string;
  readonly of: (record: DnsRecord) => unknown;
}

/** Node writes names without the final dot; the root becomes an empty name. */
export function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Node gives octets of text as Latin-1. */
function text(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}

function target(record: DnsRecord): unknown {
  return 'target' in record && typeof record.target === 'string' ? withoutDot(record.target) : '';
}

function address(record: DnsRecord): unknown {
  return 'address' in record ? record.address : '';
}

function mx(record: DnsRecord): unknown {
  if (record.type !== 'MX') return undefined;
  return { exchange: withoutDot(record.exchange), priority: record.preference };
}

function txt(record: DnsRecord): unknown {
  return record.type === 'TXT' ? record.strings.map(text) : undefined;
}

function soa(record: DnsRecord): unknown {
  if (record.type !== 'SOA') return undefined;
  const { mname, rname, serial, refresh, retry, expire, minimumSeconds: minttl } = record;
  return {
    nsname: withoutDot(mname),
    hostmaster: withoutDot(rname),
    serial,
    refresh,
    retry,
    expire,
    minttl,
  };
}

function srv(record: DnsRecord): unknown {
  if (record.type !== 'SRV') return undefined;
  const { priority, weight, port } = record;
  return { name: withoutDot(record.target), port, priority, weight };
}

function caa(record: DnsRecord): unknown {
  if (record.type !== 'CAA') return undefined;
  return { critical: record.flags, [text(record.tag)]: text(record.value) };
}

function naptr({ octets }: DnsRecord): unknown {
  const found = parseNaptr(octets);
  if (found === undefined) return undefined;
  const { flags, services, regexp, replacement, order, preference } = found;
  return {
    flags: text(flags),
    service: text(services),
    regexp: text(regexp),
    replacement: withoutDot(replacement.toString()),
    order,
    preference,
  };
}

function tlsa(record: DnsRecord): unknown {
  if (record.type !== 'TLSA') return undefined;
  const { usage: certUsage, selector, matchingType: match, data } = record;
  return { certUsage, selector, match, data: Uint8Array.from(data).buffer };
}

export const NODE_SHAPES: Readonly<Record<string, NodeShape>> = {
  A: { typeValue: RRType.A, syscall: 'queryA', of: address },
  AAAA: { typeValue: RRType.AAAA, syscall: 'queryAaaa', of: address },
  CAA: { typeValue: RRType.CAA, syscall: 'queryCaa', of: caa },
  CNAME: { typeValue: RRType.CNAME, syscall: 'queryCname', of: target },
  MX: { typeValue: RRType.MX, syscall: 'queryMx', of: mx },
  NAPTR: { typeValue: RRType.NAPTR, syscall: 'queryNaptr', of: naptr },
  NS: { typeValue: RRType.NS, syscall: 'queryNs', of: target },
  PTR: { typeValue: RRType.PTR, syscall: 'queryPtr', of: target },
  SOA: { typeValue: RRType.SOA, syscall: 'querySoa', of: soa },
  SRV: { typeValue: RRType.SRV, syscall: 'querySrv', of: srv },
  TLSA: { typeValue: RRType.TLSA, syscall: 'queryTlsa', of: tlsa },
  TXT: { typeValue: RRType.TXT, syscall: 'queryTxt', of: txt },
};
