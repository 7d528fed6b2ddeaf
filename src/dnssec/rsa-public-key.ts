/** RSA public keys as DNSKEY RDATA has them, RFC 3110 §2. */

export interface RsaPublicKey {
  /** Big-endian, without leading zeros. */
  readonly exponent: Uint8Array;
  readonly modulus: Uint8Array;
}

/** Undefined when there is no exponent or no modulus. */
export function parseRsaPublicKey(publicKey: Uint8Array): RsaPublicKey | undefined {
  // RFC 3110 §2: one octet of length, or a zero and two octets.
  let at = 1;
  let exponentOctets = publicKey[0] ?? 0;
  if (exponentOctets === 0 && publicKey.length > 3) {
    exponentOctets = (publicKey[1]! << 8) | publicKey[2]!;
    at = 3;
  }
  // RFC 3110 §2 forbids leading zeros in both; they do no harm, so they are skipped.
  const exponent = withoutLeadingZeros(publicKey.subarray(at, at + exponentOctets));
  const modulus = withoutLeadingZeros(publicKey.subarray(at + exponentOctets));
  return exponent.length === 0 || modulus.length === 0 ? undefined : { exponent, modulus };
}

function withoutLeadingZeros(octets: Uint8Array): Uint8Array {
  let zeros = 0;
  while (octets[zeros] === 0) zeros++;
  return zeros === 0 ? octets : octets.subarray(zeros);
}

/** Length in bits of a big-endian number without leading zeros. */
export function bitLength(octets: Uint8Array): number {
  return octets.length === 0 ? 0 : octets.length * 8 - (Math.clz32(octets[0]!) - 24);
}
