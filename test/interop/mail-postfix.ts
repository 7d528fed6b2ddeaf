// Debian's Postfix with a configuration and queue of its own, and what its log says about each
// message.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type MailOutcome, type MailProgram, mailerNamespace } from './mail-program.js';
import { inNamespace, run } from './processes.js';
import type { World } from './world.js';

const services = [
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'smtp unix - - n - - smtp',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'showq unix n - n - - showq',
  'postlog unix-dgram n - n - 1 postlogd',
];

function settings(folder: string, table: string | undefined): string[] {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${folder}/queue`,
    `data_directory = ${folder}/data`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'myhostname = mta.absender.net',
    'mydestination =',
    'local_transport = discard',
    'inet_interfaces = loopback-only',
    'inet_protocols = all',
    `maillog_file = ${folder}/mail.log`,
    `maillog_file_prefixes = ${folder}`,
    'notify_classes =',
    'smtp_connect_timeout = 10s',
    'smtp_host_lookup = dns',
    'smtp_dns_support_level = dnssec',
    ...levelSettings(table),
    'smtp_tls_loglevel = 1',
    'smtp_address_preference = any',
    '',
  ];
}

/** With a table, DANE comes from there and nowhere else: the default level knows nothing of it. */
function levelSettings(table: string | undefined): string[] {
  if (table === undefined) return ['smtp_tls_security_level = dane'];
  return [
    'smtp_tls_security_level = may',
    // Before 3.7.13 the level of the table did not count here.
    'smtp_tls_dane_insecure_mx_policy = dane',
    `smtp_tls_policy_maps = socketmap:inet:${table}:QUERY`,
  ];
}

export class Postfix implements MailProgram {
  readonly id: 'postfix' | 'postfix-table';
  readonly onlyLooks = false;
  readonly #world: World;
  readonly #folder: string;
  readonly #table: string | undefined;

  constructor(world: World, table?: string) {
    this.#world = world;
    this.#table = table;
    this.id = table === undefined ? 'postfix' : 'postfix-table';
    this.#folder = join(world.folder, this.id);
  }

  get logFile(): string {
    return join(this.#folder, 'mail.log');
  }

  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(join(this.#folder, 'queue'), { recursive: true });
    await writeFile(join(this.#folder, 'main.cf'), settings(this.#folder, this.#table).join('\n'));
    await writeFile(join(this.#folder, 'master.cf'), `${services.join('\n')}\n`);
    const data = join(this.#folder, 'data');
    await mkdir(data);
    await run('chown', ['postfix', data]);
    // Makes the queue's folders, with the owners that Postfix wants.
    await run('postfix', ['-c', this.#folder, 'check']);
    const master = ['/usr/lib/postfix/sbin/master', '-c', this.#folder, '-s'];
    const log = join(this.#world.folder, `${this.id}.log`);
    this.#world.servers.start(this.id, mailerNamespace, master, log);
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
      this.#world.servers.checkAlive();
      if (existsSync(join(this.#folder, 'queue', 'public', 'pickup'))) return;
      await pause(50);
    }
    throw new Error(`Postfix does not start; see ${log}`);
  }

  async submit(recipient: string, subjectLine: string): Promise<void> {
    const message = `Subject: ${subjectLine}\nTo: ${recipient}\n\nA message of the test.\n`;
    // The empty sender keeps bounces from going anywhere.
    const sendmail = ['-C', this.#folder, '-i', '-f', '<>', recipient];
    const [program, args] = inNamespace(mailerNamespace, '/usr/sbin/sendmail', sendmail);
    await run(program, args, { input: message });
  }

  async version(): Promise<string> {
    const told = this.#table === undefined ? '' : ', told by the policy table';
    return `Postfix ${(await run('postconf', ['-dh', 'mail_version'])).trim()}${told}`;
  }

  async retry(): Promise<void> {
    await run(...inNamespace(mailerNamespace, 'postqueue', ['-c', this.#folder, '-f']));
  }

  async outcomes(): Promise<Map<string, MailOutcome>> {
    const log = existsSync(this.logFile) ? await readFile(this.logFile, 'utf8') : '';
    const tlsByHost = new Map<string, string>();
    const found = new Map<string, MailOutcome>();
    for (const line of log.split('\n')) {
      const tls = /(\w+) TLS connection established to (\S+\]):/.exec(line);
      if (tls !== null) tlsByHost.set(`${processOf(line)} ${tls[2]}`, tls[1]!);
      const end = /to=<([^>]*)>, (?:.*, )?relay=([^,]*),.* status=(\w+)/.exec(line);
      if (end === null) continue;
      const relay = end[2]!.replace(/:\d+$/, '');
      const outcome = {
        status: end[3] as MailOutcome['status'],
        verified: tlsByHost.get(`${processOf(line)} ${relay}`) === 'Verified',
        line: line.slice(line.indexOf('to=<')),
      };
      // The first attempt is the one that counts.
      if (!found.has(end[1]!)) found.set(end[1]!, outcome);
    }
    return found;
  }

  /** Postfix asks for the root's name servers (dnssec_probe) and says when AD is missing. */
  async complaints(): Promise<string[]> {
    const log = await readFile(this.logFile, 'utf8');
    return log.split('\n').filter((line) => /DNSSEC validation may be/.test(line));
  }

  async end(): Promise<void> {
    await this.#world.servers.stop(this.id);
  }
}

function processOf(line: string): string {
  return /postfix\/smtp\[(\d+)\]/.exec(line)?.[1] ?? '';
}
