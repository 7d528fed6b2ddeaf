/** Records as a program reads them: names and addresses as text, the rest typed by record type. */
import { formatRdata } from '../presentation/index.js';
import type { AnsweredRRset } from '../resolver/index.js';
import { IpAddress, Name, parseRdata, TypeBitmap, typeMnemonic } from '../wire/index.js';

/** RFC 4033 §5: secure data is proven genuine, insecure data proven to be unsigned. */
export type SecurityStatus = 'secure' | 'insecure' | 'bogus' | 'indeterminate';

/** What every record has. */
export interface RecordBase {
  /** Owner name: absolute, with the escapes of RFC 1035 §5.1. */
  readonly name: string;
  readonly typeValue: number;
  /** What is left of its life. */
  readonly ttlSeconds: number;
  /** The status of the RRset that it belongs to. */
  readonly security: SecurityStatus;
  /** RDATA as in a master file. */
  readonly text: string;
  /** RDATA as on the wire, names uncompressed. */
  readonly octets: Uint8Array;
}

export interface AddressRecord extends RecordBase {
  readonly type: 'A' | 'AAAA';
  readonly address: string;
}

/** RFC 1035 §3.3, RFC 6672 */
export interface NameRecord extends RecordBase {
  readonly type: 'CNAME' | 'DNAME' | 'NS' | 'PTR';
  readonly target: string;
}

/** RFC 1035 §3.3.9; RFC 7505: preference 0 and exchange `.` refuse all mail. */
export interface MxRecord extends RecordBase {
  readonly type: 'MX';
  readonly preference: number;
  readonly exchange: string;
}

/** RFC 6698 §2.1, RFC 8162 */
export interface TlsaRecord extends RecordBase {
  readonly type: 'TLSA' | 'SMIMEA';
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

/** RFC 1035 §3.3.14: octets, usually of ASCII text. */
export interface TxtRecord extends RecordBase {
  readonly type: 'TXT' | 'SPF';
  readonly strings: readonly Uint8Array[];
}

/** RFC 2782 */
export interface SrvRecord extends RecordBase {
  readonly type: 'SRV';
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** RFC 1035 §3.3.13 */
export interface SoaRecord extends RecordBase {
  readonly type: 'SOA';
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimumSeconds: number;
}

/** RFC 8659 §4.1 */
export interface CaaRecord extends RecordBase {
  readonly type: 'CAA';
  readonly flags: number;
  readonly tag: Uint8Array;
  readonly value: Uint8Array;
}

/** RFC 4255 §3.1 */
export interface SshfpRecord extends RecordBase {
  readonly type: 'SSHFP';
  readonly algorithm: number;
  readonly fingerprintType: number;
  readonly fingerprint: Uint8Array;
}

/** RFC 4034 §5.1 */
export interface DsRecord extends RecordBase {
  readonly type: 'DS' | 'CDS';
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
}

/** RFC 4034 §2.1 */
export interface DnskeyRecord extends RecordBase {
  readonly type: 'DNSKEY' | 'CDNSKEY';
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

/** RFC 7929 §2.1 */
export interface OpenpgpkeyRecord extends RecordBase {
  readonly type: 'OPENPGPKEY';
  readonly publicKey: Uint8Array;
}

/** RFC 7553 §4.5 */
export interface UriRecord extends RecordBase {
  readonly type: 'URI';
  readonly priority: number;
  readonly weight: number;
  readonly target: Uint8Array;
}

/** RFC 9460 §2.2 */
export interface SvcbRecord extends RecordBase {
  readonly type: 'SVCB' | 'HTTPS';
  readonly priority: number;
  readonly target: string;
  readonly params: readonly { readonly key: number; readonly value: Uint8Array }[];
}

/** Any other type: `text` and `octets` hold its data, `mnemonic` its name or TYPEnnn. */
export interface OtherRecord extends RecordBase {
  readonly type: 'other';
  readonly mnemonic: string;
}

export type DnsRecord =
  | AddressRecord
  | NameRecord
  | MxRecord
  | TlsaRecord
  | TxtRecord
  | SrvRecord
  | SoaRecord
  | CaaRecord
  | SshfpRecord
  | DsRecord
  | DnskeyRecord
  | OpenpgpkeyRecord
  | UriRecord
  | SvcbRecord
  | OtherRecord;

/** The types that have fields of their own; a view of any other comes out as `other`. */
const TYPED: ReadonlySet<string> = new Set<Exclude<DnsRecord['type'], 'other'>>([
  'A',
  'AAAA',
  'CNAME',
  'DNAME',
  'NS',
  'PTR',
  'MX',
  'TLSA',
  'SMIMEA',
  'TXT',
  'SPF',
  'SRV',
  'SOA',
  'CAA',
  'SSHFP',
  'DS',
  'CDS',
  'DNSKEY',
  'CDNSKEY',
  'OPENPGPKEY',
  'URI',
  'SVCB',
  'HTTPS',
]);

export function recordsOf(answered: AnsweredRRset): DnsRecord[] {
  const { rrset, security, ttlSeconds } = answered;
  const name = rrset.owner.toString();
  return rrset.rdatas.map((octets) => {
    const base: RecordBase = {
      name,
      typeValue: rrset.type,
      ttlSeconds,
      security: security.status,
      text: formatRdata(rrset.type, octets),
      octets,
    };
    return { ...base, ...fieldsOf(rrset.type, octets) } as DnsRecord;
  });
}

function fieldsOf(type: number, octets: Uint8Array): object {
  const mnemonic = typeMnemonic(type);
  const other = { type: 'other', mnemonic };
  if (!TYPED.has(mnemonic)) return other;
  const view = parseRdata(type, octets);
  if (!view.ok) return other;
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(view.value)) {
    // The one name of CNAME, NS and their kin must not hide the owner's.
    if (key === 'name') fields.target = readable(value);
    else if (!INTERNAL_FIELDS.has(key)) fields[key] = readable(value);
  }
  return fields;
}

/** Parts of the wire views that serve validation only. */
const INTERNAL_FIELDS: ReadonlySet<string> = new Set(['rdata', 'signedPrefix']);

function readable(value: unknown): unknown {
  if (value instanceof Name || value instanceof IpAddress) return value.toString();
  return value instanceof TypeBitmap ? value.types().map(typeMnemonic) : value;
}
