/**
 * The parts of an X.509 certificate (RFC 5280 §4.1) on which DANE decides by itself: the octets of
 * the public key, from when to when it holds, and what it may be used for. Names and signatures
 * are left to a library, see `certificate-tools.ts`.
 */
import { secondsOfDate } from '../presentation/index.js';
import { equalOctets, formatHex } from '../wire/index.js';
import {
  contextTag,
  type DerElement,
  DerTag,
  readDer,
  readDerAll,
  readDerSequence,
} from './der.js';
import { type NameConstraints, readNameConstraints } from './name-constraints.js';
import { weakHashOf } from './signature-hash.js';

export interface CertificateLayout {
  /** The hash of its signature, when that can be forged today. */
  readonly weakHash: string | undefined;
  /** SubjectPublicKeyInfo exactly as it stands in the certificate: what selector 1 selects. */
  readonly publicKeyInfo: Uint8Array;
  readonly notBeforeSeconds: number;
  readonly notAfterSeconds: number;
  readonly isSelfIssued: boolean;
  /** RFC 5280 §4.2.1.9 */
  readonly isAuthority: boolean;
  /** RFC 5280 §4.1.2.1: without extensions, it can say nothing about what it is for. */
  readonly isVersion1: boolean;
  readonly pathLength: number | undefined;
  /** RFC 5280 §4.2.1.3: without the extension a key may be used for everything. */
  readonly maySignCertificates: boolean;
  /** RFC 5280 §4.2.1.12: absent means any. */
  readonly mayServe: boolean;
  /** RFC 5280 §4.2.1.10 */
  readonly nameConstraints: NameConstraints | undefined;
  /** RFC 5280 §4.2: critical extensions that nobody here understands, as object identifiers. */
  readonly unknownCritical: readonly string[];
}

/** Object identifiers, as the hexadecimal digits of their content. */
const OID = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  certificatePolicies: '551d20',
  extendedKeyUsage: '551d25',
  anyExtendedKeyUsage: '551d2500',
  serverAuth: '2b06010505070301',
} as const;

/** Extensions whose being critical changes nothing: they are honoured, or limit nothing here. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.certificatePolicies,
  OID.extendedKeyUsage,
]);

const KEY_CERT_SIGN_BIT = 5;

interface Extension {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: DerElement | undefined;
}

/** Undefined when the octets are no certificate. */
export function readCertificate(octets: Uint8Array): CertificateLayout | undefined {
  const { isVersioned, fields } = readFields(octets);
  const [serial, algorithm, issuer, validity, subject, publicKey, ...rest] = fields;
  if (serial?.tag !== DerTag.INTEGER || algorithm?.tag !== DerTag.SEQUENCE) return undefined;
  if (issuer === undefined || subject === undefined) return undefined;
  if (publicKey === undefined || !isPublicKeyInfo(publicKey.whole)) return undefined;
  const times = (readDerSequence(validity) ?? []).map(secondsOf);
  const [notBeforeSeconds, notAfterSeconds] = times;
  if (notBeforeSeconds === undefined || notAfterSeconds === undefined) return undefined;
  const extensions = readExtensions(rest.find(({ tag }) => tag === contextTag(3)));
  if (extensions === undefined) return undefined;
  const isSelfIssued = equalOctets(issuer.whole, subject.whole);
  return {
    weakHash: weakHashOf(algorithm),
    publicKeyInfo: publicKey.whole,
    notBeforeSeconds,
    notAfterSeconds,
    isSelfIssued,
    isVersion1: !isVersioned,
    ...readUses(extensions),
  };
}

/** The public key alone, however the rest is written: dates and extensions that nobody reads. */
export function readPublicKeyInfo(octets: Uint8Array): Uint8Array | undefined {
  const publicKey = readFields(octets).fields[5]?.whole;
  return publicKey !== undefined && isPublicKeyInfo(publicKey) ? publicKey : undefined;
}

