// What the run asks of every mail program: hand it messages, and read in its own log what became
// of each. All of them live in the mailer's namespace, whose resolv.conf names the resolver.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { mailer } from './addresses.js';
import { namespaceOf } from './namespaces.js';

/** `postfix-table`: Postfix without a default of its own, told by the policy table what to do. */
export const mailProgramIds = [
  'postfix',
  'postfix-table',
  'exim',
  'sendmail',
  'posttls-finger',
] as const;
export type MailProgramId = (typeof mailProgramIds)[number];

/** What a program says of a message, in its own words and in ours. */
export interface MailOutcome {
  readonly status: 'sent' | 'deferred' | 'bounced';
  /** It says that DANE has authenticated the server. */
  readonly verified: boolean;
  readonly line: string;
}

export interface MailProgram {
  readonly id: MailProgramId;
  /** Looks, but sends nothing. */
  readonly onlyLooks: boolean;
  version(): Promise<string>;
  start(): Promise<void>;
  /** Hands a message over, as a program on its machine would. */
  submit(recipient: string, subjectLine: string): Promise<void>;
  /** What its log says became of each recipient at the first attempt, once it says it. */
  outcomes(): Promise<Map<string, MailOutcome>>;
  /** Tries again what waits. */
  retry(): Promise<void>;
  /** What its log complains of besides; nothing of that kind may be there. */
  complaints?(): Promise<string[]>;
  end(): Promise<void>;
}

export const mailerNamespace = namespaceOf('mailer');
/** `ip netns exec` lays the files in here over those in /etc. */
const systemFolder = join('/etc/netns', mailerNamespace);

/** Debian's packages would make these accounts; here nothing outlives the run. */
const accounts = ['Debian-exim:x:64101:64101::/nonexistent:/usr/sbin/nologin'];
const groups = ['Debian-exim:x:64101:'];

async function withLines(file: string, lines: readonly string[]): Promise<string> {
  const text = await readFile(file, 'utf8');
  const names = new Set(lines.map((line) => line.split(':')[0]));
  const others = text.split('\n').filter((line) => line !== '' && !names.has(line.split(':')[0]));
  return [...others, ...lines, ''].join('\n');
}

/** Makes `nameserver` the only resolver of the mailer's namespace. */
export async function useResolver(nameserver: string): Promise<void> {
  await mkdir(systemFolder, { recursive: true });
  const resolver = [
    `nameserver ${nameserver}`,
    // Without trust-ad the C library clears the AD bit.
    'options edns0 trust-ad timeout:10',
    '',
  ];
  await writeFile(join(systemFolder, 'resolv.conf'), resolver.join('\n'));
  // sendmail waits for minutes when the machine's own name has no domain.
  const own = `mta.absender.net mta ${hostname()}`;
  const hosts = ['127.0.0.1 localhost', `${mailer.ipv4} ${own}`, `${mailer.ipv6} ${own}`, ''];
  await writeFile(join(systemFolder, 'hosts'), hosts.join('\n'));
  await writeFile(join(systemFolder, 'passwd'), await withLines('/etc/passwd', accounts));
  await writeFile(join(systemFolder, 'group'), await withLines('/etc/group', groups));
}

export async function forgetResolver(): Promise<void> {
  await rm(systemFolder, { recursive: true, force: true });
}
