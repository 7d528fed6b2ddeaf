/** Certificates by way of Node's X509Certificate: what `dane/` asks of a library. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import type { CertificateTools, OpenedCertificate } from '../dane/index.js';
import { plainOctets } from '../wire/index.js';

export const certificateTools: CertificateTools = {
  digest: (hash, data) => plainOctets(createHash(hash).update(data).digest()),
  open(octets) {
    try {
      return new NodeCertificate(octets);
    } catch {
      return undefined;
    }
  },
};

class NodeCertificate implements OpenedCertificate {
  readonly octets: Uint8Array;
  readonly #certificate: X509Certificate;

  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.#certificate = new X509Certificate(octets);
  }

  get subject(): string {
    const subject = this.#certificate.subject.replaceAll('\n', ', ');
    return subject === '' ? 'an empty name' : subject;
  }

  matchesName(name: string): boolean {
    // RFC 7672 §3.2.3: a wildcard is one whole label, and the first.
    const options = { partialWildcards: false, multiLabelWildcards: false };
    return this.#certificate.checkHost(name, options) !== undefined;
  }

  isIssuedBy(issuer: OpenedCertificate): boolean {
    if (!(issuer instanceof NodeCertificate)) return false;
    const above = issuer.#certificate;
    try {
      return this.#certificate.checkIssued(above) && this.#certificate.verify(above.publicKey);
    } catch {
      // A key of a kind that OpenSSL does not know verifies nothing.
      return false;
    }
  }

  isSignedBy(publicKeyInfo: Uint8Array): boolean {
    try {
      const key = createPublicKey({ key: Buffer.from(publicKeyInfo), format: 'der', type: 'spki' });
      return this.#certificate.verify(key);
    } catch {
      return false;
    }
  }
}
