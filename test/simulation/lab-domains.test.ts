/**
 * Every domain of the lab, asked of the real resolver in virtual time: response code, verdict,
 * reason and Extended DNS Error as the lab's own table says.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Expectation, labWorld } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { rcodeMnemonic, typeFromMnemonic } from '../../src/wire/index.js';
import { projectRoot } from '../architecture/sources.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { restlessness, violations } from './checkers.js';

const table = labWorld();
const lab = makeLab(table);

t.test('the table itself', (t) => {
  const names = table.domains.map(({ name }) => name);
  t.equal(new Set(names).size, names.length, 'each domain once');
  for (const { name, shows, expectations } of table.domains) {
    if (!/^[A-Z].*\.$/.test(shows)) t.fail(`${name}: a sentence says what it shows`);
    if (expectations.length === 0) t.fail(`${name}: nothing is expected`);
    for (const { name: asked } of expectations) {
      if (!asked.endsWith(name)) t.fail(`${name}: ${asked} is not part of it`);
    }
  }
  t.end();
});

/** What differs between an answer and what was expected of it; empty when all is well. */
function differences(expected: Expectation, seen: Resolution): string[] {
  const found: string[] = [];
  const { security } = seen;
  const note = (what: string, is: unknown, should: unknown) => {
    if (is !== should) found.push(`${what} is ${is}, not ${should}`);
  };
  note('rcode', rcodeMnemonic(seen.rcode), expected.rcode);
  if (expected.status === 'failed') {
    if (security.status === 'secure') found.push('a failure is called secure');
  } else note('status', security.status, expected.status);
  if (expected.reason !== undefined) {
    note('reason', 'reason' in security ? security.reason : undefined, expected.reason);
  }
  const codes = seen.errors.map(({ code }) => code);
  if (expected.ede !== undefined && !codes.includes(expected.ede)) {
    found.push(`EDE ${expected.ede} is not among [${codes}]`);
  }
  if (expected.status === 'secure' && codes.length > 0)
    found.push(`EDE [${codes}] on a good answer`);
  if (expected.records !== undefined) {
    const type = typeFromMnemonic(expected.type);
    const sets = seen.answer.filter(({ rrset }) => rrset.type === type);
    const records = sets.reduce((sum, { rrset }) => sum + rrset.rdatas.length, 0);
    note('number of records', records, expected.records);
  }
  return found;
}

function describe(seen: Resolution): string {
  const { security, errors } = seen;
  const why = 'sentence' in security ? security.sentence : '';
  return `${security.status} ${why} [${errors.map(({ code, text }) => `${code} ${text}`)}]`;
}

function check(t: Test, world: SimulatedWorld, expected: Expectation): void {
  const seen = world.resolve(expected.name, expected.type);
  const found = differences(expected, seen);
  const what = `${expected.name} ${expected.type}: ${expected.rcode} ${expected.status}`;
  if (found.length === 0) t.pass(what);
  else t.fail(what, { found, seen: describe(seen) });
}

t.test('each domain, asked of a resolver that knows nothing', (t) => {
  for (const domain of table.domains) {
    t.test(domain.name, (t) => {
      const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
      for (const expected of domain.expectations) check(t, world, expected);
      world.settle();
      t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
      t.end();
    });
  }
  t.end();
});

t.test('all domains, asked of one resolver twice, as a mailer would', (t) => {
  const world = new SimulatedWorld({ lab });
  for (const round of ['cold', 'warm']) {
    for (const domain of table.domains) {
      const found = domain.expectations.flatMap((expected) => {
        const seen = world.resolve(expected.name, expected.type);
        return differences(expected, seen).map((flaw) => {
          return `${expected.name} ${expected.type}: ${flaw}; ${describe(seen)}`;
        });
      });
      t.same(found, [], `${domain.name}, ${round}`);
      // Failures are remembered for some seconds; a mailer comes back later than that.
      world.sleep(20_000);
    }
  }
  world.settle();
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

// --- the published table of Extended DNS Error cases ---

const shared = process.env.ANCHORITE_SHARED ?? join(projectRoot, '..', 'shared');
const published = readTable(join(shared, 'research', 'ede-cases.tsv'));
const skip =
  published === undefined ? 'SKIPPED: the shared table ede-cases.tsv is not here' : false;

t.test('agrees with the published table of Extended DNS Error cases', { skip }, (t) => {
  let compared = 0;
  for (const row of published ?? []) {
    const name = row.name ?? '';
    const domain = table.domains.find((candidate) => candidate.name === `${name}.ede`);
    if (name === 'ede-N' || name === 'rcode-X') continue;
    if (domain === undefined) {
      t.fail(`${name} is missing from the lab`);
      continue;
    }
    const [expected] = domain.expectations;
    const rcodes = row.expected_rcode ?? '';
    if (!rcodes.includes(expected!.rcode)) t.fail(`${name}: ${expected!.rcode}, not ${rcodes}`);
    const ad = expected!.status === 'secure' ? '1' : '0';
    if (!(row.expected_ad ?? '').includes(ad)) t.fail(`${name}: AD ${ad}, not ${row.expected_ad}`);
    compared++;
  }
  t.ok(compared >= 80, `${compared} cases`);
  t.end();
});

function readTable(path: string): readonly Record<string, string>[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.split('\t');
  return lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
  });
}
