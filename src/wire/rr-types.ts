/** Resource record types and classes, IANA "DNS Parameters". */

export const RRType = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  TA: 32768,
  DLV: 32769,
} as const;

export const RRClass = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

const mnemonics = new Map<number, string>(
  Object.entries(RRType).map(([mnemonic, value]) => [value, mnemonic]),
);
const values = new Map<string, number>(Object.entries(RRType));

/** Mnemonic of a type, or RFC 3597 §5 `TYPEnnn`. */
export function typeMnemonic(type: number): string {
  return mnemonics.get(type) ?? `TYPE${type}`;
}

/** Type value of a mnemonic or `TYPEnnn` in any case; undefined when it is neither. */
export function typeFromMnemonic(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = values.get(upper);
  if (known !== undefined) return known;
  if (!upper.startsWith('TYPE')) return undefined;
  const digits = upper.slice(4);
  if (digits.length === 0 || digits.length > 5) return undefined;
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  const value = Number(digits);
  return value <= 0xffff ? value : undefined;
}
