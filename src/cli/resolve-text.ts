/** How `resolve` prints an answer, its verdict and the walk. */
import { type Why, whyOf } from '../embedding/index.js';
import { formatRecord } from '../presentation/index.js';
import type { AnsweredRRset, Report, Resolution } from '../resolver/index.js';
import { RRClass, RRType, rcodeMnemonic, typeMnemonic } from '../wire/index.js';
import { escapeControls } from './log.js';
import type { Question } from './question.js';
import { rounded, wordsOf } from './report-words.js';

export function answerText(
  question: Question,
  resolution: Resolution,
  effort: { readonly tookMs: number; readonly queries: number },
): string {
  const { rcode, security, answer, authority, errors } = resolution;
  const lines = [
    `;; status: ${rcodeMnemonic(rcode)}, security: ${security.status}`,
    ';; QUESTION',
    `;${question.name} IN ${typeMnemonic(question.type)}`,
  ];
  if (answer.length > 0) lines.push(';; ANSWER', ...answer.flatMap(setLines));
  if (authority.length > 0) lines.push(';; AUTHORITY', ...authority.flatMap(setLines));
  for (const { code, text } of errors) lines.push(`;; EDE ${code}: ${text}`);
  lines.push(`;; VERDICT: ${verdictText(security.status, whyOf(resolution))}`);
  lines.push(`;; time: ${rounded(effort.tookMs)} ms, queries sent: ${effort.queries}`);
  return escaped(lines);
}

/** Each record on a line; behind it the security of its RRset where it is not secure. */
function setLines({ rrset, security, ttlSeconds }: AnsweredRRset): string[] {
  const { owner, type, class: rrClass } = rrset;
  const mark = security.status === 'secure' ? '' : ` ; ${security.status}`;
  const records = rrset.rdatas.map(
    (rdata) => formatRecord({ owner, type, class: rrClass, ttlSeconds, rdata }) + mark,
  );
  const signatures = rrset.signatures.map((rdata) =>
    formatRecord({ owner, type: RRType.RRSIG, class: RRClass.IN, ttlSeconds, rdata }),
  );
  return [...records, ...signatures];
}

export function verdictText(status: string, why: Why): string {
  const word = why.code === 'no answer' ? 'none' : status;
  const parts = [`${word}. ${why.sentence}`];
  if (status !== 'secure') parts.push(`(${why.code}; ${why.section})`);
  if (why.server !== undefined) parts.push(`Server: ${why.server}.`);
  return parts.join(' ');
}

export interface TracedStep {
  readonly atMs: number;
  readonly report: Report;
}

/** The walk in order: when, which way, what. */
export function traceText(steps: readonly TracedStep[], startMs: number): string {
  const lines = steps.map(({ atMs, report }) => {
    const time = (atMs - startMs).toFixed(1).padStart(8);
    return `${time} ms ${ARROWS[report.kind] ?? '  '} ${describeStep(report)}`;
  });
  return escaped([';; WALK', ...lines]);
}

const ARROWS: Readonly<Record<string, string>> = { 'query sent': '->', reply: '<-' };

function describeStep(report: Report): string {
  switch (report.kind) {
    case 'query sent': {
      const { address, transport, zone, name, type, hedge } = report;
      const question = `${name} ${typeMnemonic(type)}`;
      return `${address} ${transport} (${zone}) ${question}${hedge ? ' (hedged)' : ''}`;
    }
    case 'reply': {
      const { address, name, type, outcome, rttMs, sizeOctets } = report;
      const cost = `${rounded(rttMs)} ms, ${sizeOctets} octets`;
      return `${address} ${name} ${typeMnemonic(type)}: ${outcome} (${cost})`;
    }
    default:
      return wordsOf(report).sentence;
  }
}

function escaped(lines: readonly string[]): string {
  return lines.map((line) => `${escapeControls(line.replaceAll('\t', ' '))}\n`).join('');
}
