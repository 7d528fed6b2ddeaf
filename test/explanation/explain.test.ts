/**
 * `anchorite why`: every domain of the lab that is not sound is explained by its real cause, with
 * the zone, the record and the servers that are at fault, and a letter that says so.
 */
import t from 'tap';
import {
  type CaseFacts,
  type Cause,
  explain,
  type Explanation,
  followUps,
  letterText,
  sinceWords,
} from '../../src/explanation/index.js';
import { type Expectation, labWorld } from '../../src/lab/index.js';
import { Name, RRType, typeFromMnemonic, typeMnemonic } from '../../src/wire/index.js';
import { mailbox } from '../../src/explanation/contact.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';

const table = labWorld();
const lab = makeLab(table);

const CAUSES: Readonly<Record<string, Cause>> = {
  'tlsa-notimp.broken': 'no server answers',
  'tlsa-silence.broken': 'no server answers',
  'silent.broken': 'no server answers',
  'closed.broken': 'no server answers',
  'refused.broken': 'no server answers',
  'servfail.broken': 'no server answers',
  'upward.broken': 'no server answers',
  'cycle-a.broken': 'no server answers',
  'no-edns.broken': 'signatures missing',
  'stripped.broken': 'signatures missing',
  'expired.broken': 'signatures expired',
  'expired-tlsa.broken': 'signatures expired',
  'future.broken': 'signatures not yet valid',
  'future-tlsa.broken': 'signatures not yet valid',
  'backwards.broken': 'signatures wrong',
  'unsigned-but-ds.broken': 'signatures missing',
  'missing-tlsa.broken': 'signatures missing',
  'bad-keys.broken': 'signatures wrong',
  'bad-tlsa.broken': 'signatures wrong',
  'downgrade.broken': 'signatures wrong',
  'stranger.broken': 'keys unusable',
  'keytrap.broken': 'too much work',
  'wrong-ds.broken': 'keys and DS disagree',
  'wrong-tag.broken': 'keys and DS disagree',
  'no-keys.broken': 'keys and DS disagree',
  'no-ksk.broken': 'keys and DS disagree',
  'no-zone-bit.broken': 'keys unusable',
  'revoked.broken': 'keys unusable',
  'protocol.broken': 'keys unusable',
  'unknown-algorithm.broken': 'signed in vain',
  'unknown-digest.broken': 'signed in vain',
  'sha1-ds.broken': 'signed in vain',
  'no-denial.broken': 'denial broken',
  'no-nsec3.broken': 'denial broken',
  'bad-nsec.broken': 'signatures wrong',
  'bad-nsec3.broken': 'signatures wrong',
  'unsigned-nsec3.broken': 'signatures missing',
  'wildcard.broken': 'denial broken',
  'loop.broken': 'aliases broken',
};

function factsOf(world: SimulatedWorld, name: string, type: string): CaseFacts {
  const question = { name: nameOf(name), type: typeFromMnemonic(type)! };
  const resolution = world.resolve(name, type);
  const nowSeconds = world.now.wallSeconds;
  const facts = { ...question, resolution, reports: [...world.reports], nowSeconds };
  const answers = followUps(facts).map((asked) =>
    world.resolve(asked.name.toString(), typeMnemonic(asked.type), { cd: true }),
  );
  return { ...facts, answers };
}

function why(name: string, type: string): Explanation {
  const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
  return explain(factsOf(world, name, type));
}

const VERDICTS: Readonly<Record<Expectation['status'], Explanation['verdict']>> = {
  secure: 'secure',
  insecure: 'insecure',
  bogus: 'bogus',
  failed: 'no answer',
};

/** Causes that the records tell the date of. */
const DATED: readonly Cause[] = [
  'signatures expired',
  'signatures not yet valid',
  'keys and DS disagree',
];

/** What a client is told by number (RFC 8914), and the causes that may be behind it. */
const CAUSES_BY_EDE: Readonly<Record<number, readonly Cause[]>> = {
  1: ['signed in vain'],
  2: ['signed in vain'],
  7: ['signatures expired'],
  8: ['signatures not yet valid'],
  9: ['keys and DS disagree', 'keys unusable', 'signatures wrong'],
  10: ['signatures missing', 'keys unusable'],
  11: ['keys unusable'],
  12: ['denial broken', 'delegation broken'],
  22: ['no server answers'],
  25: ['signatures wrong'],
  27: ['signed in vain'],
};

t.test('the test bed of Extended DNS Errors: the cause agrees with the number', (t) => {
  let compared = 0;
  for (const { name: domain, expectations } of table.domains) {
    if (!domain.endsWith('.ede')) continue;
    for (const { name, type, status, ede } of expectations) {
      const seen = why(name, type);
      const what = `${name} ${type}: ${seen.cause} (${seen.reason}), EDE ${ede}`;
      t.equal(seen.verdict, VERDICTS[status], what);
      if (status === 'secure') continue;
      t.ok(seen.cause !== undefined, what);
      const causes = ede === undefined ? undefined : CAUSES_BY_EDE[ede];
      if (causes === undefined) continue;
      t.ok(causes.includes(seen.cause!), what);
      compared++;
    }
  }
  t.ok(compared >= 50, `${compared} cases compared`);
  t.end();
});

