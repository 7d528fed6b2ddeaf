/** One campaign in several processes: each has its share of the answers and a seed of its own. */
import { spawn } from 'node:child_process';
import { hashOf } from './dice.js';

export interface JobsOptions {
  readonly program: string;
  readonly seed: number;
  readonly count: number;
  readonly jobs: number;
}

/** Prints what each of them prints; how many checks passed and failed. */
export async function runJobs(options: JobsOptions): Promise<{ passed: number; failed: number }> {
  const { program, seed, count, jobs } = options;
  const share = Math.ceil(count / jobs);
  const ends = await Promise.all(
    Array.from({ length: jobs }, async (_, at) => {
      const own = hashOf(`job ${at}`, seed);
      const text = await outputOf(program, ['--seed', `${own}`, '--count', `${share}`]);
      process.stdout.write(text);
      const last = /^(\d+) passed, (\d+) failed$/m.exec(text);
      return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 1) };
    }),
  );
  return {
    passed: ends.reduce((sum, { passed }) => sum + passed, 0),
    failed: ends.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.on('close', () => resolve(text));
  });
}
