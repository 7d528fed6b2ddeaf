// Makes the certificates of the mail hosts with OpenSSL: each with a key on P-256.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.js';

export interface CertificateWish {
  readonly commonName: string;
  /** Names in the certificate (subjectAltName). */
  readonly names?: readonly string[];
  readonly expired?: boolean;
}

const daySeconds = 24 * 3600;

/** 20260131235959Z, as `openssl ca` wants it. */
function asn1Time(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
}

/** The settings that `openssl ca` does not go without; it alone can date a certificate back. */
function authoritySettings(folder: string): string {
  return [
    '[ca]',
    'default_ca = own',
    '[own]',
    `database = ${folder}/index`,
    `new_certs_dir = ${folder}`,
    `rand_serial = yes`,
    'default_md = sha256',
    'policy = any',
    '[any]',
    'commonName = supplied',
    '',
  ].join('\n');
}

/** Writes `id`.key and `id`.pem into the folder, signed by `authority` or by its own key. */
export async function makeCertificate(
  folder: string,
  id: string,
  wish: CertificateWish,
  authority?: string,
): Promise<void> {
  const file = (suffix: string): string => join(folder, `${id}.${suffix}`);
  const work = join(folder, `${id}.ca`);
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'index'), '');
  await writeFile(join(work, 'settings'), authoritySettings(work));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', `/CN=${wish.commonName}`];
  await run('openssl', [
    'req',
    '-new',
    ...key,
    ...subject,
    '-keyout',
    file('key'),
    '-out',
    file('csr'),
  ]);
  const extensions =
    wish.names === undefined
      ? 'basicConstraints=CA:TRUE\n'
      : `subjectAltName=${wish.names.map((name) => `DNS:${name}`).join(',')}\n`;
  await writeFile(join(work, 'extensions'), extensions);
  const now = Math.floor(Date.now() / 1000);
  const [start, end] = wish.expired === true ? [-60, -30] : [-1, 30];
  const signer =
    authority === undefined
      ? ['-selfsign', '-keyfile', file('key')]
      : ['-cert', join(folder, `${authority}.pem`), '-keyfile', join(folder, `${authority}.key`)];
  await run('openssl', [
    ...['ca', '-batch', '-notext', '-config', join(work, 'settings'), '-in', file('csr')],
    ...['-out', file('pem'), '-extfile', join(work, 'extensions'), ...signer],
    ...['-startdate', asn1Time(now + start * daySeconds)],
    ...['-enddate', asn1Time(now + end * daySeconds)],
  ]);
  if (authority !== undefined) {
    // The chain, in the order in which a server sends it.
    const chain = await readFile(join(folder, `${authority}.pem`), 'utf8');
    await writeFile(file('pem'), (await readFile(file('pem'), 'utf8')) + chain);
  }
  await rm(work, { recursive: true });
}