/** What is signed, without the version (RFC 5280 §4.1.2.1). */
function readFields(octets: Uint8Array) {
  const [signed] = readDerSequence(readDer(octets)) ?? [];
  const fields = readDerSequence(signed) ?? [];
  const isVersioned = fields[0]?.tag === contextTag(0);
  return { isVersioned, fields: isVersioned ? fields.slice(1) : fields };
}

/** RFC 5280 §4.1.2.7: an algorithm and a bit string. */
export function isPublicKeyInfo(octets: Uint8Array): boolean {
  const [algorithm, key, ...more] = readDerSequence(readDer(octets)) ?? [];
  return algorithm?.tag === DerTag.SEQUENCE && key?.tag === DerTag.BIT_STRING && more.length === 0;
}

type Uses = Pick<
  CertificateLayout,
  | 'isAuthority'
  | 'pathLength'
  | 'maySignCertificates'
  | 'mayServe'
  | 'nameConstraints'
  | 'unknownCritical'
>;

function readUses(extensions: readonly Extension[]): Uses {
  const byOid = new Map(extensions.map((extension) => [extension.oid, extension]));
  const constraints = byOid.get(OID.basicConstraints);
  const [first, second] = readDerSequence(constraints?.value) ?? [];
  const hasFlag = first?.tag === DerTag.BOOLEAN;
  const length = hasFlag ? second : first;
  const usage = byOid.get(OID.keyUsage)?.value;
  const purposes = byOid.get(OID.extendedKeyUsage)?.value;
  const named = byOid.get(OID.nameConstraints);
  const nameConstraints = named && readNameConstraints(named.value);
  const isUnderstood = (oid: string): boolean =>
    UNDERSTOOD.has(oid) || (oid === OID.nameConstraints && nameConstraints?.hasOther === false);
  const purposeOids = (readDerSequence(purposes) ?? []).map(({ content }) => formatHex(content));
  return {
    isAuthority: hasFlag && first.content[0] !== 0,
    pathLength: length?.tag === DerTag.INTEGER ? (length.content.at(-1) ?? 0) : undefined,
    maySignCertificates: usage === undefined || hasBit(usage, KEY_CERT_SIGN_BIT),
    mayServe:
      purposes === undefined ||
      purposeOids.some((oid) => oid === OID.serverAuth || oid === OID.anyExtendedKeyUsage),
    nameConstraints,
    unknownCritical: extensions
      .filter(({ oid, isCritical }) => isCritical && !isUnderstood(oid))
      .map(({ oid }) => oid),
  };
}

/** An empty list when there are none; undefined when they cannot be read. */
function readExtensions(field: DerElement | undefined): readonly Extension[] | undefined {
  if (field === undefined) return [];
  const extensions: Extension[] = [];
  const items = readDerSequence(readDer(field.content));
  if (items === undefined) return undefined;
  for (const item of items) {
    const parts = readDerSequence(item) ?? [];
    const [oid] = parts;
    const value = parts.at(-1);
    if (oid?.tag !== DerTag.OBJECT_IDENTIFIER || value?.tag !== DerTag.OCTET_STRING) {
      return undefined;
    }
    extensions.push({
      oid: formatHex(oid.content),
      isCritical: parts[1]?.tag === DerTag.BOOLEAN && parts[1].content[0] !== 0,
      value: readDerAll(value.content)?.[0],
    });
  }
  return extensions;
}

function hasBit(bits: DerElement, number: number): boolean {
  // X.690 §8.6.2: the first octet counts the unused bits of the last.
  const octet = bits.tag === DerTag.BIT_STRING ? bits.content[1 + (number >> 3)] : undefined;
  return octet !== undefined && (octet & (0x80 >> (number & 7))) !== 0;
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime after it; both in UTC, with seconds. */
function secondsOf({ tag, content }: DerElement): number | undefined {
  const text = String.fromCharCode(...content.subarray(0, 16));
  const match = /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const isShort = content.length === 13;
  if (tag !== (isShort ? DerTag.UTC_TIME : DerTag.GENERALIZED_TIME)) return undefined;
  const fullYear = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  // Before 1970 there was no TLS: what begins then has simply begun.
  if (fullYear < 1970) return 0;
  return secondsOfDate(fullYear, month, day, hour, minute, second);
}
