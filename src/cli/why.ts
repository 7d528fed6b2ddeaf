/** `anchorite why NAME [TYPE]`: resolves, asks a few more questions, and explains the outcome. */
import { type Assembly, assemble } from '../embedding/index.js';
import {
  type CaseFacts,
  explain,
  type Explanation,
  followUps,
  letterText,
  sinceWords,
} from '../explanation/index.js';
import type { Report, Resolution } from '../resolver/index.js';
import { type Run } from './command.js';
import { refuse } from './config-commands.js';
import { readLabFlags } from './lab-flags.js';
import { escapeControls } from './log.js';
import type { Question } from './question.js';
import { readConfig } from './read-config.js';
import { readQuestion, statusOf } from './resolve.js';

export const why: Run = async ({ flags, positionals }) => {
  const [name = '', type = defaultType(name)] = positionals;
  const question = readQuestion([name, type]);
  if (typeof question === 'string') return refuse([{ message: question }]);
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  const lab = readLabFlags(flags);
  if ('problem' in lab) return refuse([{ message: lab.problem }]);
  const reports: Report[] = [];
  const assembled = await assemble(result.config, {
    report: (report) => void reports.push(report),
    tracing: true,
    ...(lab.settings === undefined ? {} : { lab: lab.settings }),
  });
  if (!assembled.ok) return refuse(assembled.problems.map((message) => ({ message })));
  const { assembly } = assembled;
  const facts = await gather(question, assembly, reports);
  assembly.driver.close();
  const explanation = explain(facts);
  print(explanation, flags);
  return statusOf(facts.resolution);
};

/** What a mailer would ask about that name. */
function defaultType(name: string): string {
  return /(^|\.)_tcp\./i.test(name) ? 'TLSA' : 'MX';
}

async function gather(
  question: Question,
  assembly: Assembly,
  reports: readonly Report[],
): Promise<CaseFacts> {
  const resolution = await ask(assembly, question, false);
  const { wallSeconds: nowSeconds } = assembly.clock.now();
  // The walk of the question itself; that of the others tells nothing new.
  const facts = { ...question, resolution, reports: [...reports], nowSeconds };
  const asked = followUps(facts).map((other) => ask(assembly, other, true));
  return { ...facts, answers: await Promise.all(asked) };
}

function ask(
  { driver }: Assembly,
  { name, type }: Question,
  checkingDisabled: boolean,
): Promise<Resolution> {
  const handle = driver.newHandle();
  const event = { kind: 'question', handle, name, type, checkingDisabled } as const;
  return new Promise((finished) => {
    driver.ask({ ...event, recursionDesired: true }, finished);
  });
}

function print(explanation: Explanation, flags: Readonly<Record<string, unknown>>): void {
  const letter = letterText(explanation);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ ...explanation, letter }, undefined, 2)}\n`);
    return;
  }
  if (flags.letter === true) {
    if (letter === undefined) process.stderr.write('there is nothing to write a letter about\n');
    else process.stdout.write(escaped(letter.split('\n').slice(0, -1)));
    return;
  }
  process.stdout.write(escaped(linesOf(explanation, letter !== undefined)));
}

function linesOf(explanation: Explanation, hasLetter: boolean): string[] {
  const { question, verdict, cause, reason, sentence, section, zone } = explanation;
  const { record, servers, since, evidence, contact } = explanation;
  const row = (title: string, text: string | undefined): string[] =>
    text === undefined || text === '' ? [] : [`${`${title}:`.padEnd(12)}${text}`];
  const code = [reason, section].filter((one) => one !== undefined).join('; ');
  return [
    `${question} is ${verdict === 'no answer' ? 'not to be had' : verdict}.`,
    ...row('Why', `${sentence}${code === '' ? '' : ` (${code})`}`),
    ...row('Cause', cause),
    ...row('Zone', zone),
    ...row('Record', record),
    ...row('Server', servers.join(', ')),
    ...row('Since', since === undefined ? SINCE_UNKNOWN[verdict] : sinceWords(since)),
    ...evidence.map((line) => `${''.padEnd(12)}${line}`),
    ...row('You', explanation.operator),
    ...row('The owner', explanation.owner),
    ...row('Contact', contact),
    ...(hasLetter ? ['', 'With --letter: a letter to the contact.'] : []),
  ];
}

const SINCE_UNKNOWN: Readonly<Partial<Record<Explanation['verdict'], string>>> = {
  bogus: 'the records do not tell',
};

function escaped(lines: readonly string[]): string {
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}
