/** The certificates that a TLS peer sent, in DER and in its order, its own first. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { DANE_LIMITS } from '../dane/index.js';
import { plainOctets } from '../wire/index.js';

/**
 * RFC 7671 §5.2.2: what was not sent must not be filled in from the authorities of this machine, as
 * `getPeerCertificate` does; two machines would then disagree about one server.
 */
export function presentedCertificates(socket: TLSSocket): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  // One more than is allowed, so that a chain that is too long is seen to be so.
  const most = DANE_LIMITS.certificates.value + 1;
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next !== undefined && certificates.length < most) {
    certificates.push(plainOctets(next.raw));
    next = next.issuerCertificate;
  }
  return certificates;
}
