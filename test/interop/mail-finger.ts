// posttls-finger, Postfix's own tool, as a second opinion: it looks up, connects and checks as
// Postfix does with `-l dane`, and says what it has found. It sends nothing.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MailOutcome, type MailProgram, mailerNamespace } from './mail-program.js';
import { finish, inNamespace, run } from './processes.js';
import type { World } from './world.js';

export class PostTlsFinger implements MailProgram {
  readonly id = 'posttls-finger';
  readonly onlyLooks = true;
  readonly #folder: string;
  readonly #found = new Map<string, MailOutcome>();

  async version(): Promise<string> {
    const version = (await run('postconf', ['-dh', 'mail_version'])).trim();
    return `posttls-finger ${version}`;
  }

  constructor(world: World) {
    this.#folder = join(world.folder, 'finger');
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, 'main.cf'), 'compatibility_level = 3.6\n');
    this.#found.clear();
  }

  async submit(recipient: string): Promise<void> {
    const domain = recipient.slice(recipient.indexOf('@') + 1);
    const args = ['-c', '-l', 'dane', '-t', '10', '-T', '10', '-o', 'inet_protocols=all', domain];
    const [command, all] = inNamespace(mailerNamespace, 'posttls-finger', args);
    const { output, complaints } = await finish(command, all, {
      environment: { MAIL_CONFIG: this.#folder },
      anyStatus: true,
      timeoutMs: 120_000,
    });
    this.#found.set(recipient, read(`${output}\n${complaints}`));
  }

  async retry(): Promise<void> {
    // It keeps no queue.
  }

  async outcomes(): Promise<Map<string, MailOutcome>> {
    return this.#found;
  }

  async end(): Promise<void> {
    // Each look has ended.
  }
}

function read(said: string): MailOutcome {
  const lines = said.split('\n').filter((line) => line.startsWith('posttls-finger: '));
  const told = lines
    .map((line) => line.slice('posttls-finger: '.length))
    .filter((line) => !/^</.test(line));
  const established = /^(\w+) TLS connection established/m.exec(told.join('\n'));
  const line = told.at(-1) ?? 'nothing';
  if (established !== null) {
    const verified = established[1] === 'Verified';
    // X509_V_ERR_DANE_NO_MATCH and X509_V_ERR_HOSTNAME_MISMATCH: TLSA records did not match. It
    // goes on over a connection that Postfix would give up, to show the certificate.
    const mustVerify = told.some((each) => / num=6[25]:/.test(each));
    const status = mustVerify && !verified ? 'deferred' : 'sent';
    return { status, verified, line: established[0] };
  }
  const isGone =
    /not found, no mail|does not accept mail|Host not found$/i.test(line) || /null MX/i.test(line);
  return { status: isGone ? 'bounced' : 'deferred', verified: false, line };
}
