/** Typed RDATA on demand: octets to a value of the type's own shape, and back. */
import { type Decoded, wireFault } from '../fault.js';
import type { IpAddress } from '../ip-address.js';
import type { Name } from '../name.js';
import { concatOctets } from '../octets.js';
import { RRType, typeFromMnemonic, typeMnemonic } from '../rr-types.js';
import * as dnssec from './dnssec-rdata.js';
import * as host from './host-rdata.js';
import * as key from './key-rdata.js';
import type { TypeBitmap } from './type-bitmap.js';

/** What parseRdata reads; `type` is the mnemonic and says which other fields there are. */
export type Rdata =
  | { readonly type: 'A' | 'AAAA'; readonly address: IpAddress }
  | { readonly type: 'NS' | 'CNAME' | 'PTR' | 'DNAME'; readonly name: Name }
  | ({ readonly type: 'SOA' } & host.Soa)
  | ({ readonly type: 'MX' } & host.Mx)
  | ({ readonly type: 'TXT' | 'SPF' } & host.Txt)
  | ({ readonly type: 'SRV' } & host.Srv)
  | ({ readonly type: 'NAPTR' } & host.Naptr)
  | ({ readonly type: 'HINFO' } & host.Hinfo)
  | ({ readonly type: 'RP' } & host.Rp)
  | ({ readonly type: 'URI' } & host.Uri)
  | ({ readonly type: 'SVCB' | 'HTTPS' } & host.Svcb)
  | ({ readonly type: 'DS' | 'CDS' | 'DLV' } & dnssec.Ds)
  | ({ readonly type: 'RRSIG' } & Omit<dnssec.Rrsig, 'signedPrefix'>)
  | ({ readonly type: 'NSEC' } & dnssec.Nsec)
  | ({ readonly type: 'DNSKEY' | 'CDNSKEY' } & Omit<dnssec.Dnskey, 'rdata'>)
  | ({ readonly type: 'NSEC3' } & dnssec.Nsec3)
  | ({ readonly type: 'NSEC3PARAM' } & dnssec.Nsec3Param)
  | ({ readonly type: 'CSYNC' } & dnssec.Csync)
  | ({ readonly type: 'ZONEMD' } & dnssec.Zonemd)
  | ({ readonly type: 'TLSA' | 'SMIMEA' } & key.Tlsa)
  | ({ readonly type: 'SSHFP' } & key.Sshfp)
  | ({ readonly type: 'CAA' } & key.Caa)
  | ({ readonly type: 'OPENPGPKEY' } & key.Openpgpkey)
  | { readonly type: 'other'; readonly typeValue: number; readonly octets: Uint8Array };

/** The typed view of RDATA; a type that has none comes out as `other` with its octets. */
export function parseRdata(type: number, rdata: Uint8Array): Decoded<Rdata> {
  const parse = PARSERS[type];
  if (parse === undefined) {
    return { ok: true, value: { type: 'other', typeValue: type, octets: rdata } };
  }
  const fields = parse(rdata, type);
  if (fields === undefined) return { ok: false, fault: wireFault('rdata malformed', 0) };
  // Each parser yields exactly the fields of its mnemonic's member of the union.
  return { ok: true, value: { type: typeMnemonic(type), ...fields } as Rdata };
}

type Parser = (rdata: Uint8Array, type: number) => object | undefined;

const parseAddress: Parser = (rdata, type) => {
  const address = host.addressOfRdata(type, rdata);
  return address === undefined ? undefined : { address };
};

const parseSingleName: Parser = (rdata, type) => {
  const name = host.nameOfRdata(type, rdata);
  return name === undefined ? undefined : { name };
};

const PARSERS: Readonly<Record<number, Parser>> = {
  [RRType.A]: parseAddress,
  [RRType.AAAA]: parseAddress,
  [RRType.NS]: parseSingleName,
  [RRType.CNAME]: parseSingleName,
  [RRType.PTR]: parseSingleName,
  [RRType.DNAME]: parseSingleName,
  [RRType.SOA]: host.parseSoa,
  [RRType.MX]: host.parseMx,
  [RRType.TXT]: host.parseTxt,
  [RRType.SPF]: host.parseTxt,
  [RRType.SRV]: host.parseSrv,
  [RRType.NAPTR]: host.parseNaptr,
  [RRType.HINFO]: host.parseHinfo,
  [RRType.RP]: host.parseRp,
  [RRType.URI]: host.parseUri,
  [RRType.SVCB]: host.parseSvcb,
  [RRType.HTTPS]: host.parseSvcb,
  [RRType.DS]: dnssec.parseDs,
  [RRType.CDS]: dnssec.parseDs,
  [RRType.DLV]: dnssec.parseDs,
  [RRType.RRSIG]: dnssec.parseRrsig,
  [RRType.NSEC]: dnssec.parseNsec,
  [RRType.DNSKEY]: dnssec.parseDnskey,
  [RRType.CDNSKEY]: dnssec.parseDnskey,
  [RRType.NSEC3]: dnssec.parseNsec3,
  [RRType.NSEC3PARAM]: dnssec.parseNsec3Param,
  [RRType.CSYNC]: dnssec.parseCsync,
  [RRType.ZONEMD]: dnssec.parseZonemd,
  [RRType.TLSA]: key.parseTlsa,
  [RRType.SMIMEA]: key.parseTlsa,
  [RRType.SSHFP]: key.parseSshfp,
  [RRType.CAA]: key.parseCaa,
  [RRType.OPENPGPKEY]: key.parseOpenpgpkey,
};

/** The type value of a typed view. */
export function typeOfRdata(rdata: Rdata): number {
  if (rdata.type === 'other') return rdata.typeValue;
  return typeFromMnemonic(rdata.type) ?? 0;
}

