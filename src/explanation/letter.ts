/** A letter to the contact of a zone: what is wrong, how to see it, what to do. */
import { ADVICE } from './causes.js';
import type { Explanation, Since } from './explanation.js';
import { utc } from './utc.js';

/** Undefined when there is nobody to write to about anything. */
export function letterText(explanation: Explanation): string | undefined {
  const { cause, zone, question, sentence, section, record, servers, since } = explanation;
  if (cause === undefined || !WORTH_A_LETTER.has(cause)) return undefined;
  const domain = zone === '.' ? 'the root zone' : zone.replace(/\.$/, '');
  const { because, owner } = ADVICE[cause];
  const facts = [
    `  Looked up:  ${question}`,
    `  Zone:       ${zone}`,
    ...(record === undefined ? [] : [`  Record:     ${record}`]),
    ...(servers.length === 0 ? [] : [`  Server:     ${servers.join(', ')}`]),
    ...(since === undefined ? [] : [`  Since:      ${sinceWords(since)}`]),
    `  In short:   ${sentence}${section === undefined ? '' : ` (${section})`}`,
    ...explanation.evidence.map((line) => `              ${line}`),
  ];
  const [owned = zone, type = 'SOA'] = (record ?? question).split(' ');
  const server = servers[0] === undefined ? '' : ` @${servers[0]}`;
  const lines = [
    `To: ${explanation.contact ?? `hostmaster@${domain} (no SOA record was to be had)`}`,
    `Subject: ${domain}: ${because}`,
    '',
    'Hello,',
    '',
    ...wrapped(
      `our mail server cannot deliver mail that depends on ${domain}, because ${because}. Mail ` +
        'servers that use DANE (RFC 7672) keep such mail in their queues and return it to its ' +
        'senders after some days.',
      72,
    ),
    '',
    ...facts,
    '',
    'To see it yourself:',
    '',
    `  dig +dnssec +norecurse${server} ${owned} ${type}`,
    ...(zone === '.' ? [] : [`  https://dnsviz.net/d/${domain}/dnssec/`]),
    '',
    'What helps:',
    '',
    ...wrapped(owner, 70).map((line) => `  ${line}`),
    '',
    'Thank you.',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const WORTH_A_LETTER: ReadonlySet<string> = new Set([
  'signatures expired',
  'signatures not yet valid',
  'signatures missing',
  'signatures wrong',
  'keys and DS disagree',
  'keys unusable',
  'denial broken',
  'delegation broken',
  'aliases broken',
  'too much work',
  'no server answers',
]);

export function sinceWords({ how, seconds }: Since): string {
  return how === 'since' ? utc(seconds) : `${how} ${utc(seconds)}`;
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
