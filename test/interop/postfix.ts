// The job itself: Postfix with DANE, using the subject as its resolver, must deliver where it
// should, verified or not, and defer where it should. The last line counts.
//   node postfix.js [--subject anchorite|unbound|blind] [--zones FOLDER]

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type MailCase, mailCases } from './mail-cases.js';
import { Mailer, type MailOutcome } from './mailer.js';
import { namespaceOf, whyNotHere } from './namespaces.js';
import { isSubjectKind, type SubjectKind, startSubject } from './resolvers.js';
import type { Delivered } from './smtp-sink.js';
import { World } from './world.js';

async function startSink(world: World): Promise<void> {
  // In a folder that is kept, an earlier run may have left its own.
  await rm(sinkLog(world), { force: true });
  const entry = fileURLToPath(new URL('smtp-sink.js', import.meta.url));
  const command = [process.execPath, entry, join(world.folder, 'certificates')];
  world.servers.start('mail', namespaceOf('mail'), command, sinkLog(world));
}

function sinkLog(world: World): string {
  return join(world.folder, 'delivered.jsonl');
}

async function deliveredTo(world: World): Promise<Map<string, Delivered>> {
  const text = await readFile(sinkLog(world), 'utf8');
  const all = text.split('\n').filter((line) => line.startsWith('{'));
  const entries = all.map((line) => JSON.parse(line) as Delivered);
  return new Map(entries.flatMap((each) => each.recipients.map((to) => [to, each] as const)));
}

function recipientOf(mailCase: MailCase): string {
  return `probe@${mailCase.domain}`;
}

/** Sentences about what is not as it must be. */
function faultsOf(
  mailCase: MailCase,
  outcome: MailOutcome | undefined,
  delivered: Delivered | undefined,
): string[] {
  if (outcome === undefined) return ['Postfix did not come to an end with it'];
  const faults: string[] = [];
  if (outcome.status !== mailCase.status) {
    faults.push(`${outcome.status}, not ${mailCase.status}: ${outcome.line}`);
  }
  if (mailCase.status !== 'sent') {
    if (delivered !== undefined) faults.push(`arrived at ${delivered.host} all the same`);
    const fits = mailCase.reason?.test(outcome.line) ?? true;
    if (!fits) faults.push(`another reason than ${mailCase.reason}: ${outcome.line}`);
    return faults;
  }
  const isVerified = outcome.tls === 'Verified';
  if (isVerified !== mailCase.verified) {
    faults.push(
      `TLS connection ${outcome.tls}, must ${mailCase.verified ? '' : 'not '}be Verified`,
    );
  }
  if (delivered?.host !== mailCase.host) {
    faults.push(`arrived at ${delivered?.host ?? 'nobody'}, not at ${mailCase.host}`);
  } else if (delivered?.tls === '') faults.push('arrived without TLS');
  return faults;
}

/** Waits until Postfix has tried every message once. */
async function awaitOutcomes(world: World, mailer: Mailer): Promise<Map<string, MailOutcome>> {
  let outcomes = new Map<string, MailOutcome>();
  for (let waitedMs = 0; waitedMs < 90_000; waitedMs += 200) {
    world.servers.checkAlive();
    outcomes = await mailer.outcomes();
    if (mailCases.every((each) => outcomes.has(recipientOf(each)))) break;
    await pause(200);
  }
  return outcomes;
}

async function deliverAll(world: World, subject: SubjectKind): Promise<boolean> {
  const mailer = new Mailer(world);
  let failed = 0;
  let passed = 0;
  const report = (name: string, faults: readonly string[], shows: string): void => {
    if (faults.length === 0) passed += 1;
    else failed += 1;
    console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(22)} ${shows}`);
    for (const fault of faults) console.log(`         ${fault}`);
  };
  try {
    await world.freePrograms();
    await world.build();
    await world.start();
    await startSubject(world, subject);
    await startSink(world);
    await mailer.start();
    const begun = performance.now();
    for (const mailCase of mailCases) {
      await mailer.submit(recipientOf(mailCase), `to ${mailCase.domain}`);
    }
    const outcomes = await awaitOutcomes(world, mailer);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`subject ${subject}: ${mailCases.length} messages in ${seconds} s`);
    const arrived = await deliveredTo(world);
    for (const mailCase of mailCases) {
      const recipient = recipientOf(mailCase);
      const faults = faultsOf(mailCase, outcomes.get(recipient), arrived.get(recipient));
      report(mailCase.domain, faults, `${mailCase.status}: ${mailCase.shows}`);
    }
    const log = await readFile(mailer.logFile, 'utf8');
    const doubts = log.split('\n').filter((line) => /DNSSEC validation may be/.test(line));
    report('ns:. probe', doubts, 'Postfix sees a validating resolver (dnssec_probe)');
  } finally {
    await mailer.end();
    await world.end();
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'anchorite' },
      zones: { type: 'string' },
    },
  });
  if (!isSubjectKind(values.subject)) throw new Error(`no such subject: ${values.subject}`);
  const skipped = await whyNotHere();
  if (skipped !== undefined) {
    console.log(`postfix: SKIPPED: ${skipped}\n0 passed, 0 failed`);
    return;
  }
  const world = await World.prepare(values.zones);
  const end = async (): Promise<void> => {
    await world.end();
    process.exit(1);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  process.exitCode = (await deliverAll(world, values.subject)) ? 0 : 1;
}

await main();
