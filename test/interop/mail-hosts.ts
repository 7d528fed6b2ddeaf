// The receiving mail servers of the world: their addresses, certificates and TLSA records.
// They are described here because zones name them and the run with mailers starts them.

import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateWish, makeCertificate } from './certificates.js';

export const mailHostIds = [
  'good',
  'mute',
  'anchored',
  'expired',
  'misnamed',
  'spare',
  'attacker',
] as const;
export type MailHostId = (typeof mailHostIds)[number];

export interface MailHost {
  readonly id: MailHostId;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Offers STARTTLS; one host does not, as if an attacker had removed the offer. */
  readonly startTls: boolean;
}

const hosts: readonly MailHost[] = mailHostIds.map((id, index) => ({
  id,
  ipv4: `45.80.0.${index + 1}`,
  ipv6: `2a0c:8000::${index + 1}`,
  startTls: id !== 'mute',
}));

/** The names in the certificate that a DANE-TA client compares (RFC 7672 §3.2.3). */
const anchoredNames = ['mail.anker.de', 'mx.ta201.dane.se', 'mx.ta211.dane.se'];

const authority = 'authority';
/** What mailers that insist on a list of public authorities get. */
const publicAuthority = 'public';

const wishes: Readonly<Record<MailHostId, CertificateWish>> = {
  good: { commonName: 'good' },
  mute: { commonName: 'mute' },
  anchored: { commonName: anchoredNames[0]!, names: anchoredNames },
  expired: { commonName: 'expired', expired: true },
  misnamed: { commonName: 'www.alpha-mail.se', names: ['www.alpha-mail.se'] },
  spare: { commonName: 'spare' },
  attacker: { commonName: 'attacker' },
};

/** Digests by their matching type (RFC 6698 §2.1.3). */
const digests = { 1: 'sha256', 2: 'sha512' } as const;

export class MailHosts {
  readonly all = hosts;
  readonly #folder: string;
  /** The certificate of each host, without its chain, and that of the authority. */
  readonly #certificates = new Map<string, X509Certificate>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the keys and certificates in `folder`, or reads those that are there. */
  static async prepare(folder: string): Promise<MailHosts> {
    const made = new MailHosts(folder);
    await mkdir(folder, { recursive: true });
    await made.#take(authority, { commonName: 'Own Authority' });
    await made.#take(publicAuthority, { commonName: 'An authority that signed nothing here' });
    for (const { id } of hosts) {
      await made.#take(id, wishes[id], id === 'anchored' ? authority : undefined);
    }
    return made;
  }

  async #take(id: string, wish: CertificateWish, signer?: string): Promise<void> {
    const file = join(this.#folder, `${id}.pem`);
    if (!existsSync(file)) await makeCertificate(this.#folder, id, wish, signer);
    this.#certificates.set(id, new X509Certificate(await readFile(file)));
  }

  /** The certificate chain in the order in which the server sends it. */
  certificateFile(id: MailHostId): string {
    return join(this.#folder, `${id}.pem`);
  }

  keyFile(id: MailHostId): string {
    return join(this.#folder, `${id}.key`);
  }

  get publicAuthorityFile(): string {
    return join(this.#folder, `${publicAuthority}.pem`);
  }

  /** Address records for `owner` that lead to the host. */
  addresses(owner: string, id: MailHostId = 'good'): string[] {
    const host = hosts.find((each) => each.id === id)!;
    return [`${owner} A ${host.ipv4}`, `${owner} AAAA ${host.ipv6}`];
  }

  /** What a TLSA record compares: Cert(0) or SPKI(1) of a host, or of the authority. */
  selected(id: MailHostId | 'authority', selector: 0 | 1): Buffer {
    const certificate = this.#certificates.get(id)!;
    if (selector === 0) return certificate.raw;
    return certificate.publicKey.export({ type: 'spki', format: 'der' });
  }

  /** A TLSA record that is true of the host, or with usage 2 of the authority. */
  tlsa(
    usage: 1 | 2 | 3,
    selector: 0 | 1,
    matching: 0 | 1 | 2,
    id: MailHostId | 'authority' = usage === 2 ? authority : 'good',
  ): string {
    const data = this.selected(id, selector);
    const shown = matching === 0 ? data : createHash(digests[matching]).update(data).digest();
    return `TLSA ${usage} ${selector} ${matching} ${shown.toString('hex')}`;
  }

  /** DANE-EE(3), SPKI(1), SHA2-256(1), and it matches. */
  matchingTlsa(id: MailHostId = 'good'): string {
    return this.tlsa(3, 1, 1, id);
  }

  /** The same kind of record for a key that no host has. */
  strangersTlsa(): string {
    const digest = createHash('sha256').update('a key that no mail host of the world has');
    return `TLSA 3 1 1 ${digest.digest('hex')}`;
  }

  /** DANE-TA(2), Cert(0), SHA2-256(1): the authority that signed the anchored host's key. */
  authorityTlsa(): string {
    return this.tlsa(2, 0, 1);
  }
}
