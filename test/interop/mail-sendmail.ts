// sendmail with a configuration and queue of its own. Debian's binary is built without DANE;
// install-mailers.sh builds the same source with it.

import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type MailOutcome, type MailProgram, mailerNamespace } from './mail-program.js';
import { finish, inNamespace, run } from './processes.js';
import type { World } from './world.js';

const home = '/var/cache/anchorite-interop/sendmail';

function macros(folder: string, authorities: string): string[] {
  return [
    "include(`../m4/cf.m4')",
    "OSTYPE(`linux')",
    "undefine(`ALIAS_FILE')",
    "undefine(`STATUS_FILE')",
    "undefine(`HELP_FILE')",
    `define(\`QUEUE_DIR', \`${folder}/queue')`,
    "define(`confDANE', `true')",
    // Without these it does not install the function that compares TLSA records (inittls in
    // sendmail/tls.c).
    `define(\`confCACERT_PATH', \`${folder}')`,
    `define(\`confCACERT', \`${authorities}')`,
    "define(`confDOMAIN_NAME', `mta.absender.net')",
    "define(`confLOG_LEVEL', `14')",
    // On a busy machine it would only queue.
    "define(`confQUEUE_LA', `1000')",
    "define(`confREFUSE_LA', `1000')",
    "define(`confTO_ICONNECT', `10s')",
    "define(`confTO_CONNECT', `10s')",
    "FEATURE(`nocanonify')",
    "MAILER(`smtp')",
    '',
  ];
}

/** In a mount namespace of its own, where /dev/log is the socket at which the run listens. */
function script(folder: string): string {
  return [
    '#!/bin/bash',
    'set -e',
    'mount --make-rprivate /',
    `mount -t tmpfs none ${folder}/dev`,
    'for device in null zero full random urandom; do',
    `  touch ${folder}/dev/$device`,
    `  mount --bind /dev/$device ${folder}/dev/$device`,
    'done',
    `ln -s ${folder}/log.socket ${folder}/dev/log`,
    `mount --move ${folder}/dev /dev`,
    `exec ${home}/sendmail -C ${folder}/sendmail.cf "$@"`,
    '',
  ].join('\n');
}

export class Sendmail implements MailProgram {
  readonly id = 'sendmail';
  readonly onlyLooks = false;
  readonly #folder: string;
  readonly #authorities: string;
  #log: Server | undefined;

  constructor(world: World) {
    this.#folder = join(world.folder, 'sendmail');
    this.#authorities = world.mail.publicAuthorityFile;
  }

  async version(): Promise<string> {
    const args = ['-d0.1', '-bv', '-C', '/dev/null', 'x'];
    // Where its own name has no domain, it waits a minute for one.
    const [program, all] = inNamespace(mailerNamespace, `${home}/sendmail`, args);
    const { output } = await finish(program, all, { anyStatus: true });
    return `sendmail ${/Version (\S+)/.exec(output)?.[1] ?? '?'}`;
  }

  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(join(this.#folder, 'queue'), { recursive: true });
    await mkdir(join(this.#folder, 'dev'));
    const source = join(this.#folder, 'sendmail.mc');
    await writeFile(source, macros(this.#folder, this.#authorities).join('\n'));
    const text = await run('m4', [source], { folder: join(home, 'cf', 'cf') });
    await writeFile(join(this.#folder, 'sendmail.cf'), text);
    await writeFile(this.#script, script(this.#folder), { mode: 0o755 });
    await this.#listenForLog();
  }

  async submit(recipient: string, subjectLine: string): Promise<void> {
    const message = `Subject: ${subjectLine}\nTo: ${recipient}\n\nA message of the test.\n`;
    // The empty sender keeps bounces from going anywhere; -odi delivers before it returns.
    await this.#sendmail(['-odi', '-i', '-f', '<>', recipient], message);
  }

  async retry(): Promise<void> {
    await this.#sendmail(['-q']);
  }

  async outcomes(): Promise<Map<string, MailOutcome>> {
    const log = existsSync(this.#logFile) ? await readFile(this.#logFile, 'utf8') : '';
    const trusted = new Set<string>();
    const found = new Map<string, MailOutcome>();
    for (const line of log.split('\n')) {
      // Of one process, so of one message.
      const id = /sendmail\[(\d+)\]/.exec(line)?.[1] ?? '';
      if (/STARTTLS=client, relay=.*verify=TRUSTED/.test(line)) trusted.add(id);
      else if (/STARTTLS=client, relay=.*verify=/.test(line)) trusted.delete(id);
      const end = /to=<?([^>,]*)>?,.* stat=(.*)$/.exec(line);
      if (end === null || found.has(end[1]!)) continue;
      found.set(end[1]!, {
        status: statusOf(end[2]!),
        verified: trusted.has(id),
        line: line.slice(line.indexOf('to=')),
      });
    }
    return found;
  }

  async end(): Promise<void> {
    this.#log?.close();
  }

  get #script(): string {
    return join(this.#folder, 'sendmail.sh');
  }

  get #logFile(): string {
    return join(this.#folder, 'mail.log');
  }

  /** The C library sends its log over a stream where datagrams are not taken. */
  async #listenForLog(): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        const lines = chunk.toString().replaceAll('\0', '\n');
        void appendFile(this.#logFile, lines.endsWith('\n') ? lines : `${lines}\n`);
      });
    });
    this.#log = server;
    await new Promise<void>((resolve) => {
      server.listen(join(this.#folder, 'log.socket'), resolve);
    });
  }

  async #sendmail(args: readonly string[], input = ''): Promise<void> {
    const unshare = ['--mount', this.#script, ...args];
    const [command, all] = inNamespace(mailerNamespace, 'unshare', unshare);
    await finish(command, all, { input, anyStatus: true, timeoutMs: 120_000 });
  }
}

function statusOf(stat: string): MailOutcome['status'] {
  if (stat.startsWith('Sent')) return 'sent';
  return stat.startsWith('Deferred') || /temporar|queued/i.test(stat) ? 'deferred' : 'bounced';
}
