/**
 * `npm run fuzz [-- SEED]`: the seeded tests with a seed that nobody has chosen, and more runs of
 * the bad network. A failure is replayed with the seed that is printed.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const SEEDED = ['test/fuzz/', 'test/simulation/bad-network', 'test/dnssec/small-worlds'];
const RUNS = '20';

const [, , seed = String(randomInt(2 ** 31))] = process.argv;
console.log(`seed ${seed}; again with: npm run fuzz -- ${seed}`);
const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'test.mjs'), ...SEEDED], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ANCHORITE_SEED: seed, ANCHORITE_RUNS: RUNS },
});
process.exitCode = status ?? 1;
