/**
 * Other people's replay scenarios against the real core. The list of those that pass is committed:
 * one that stops passing fails this test, and so does one that starts, until the list says so.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { projectPath, sharedPath } from '../vectors/shared-data.js';
import { passingList, runScenarios, surprises } from './rpl/run.js';

const folder = sharedPath('conformance', 'rpl');
const skip =
  folder === undefined ? 'NOT TESTED: the replay scenarios are not beside the project' : false;
if (skip !== false) console.error(`# ${skip}`);

t.test('replay scenarios', { skip }, (t) => {
  const rows = runScenarios({});
  const core = rows.filter((row) => row.core);
  const passing = passingList();
  t.ok(core.length >= 180, `${core.length} core scenarios were played`);
  t.same(surprises(rows, passing), [], 'they do what the list says');
  const known = new Set(core.map(({ file }) => file));
  t.same(
    [...passing].filter((file) => !known.has(file)),
    [],
    'the list names scenarios that there are',
  );
  t.same(
    core.filter(({ skipped }) => skipped).map(({ file }) => file),
    [],
    'none is passed over for a setting that the runner does not know',
  );
  const text = readFileSync(projectPath('docs', 'conformance.md'), 'utf8');
  const failing = core.filter(({ pass }) => !pass).map(({ file }) => file);
  t.same(
    failing.filter((file) => !text.includes(`\`${file.replace('.rpl', '')}\``)),
    [],
    'docs/conformance.md gives a reason for each that does not pass',
  );
  t.end();
});

t.test('the list bites', (t) => {
  const row = { group: 'g', core: true, policy: undefined, skipped: false, reason: 'why' };
  const rows = [
    { ...row, file: 'a.rpl', pass: true },
    { ...row, file: 'b.rpl', pass: false },
    { ...row, file: 'c.rpl', pass: false, core: false },
  ];
  t.same(surprises(rows, new Set(['a.rpl'])), []);
  t.same(surprises(rows, new Set(['a.rpl', 'b.rpl'])), ['b.rpl: why']);
  t.same(surprises(rows, new Set()), ['a.rpl passes now: list it']);
  t.end();
});
