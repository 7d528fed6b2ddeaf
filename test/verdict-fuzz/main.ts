/**
 * `npm run fuzz:verdict -- [--count N] [--seed S] [--mutants]`: tampers with N replies and holds
 * every verdict against the truth; a failure is shrunk and printed as a test. With `--mutants`,
 * shows that deliberately broken validators are caught.
 */
import { parseArgs } from 'node:util';
import { chooseSeed } from '../fuzz/mutate.js';
import { runCampaign, type Tally } from './campaign.js';
import { runMutants } from './mutants.js';
import { asTest, shrink } from './shrink.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    seed: { type: 'string' },
    findings: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
    /** Beginnings of the names of forgeries that the attacker is to prefer. */
    theme: { type: 'string', multiple: true, default: [] },
    /** For a mutant: one line, and no shrinking. */
    brief: { type: 'boolean', default: false },
  },
});

const seed = values.seed === undefined ? chooseSeed() : Number(values.seed) >>> 0;

if (values.mutants) {
  const score = runMutants(seed, Number(values.count ?? 1_500), values.only);
  console.log(`${score.caught} passed, ${score.survived} failed`);
  process.exitCode = score.survived === 0 ? 0 : 1;
} else {
  const started = performance.now();
  const count = Number(values.count ?? 20_000);
  console.log(`seed ${seed}; again with: npm run fuzz:verdict -- --seed ${seed} --count ${count}`);
  const mostFindings = Number(values.findings);
  const tally = runCampaign({ seed, count, mostFindings, themes: values.theme, progress });
  for (const { found, honest, flaws } of tally.findings) {
    console.log(flaws.join('\n'));
    if (!values.brief) console.log(asTest(shrink(found, honest)));
  }
  const seconds = (performance.now() - started) / 1_000;
  if (!values.brief) summarise(tally, seconds);
  const good = tally.tampered + tally.honestAnswers;
  console.log(`${good} passed, ${tally.findings.length} failed`);
  process.exitCode = tally.findings.length === 0 ? 0 : 1;
}

function progress({ tampered, worlds }: Tally): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${tampered} answers in ${worlds} worlds `);
}

function summarise(tally: Tally, seconds: number): void {
  const { worlds, lives, questions, tampered, honestAnswers, secure, insecure, failed } = tally;
  const operators = [...tally.operators].sort((a, b) => b[1] - a[1]);
  for (const [name, times] of operators) console.log(`${String(times).padStart(8)}  ${name}`);
  console.log(
    `${tampered} adversarial answers to the resolver of ${lives} lives in ${worlds} worlds, ` +
      `${seconds.toFixed(1)} s`,
  );
  console.log(`${questions} questions: ${secure} secure, ${insecure} insecure, ${failed} failed`);
  console.log(`${honestAnswers} questions that nobody interfered with`);
}
