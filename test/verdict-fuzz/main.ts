/**
 * `npm run fuzz:verdict -- [--count N] [--seed S] [--jobs J] [--mutants [--only PART]]`: tampers
 * with N replies and holds every verdict against the truth; a failure is shrunk and printed as a
 * test. With `--mutants`, shows that deliberately broken validators are caught.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseSeed } from '../fuzz/mutate.js';
import { runCampaign, type Tally } from './campaign.js';
import { runJobs } from './jobs.js';
import { runMutants } from './mutants.js';
import { asTest, shrink } from './shrink.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    seed: { type: 'string' },
    findings: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    /** Beginnings of the names of forgeries that the attacker is to prefer. */
    theme: { type: 'string', multiple: true, default: [] },
    /** Nobody does any harm: do all answers come? */
    honest: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    /** For a mutant: one line, and no shrinking. */
    brief: { type: 'boolean', default: false },
  },
});

const seed = values.seed === undefined ? chooseSeed() : Number(values.seed) >>> 0;
const count = Number(values.count ?? (values.mutants ? 3_000 : 20_000));
const jobs = Number(values.jobs);

if (values.mutants) {
  const score = await runMutants({ seed, count, jobs, only: values.only });
  conclude(score.caught, score.survived);
} else if (jobs > 1) {
  const again = `npm run fuzz:verdict -- --seed ${seed} --count ${count} --jobs ${jobs}`;
  console.log(`seed ${seed}; again with: ${again}`);
  const program = fileURLToPath(import.meta.url);
  const { passed, failed } = await runJobs({ program, seed, count, jobs });
  conclude(passed, failed);
} else {
  const started = performance.now();
  console.log(`seed ${seed}; again with: npm run fuzz:verdict -- --seed ${seed} --count ${count}`);
  const mostFindings = Number(values.findings);
  const { honest, theme: themes } = values;
  const tally = runCampaign({ seed, count, mostFindings, themes, honestOnly: honest, progress });
  for (const { found, honest: untouched, flaws } of tally.findings) {
    console.log(flaws.join('\n'));
    if (!values.brief) console.log(asTest(shrink(found, untouched)));
  }
  const seconds = (performance.now() - started) / 1_000;
  if (!values.brief) summarise(tally, seconds);
  conclude(tally.tampered + tally.honestAnswers, tally.findings.length);
}

function conclude(passed: number, failed: number): void {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
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
