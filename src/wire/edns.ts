/** EDNS(0), RFC 6891: the OPT record's fields and the data of the options we know. */
import type { WireFaultReason } from './fault.js';

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Edns {
  readonly udpSizeOctets: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  /** All 16 flag bits, DO included. */
  readonly flags: number;
  readonly options: readonly EdnsOption[];
}

/** IANA "DNS EDNS0 Option Codes". */
export const EdnsOptionCode = {
  NSID: 3,
  DAU: 5,
  DHU: 6,
  N3U: 7,
  CLIENT_SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  CHAIN: 13,
  KEY_TAG: 14,
  EDE: 15,
  CLIENT_TAG: 16,
  SERVER_TAG: 17,
  REPORT_CHANNEL: 18,
  ZONEVERSION: 19,
} as const;

/** IANA "Extended DNS Error Codes": RFC 8914 and what was registered after it. */
export const EdeCode = {
  OTHER: 0,
  UNSUPPORTED_DNSKEY_ALGORITHM: 1,
  UNSUPPORTED_DS_DIGEST_TYPE: 2,
  STALE_ANSWER: 3,
  FORGED_ANSWER: 4,
  DNSSEC_INDETERMINATE: 5,
  DNSSEC_BOGUS: 6,
  SIGNATURE_EXPIRED: 7,
  SIGNATURE_NOT_YET_VALID: 8,
  DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10,
  NO_ZONE_KEY_BIT_SET: 11,
  NSEC_MISSING: 12,
  CACHED_ERROR: 13,
  NOT_READY: 14,
  BLOCKED: 15,
  CENSORED: 16,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN_ANSWER: 19,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
  SIGNATURE_EXPIRED_BEFORE_VALID: 25,
  TOO_EARLY: 26,
  UNSUPPORTED_NSEC3_ITERATIONS: 27,
  UNABLE_TO_CONFORM_TO_POLICY: 28,
  SYNTHESIZED: 29,
  INVALID_QUERY_TYPE: 30,
  NEGATIVE_TRUST_ANCHOR: 33,
} as const;

export const EDNS_FLAG_DO = 0x8000; // RFC 3225 §3, RFC 6891 §6.1.4
export const EDNS_FLAG_CO = 0x4000; // RFC 9824 §5.1
export const MAX_EDNS_OPTIONS = 32;

/** Looks up the first option with this code. */
export function ednsOption(edns: Edns | undefined, code: number): EdnsOption | undefined {
  if (edns === undefined) return undefined;
  for (const option of edns.options) if (option.code === code) return option;
  return undefined;
}

const NO_OPTIONS: readonly EdnsOption[] = [];

/**
 * The EDNS values of an OPT record whose RDATA lie at `start`..`end`. Option data are copies.
 * The extended rcode bits stay in `ttl`, whose upper octet they are.
 */
export function readEdns(
  octets: Uint8Array,
  start: number,
  end: number,
  rrClass: number,
  ttl: number,
): Edns | WireFaultReason {
  let options = NO_OPTIONS as EdnsOption[];
  for (let at = start; at < end;) {
    if (at + 4 > end) return 'opt cut off';
    const code = (octets[at]! << 8) | octets[at + 1]!;
    const length = (octets[at + 2]! << 8) | octets[at + 3]!;
    at += 4;
    if (at + length > end) return 'opt cut off';
    if (options.length === MAX_EDNS_OPTIONS) return 'too many options';
    if (options === NO_OPTIONS) options = [];
    options.push({ code, data: octets.slice(at, at + length) });
    at += length;
  }
  const flags = ttl & 0xffff;
  return {
    // RFC 6891 §6.2.3: values below 512 are treated as 512.
    udpSizeOctets: Math.max(rrClass, 512),
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (flags & EDNS_FLAG_DO) !== 0,
    flags,
    options,
  };
}

/** Octets an OPT record with these options takes. */
export function optSizeOctets(options: readonly EdnsOption[]): number {
  let size = 11;
  for (const option of options) size += 4 + option.data.length;
  return size;
}

/** Writes an OPT record at `at` and returns where it ends; the caller has made room. */
export function writeOpt(target: Uint8Array, at: number, edns: Edns, rcode: number): number {
  const flags = edns.dnssecOk ? edns.flags | EDNS_FLAG_DO : edns.flags & ~EDNS_FLAG_DO;
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 41;
  target[at + 3] = edns.udpSizeOctets >> 8;
  target[at + 4] = edns.udpSizeOctets & 0xff;
  target[at + 5] = (rcode >> 4) & 0xff;
  target[at + 6] = edns.version;
  target[at + 7] = (flags >> 8) & 0xff;
  target[at + 8] = flags & 0xff;
  const rdataLength = optSizeOctets(edns.options) - 11;
  target[at + 9] = rdataLength >> 8;
  target[at + 10] = rdataLength & 0xff;
  at += 11;
  for (const { code, data } of edns.options) {
    target[at] = code >> 8;
    target[at + 1] = code & 0xff;
    target[at + 2] = data.length >> 8;
    target[at + 3] = data.length & 0xff;
    target.set(data, at + 4);
    at += 4 + data.length;
  }
  return at;
}
