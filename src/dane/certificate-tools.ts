/**
 * What is asked of a library about certificates: names and signatures. The runtime implements it
 * with Node's X509Certificate; what the answers mean for DANE is decided here.
 */

export interface CertificateTools {
  digest(hash: 'sha256' | 'sha512', data: Uint8Array): Uint8Array;
  /** Undefined when the library cannot read it. */
  open(octets: Uint8Array): OpenedCertificate | undefined;
}

export interface OpenedCertificate {
  readonly octets: Uint8Array;
  /** For people, on one line. */
  readonly subject: string;
  /** RFC 6125 §6.4: DNS names of the certificate; an asterisk stands for one whole first label. */
  matchesName(name: string): boolean;
  /** By names, key identifiers and signature. */
  isIssuedBy(issuer: OpenedCertificate): boolean;
  /** RFC 7671 §5.2.2: by a bare public key. */
  isSignedBy(publicKeyInfo: Uint8Array): boolean;
}
