// The table of the run with mail programs, for the terminal and for docs/mta.md.

import { readFile, writeFile } from 'node:fs/promises';
import type { MailCase } from './mail-cases.js';
import type { Verdict } from './mail-judge.js';

/** One mail program. */
export interface Row {
  readonly version: string;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** What else it complained of; each one is a failure. */
  readonly notes: readonly string[];
}

/** What a wrong delivery and a wrong refusal are, whoever is to blame. */
interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly wrongDeliveries: number;
  readonly wrongRefusals: number;
  readonly deviations: number;
}

function isDelivered(fate: Verdict['fate']): boolean {
  return fate === 'verified' || fate === 'unverified';
}

function tallyOf(rows: readonly Row[], cases: readonly MailCase[]): Tally {
  const all = rows.flatMap((row) =>
    cases.map((mailCase) => ({ mailCase, verdict: row.verdicts.get(mailCase.domain)! })),
  );
  const undeviating = all.filter(({ verdict }) => verdict.deviation === undefined);
  const count = (wrong: (wanted: boolean, given: boolean) => boolean): number =>
    undeviating.filter(({ mailCase, verdict }) =>
      wrong(isDelivered(mailCase.fate), isDelivered(verdict.fate)),
    ).length;
  const notes = rows.flatMap((row) => row.notes).length;
  const failed = all.filter(({ verdict }) => verdict.faults.length > 0).length;
  return {
    passed: all.length - failed,
    failed: failed + notes,
    wrongDeliveries: count((wanted, given) => !wanted && given),
    wrongRefusals: count((wanted, given) => wanted && !given),
    deviations: all.length - undeviating.length,
  };
}

function cell(verdict: Verdict): string {
  const mark = verdict.faults.length > 0 ? ' !' : verdict.deviation === undefined ? '' : ' *';
  return `${verdict.fate}${mark}`;
}

/** Prints the table and the counts; true when nothing failed. */
export function printTable(
  rows: readonly Row[],
  cases: readonly MailCase[],
  subject: string,
): boolean {
  const versions = rows.map(({ version }) => version);
  const widths = versions.map((version) => Math.max(version.length, 12) + 2);
  const line = (first: string, second: string, cells: readonly string[]): string => {
    const columns = cells.map((text, at) => text.padEnd(widths[at]!));
    return first.padEnd(22) + second.padEnd(12) + columns.join('');
  };
  console.log(`\n${line(`through ${subject}`, 'must be', versions)}`);
  for (const mailCase of cases) {
    const cells = rows.map((row) => cell(row.verdicts.get(mailCase.domain)!));
    console.log(line(mailCase.domain, mailCase.fate, cells) + mailCase.shows);
  }
  const tally = tallyOf(rows, cases);
  for (const row of rows) {
    for (const note of row.notes) console.log(`FAILED ${row.version}: ${note}`);
  }
  console.log(
    `\nwrong deliveries ${tally.wrongDeliveries}, wrong refusals ${tally.wrongRefusals}, ` +
      `deviations of the programs themselves ${tally.deviations} (*)`,
  );
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0;
}

const begins = '<!-- Written by test/interop/mta --record; do not edit up to the end mark. -->';
const ends = '<!-- End of what is written. -->';

function markdown(rows: readonly Row[], cases: readonly MailCase[]): string {
  const tally = tallyOf(rows, cases);
  const head = ['domain', 'shows', 'must be', 'RFC 7672', ...rows.map(({ version }) => version)];
  const notes: string[] = [];
  const noteOf = (text: string): number => {
    if (!notes.includes(text)) notes.push(text);
    return notes.indexOf(text) + 1;
  };
  const body = cases.map((mailCase) => {
    const cells = rows.map((row) => {
      const { fate, deviation } = row.verdicts.get(mailCase.domain)!;
      return deviation === undefined ? fate : `${fate} (${noteOf(deviation.because)})`;
    });
    const { domain, shows, fate, section } = mailCase;
    return [`\`${domain}\``, shows, fate, section, ...cells];
  });
  const lines = [head, head.map(() => '---'), ...body].map((each) => `| ${each.join(' | ')} |`);
  const day = new Date().toISOString().slice(0, 10);
  return [
    `${day}: ${tally.passed - tally.deviations} as they must be, ${tally.deviations} deviations ` +
      `of the programs themselves, ${tally.failed} others; wrong deliveries ` +
      `${tally.wrongDeliveries}, wrong refusals ${tally.wrongRefusals}.`,
    '',
    ...lines,
    '',
    ...notes.map((note, index) => `${index + 1}. ${note}`),
  ].join('\n');
}

/** Puts the table between its marks in a document. */
export async function recordTable(
  file: string,
  rows: readonly Row[],
  cases: readonly MailCase[],
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [from, to] = [text.indexOf(begins), text.indexOf(ends)];
  if (from < 0 || to < from) throw new Error(`${file} has no marks for the table`);
  const written = `${begins}\n\n${markdown(rows, cases)}\n\n`;
  await writeFile(file, text.slice(0, from) + written + text.slice(to));
}
