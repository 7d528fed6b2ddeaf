/** The runner of replay scenarios itself: odd files end in a reason, and both levels bite. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { encodeMessage } from '../../src/wire/index.js';
import { answerDiffers } from './rpl/differences.js';
import { messageOf } from './rpl/packets.js';
import { runScenarios } from './rpl/run.js';
import { type Entry, parseScenario } from './rpl/scenario-file.js';

const STUB = 'stub-zone:\n  name: "."\n  stub-addr: 11.0.0.1\n';
const ROOT = `RANGE_BEGIN 0 100
ADDRESS 11.0.0.1
ENTRY_BEGIN
MATCH opcode subdomain
ADJUST copy_id copy_query
REPLY QR AA NOERROR
SECTION QUESTION
. IN A
SECTION ANSWER
www.example. 60 IN A 11.0.0.2
ENTRY_END
RANGE_END
`;
const ASK = 'STEP 1 QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\nwww.example. IN A\nENTRY_END\n';
const CHECK = `STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all
REPLY QR RD RA NOERROR
SECTION QUESTION
www.example. IN A
SECTION ANSWER
www.example. IN A 11.0.0.2
ENTRY_END
`;
const scenario = (config: string, steps: string): string =>
  `${config}CONFIG_END\nSCENARIO_BEGIN one\n${ROOT}${steps}SCENARIO_END\n`;

/** Each file, and what the reason has to say; undefined when it passes. */
const FILES: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['good', scenario(STUB, ASK + CHECK), undefined],
  ['joined keys', scenario('stub-zone: name:"." stub-addr: 11.0.0.1\n', ASK + CHECK), undefined],
  ['other data', scenario(STUB, ASK + CHECK.replaceAll('11.0.0.2', '11.0.0.3')), /answer lacks/],
  ['unknown key', scenario(`server:\n  no-such-key: yes\n${STUB}`, ASK + CHECK), /no-such-key/],
  ['another value', scenario(`server: do-nat64: yes\n${STUB}`, ASK + CHECK), /do-nat64 yes/],
  ['local zone', scenario(`local-zone: example. static\n${STUB}`, ASK + CHECK), /local-zone/],
  ['unknown word', scenario(STUB, ASK + CHECK.replace('MATCH all', 'MATCH al')), /the word al /],
  ['unknown step', scenario(STUB, `${ASK}STEP 5 DANCE\n${CHECK}`), /DANCE is not offered/],
  ['steps go back', scenario(STUB, ASK + CHECK.replace('STEP 10', 'STEP 1')), /does not come/],
  ['no entry', scenario(STUB, 'STEP 1 QUERY\n'), /no entry/],
  ['nothing to lose', scenario(STUB, 'STEP 1 TIMEOUT\n'), /no query to lose/],
  ['no section', scenario(STUB, ASK.replace('QUESTION', 'QUESTIONS')), /no section/],
  [
    'cut off',
    scenario(STUB, ASK).split('SECTION QUESTION')[0]!,
    /broken|no answer|malformed|question/,
  ],
  ['cut in hex', `CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nHEX_ANSWER_BEGIN\n00`, /in the middle/],
  ['no name', scenario('domain-insecure: "a..b"\n', ASK), /is no name/],
  ['empty', '', /no CONFIG_END/],
  ['garbage', '\0\u00ff{]ENTRY_BEGIN\u0001\nCONFIG_END\nSTEP', /broken|no entry|not come/],
];

t.test('whatever a file is like, it ends in a verdict with a reason', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of FILES) writeFileSync(join(folder, `${name}.rpl`), text, 'latin1');
  const rows = new Map(runScenarios({ folder }).map((row) => [row.file, row]));
  t.equal(rows.size, FILES.length);
  for (const [name, , reason] of FILES) {
    const row = rows.get(`${name}.rpl`)!;
    t.equal(row.pass, reason === undefined, `${name}: ${row.reason}`);
    if (reason !== undefined) t.match(row.reason, reason, name);
    t.notMatch(row.reason, /\n/, 'one line');
  }
  t.end();
});

const entryOf = (step: string): Entry =>
  parseScenario(`CONFIG_END\nSCENARIO_BEGIN x\n${step}SCENARIO_END\n`).steps[0]!.entry!;
const octetsOf = (step: string): Uint8Array =>
  encodeMessage(messageOf(entryOf(step)), { maxOctets: 65_535 });

t.test('strict and relaxed', (t) => {
  const two = CHECK.replace('ENTRY_END', 'www.example. IN A 11.0.0.3\nENTRY_END');
  const swapped = two
    .replace('11.0.0.2', '11.0.0.9')
    .replace('11.0.0.3', '11.0.0.2')
    .replace('11.0.0.9', '11.0.0.3');
  const differs = (wanted: string, found: string, strict: boolean): string | undefined =>
    answerDiffers(entryOf(wanted), octetsOf(found), 'udp', { strict });
  for (const strict of [true, false]) t.equal(differs(two, two, strict), undefined);
  t.equal(differs(two, swapped, false), undefined, 'relaxed: an RRset has no order');
  t.match(differs(two, swapped, true), /answer record 1 .*; octet 4 is 0x03, not 0x02$/);
  t.match(differs(two, CHECK, true), /answer record 2 is missing/);
  t.match(differs(two, CHECK, false), /answer lacks .*11\.0\.0\.3/);
  const flagged = two.replace('QR RD', 'QR AA RD');
  t.equal(differs(two, flagged, false), undefined, 'relaxed: AA is not looked at');
  t.equal(differs(two, flagged, true), 'flags is QR AA RD RA, not QR RD RA');
  const authentic = two.replace('QR RD', 'QR AD RD');
  for (const strict of [true, false]) t.ok(differs(two, authentic, strict), 'AD always is');
  const option = `${two
    .replace('QR RD', 'QR DO RD')
    .replace('ENTRY_END', 'HEX_EDNSDATA_BEGIN\n000f 0002 0006\nHEX_EDNSDATA_END\nENTRY_END')}`;
  const withDo = two.replace('QR RD', 'QR DO RD');
  t.match(differs(withDo, option, true), /EDNS option 1 is 15, not none/);
  const coded = withDo.replace('MATCH all', 'MATCH all ede=7');
  t.equal(differs(coded, option, false), undefined, 'relaxed: one of 6 to 12 for another');
  t.equal(differs(coded, option, true), 'EDE 6 instead of 7');
  t.equal(differs(coded.replace('ede=7', 'ede=6'), option, true), undefined, 'it is cut out');
  t.match(differs(two.replace('MATCH all', 'MATCH TCP'), two, true), /transport/);
  t.end();
});