/** RDATA octets, names uncompressed. Fields are taken as they are: numbers wrap to their width. */
export function buildRdata(rdata: Rdata): Uint8Array {
  switch (rdata.type) {
    case 'A':
    case 'AAAA':
      return rdata.address.octets;
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return rdata.name.octets;
    case 'OPENPGPKEY':
      return rdata.publicKey;
    case 'other':
      return rdata.octets;
    case 'SOA':
    case 'MX':
    case 'TXT':
    case 'SPF':
    case 'SRV':
    case 'NAPTR':
    case 'HINFO':
    case 'RP':
    case 'URI':
    case 'SVCB':
    case 'HTTPS':
      return buildHostRdata(rdata);
    default:
      return buildSecurityRdata(rdata);
  }
}

type HostRdata = Extract<
  Rdata,
  {
    type:
      'SOA' | 'MX' | 'TXT' | 'SPF' | 'SRV' | 'NAPTR' | 'HINFO' | 'RP' | 'URI' | 'SVCB' | 'HTTPS';
  }
>;

function buildHostRdata(rdata: HostRdata): Uint8Array {
  switch (rdata.type) {
    case 'SOA': {
      const { serial, refresh, retry, expire, minimumSeconds } = rdata;
      const numbers = [serial, refresh, retry, expire, minimumSeconds].map(u32);
      return concatOctets(rdata.mname.octets, rdata.rname.octets, ...numbers);
    }
    case 'MX':
      return concatOctets(u16(rdata.preference), rdata.exchange.octets);
    case 'TXT':
    case 'SPF':
      return concatOctets(...rdata.strings.map(characterString));
    case 'SRV': {
      const { priority, weight, port, target } = rdata;
      return concatOctets(u16(priority), u16(weight), u16(port), target.octets);
    }
    case 'NAPTR': {
      const strings = [rdata.flags, rdata.services, rdata.regexp].map(characterString);
      const { order, preference, replacement } = rdata;
      return concatOctets(u16(order), u16(preference), ...strings, replacement.octets);
    }
    case 'HINFO':
      return concatOctets(characterString(rdata.cpu), characterString(rdata.os));
    case 'RP':
      return concatOctets(rdata.mailbox.octets, rdata.text.octets);
    case 'URI':
      return concatOctets(u16(rdata.priority), u16(rdata.weight), rdata.target);
    case 'SVCB':
    case 'HTTPS': {
      const params = rdata.params.flatMap((param) => [
        u16(param.key),
        u16(param.value.length),
        param.value,
      ]);
      return concatOctets(u16(rdata.priority), rdata.target.octets, ...params);
    }
  }
}

type SecurityRdata = Exclude<
  Rdata,
  HostRdata | { type: 'A' | 'AAAA' | 'NS' | 'CNAME' | 'PTR' | 'DNAME' | 'OPENPGPKEY' | 'other' }
>;

function buildSecurityRdata(rdata: SecurityRdata): Uint8Array {
  switch (rdata.type) {
    case 'DS':
    case 'CDS':
    case 'DLV':
      return concatOctets(u16(rdata.keyTag), u8(rdata.algorithm, rdata.digestType), rdata.digest);
    case 'RRSIG':
      return concatOctets(buildSignedPrefix(rdata), rdata.signature);
    case 'NSEC':
      return concatOctets(rdata.nextName.octets, bitmap(rdata));
    case 'DNSKEY':
    case 'CDNSKEY':
      return concatOctets(u16(rdata.flags), u8(rdata.protocol, rdata.algorithm), rdata.publicKey);
    case 'NSEC3':
      return concatOctets(nsec3Fields(rdata), characterString(rdata.nextHash), bitmap(rdata));
    case 'NSEC3PARAM':
      return nsec3Fields(rdata);
    case 'CSYNC':
      return concatOctets(u32(rdata.soaSerial), u16(rdata.flags), bitmap(rdata));
    case 'ZONEMD': {
      const { serial, scheme, hashAlgorithm, digest } = rdata;
      return concatOctets(u32(serial), u8(scheme, hashAlgorithm), digest);
    }
    case 'TLSA':
    case 'SMIMEA':
      return concatOctets(u8(rdata.usage, rdata.selector, rdata.matchingType), rdata.data);
    case 'SSHFP':
      return concatOctets(u8(rdata.algorithm, rdata.fingerprintType), rdata.fingerprint);
    case 'CAA':
      return concatOctets(u8(rdata.flags), characterString(rdata.tag), rdata.value);
  }
}

/** The RRSIG RDATA before the signature, signed along with the data: RFC 4034 §3.1.8.1. */
export function buildSignedPrefix(
  rrsig: Omit<dnssec.Rrsig, 'signature' | 'signedPrefix'>,
): Uint8Array {
  return concatOctets(
    u16(rrsig.typeCovered),
    u8(rrsig.algorithm, rrsig.labels),
    u32(rrsig.originalTtlSeconds),
    u32(rrsig.expirationSeconds),
    u32(rrsig.inceptionSeconds),
    u16(rrsig.keyTag),
    rrsig.signer.octets,
  );
}

function nsec3Fields(rdata: dnssec.Nsec3Param): Uint8Array {
  const { hashAlgorithm, flags, iterations, salt } = rdata;
  return concatOctets(u8(hashAlgorithm, flags), u16(iterations), characterString(salt));
}

function bitmap(rdata: { readonly types: TypeBitmap }): Uint8Array {
  return rdata.types.octets;
}

function u8(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function characterString(octets: Uint8Array): Uint8Array {
  return concatOctets(u8(octets.length), octets);
}
