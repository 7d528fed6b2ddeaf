/**
 * The thin wall before the crypto library: keys, data and signatures in DNSSEC's own encodings go
 * in, answers come out. Nothing behind it knows what a zone is; nothing before it what OpenSSL is.
 */

export type DigestName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A public key in the provider's own form. Only the provider that made it can use it. */
export interface ImportedKey {
  readonly algorithm: number;
  readonly native: unknown;
}

export interface CryptoProvider {
  readonly name: string;
  /**
   * For test doubles only, and impossible to configure: algorithms whose signatures the double
   * accepts unseen, so that recorded scenarios with obsolete algorithms can be replayed.
   */
  readonly standsInFor?: ReadonlySet<number>;
  /** Whether this provider can verify signatures of this DNSSEC algorithm; policy comes later. */
  supports(algorithm: number): boolean;
  /** `publicKey` as in DNSKEY RDATA; undefined when it is not a key of that algorithm. */
  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined;
  /** `signature` as in RRSIG RDATA. Never throws: whatever goes wrong is a wrong signature. */
  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean;
  digest(hash: DigestName, data: Uint8Array): Uint8Array;
  /** RFC 5155 §5: SHA-1 of the canonical name and salt, hashed `iterations` more times. */
  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
