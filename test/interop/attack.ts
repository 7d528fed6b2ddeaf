// The attack that a resolver beside the mailer is for. Mail goes to a domain with DANE. A man in
// the middle sees all that leaves the mailer's machine and forges DNS answers.
//   1. The mailer asks a shared, validating resolver elsewhere, over that way: the attacker says
//      the resolver has said so, sets AD, and gets the mail; the mailer calls it verified.
//   2. The mailer asks Anchorite on its own loopback interface: what is forged on the way is
//      found to be bogus, and the mail waits. When the attacker has gone it arrives.
// Prints what happened and a last line of counts.
//   node attack.js [--zones FOLDER] [--programs a,b]

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loopback, reference } from './addresses.js';
import type { AttackMode } from './attack-box.js';
import {
  forgetResolver,
  type MailOutcome,
  type MailProgram,
  type MailProgramId,
  mailProgramIds,
  useResolver,
} from './mail-program.js';
import { arrivals, makeProgram, sendToAll, startSink, subjectOf } from './mail-run.js';
import { Middle } from './middle.js';
import { whyNotHere } from './namespaces.js';
import { startBesideMailer, startReference } from './resolvers.js';
import { inWorld, type World } from './world.js';

const victim = 'alpha-mail.se';
/** A domain that the attacker leaves alone: that mail must flow all the time. */
const bystander = 'eddy.net';

interface Scene {
  readonly title: string;
  readonly resolver: 'shared' | 'beside';
  readonly mode: AttackMode;
  /** Where the victim's mail arrives, or `nowhere`. */
  readonly arrivesAt: 'good' | 'attacker' | 'nowhere';
}

const scenes: readonly Scene[] = [
  {
    title: 'shared resolver, nobody in between',
    resolver: 'shared',
    mode: 'silent',
    arrivesAt: 'good',
  },
  {
    title: 'shared resolver, forged answers with AD',
    resolver: 'shared',
    mode: 'forge',
    arrivesAt: 'attacker',
  },
  {
    title: 'Anchorite on loopback, forged answers with AD',
    resolver: 'beside',
    mode: 'forge',
    arrivesAt: 'nowhere',
  },
  {
    title: 'Anchorite on loopback, DS and DNSKEY taken away, too',
    resolver: 'beside',
    mode: 'strip',
    arrivesAt: 'nowhere',
  },
];

/** Sentences about what is not as it must be. */
async function playScene(
  world: World,
  program: MailProgram,
  scene: Scene,
  number: number,
): Promise<{ faults: string[]; told: string }> {
  const recipient = (domain: string): string => `${program.id}-${number}@${domain}`;
  const outcomes = await sendToAll(world, program, [victim, bystander], recipient);
  const arrived = await arrivals(world);
  const hostOf = (domain: string): string =>
    arrived.find(({ subject }) => subject === subjectOf(recipient(domain)))?.host ?? 'nowhere';
  const faults: string[] = [];
  const judge = (domain: string, wanted: string, outcome: MailOutcome | undefined): void => {
    const where = hostOf(domain);
    if (where !== wanted) faults.push(`mail to ${domain} arrived ${where}, not ${wanted}`);
    const mustBe = wanted === 'nowhere' ? 'deferred' : 'sent';
    if (outcome?.status !== mustBe) faults.push(`${domain} ${outcome?.status}: ${outcome?.line}`);
    if (mustBe === 'sent' && outcome?.verified === false) {
      faults.push(`${domain} not verified: ${outcome.line}`);
    }
  };
  judge(victim, scene.arrivesAt, outcomes.get(recipient(victim)));
  judge(bystander, 'good', outcomes.get(recipient(bystander)));
  const place = hostOf(victim);
  const outcome = outcomes.get(recipient(victim));
  const verdict = outcome?.verified === true ? ', verified' : '';
  return { faults, told: place === 'nowhere' ? `${outcome?.status}` : `to ${place}${verdict}` };
}

/** After the last scene: the attacker goes, the queue is tried again, and the mail arrives. */
async function playTheEnd(world: World, program: MailProgram, number: number): Promise<string[]> {
  const wanted = subjectOf(`${program.id}-${number}@${victim}`);
  const giveUpMs = performance.now() + 60_000;
  while (performance.now() < giveUpMs) {
    await program.retry();
    await pause(1000);
    const found = (await arrivals(world)).find(({ subject }) => subject === wanted);
    if (found !== undefined) return found.host === 'good' ? [] : [`it went to ${found.host}`];
  }
  return ['it has not arrived'];
}

async function playAll(world: World, programs: readonly MailProgramId[]): Promise<boolean> {
  let passed = 0;
  let failed = 0;
  const report = (who: string, title: string, told: string, faults: readonly string[]): void => {
    if (faults.length === 0) passed += 1;
    else failed += 1;
    const mark = faults.length === 0 ? 'ok    ' : 'FAILED';
    console.log(`${mark} ${who.padEnd(18)} ${title.padEnd(56)} ${told}`);
    for (const fault of faults) console.log(`         ${fault}`);
  };
  const attack = new Middle(world, victim);
  await startReference(world);
  await startSink(world);
  await attack.start();
  console.log(`mail to ${victim}, which has DANE; the attacker sees all the mailer's packets`);
  for (const [index, scene] of scenes.entries()) {
    await attack.turn('silent');
    await useResolver(scene.resolver === 'shared' ? reference.ipv4 : loopback.ipv4);
    if (scene.resolver === 'beside') await startBesideMailer(world);
    await attack.turn(scene.mode);
    const isLast = index === scenes.length - 1;
    const playing = programs.map((id) => makeProgram(id, world));
    const play = async (program: MailProgram): Promise<void> => {
      await program.start();
      const { faults, told } = await playScene(world, program, scene, index);
      report(await program.version(), scene.title, told, faults);
      if (!isLast) await program.end();
    };
    await Promise.all(playing.map(play));
    if (isLast) {
      await attack.turn('silent');
      const playOut = async (program: MailProgram): Promise<void> => {
        const faults = await playTheEnd(world, program, index);
        report(await program.version(), 'the attacker has gone', 'to good', faults);
        await program.end();
      };
      await Promise.all(playing.map(playOut));
    }
    await world.servers.stop('subject');
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      zones: { type: 'string' },
      programs: { type: 'string', default: 'postfix,exim,sendmail' },
    },
  });
  const wanted = values.programs.split(',');
  const programs = mailProgramIds.filter((id) => wanted.includes(id));
  try {
    const isGood = await inWorld(values.zones, (world) => playAll(world, programs));
    process.exitCode = isGood ? 0 : 1;
  } finally {
    await forgetResolver();
  }
}

const skipped = await whyNotHere();
if (skipped === undefined) await main();
else console.log(`attack: SKIPPED: ${skipped}\n0 passed, 0 failed`);
