/** `anchorite lab list`: what each domain of the lab shows, and what to expect. */
import { type Expectation, labWorld } from '../lab/index.js';
import { EXIT, type Run } from './command.js';

export const listLab: Run = async ({ flags }) => {
  const { domains } = labWorld();
  if (flags.json === true) {
    const rows = domains.map(({ name, shows, expectations }) => ({ name, shows, expectations }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return EXIT.ok;
  }
  for (const { name, shows, expectations } of domains) {
    process.stdout.write(`${name}\n    ${shows}\n`);
    for (const [outcome, questions] of byOutcome(expectations)) {
      process.stdout.write(`    ${outcome}: ${questions.join('; ')}\n`);
    }
  }
  return EXIT.ok;
};

function byOutcome(expectations: readonly Expectation[]): Map<string, string[]> {
  const questions = new Map<string, string[]>();
  for (const expectation of expectations) {
    const outcome = describeOutcome(expectation);
    const question = `${expectation.name} ${expectation.type}`;
    questions.set(outcome, [...(questions.get(outcome) ?? []), question]);
  }
  return questions;
}

function describeOutcome({ rcode, status, reason, ede, records }: Expectation): string {
  const parts: string[] = [rcode, status];
  if (reason !== undefined) parts.push(`(${reason})`);
  if (ede !== undefined) parts.push(`EDE ${ede}`);
  if (records === 0) parts.push('no data');
  return parts.join(' ');
}
