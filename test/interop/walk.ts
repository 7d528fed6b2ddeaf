// The walk: the same questions to Unbound and to the subject, over zones that other people's
// software signed and serves. Prints a table, what differed, and a last line of counts.
//   node walk.js [--subject anchorite|unbound|blind] [--zones FOLDER] [--only START] [--seed N]
//                [-v]

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { reference, subject } from './addresses.js';
import { explanations } from './explained.js';
import { whyNotHere } from './namespaces.js';
import { askAndJudge, inAnyOrder, inOrder, inOtherManners } from './passes.js';
import { questions } from './questions.js';
import {
  isSubjectKind,
  keptRootState,
  type SubjectKind,
  startReference,
  startSubject,
} from './resolvers.js';
import { Tally } from './tally.js';
import { askWithTool, toolCases, writeDelvAnchors } from './validating-tools.js';
import { inWorld, type World } from './world.js';

interface WalkOptions {
  readonly subject: SubjectKind;
  readonly zonesFolder: string | undefined;
  readonly only: string | undefined;
  readonly seed: number;
  readonly verbose: boolean;
}

async function askTools(world: World, tally: Tally): Promise<void> {
  const anchors = await writeDelvAnchors(world);
  for (const toolCase of toolCases) {
    const line = [toolCase.tool, ...toolCase.args].join(' ');
    const mine = await askWithTool(toolCase, subject.ipv4, anchors);
    tally.add(toolCase.tool, mine.passed);
    if (mine.passed) continue;
    const theirs = await askWithTool(toolCase, reference.ipv4, anchors);
    const comparison = theirs.passed ? 'Unbound passes' : 'so does Unbound';
    tally.note(`${line}: no ${toolCase.expected} (${comparison})\n${indented(mine.output)}`);
  }
}

function indented(text: string): string {
  return text
    .trim()
    .split('\n')
    .slice(0, 12)
    .map((line) => `      ${line}`)
    .join('\n');
}

async function startBoth(world: World, kind: SubjectKind): Promise<void> {
  await startReference(world);
  await startSubject(world, kind);
}

/** A resolver that is told to end must do so in order. */
async function stopBoth(world: World, tally: Tally): Promise<void> {
  world.servers.checkAlive();
  await world.servers.stop('reference');
  const status = await world.servers.stop('subject');
  tally.add('exit', status === 0);
  if (status !== 0) tally.note(`after SIGTERM the subject ended with ${status}, not with 0`);
}

/** RFC 5011: the root's keys were looked at, found in force, and written down. */
async function checkState(world: World, tally: Tally): Promise<void> {
  const kept = await keptRootState(world);
  const isInForce = /^\d+ VALID(?:, \d+ VALID)*$/.test(kept);
  tally.add('state', isInForce);
  if (!isInForce) tally.note(`the state file of RFC 5011 says: ${kept}`);
}

async function walk(options: WalkOptions): Promise<boolean> {
  const asked = questions.filter(({ zone }) => zone.startsWith(options.only ?? ''));
  console.log(`subject ${options.subject}, seed ${options.seed}`);
  const tally = new Tally();
  await inWorld(options.zonesFolder, async (world) => {
    await startBoth(world, options.subject);
    const { subject: kind, verbose, seed } = options;
    await askAndJudge(inOrder(asked), kind, verbose, tally);
    await askAndJudge(inOtherManners(asked, seed), kind, verbose, tally);
    await askTools(world, tally);
    await stopBoth(world, tally);
    if (kind === 'anchorite') await checkState(world, tally);
    await startBoth(world, kind);
    await askAndJudge(inAnyOrder(asked, seed + 1), kind, verbose, tally);
    await stopBoth(world, tally);
    world.servers.checkAlive();
  });
  tally.print(options.subject === 'anchorite' ? explanations : []);
  return tally.failed === 0;
}

function readOptions(): WalkOptions {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', default: 'anchorite' },
      zones: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string' },
      verbose: { type: 'boolean', short: 'v', default: false },
    },
  });
  if (!isSubjectKind(values.subject)) throw new Error(`no such subject: ${values.subject}`);
  return {
    subject: values.subject,
    zonesFolder: values.zones,
    only: values.only,
    seed: values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed),
    verbose: values.verbose,
  };
}

const skipped = await whyNotHere();
if (skipped === undefined) {
  process.exitCode = (await walk(readOptions())) ? 0 : 1;
} else {
  console.log(`walk: SKIPPED: ${skipped}`);
  console.log('0 passed, 0 failed');
}
