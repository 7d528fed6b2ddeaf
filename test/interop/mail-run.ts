// Sends messages with mail programs and gathers what became of them: from each program's log, and
// from the server at which they arrived.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { policyTablePort, subject } from './addresses.js';
import { Exim } from './mail-exim.js';
import { PostTlsFinger } from './mail-finger.js';
import { Postfix } from './mail-postfix.js';
import type { MailOutcome, MailProgram, MailProgramId } from './mail-program.js';
import { Sendmail } from './mail-sendmail.js';
import { namespaceOf } from './namespaces.js';
import { inParallel } from './processes.js';
import type { Delivered } from './smtp-sink.js';
import type { World } from './world.js';

export function makeProgram(id: MailProgramId, world: World): MailProgram {
  switch (id) {
    case 'postfix':
      return new Postfix(world);
    case 'postfix-table':
      return new Postfix(world, `${subject.ipv4}:${policyTablePort}`);
    case 'exim':
      return new Exim(world);
    case 'sendmail':
      return new Sendmail(world);
    case 'posttls-finger':
      return new PostTlsFinger(world);
  }
}

function sinkLog(world: World): string {
  return join(world.folder, 'delivered.jsonl');
}

export async function startSink(world: World): Promise<void> {
  // In a folder that is kept, an earlier run may have left its own.
  await rm(sinkLog(world), { force: true });
  const entry = fileURLToPath(new URL('./smtp-sink.js', import.meta.url));
  const command = [process.execPath, entry, join(world.folder, 'certificates')];
  world.servers.start('mail', namespaceOf('mail'), command, sinkLog(world));
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
    world.servers.checkAlive();
    if ((await readFile(sinkLog(world), 'utf8')).startsWith('ready')) return;
    await pause(50);
  }
  throw new Error('the mail hosts do not listen');
}

/** Every message that has arrived, in order. */
export async function arrivals(world: World): Promise<Delivered[]> {
  const text = await readFile(sinkLog(world), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Delivered);
}

/** So that one server can tell whose message it has. */
export function recipientOf(program: MailProgramId, domain: string): string {
  return `${program}@${domain}`;
}

/** What a message is known by where it arrives: sendmail puts another name into RCPT TO. */
export function subjectOf(recipient: string): string {
  return `to ${recipient}`;
}

/** Hands a message to each domain over, and waits until each was tried once. */
export async function sendToAll(
  world: World,
  program: MailProgram,
  domains: readonly string[],
  recipientAt = (domain: string): string => recipientOf(program.id, domain),
): Promise<Map<string, MailOutcome>> {
  await inParallel(domains, 6, async (domain) => {
    const recipient = recipientAt(domain);
    await program.submit(recipient, subjectOf(recipient));
  });
  let outcomes = new Map<string, MailOutcome>();
  for (let waitedMs = 0; waitedMs < 90_000; waitedMs += 200) {
    world.servers.checkAlive();
    outcomes = await program.outcomes();
    if (domains.every((domain) => outcomes.has(recipientAt(domain)))) break;
    await pause(200);
  }
  return outcomes;
}
