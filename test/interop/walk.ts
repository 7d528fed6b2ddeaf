// The walk: the same questions to Unbound and to the subject, over zones that other people's
// software signed and serves. Prints a table, what differed, and a last line of counts.
//   node walk.js [--subject anchorite|unbound|blind] [--zones FOLDER] [--only ZONE] [--seed N] [-v]

import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reference, subject } from './addresses.js';
import type { AskRequest, AskResult } from './ask.js';
import { judge } from './compare.js';
import { explanationOf, explanations } from './explained.js';
import { namespaceOf, whyNotHere } from './namespaces.js';
import { run } from './processes.js';
import { type Manner, type Question, questions } from './questions.js';
import type { Reply } from './reply.js';
import { isSubjectKind, type SubjectKind, startReference, startSubject } from './resolvers.js';
import { Tally } from './tally.js';
import { askWithTool, toolCases, writeDelvAnchors } from './validating-tools.js';
import { World } from './world.js';

interface Asking {
  readonly question: Question;
  readonly manner: Manner;
}

interface WalkOptions {
  readonly subject: SubjectKind;
  readonly zonesFolder: string | undefined;
  readonly only: string | undefined;
  readonly seed: number;
  readonly verbose: boolean;
}

/** A small generator, so that the printed seed replays the order. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed >>> 0;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = next(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/**
 * First every question as a validating client would put it, zone by zone, into empty caches;
 * then again, in another order and in another manner each, from caches that are warm.
 */
function planOf(asked: readonly Question[], seed: number): [Asking[], Asking[]] {
  const cold = asked.map((question): Asking => ({ question, manner: 'do' }));
  const others: readonly Manner[] = ['ad', 'do+ad', 'plain', 'cd'];
  const warm = asked.flatMap((question, index): Asking[] => [
    { question, manner: others[index % 4]! },
    { question, manner: others[(index + 1) % 4]! },
  ]);
  return [cold, shuffled(warm, seed)];
}

async function putQuestions(
  plan: readonly Asking[],
  addresses: readonly string[],
  width: number,
): Promise<AskResult> {
  const request: AskRequest = {
    addresses,
    width,
    timeoutMs: 15_000,
    questions: plan.map(({ question: { name, type }, manner }) => ({ name, type, manner })),
  };
  const entry = fileURLToPath(new URL('ask.js', import.meta.url));
  const args = ['netns', 'exec', namespaceOf('client'), process.execPath, entry];
  const output = await run('ip', args, { input: JSON.stringify(request), timeoutMs: 240_000 });
  return JSON.parse(output) as AskResult;
}

/** Both replies to each question of the plan. */
async function askBoth(
  plan: readonly Asking[],
  width: number,
): Promise<(readonly [Reply, Reply])[]> {
  const both = await putQuestions(plan, [reference.ipv4, subject.ipv4], width);
  const pairs = both.map(([other, reply]) => [other!, reply!] as const);
  // Unbound now and then gives up on servers of which most are dead. It is the measure, not
  // what is measured, so it alone may try again.
  for (let round = 0; round < 3; round += 1) {
    const lost = pairs.flatMap(([other], index) => {
      const gaveUp = other.rcode === 'silence' || other.rcode === 'SERVFAIL';
      return gaveUp && plan[index]!.question.expected.rcode !== 'SERVFAIL' ? [index] : [];
    });
    if (lost.length === 0) break;
    const again = lost.map((index) => plan[index]!);
    const answers = await putQuestions(again, [reference.ipv4], width);
    lost.forEach((index, at) => {
      pairs[index] = [answers[at]![0]!, pairs[index]![1]];
    });
  }
  return pairs;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function describeErrors(reply: Reply): string {
  return reply.errors.length === 0 ? '' : ` (EDE ${reply.errors.join('; ')})`;
}

async function askAndJudge(
  plan: readonly Asking[],
  width: number,
  label: string,
  options: WalkOptions,
  tally: Tally,
): Promise<void> {
  const replies = await askBoth(plan, width);
  plan.forEach(({ question, manner }, index) => {
    const [other, reply] = replies[index]!;
    const explanation = options.subject === 'anchorite' ? explanationOf(question) : undefined;
    const { faults, explanation: used } = judge(question, manner, other, reply, explanation);
    tally.add(question.zone, faults.length === 0, used?.name);
    if (faults.length === 0 && !options.verbose) return;
    const what = `${label} ${question.name} ${question.type} [${manner}]`;
    const told = faults.length === 0 ? 'as it should be' : faults.join('; ');
    tally.note(`${what}: ${told}${describeErrors(reply)}`);
  });
  const times = (which: 0 | 1): string => {
    const all = replies.map((pair) => pair[which].elapsedMs);
    return `median ${median(all).toFixed(1)} ms, worst ${Math.max(...all).toFixed(0)} ms`;
  };
  console.log(`${label}: ${plan.length} questions; Unbound ${times(0)}; subject ${times(1)}`);
  const slowest = plan
    .map(({ question }, index) => ({ question, elapsedMs: replies[index]![1].elapsedMs }))
    .sort((a, b) => b.elapsedMs - a.elapsedMs)
    .slice(0, 3)
    .map(
      ({ question, elapsedMs }) => `${question.name} ${question.type} ${elapsedMs.toFixed(0)} ms`,
    );
  console.log(`  slowest of the subject: ${slowest.join(', ')}`);
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

async function walk(options: WalkOptions): Promise<boolean> {
  const asked = questions.filter(({ zone }) => (options.only ?? zone) === zone);
  const [cold, warm] = planOf(asked, options.seed);
  console.log(`subject ${options.subject}, seed ${options.seed}`);
  const tally = new Tally();
  const world = await World.prepare(options.zonesFolder);
  const end = async (): Promise<void> => {
    await world.end();
    process.exit(1);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await world.freePrograms();
    await world.build();
    await world.start();
    await startReference(world);
    await startSubject(world, options.subject);
    await askAndJudge(cold, 4, 'cold', options, tally);
    await askAndJudge(warm, 16, 'warm', options, tally);
    await askTools(world, tally);
    world.servers.checkAlive();
  } finally {
    await world.end();
  }
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
