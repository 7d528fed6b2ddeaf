/**
 * Which hash a certificate's signature is made with, where it is one for which somebody else's
 * certificate can be forged. RFC 8446 §4.4.2.4 has MD5 refused and SHA-1 too; TLS libraries do.
 */
import { formatHex } from '../wire/index.js';
import { contextTag, type DerElement, readDerAll, readDerSequence } from './der.js';

/** Signature algorithms by object identifier, as the hexadecimal digits of its content. */
const WEAK_SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010102', 'MD2'],
  ['2a864886f70d010103', 'MD4'],
  ['2a864886f70d010104', 'MD5'],
  ['2a864886f70d010105', 'SHA-1'],
  // Identifiers of the Open Systems Environment workshop, older than the others.
  ['2b0e030203', 'MD5'],
  ['2b0e03021b', 'SHA-1'],
  ['2b0e03021d', 'SHA-1'],
  ['2a8648ce380403', 'SHA-1'],
  ['2a8648ce3d0401', 'SHA-1'],
]);

const RSASSA_PSS = '2a864886f70d01010a';
const WEAK_HASHES: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', 'SHA-1'],
  ['2a864886f70d0205', 'MD5'],
]);

export function weakHashOf(algorithm: DerElement): string | undefined {
  const [oid, parameters] = readDerSequence(algorithm) ?? [];
  const text = oid === undefined ? '' : formatHex(oid.content).toLowerCase();
  return text === RSASSA_PSS ? weakHashOfPss(parameters) : WEAK_SIGNATURES.get(text);
}

/** RFC 4055 §3.1: with RSASSA-PSS the hash is a parameter, and SHA-1 where it is left out. */
function weakHashOfPss(parameters: DerElement | undefined): string | undefined {
  const tagged = readDerSequence(parameters)?.find(({ tag }) => tag === contextTag(0));
  if (tagged === undefined) return 'SHA-1';
  const [hash] = readDerSequence(readDerAll(tagged.content)?.[0]) ?? [];
  return hash === undefined ? 'SHA-1' : WEAK_HASHES.get(formatHex(hash.content).toLowerCase());
}
