/** The certificates that a TLS peer presented, in DER, its own first. */
import type { TLSSocket } from 'node:tls';
import { DANE_LIMITS } from '../dane/index.js';
import { plainOctets } from '../wire/index.js';

export function presentedCertificates(socket: TLSSocket): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  const seen = new Set<object>();
  // One more than is allowed, so that a chain that is too long is seen to be so.
  const most = DANE_LIMITS.certificates.value + 1;
  let certificate: ReturnType<TLSSocket['getPeerCertificate']> | undefined =
    socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && !seen.has(certificate) && certificates.length < most) {
    seen.add(certificate);
    certificates.push(plainOctets(certificate.raw));
    certificate = 'issuerCertificate' in certificate ? certificate.issuerCertificate : undefined;
  }
  return certificates;
}
