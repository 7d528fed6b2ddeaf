// The passes of the walk: in which order, manner and over which family the questions are put,
// and what is done with the replies.

import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AddressPair, reference, subject } from './addresses.js';
import type { AskRequest, AskResult } from './ask.js';
import { judge } from './compare.js';
import { explanationOf } from './explained.js';
import type { Manner } from './manners.js';
import { namespaceOf } from './namespaces.js';
import { run } from './processes.js';
import type { Question } from './questions.js';
import type { Reply } from './reply.js';
import type { SubjectKind } from './resolvers.js';
import type { Tally } from './tally.js';

interface Asking {
  readonly question: Question;
  readonly manner: Manner;
}

export interface Pass {
  readonly label: string;
  readonly plan: readonly Asking[];
  /** Questions under way at the same time. */
  readonly width: number;
  readonly family: keyof AddressPair;
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

/** Every question as a validating client would put it, zone by zone. */
export function inOrder(asked: readonly Question[]): Pass {
  const plan = asked.map((question): Asking => ({ question, manner: 'do' }));
  return { label: 'cold', plan, width: 4, family: 'ipv4' };
}

/** Every question twice, in another manner each time, over IPv6. */
export function inOtherManners(asked: readonly Question[], seed: number): Pass {
  const others: readonly Manner[] = ['ad', 'do+ad', 'plain', 'cd'];
  const plan = asked.flatMap((question, index): Asking[] => [
    { question, manner: others[index % 4]! },
    { question, manner: others[(index + 1) % 4]! },
  ]);
  return { label: 'warm', plan: shuffled(plan, seed), width: 16, family: 'ipv6' };
}

/** Every question in any order, many at once: what is learned first differs each time. */
export function inAnyOrder(asked: readonly Question[], seed: number): Pass {
  const plan = asked.map((question): Asking => ({ question, manner: 'do+ad' }));
  return { label: 'fresh', plan: shuffled(plan, seed), width: 16, family: 'ipv4' };
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
async function askBoth({ plan, width, family }: Pass): Promise<(readonly [Reply, Reply])[]> {
  const both = await putQuestions(plan, [reference[family], subject[family]], width);
  const pairs = both.map(([other, reply]) => [other!, reply!] as const);
  // Unbound now and then gives up on servers of which most are dead. It is the measure, not
  // what is measured, so it alone may try again.
  for (let round = 0; round < 3; round += 1) {
    const lost = pairs.flatMap(([other], index) => {
      const gaveUp = other.rcode === 'silence' || other.rcode === 'SERVFAIL';
      return gaveUp && plan[index]!.question.expected.rcode !== 'SERVFAIL' ? [index] : [];
    });
    if (lost.length === 0) break;
    await pause(6_000); // For five seconds it answers from its memory of the failure.
    const again = lost.map((index) => plan[index]!);
    const answers = await putQuestions(again, [reference[family]], width);
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

/** Asks, judges each pair of replies, counts in `tally` and prints how long it took. */
export async function askAndJudge(
  pass: Pass,
  kind: SubjectKind,
  verbose: boolean,
  tally: Tally,
): Promise<void> {
  const { label, plan } = pass;
  const replies = await askBoth(pass);
  plan.forEach(({ question, manner }, index) => {
    const [other, reply] = replies[index]!;
    const explanation = kind === 'anchorite' ? explanationOf(question) : undefined;
    const { faults, explanation: used } = judge(question, manner, other, reply, explanation);
    tally.add(question.zone, faults.length === 0, used?.name);
    if (faults.length === 0 && !verbose) return;
    const what = `${label} ${question.name} ${question.type} [${manner}]`;
    const told = faults.length === 0 ? 'as it should be' : faults.join('; ');
    tally.note(`${what}: ${told}${describeErrors(reply)}`);
  });
  printTimes(pass, replies);
}

function printTimes({ label, plan }: Pass, replies: readonly (readonly [Reply, Reply])[]): void {
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
