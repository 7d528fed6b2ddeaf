// Exim (Debian's exim4-daemon-heavy, unpacked by install-mailers.sh) with a configuration and
// spool of its own. Its DANE settings are those that the README advises.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MailOutcome, type MailProgram, mailerNamespace } from './mail-program.js';
import { finish, inNamespace, run } from './processes.js';
import type { World } from './world.js';

const program = '/var/cache/anchorite-interop/exim/usr/sbin/exim4';

function settings(folder: string): string[] {
  return [
    `exim_path = ${program}`,
    `spool_directory = ${folder}/spool`,
    `log_file_path = ${folder}/%slog`,
    'log_selector = +tls_peerdn',
    'primary_hostname = mta.absender.net',
    'never_users =',
    'keep_environment =',
    'check_spool_space = 0',
    'message_logs = false',
    'disable_ipv6 = false',
    'dns_dnssec_ok = 1',
    '',
    'begin routers',
    'abroad:',
    '  driver = dnslookup',
    '  transport = remote_smtp',
    '  no_more',
    '',
    'begin transports',
    'remote_smtp:',
    '  driver = smtp',
    '  dnssec_request_domains = *',
    '  hosts_try_dane = *',
    '  connect_timeout = 10s',
    '',
    'begin retry',
    '* * F,1d,1h',
    '',
  ];
}

export class Exim implements MailProgram {
  readonly id = 'exim';
  readonly onlyLooks = false;
  readonly #folder: string;

  constructor(world: World) {
    this.#folder = join(world.folder, 'exim');
  }

  async version(): Promise<string> {
    const output = await this.#exim(['-bV']);
    return `Exim ${/Exim version (\S+)/.exec(output)?.[1] ?? '?'}`;
  }

  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(join(this.#folder, 'spool'), { recursive: true });
    await writeFile(this.#configuration, settings(this.#folder).join('\n'));
    await run('chown', ['-R', '64101:64101', join(this.#folder)]);
    await run('chown', ['root:root', this.#configuration]);
  }

  async submit(recipient: string, subjectLine: string): Promise<void> {
    const message = `Subject: ${subjectLine}\nTo: ${recipient}\n\nA message of the test.\n`;
    // The empty sender keeps bounces from going anywhere; -odf delivers before it returns.
    await this.#exim(['-odf', '-i', '-f', '<>', recipient], message);
  }

  async retry(): Promise<void> {
    await this.#exim(['-qff']);
  }

  async outcomes(): Promise<Map<string, MailOutcome>> {
    const file = join(this.#folder, 'mainlog');
    const log = existsSync(file) ? await readFile(file, 'utf8') : '';
    const found = new Map<string, MailOutcome>();
    const signs = { '=>': 'sent', '==': 'deferred', '**': 'bounced' } as const;
    for (const line of log.split('\n')) {
      const event = /^\S+ \S+ \S+ (=>|==|\*\*) ([^ :]+)(.*)$/.exec(line);
      if (event === null || found.has(event[2]!)) continue;
      found.set(event[2]!, {
        status: signs[event[1] as keyof typeof signs],
        verified: / CV=dane /.test(line),
        line: line.slice(line.indexOf(event[1]!)),
      });
    }
    return found;
  }

  async end(): Promise<void> {
    // Every delivery has ended with the call that began it.
  }

  get #configuration(): string {
    return join(this.#folder, 'exim.conf');
  }

  async #exim(args: readonly string[], input = ''): Promise<string> {
    const [command, all] = inNamespace(mailerNamespace, program, [
      '-C',
      this.#configuration,
      ...args,
    ]);
    const { output } = await finish(command, all, { input, anyStatus: true, timeoutMs: 120_000 });
    return output;
  }
}
