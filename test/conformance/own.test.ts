/**
 * Our own replay scenarios, with real signatures: mail and DANE, algorithms, denial, rollovers and
 * clocks. Each that must be accepted has forged twins beside it that must not be.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectPath } from '../vectors/shared-data.js';
import { ownScenarios } from './own/scenarios.js';
import { scriptOf } from './own/script.js';
import { runScenarios } from './rpl/run.js';

const folder = projectPath('test', 'conformance', 'own');
const files = readdirSync(folder).filter((file) => file.endsWith('.rpl'));

t.test('every scenario plays as it says, and refusals give their reason', (t) => {
  // Strict: Extended DNS Error codes are compared one by one.
  for (const { file, pass, reason } of runScenarios({ folder, strict: true })) {
    t.ok(pass, `${file}: ${pass ? 'plays' : reason}`);
  }
  t.end();
});

t.test('each accepted one has a forged twin', (t) => {
  const accepted = files.filter((file) => !file.includes('.forged-'));
  t.ok(accepted.length >= 40, `${accepted.length} accepted, ${files.length} in all`);
  for (const file of accepted) {
    const twins = files.filter((other) => other.startsWith(file.replace('.rpl', '.forged-')));
    t.ok(twins.length > 0, `${file}: ${twins.length} twins`);
    t.match(readFileSync(join(folder, file), 'latin1'), /NOERROR|NXDOMAIN/);
    for (const twin of twins) {
      t.match(readFileSync(join(folder, twin), 'latin1'), /SERVFAIL/, `${twin} refuses something`);
    }
  }
  t.end();
});

t.test('the files are what the generator makes', (t) => {
  const scenarios = ownScenarios();
  t.same(
    scenarios.map(({ file }) => `${file}.rpl`).sort(),
    [...files].sort(),
    'npm run conformance:own writes these',
  );
  for (const scenario of scenarios) {
    const written = readFileSync(join(folder, `${scenario.file}.rpl`), 'utf8');
    t.ok(written === scriptOf(scenario), `${scenario.file} is up to date`);
  }
  t.end();
});
