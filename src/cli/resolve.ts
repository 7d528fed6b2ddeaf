/** `anchorite resolve NAME [TYPE]`: one look-up, its verdict, and on request the walk. */
import { SETTINGS } from '../config/index.js';
import { assemble, resultOf, type SecurityStatus } from '../embedding/index.js';
import type { Report, Resolution } from '../resolver/index.js';
import { readDomain } from '../runtime/index.js';
import { Rcode, RRType, typeFromMnemonic } from '../wire/index.js';
import { EXIT, type Invocation, type Run } from './command.js';
import { refuse } from './config-commands.js';
import { readLabFlags } from './lab-flags.js';
import type { Question } from './question.js';
import { readConfig } from './read-config.js';
import { rounded, wordsOf } from './report-words.js';
import { answerText, type TracedStep, traceText } from './resolve-text.js';
import { askServer } from './stub-query.js';

export const resolve: Run = async (invocation) => {
  const question = readQuestion(invocation.positionals);
  if (typeof question === 'string') return refuse([{ message: question }]);
  const { server } = invocation.flags;
  return typeof server === 'string'
    ? askRunningServer(question, server, invocation)
    : resolveHere(question, invocation);
};

export function readQuestion([nameText = '', typeText = 'A']: readonly string[]):
  Question | string {
  const name = readDomain(nameText);
  if (name === undefined) return `'${nameText}' is not a domain name`;
  const type = typeFromMnemonic(typeText);
  if (type === undefined) return `'${typeText}' is not a record type`;
  // RFC 6895 §3.1: meta-types stand in questions of other protocols, OPT in none.
  const isMeta = (type >= RRType.TKEY && type <= RRType.MAILA) || type === RRType.OPT;
  return isMeta ? `${typeText} cannot be resolved` : { name, type };
}

async function resolveHere(question: Question, { flags }: Invocation): Promise<number> {
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  const lab = readLabFlags(flags);
  if ('problem' in lab) return refuse([{ message: lab.problem }]);
  const steps: TracedStep[] = [];
  const { logLevel } = result.config;
  const assembled = await assemble(result.config, {
    report: (report) => {
      steps.push({ atMs: performance.now(), report });
      warn(report, logLevel);
    },
    tracing: true,
    ...(lab.settings === undefined ? {} : { lab: lab.settings }),
  });
  if (!assembled.ok) return refuse(assembled.problems.map((message) => ({ message })));
  const { driver, warnings } = assembled.assembly;
  for (const warning of warnings) process.stderr.write(`;; ${warning}\n`);
  const startMs = performance.now();
  const resolution = await new Promise<Resolution>((finished) => {
    driver.ask(
      {
        kind: 'question',
        handle: driver.newHandle(),
        name: question.name,
        type: question.type,
        checkingDisabled: false,
        recursionDesired: true,
      },
      finished,
    );
  });
  const tookMs = performance.now() - startMs;
  // What is fetched ahead for the next question is of no use to a program that ends here.
  driver.close();
  print(question, resolution, { flags, steps, startMs, tookMs });
  return statusOf(resolution);
}

/** Loud reports go to standard error even when nobody wants the walk. */
function warn(report: Report, level: string): void {
  const words = wordsOf(report);
  if (words.level !== 'error' && !(words.level === 'warn' && level === 'debug')) return;
  process.stderr.write(`;; ${words.sentence}\n`);
}

interface Circumstances {
  readonly flags: Invocation['flags'];
  readonly steps: readonly TracedStep[];
  readonly startMs: number;
  readonly tookMs: number;
}

function print(question: Question, resolution: Resolution, circumstances: Circumstances): void {
  const { flags, steps, startMs, tookMs } = circumstances;
  const queries = steps.filter(({ report }) => report.kind === 'query sent').length;
  if (flags.json === true) {
    const trace = steps.map(({ atMs, report }) => {
      const { event, sentence, fields } = wordsOf(report);
      return { atMs: rounded(atMs - startMs), event, sentence, ...fields };
    });
    const value = {
      name: question.name.toString(),
      type: question.type,
      ...resultOf(resolution),
      tookMs: rounded(tookMs),
      queries,
      ...(flags.trace === true ? { trace } : {}),
    };
    process.stdout.write(`${JSON.stringify(value, octetsAsBase64, 2)}\n`);
    return;
  }
  if (flags.trace === true) process.stdout.write(`${traceText(steps, startMs)}\n`);
  process.stdout.write(answerText(question, resolution, { tookMs, queries }));
}

/** For JSON, which has no octets. */
export function octetsAsBase64(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

export function statusOf({ rcode, security }: Resolution): number {
  if (security.status === 'bogus') return EXIT.bogus;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN && rcode !== Rcode.YXDOMAIN) {
    return EXIT.noAnswer;
  }
  return EXIT_OF_SECURITY[security.status];
}

const EXIT_OF_SECURITY: Readonly<Record<SecurityStatus, number>> = {
  secure: EXIT.ok,
  insecure: EXIT.insecure,
  bogus: EXIT.bogus,
  indeterminate: EXIT.noAnswer,
};

async function askRunningServer(
  question: Question,
  server: string,
  { flags }: Invocation,
): Promise<number> {
  const endpoint = SETTINGS.forward.kind.read(server);
  if (!endpoint.ok)
    return refuse([{ message: `--server must be ${SETTINGS.forward.kind.allowed}` }]);
  const asked = await askServer(question, endpoint.value, flags.json === true);
  process[asked.ok ? 'stdout' : 'stderr'].write(asked.text);
  return asked.status;
}