t.test('every domain that is not sound', (t) => {
  const broken = table.domains.filter(({ name }) => name.endsWith('.broken'));
  t.same(
    broken.map(({ name }) => name).filter((name) => !(name in CAUSES)),
    [],
    'in the table',
  );
  for (const { name: domain, expectations } of broken) {
    for (const expected of expectations) {
      if (expected.status === 'secure') continue;
      const { name, type, status, reason } = expected;
      const seen = why(name, type);
      const what = `${name} ${type}`;
      t.equal(seen.verdict, VERDICTS[status], `${what}: ${status}`);
      if (reason !== undefined) t.equal(seen.reason, reason, `${what}: ${reason}`);
      // A delegation that leads nowhere and is not signed has a TLSA question forgiven.
      const cause = domain === 'cycle-a.broken' && type === 'TLSA' ? 'not signed' : CAUSES[domain];
      t.equal(seen.cause, cause, `${what}: ${seen.sentence}`);
      if (status !== 'failed') t.match(seen.zone, domain, `${what}: the zone at fault`);
      if (status === 'bogus') t.ok(seen.servers.length > 0, `${what}: the server`);
      if (DATED.includes(seen.cause!)) t.ok(seen.since !== undefined, `${what}: since when`);
      const letter = letterText(seen);
      t.equal(letter === undefined, status === 'insecure', `${what}: a letter, if it is a fault`);
      if (letter === undefined) continue;
      t.match(letter, `Zone:       ${seen.zone}`);
      t.notOk(/undefined|NaN|\[object/.test(letter), letter);
      t.notOk(
        letter.split('\n').some((line) => line.startsWith('  ') === false && line.length > 120),
        'lines that a mail program keeps',
      );
    }
  }
  t.end();
});

t.test('whose zone, which record, since when', (t) => {
  const expired = why('_25._tcp.mx.expired-tlsa.broken', 'TLSA');
  t.match(expired, {
    record: '_25._tcp.mx.expired-tlsa.broken. TLSA',
    zone: 'expired-tlsa.broken.',
    contact: 'hostmaster@expired-tlsa.broken',
    since: { how: 'since' },
  });
  const now = new SimulatedWorld({ lab }).now.wallSeconds;
  t.ok(expired.since!.seconds < now, 'in the past');
  t.match(expired.evidence[0], sinceWords(expired.since!), 'the expiration of the signature');
  const future = why('_25._tcp.mx.future-tlsa.broken', 'TLSA');
  t.equal(future.since?.how, 'until');
  t.ok(future.since!.seconds > now, 'it begins later');
  const wrongDs = why('wrong-tag.broken', 'MX');
  t.equal(wrongDs.record, 'wrong-tag.broken. DNSKEY');
  t.equal(wrongDs.since?.how, 'at the latest since');
  t.match(
    wrongDs.evidence.join('\n'),
    /DS at the parent: key 1,[\s\S]*DNSKEY in the zone: key \d+/,
  );
  t.match(why('no-keys.broken', 'MX').evidence, ['DS at the parent', 'DNSKEY in the zone: none']);
  const stripped = why('_25._tcp.mx.missing-tlsa.broken', 'TLSA');
  t.equal(stripped.since, undefined, 'what is not there has no date');
  const silent = why('silent.broken', 'MX');
  const addresses = lab.servers.get(nameOf('ns1.silent.broken').key)!.addresses;
  t.same([...silent.servers].sort(), addresses.map(String).sort(), 'the servers that were asked');
  t.equal(silent.contact, undefined);
  t.match(letterText(silent), /^To: hostmaster@silent\.broken \(no SOA record was to be had\)\n/);
  const refused = why('refused.broken', 'MX');
  const said = /answered refused\.broken\. (MX|DNSKEY): refused/;
  t.match(refused.evidence[0], said, 'what they said; both questions leave together');
  t.end();
});

t.test('what is in order, or insecure by right', (t) => {
  const secure = why('p256.dane', 'MX');
  t.match(secure, { verdict: 'secure', cause: undefined, operator: 'Nothing.' });
  t.equal(letterText(secure), undefined);
  const insecure = why('unsigned.dane', 'MX');
  t.match(insecure, { verdict: 'insecure', cause: 'not signed', reason: 'no DS' });
  t.equal(letterText(insecure), undefined, 'not a fault');
  const unanswered = why('_25._tcp.mx.tlsa-notimp.plain', 'TLSA');
  t.match(unanswered, { verdict: 'insecure', sentence: /did not answer the TLSA question/ });
  const negative = new SimulatedWorld({
    lab,
    config: { mailPrefetch: false, negativeTrustAnchors: [nameOf('expired.broken')] },
  });
  const excepted = explain(factsOf(negative, 'expired.broken', 'MX'));
  t.match(excepted, { verdict: 'insecure', cause: 'excepted here' });
  t.end();
});

t.test('a delegation whose proof somebody strips', (t) => {
  const own = makeLab(table);
  tamper(own, 'ns1.dane.', (reply) => ({
    ...reply,
    authority: reply.authority.filter(({ type }) => type === RRType.NS || type === RRType.SOA),
    answer: reply.answer.filter(({ type }) => type !== RRType.DS && type !== RRType.RRSIG),
  }));
  const world = new SimulatedWorld({ lab: own, config: { mailPrefetch: false } });
  const seen = explain(factsOf(world, 'p256.dane', 'MX'));
  t.equal(seen.verdict, 'bogus');
  t.equal(seen.zone, 'dane.', 'the parent, not the zone that was asked about');
  t.equal(seen.contact, 'hostmaster@dane');
  t.end();
});

t.test('RNAME to mailbox (RFC 1035 §8)', (t) => {
  const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const of = (...labels: string[]) => mailbox(Name.fromLabels(labels.map(octets))!);
  t.equal(of('hostmaster', 'example', 'org'), 'hostmaster@example.org');
  t.equal(of('dns.admin', 'example', 'org'), 'dns.admin@example.org', 'a dot in the first label');
  t.equal(of('a b', 'example', 'org'), undefined, 'nothing that would need quoting');
  t.equal(of('x\nBcc: all', 'example', 'org'), undefined, 'and no line of its own');
  t.equal(of('hostmaster'), undefined);
  t.equal(mailbox(Name.root), undefined);
  t.end();
});
