/** Views of records that pin certificates and keys: TLSA, SMIMEA, SSHFP, OPENPGPKEY, CAA. */
import { portion } from '../octets.js';
import { RdataCursor } from './rdata-cursor.js';

/** RFC 6698 §2.1; the same form serves SMIMEA (RFC 8162 §2). */
export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

export function parseTlsa(rdata: Uint8Array): Tlsa | undefined {
  if (rdata.length < 4) return undefined;
  return {
    usage: rdata[0]!,
    selector: rdata[1]!,
    matchingType: rdata[2]!,
    data: portion(rdata, 3),
  };
}

/** RFC 4255 §3.1 */
export interface Sshfp {
  readonly algorithm: number;
  readonly fingerprintType: number;
  readonly fingerprint: Uint8Array;
}

export function parseSshfp(rdata: Uint8Array): Sshfp | undefined {
  if (rdata.length < 3) return undefined;
  return { algorithm: rdata[0]!, fingerprintType: rdata[1]!, fingerprint: portion(rdata, 2) };
}

/** RFC 8659 §4.1 */
export interface Caa {
  readonly flags: number;
  readonly tag: Uint8Array;
  readonly value: Uint8Array;
}

export function parseCaa(rdata: Uint8Array): Caa | undefined {
  const cursor = new RdataCursor(rdata);
  const flags = cursor.u8();
  const tag = cursor.characterString();
  const value = cursor.rest();
  // RFC 8659 §4.1: the tag has at least one octet.
  return cursor.finished && tag.length > 0 ? { flags, tag, value } : undefined;
}

/** RFC 7929 §2.1: the whole RDATA is the key. */
export interface Openpgpkey {
  readonly publicKey: Uint8Array;
}

export function parseOpenpgpkey(rdata: Uint8Array): Openpgpkey | undefined {
  return rdata.length === 0 ? undefined : { publicKey: rdata };
}
