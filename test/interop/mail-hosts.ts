// The receiving mail servers of the world: their addresses, certificates and TLSA records.
// They are described here because zones name them and the Postfix run starts them.

import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const mailHostIds = ['good', 'mute', 'anchored'] as const;
export type MailHostId = (typeof mailHostIds)[number];

export interface MailHost {
  readonly id: MailHostId;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Offers STARTTLS; one host does not, as if an attacker had removed the offer. */
  readonly startTls: boolean;
}

const hosts: readonly MailHost[] = [
  { id: 'good', ipv4: '45.80.0.1', ipv6: '2a0c:8000::1', startTls: true },
  { id: 'mute', ipv4: '45.80.0.2', ipv6: '2a0c:8000::2', startTls: false },
  { id: 'anchored', ipv4: '45.80.0.3', ipv6: '2a0c:8000::3', startTls: true },
];

/** The name in the certificate that a DANE-TA client compares (RFC 7672 §3.2.1). */
const anchoredName = 'mail.anker.de';

export class MailHosts {
  readonly all = hosts;
  readonly #folder: string;
  readonly #endEntityKeys = new Map<MailHostId, string>();
  #authorityDigest = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the keys and certificates in `folder`, or reads those that are there. */
  static async prepare(folder: string): Promise<MailHosts> {
    const made = new MailHosts(folder);
    await mkdir(folder, { recursive: true });
    for (const host of hosts) {
      if (!existsSync(made.certificateFile(host.id))) await made.#makeCertificate(host.id);
      const certificate = new X509Certificate(await readFile(made.certificateFile(host.id)));
      const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
      made.#endEntityKeys.set(host.id, createHash('sha256').update(key).digest('hex'));
    }
    const authority = new X509Certificate(await readFile(join(folder, 'authority.pem')));
    made.#authorityDigest = createHash('sha256').update(authority.raw).digest('hex');
    return made;
  }

  /** The certificate chain in the order in which the server sends it. */
  certificateFile(id: MailHostId): string {
    return join(this.#folder, `${id}.pem`);
  }

  keyFile(id: MailHostId): string {
    return join(this.#folder, `${id}.key`);
  }

  /** Address records for `owner` that lead to the host. */
  addresses(owner: string, id: MailHostId = 'good'): string[] {
    const host = hosts.find((each) => each.id === id)!;
    return [`${owner} A ${host.ipv4}`, `${owner} AAAA ${host.ipv6}`];
  }

  /** DANE-EE(3), SPKI(1), SHA2-256(1), and it matches. */
  matchingTlsa(id: MailHostId = 'good'): string {
    return `TLSA 3 1 1 ${this.#endEntityKeys.get(id)!}`;
  }

  /** The same kind of record for a key that no host has. */
  strangersTlsa(): string {
    const digest = createHash('sha256').update('a key that no mail host of the world has');
    return `TLSA 3 1 1 ${digest.digest('hex')}`;
  }

  /** DANE-TA(2), Cert(0), SHA2-256(1): the authority that signed the anchored host's key. */
  authorityTlsa(): string {
    return `TLSA 2 0 1 ${this.#authorityDigest}`;
  }

  async #makeCertificate(id: MailHostId): Promise<void> {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const certificate = this.certificateFile(id);
    if (id !== 'anchored') {
      await execute('openssl', [
        ...['req', '-x509', ...key, '-days', '30', '-subj', `/CN=${id}`],
        ...['-keyout', this.keyFile(id), '-out', certificate],
      ]);
      return;
    }
    const authority = join(this.#folder, 'authority.pem');
    const authorityKey = join(this.#folder, 'authority.key');
    await execute('openssl', [
      ...['req', '-x509', ...key, '-days', '30', '-subj', '/CN=Own Authority'],
      ...['-keyout', authorityKey, '-out', authority],
    ]);
    const request = join(this.#folder, `${id}.csr`);
    await execute('openssl', [
      ...['req', '-new', ...key, '-subj', `/CN=${anchoredName}`],
      ...['-keyout', this.keyFile(id), '-out', request],
    ]);
    const extensions = join(this.#folder, `${id}.ext`);
    await writeFile(extensions, `subjectAltName=DNS:${anchoredName}\n`);
    const { stdout: leaf } = await execute('openssl', [
      ...['x509', '-req', '-in', request, '-CA', authority, '-CAkey', authorityKey],
      ...['-set_serial', '7', '-days', '30', '-extfile', extensions],
    ]);
    await writeFile(certificate, leaf + (await readFile(authority, 'utf8')));
  }
}
