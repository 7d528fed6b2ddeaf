// Round trips between a cold mail domain and Postfix's first packet to its server, on Postfix's own
// questions: every name server seems far away (middle.ts), Anchorite runs on the mailer's machine,
// and Postfix delivers to one domain after the other, each with a zone of its own that nobody has
// asked for. Counted is what was waited for (round-count.ts), from Postfix's first question to its
// last answer. Top-level domains are known, as they are to any resolver that has run for a while.
//   node rounds.js [--zones FOLDER] [--verbose]

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loopback } from './addresses.js';
import type { Exchanged } from './attack-box.js';
import { forgetResolver, useResolver } from './mail-program.js';
import { makeProgram, recipientOf, sendToAll, startSink } from './mail-run.js';
import { Middle } from './middle.js';
import { whyNotHere } from './namespaces.js';
import { besideMailerLog, startBesideMailer } from './resolvers.js';
import { type Rounds, roundsForced } from './round-count.js';
import { inWorld, type World } from './world.js';

const roundTripMs = 100;
const mostRounds = 3;
/** One in each top-level domain, whose keys and servers are then known. */
const warmUp = ['ee311.dane.se', 'zehn.org', 'eddy448.net', 'cmx.dane.de'];
const cold = ['alpha-mail.se', 'post10.org', 'kurve.net', 'eddy.net', 'schmal.de'];

interface Asked {
  readonly question: string;
  readonly atMs: number;
}

/** Postfix's questions, by Anchorite's log; nobody else asks there. */
function answersIn(log: string): Asked[] {
  return log.split('\n').flatMap((line) => {
    const match = /^(\S+ \S+) info +answered: (\S+ \w+): .* tookMs=([\d.]+)/.exec(line);
    if (match === null) return [];
    const [, time = '', question = ''] = match;
    return [{ question: question.toLowerCase(), atMs: Date.parse(`${time.replace(' ', 'T')}Z`) }];
  });
}

interface Measured {
  readonly domain: string;
  readonly verified: boolean;
  readonly line: string;
  readonly asked: readonly Asked[];
  readonly rounds: Rounds;
  readonly tookRoundTrips: number;
}

async function measure(world: World, traceFile: string, domain: string): Promise<Measured> {
  const before = answersIn(await readFile(besideMailerLog(world), 'utf8')).length;
  await writeFile(traceFile, '');
  const postfix = makeProgram('postfix', world);
  const outcome = (await sendToAll(world, postfix, [domain])).get(recipientOf('postfix', domain));
  const asked = answersIn(await readFile(besideMailerLog(world), 'utf8')).slice(before);
  const lines = (await readFile(traceFile, 'utf8')).split('\n').filter((line) => line !== '');
  const exchanges = lines.map((line) => JSON.parse(line) as Exchanged);
  const firstMs = Math.min(...exchanges.map(({ askedMs }) => askedMs));
  const lastMs = Math.max(...asked.map(({ atMs }) => atMs));
  return {
    domain,
    verified: outcome?.verified === true,
    line: outcome?.line ?? 'no outcome',
    asked,
    // Both clocks are this machine's, and both are cut to milliseconds.
    rounds: roundsForced(exchanges, lastMs + 1),
    tookRoundTrips: (lastMs - firstMs) / roundTripMs,
  };
}

async function runAll(world: World, verbose: boolean): Promise<boolean> {
  const traceFile = join(world.folder, 'rounds.jsonl');
  await startSink(world);
  await new Middle(world, 'nobody', { roundTripMs, traceFile }).start();
  await rm(besideMailerLog(world), { force: true });
  await useResolver(loopback.ipv4);
  await startBesideMailer(world, ['--log-queries', '--log-format', 'text']);
  const postfix = makeProgram('postfix', world);
  await postfix.start();
  await sendToAll(world, postfix, warmUp);
  let passed = 0;
  let failed = 0;
  const check = (what: string, isSo: boolean, told: string): void => {
    if (isSo) passed += 1;
    else failed += 1;
    console.log(`${isSo ? 'ok    ' : 'FAILED'} ${what}${told === '' ? '' : `: ${told}`}`);
  };
  const counts: number[] = [];
  for (const domain of cold) {
    const { rounds, asked, tookRoundTrips, verified, line } = await measure(
      world,
      traceFile,
      domain,
    );
    if (verified) counts.push(rounds.count);
    const told = `${rounds.count} round trips forced (${tookRoundTrips.toFixed(2)} by the clock)`;
    check(`${domain}: delivered, verified`, verified && asked.length > 0, verified ? told : line);
    if (!verbose) continue;
    console.log(`         asked: ${asked.map(({ question }) => question).join(', ')}`);
    for (const round of rounds.questions) console.log(`         round: ${round.join(', ')}`);
  }
  await postfix.end();
  // A machine that is busy makes a count too high, never too low.
  const least = Math.min(...counts);
  const version = await postfix.version();
  const what = `${version}, MX to TLSA of a cold domain: ${mostRounds} round trips at most`;
  check(what, least <= mostRounds, `${least} (${counts.join(', ')})`);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { zones: { type: 'string' }, verbose: { type: 'boolean', default: false } },
  });
  try {
    const isGood = await inWorld(values.zones, (world) => runAll(world, values.verbose));
    process.exitCode = isGood ? 0 : 1;
  } finally {
    await forgetResolver();
  }
}

const skipped = await whyNotHere();
if (skipped === undefined) await main();
else console.log(`rounds: SKIPPED: ${skipped}\n0 passed, 0 failed`);
