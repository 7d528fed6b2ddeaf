/** DS digest types: one row each, IANA "DS RR Type Digest Algorithms" (RFC 9904). */
import { type Ds, equalOctets, type Name } from '../wire/index.js';
import type { CryptoProvider, DigestName } from './crypto-provider.js';
import type { ValidationPolicy } from './validation-context.js';

export interface DigestRow {
  readonly number: number;
  readonly mnemonic: string;
  readonly hash: DigestName;
  readonly digestOctets: number;
  /** Column "Implement for DNSSEC Validation". */
  readonly implementForValidation: 'MUST' | 'RECOMMENDED';
  /** RFC 9905 §2: operators treat it as unsupported, so it is off until switched on. */
  readonly sha1: boolean;
  readonly reference: string;
}

// GOST R 34.11-94 (3) has no row: RFC 9906.
const ROWS: readonly DigestRow[] = [
  {
    number: 1,
    mnemonic: 'SHA-1',
    hash: 'sha1',
    digestOctets: 20,
    implementForValidation: 'MUST',
    sha1: true,
    reference: 'RFC 4034 §A.2',
  },
  {
    number: 2,
    mnemonic: 'SHA-256',
    hash: 'sha256',
    digestOctets: 32,
    implementForValidation: 'MUST',
    sha1: false,
    reference: 'RFC 4509 §2',
  },
  {
    number: 4,
    mnemonic: 'SHA-384',
    hash: 'sha384',
    digestOctets: 48,
    implementForValidation: 'RECOMMENDED',
    sha1: false,
    reference: 'RFC 6605 §2',
  },
];

export const DIGESTS: ReadonlyMap<number, DigestRow> = new Map(
  ROWS.map((row) => [row.number, row]),
);

export function digestIsSupported(digestType: number, policy: ValidationPolicy): boolean {
  const row = DIGESTS.get(digestType);
  return row !== undefined && (!row.sha1 || policy.sha1);
}

/** RFC 4034 §5.1.4: the digest over owner name and DNSKEY RDATA. Tag and algorithm: the caller. */
export function digestMatches(
  ds: Ds,
  zone: Name,
  dnskeyRdata: Uint8Array,
  crypto: CryptoProvider,
): boolean {
  const row = DIGESTS.get(ds.digestType);
  // A digest of another length matches nothing; it is not worth hashing for.
  if (row === undefined || ds.digest.length !== row.digestOctets) return false;
  const owner = zone.canonicalOctets();
  const data = new Uint8Array(owner.length + dnskeyRdata.length);
  data.set(owner);
  data.set(dnskeyRdata, owner.length);
  return equalOctets(ds.digest, crypto.digest(row.hash, data));
}
