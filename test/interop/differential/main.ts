// The differential run: plans, signs and serves zones, asks five resolvers the same questions and
// prints where they differ. The last line counts; a difference that nobody can explain is a
// failure.
//   node main.js [--seed N] [--zones N] [--questions N] [--keep FOLDER] [--verbose]

import { randomInt } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Product } from '../../../bench/subjects.js';
import { type Manner, manners } from '../manners.js';
import { whyNotHere } from '../namespaces.js';
import { freePrograms, programsIn } from '../programs.js';
import { fillZones } from './contents.js';
import { Dice } from './dice.js';
import { Internet } from './internet.js';
import { type Asked, judge } from './judge.js';
import { productNamed, putQuestions, startResolver } from './peers.js';
import { blindName, placeOfResolver, resolverNames } from './places.js';
import { Report } from './report.js';
import type { View } from './view.js';
import { type PlannedZone, planZones, statusOf } from './zone-plan.js';

interface Options {
  readonly seed: number;
  readonly zones: number;
  readonly questions: number;
  readonly keep: string | undefined;
  readonly verbose: boolean;
}

const mannerWeights: readonly (readonly [Manner, number])[] = [
  ['do', 40],
  ['do+ad', 20],
  ['ad', 15],
  ['cd', 15],
  ['plain', 10],
];

/** `count` of the questions that the zones suggest, in any order and manner. */
function chooseQuestions(
  zones: readonly PlannedZone[],
  contents: ReturnType<typeof fillZones>,
  count: number,
  dice: Dice,
): Asked[] {
  const pool = zones.flatMap((zone) =>
    contents.get(zone.name)!.asks.map((ask) => ({ ...ask, zone })),
  );
  const chosen: Asked[] = [];
  while (chosen.length < count) {
    for (const ask of dice.shuffled(pool).slice(0, count - chosen.length)) {
      chosen.push({ ...ask, manner: dice.weighted(mannerWeights) });
    }
  }
  return chosen;
}

/** Unbound that does not validate: as the subject it must not pass. */
function blindProduct(): Product {
  const unbound = productNamed('unbound');
  return {
    ...unbound,
    name: blindName,
    prepare(folder, place, foundation) {
      const line = unbound.prepare(folder, place, foundation);
      appendFileSync(line.args.at(-1)!, 'server:\n  module-config: "iterator"\n');
      return line;
    },
  };
}

/**
 * A peer that gave up may try again: here it is the measure, not what is measured. The subject
 * may not.
 */
async function askPeersAgain(asked: readonly Asked[], views: readonly View[][]): Promise<void> {
  for (let at = 1; at < resolverNames.length; at += 1) {
    const lost = asked.flatMap((_, index) => {
      const gaveUp = ({ rcode }: View): boolean => rcode === 'silence' || rcode === 'SERVFAIL';
      const others = views[index]!.filter((view) => !gaveUp(view)).length;
      return gaveUp(views[index]![at]!) && others > 1 ? [index] : [];
    });
    if (lost.length === 0) continue;
    const address = placeOfResolver(resolverNames[at]!).ipv4;
    const again = await putQuestions(
      lost.map((index) => asked[index]!),
      [address],
    );
    lost.forEach((index, position) => (views[index]![at] = again[position]![0]!));
  }
}

/** The proof that this run can fail: a resolver that does not validate, held against the peers. */
async function canary(
  internet: Internet,
  asked: readonly Asked[],
  views: readonly View[][],
  zones: readonly PlannedZone[],
): Promise<[noticed: number, of: number]> {
  await startResolver(internet, blindName, blindProduct(), programsIn(internet.folder));
  const telling = asked
    .map((each, index) => ({ each, peers: views[index]!.slice(1) }))
    .filter(({ each }) => statusOf(each.zone) === 'bogus' && !manners[each.manner].cd)
    .slice(0, 100);
  const blind = await putQuestions(
    telling.map(({ each }) => each),
    [placeOfResolver(blindName).ipv4],
  );
  const noticed = telling.filter(
    ({ each, peers }, index) =>
      judge(each, blind[index]![0]!, peers, zones).outcome === 'unexplained',
  );
  return [noticed.length, telling.length];
}

/** One line for each question, for a closer look. */
async function keepReplies(
  file: string,
  asked: readonly Asked[],
  views: readonly View[][],
): Promise<void> {
  const lines = asked.map(({ name, type, manner, zone }, index) => {
    const replies = Object.fromEntries(resolverNames.map((who, at) => [who, views[index]![at]]));
    return JSON.stringify({ name, type, manner, zone: zone.name, replies });
  });
  await writeFile(file, `${lines.join('\n')}\n`);
}

async function differential(options: Options): Promise<boolean> {
  const { seed, keep } = options;
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'anchorite-differential-')));
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const dice = new Dice(seed);
  const zones = planZones(dice, options.zones);
  const contents = fillZones(zones, dice);
  const asked = chooseQuestions(zones, contents, options.questions, dice);
  const report = new Report(options.verbose);
  console.log(`seed ${seed}, ${zones.length} zones, ${asked.length} questions`);
  const internet = new Internet(folder, zones, contents, programsIn(folder));
  const end = async (): Promise<void> => {
    await internet.end();
    process.exit(1);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await freePrograms(folder);
    await report.timed('signing', () => internet.sign());
    await report.timed('starting', async () => {
      await internet.serve();
      for (const name of resolverNames) {
        await startResolver(internet, name, productNamed(name), programsIn(folder));
      }
    });
    const addresses = resolverNames.map((name) => placeOfResolver(name).ipv4);
    const views = await report.timed('asking', () => putQuestions(asked, addresses));
    if (keep !== undefined) await keepReplies(join(folder, 'replies.jsonl'), asked, views);
    await pause(1000);
    await report.timed('asking again those that gave up', () => askPeersAgain(asked, views));
    asked.forEach((each, index) => {
      const [subject, ...peers] = views[index]!;
      report.add(each, views[index]!, judge(each, subject!, peers, zones));
    });
    internet.servers.checkAlive();
    report.addCanary(...(await canary(internet, asked, views, zones)));
  } finally {
    await internet.end();
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
  report.print();
  return report.failed === 0;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      zones: { type: 'string', default: '240' },
      questions: { type: 'string', default: '5200' },
      keep: { type: 'string' },
      verbose: { type: 'boolean', short: 'v', default: false },
    },
  });
  return {
    seed: values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed),
    zones: Number(values.zones),
    questions: Number(values.questions),
    keep: values.keep,
    verbose: values.verbose,
  };
}

const skipped = await whyNotHere();
if (skipped === undefined) {
  process.exitCode = (await differential(readOptions())) ? 0 : 1;
} else {
  console.log(`differential: SKIPPED: ${skipped}`);
}
