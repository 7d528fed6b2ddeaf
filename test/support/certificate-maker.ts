/**
 * Makes X.509 certificates (RFC 5280 §4.1), right ones and wrong ones: what a library would refuse
 * to write is what a verifier has to refuse to read.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { concatOctets } from '../../src/wire/index.js';

export interface CertificateSpec {
  readonly subject: string;
  readonly names?: readonly string[];
  /** The public key goes in. */
  readonly key: KeyObject;
  /** Itself, when absent. */
  readonly issuer?: Issuer;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  /** Bits of keyUsage in the first octet; 0x04 signs certificates, 0x80 signs data. */
  readonly keyUsage?: number;
  readonly purposes?: readonly string[];
  /** DNS names below which an authority may issue, or may not; or DER in their place. */
  readonly nameConstraints?: {
    readonly isCritical: boolean;
    readonly permitted?: readonly string[];
    readonly excluded?: readonly string[];
    readonly raw?: Uint8Array;
  };
  /** An object identifier of which nobody knows what it means. */
  readonly unknownCritical?: string;
  /** X.509 version 1 has no extensions. */
  readonly isVersion1?: boolean;
  /** A signature with SHA-1, as nobody should trust one any more. */
  readonly isSha1?: boolean;
  /** In the place of both dates: what no reader of dates can read. */
  readonly dates?: string;
  /** A signature by another key than the issuer's. */
  readonly forgedBy?: KeyObject;
}

export interface Issuer {
  readonly subject: string;
  readonly key: KeyObject;
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The key of the lab's real certificates (src/lab/certificates.ts), for servers in tests. */
export const labServerKey = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'En_eRo_OTeqrVBB3DsmXF3MvNXxNIqw8_G9AG8lTsbc',
    y: 'fZlC2PNAexzHzekPj9b55mjbk2rmT7iSvhYR1VKEB7A',
    d: 'YFghAQeTKqVKH5Z0HkLh7YxOoe1Vfx6W0vHjXvblLos',
  },
});

const encode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatOctets(...parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concatOctets(Uint8Array.of(tag, ...head), content);
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);

function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second];
  for (const number of rest) {
    const groups = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return der(0x06, Uint8Array.from(octets));
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const ECDSA_SHA1 = sequence(oid('1.2.840.10045.4.1'));
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

function name(commonName: string): Uint8Array {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, encode(commonName)))));
}

/** `YYYYMMDDHHmmSSZ` or its short form, as given: both have to be understood. */
function time(text: string): Uint8Array {
  return der(text.length === 13 ? 0x17 : 0x18, encode(text));
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  const flag = isCritical ? [der(0x01, Uint8Array.of(0xff))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

function extensionsOf(spec: CertificateSpec): Uint8Array[] {
  const found: Uint8Array[] = [];
  const { names = [], isAuthority, pathLength, keyUsage, purposes, unknownCritical } = spec;
  if (isAuthority !== undefined) {
    const flag = isAuthority ? [der(0x01, Uint8Array.of(0xff))] : [];
    const length = pathLength === undefined ? [] : [der(0x02, Uint8Array.of(pathLength))];
    found.push(extension('2.5.29.19', true, sequence(...flag, ...length)));
  }
  if (keyUsage !== undefined) {
    found.push(extension('2.5.29.15', true, der(0x03, Uint8Array.of(0, keyUsage))));
  }
  if (purposes !== undefined)
    found.push(extension('2.5.29.37', false, sequence(...purposes.map(oid))));
  if (names.length > 0) {
    const entries = names.map((each) => der(0x82, encode(each)));
    found.push(extension('2.5.29.17', false, sequence(...entries)));
  }
  if (spec.nameConstraints !== undefined) {
    const { isCritical, permitted, excluded, raw } = spec.nameConstraints;
    const subtrees = (tag: number, bases: readonly string[] = []): Uint8Array[] =>
      bases.length === 0
        ? []
        : [der(tag, ...bases.map((base) => sequence(der(0x82, encode(base)))))];
    const value = raw ?? sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
    found.push(extension('2.5.29.30', isCritical, value));
  }
  if (unknownCritical !== undefined) {
    found.push(extension(unknownCritical, true, der(0x05)));
  }
  return found;
}

let serial = 0;

/** The certificate in DER. */
export function makeCertificate(spec: CertificateSpec): Uint8Array {
  const { subject, key, notBefore = '250101000000Z', notAfter = '20540101000000Z' } = spec;
  const issuer = spec.issuer ?? { subject, key };
  const extensions = extensionsOf(spec);
  const isVersion1 = spec.isVersion1 === true;
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const algorithm = spec.isSha1 === true ? ECDSA_SHA1 : ECDSA_SHA256;
  serial++;
  const body = sequence(
    ...(isVersion1 ? [] : [der(0xa0, der(0x02, Uint8Array.of(2)))]),
    der(0x02, Uint8Array.of(1 + (serial % 100))),
    algorithm,
    name(issuer.subject),
    sequence(time(spec.dates ?? notBefore), time(spec.dates ?? notAfter)),
    name(subject),
    Uint8Array.from(publicKey),
    ...(isVersion1 || extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  );
  const hash = spec.isSha1 === true ? 'sha1' : 'sha256';
  const signature = sign(hash, body, spec.forgedBy ?? issuer.key);
  return sequence(body, algorithm, der(0x03, Uint8Array.of(0), Uint8Array.from(signature)));
}

export function publicKeyInfo(key: KeyObject): Uint8Array {
  return Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

export function pem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

export function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
