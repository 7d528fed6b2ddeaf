/**
 * Our own replay scenarios, with real signatures: mail and DANE, algorithms, denial, rollovers and
 * clocks. Each that must be accepted has forged twins beside it that must not be.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { OWN_FOLDER, ownFiles } from './own/generate.js';
import { runScenarios } from './rpl/run.js';

const files = readdirSync(OWN_FOLDER).filter((file) => file.endsWith('.rpl'));

t.test('every scenario plays as it says, and refusals give their reason', (t) => {
  // Strict: whole messages, and Extended DNS Error codes one by one.
  for (const { file, pass, reason } of runScenarios({ folder: OWN_FOLDER, strict: true })) {
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
    t.match(readFileSync(join(OWN_FOLDER, file), 'latin1'), /NOERROR|NXDOMAIN/);
    for (const twin of twins) {
      const text = readFileSync(join(OWN_FOLDER, twin), 'latin1');
      // Nobody signs the response code: where the proof says "no data", that is what is told.
      const isCorrected =
        twin.includes('.forged-code') &&
        /^REPLY QR AA NXDOMAIN$/m.test(text) &&
        /^REPLY QR RD RA DO AD NOERROR$/m.test(text.slice(text.indexOf('CHECK_ANSWER')));
      t.ok(isCorrected || text.includes('SERVFAIL'), `${twin} refuses something`);
    }
  }
  t.end();
});

t.test('the files are what the generator makes', (t) => {
  const made = ownFiles();
  t.same([...made.keys()].sort(), [...files].sort(), 'npm run conformance:own writes these');
  for (const [file, text] of made) {
    t.ok(readFileSync(join(OWN_FOLDER, file), 'utf8') === text, `${file} is up to date`);
  }
  t.end();
});
