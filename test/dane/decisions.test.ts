/** DANE decisions over the lab: what a mailer has to do, why, and what was looked up for it. */
import t, { type Test } from 'tap';
import { DANE_LIMITS, type DaneDecision, nameText } from '../../src/dane/index.js';
import type { LookedUp } from '../../src/dane/lookup.js';
import { routeOf } from '../../src/dane/mail-route.js';
import { labWorld, type World } from '../../src/lab/index.js';
import { decideIn, destinationOf, type Driven } from '../support/drive-decision.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';

const table = labWorld();
const lab = makeLab(table);

function decide(domain: string, port?: number, viaMx?: boolean): Driven {
  return decideIn(new SimulatedWorld({ lab }), destinationOf(domain, port, viaMx));
}

function actions({ exchanges }: DaneDecision): string[] {
  return exchanges.map(({ action }) => action);
}

/** Sentences are for operators: each names what it is about, and ends like one. */
function checkSentences(t: Test, { sentence, section, exchanges, destination }: DaneDecision) {
  t.match(sentence, nameText(destination.name));
  for (const each of [{ sentence, section }, ...exchanges]) {
    t.match(each.sentence, /^[^\n]+\.$/);
    t.match(each.section, /^RFC \d{4} §[\d.]+$/);
  }
  for (const { exchange, sentence } of exchanges) t.match(sentence, nameText(exchange));
}

t.test('the mail domains of the lab', (t) => {
  const world = new SimulatedWorld({ lab });
  for (const { name, mail } of table.domains) {
    if (mail === undefined) continue;
    const { decision } = decideIn(world, destinationOf(mail.domain ?? name));
    t.equal(decision.outcome, mail.outcome, `${name}: ${mail.outcome}`);
    t.same(actions(decision), mail.exchanges, `${name}: ${decision.sentence}`);
    checkSentences(t, decision);
  }
  t.end();
});

t.test('a secure domain: one exchange, its records, its names', (t) => {
  const { decision, asked } = decide('p256.dane');
  t.same(asked, [
    'p256.dane. MX',
    'mx.p256.dane. A',
    'mx.p256.dane. AAAA',
    '_25._tcp.mx.p256.dane. TLSA',
  ]);
  const [exchange] = decision.exchanges;
  t.match(exchange, { action: 'authenticate', reason: 'TLSA usable', preference: 10 });
  t.equal(exchange?.addresses.length, 2);
  t.same(exchange?.referenceNames.map(nameText), ['mx.p256.dane', 'p256.dane']);
  t.match(exchange?.sentence, /^mx\.p256\.dane: TLS is a must, and the certificate has to match/);
  t.match(exchange?.sentence, /the TLSA record of _25\._tcp\.mx\.p256\.dane: 3 1 1 [0-9A-F]{16}…/i);
  t.match(decision, { route: { kind: 'MX', isSecure: true }, section: 'RFC 7672 §2.2' });
  t.ok(decision.ttlSeconds > 0);
  t.end();
});

t.test('another port, and hosts that are named as such', (t) => {
  const other = decide('p256.dane', 587);
  t.equal(other.asked.at(-1), '_587._tcp.mx.p256.dane. TLSA');
  t.match(other.decision.exchanges, [{ action: 'opportunistic', reason: 'no TLSA' }]);
  t.match(other.decision.exchanges[0]?.sentence, /proven to be absent at _587\._tcp/);
  const host = decide('mx.p256.dane', 25, false);
  t.notOk(host.asked.some((question) => / MX$/.test(question)));
  t.match(host.decision, { route: { kind: 'host' }, exchanges: [{ action: 'authenticate' }] });
  t.end();
});

t.test('insecure is not secure: no TLSA look-up below insecure addresses (§2.2.2)', (t) => {
  const { decision, asked } = decide('unsigned.dane');
  t.notOk(
    asked.some((question) => / TLSA$/.test(question)),
    'not even asked',
  );
  t.match(decision.exchanges, [{ action: 'opportunistic', reason: 'address insecure' }]);
  t.match(decision.exchanges[0]?.sentence, /not signed.*no DS record/);
  // TLSA that is signed, behind a host that is not: nobody asks for it.
  const { decision: foreign } = decide('foreign-host.dane');
  t.match(foreign.exchanges, [{ action: 'opportunistic', reason: 'address insecure' }]);
  // The other way round: the owner's alias leads out of the signed zone, the chain is cut.
  const { decision: alias } = decide('cname-to-insecure.dane');
  t.match(alias.exchanges, [{ action: 'opportunistic', reason: 'TLSA insecure' }]);
  t.end();
});

t.test('failed is not insecure: the mail waits, and the sentence says for what', (t) => {
  const bogusMx = decide('expired.broken').decision;
  t.match(bogusMx, { outcome: 'defer', exchanges: [], route: { kind: 'MX lookup failed' } });
  t.match(bogusMx.sentence, /^Mail for expired\.broken has to wait: .*expired\.broken MX failed/);
  t.match(bogusMx.sentence, /expired.*\(server \S+\)\.$/);
  for (const domain of ['expired-tlsa.broken', 'missing-tlsa.broken', 'bad-tlsa.broken']) {
    const { outcome, exchanges, ttlSeconds } = decide(domain).decision;
    t.match(
      { outcome, exchanges },
      {
        outcome: 'defer',
        exchanges: [{ action: 'defer', reason: 'TLSA lookup failed' }],
      },
    );
    t.match(exchanges[0]?.sentence, /not now; the look-up of _25\._tcp\.mx\.\S+ TLSA failed/);
    t.equal(ttlSeconds, 0, 'what failed is not kept');
  }
  const silent = decide('refused.broken').decision;
  t.match(silent, { outcome: 'defer', route: { why: { code: 'no answer' } } });
  t.end();
});

t.test('aliases: the last name first, then the original (§2.2.2)', (t) => {
  const expanded = decide('cname-mx.dane');
  t.match(expanded.decision.exchanges, [{ action: 'authenticate' }]);
  t.equal(nameText(expanded.decision.exchanges[0]!.baseDomain!), 'mx.cname-mx.dane');
  t.notOk(expanded.asked.includes('_25._tcp.mail.cname-mx.dane. TLSA'), 'found at the first');
  const original = decide('cname-original.dane');
  t.same(
    original.asked.filter((question) => / TLSA$/.test(question)),
    ['_25._tcp.mx.cname-original.dane. TLSA', '_25._tcp.mail.cname-original.dane. TLSA'],
  );
  t.equal(nameText(original.decision.exchanges[0]!.baseDomain!), 'mail.cname-original.dane');
  // §2.1.3: the first link is signed, the rest is not; only the original name may speak.
  const out = decide('cname-out.dane');
  t.same(
    out.asked.filter((question) => / TLSA$/.test(question)),
    ['_25._tcp.mail.cname-out.dane. TLSA'],
  );
  const dname = decide('dname.dane');
  t.match(dname.decision.exchanges, [{ action: 'authenticate' }]);
  t.equal(nameText(dname.decision.exchanges[0]!.baseDomain!), 'mx.new.dname.dane');
  const domain = decide('mail.cname-domain.dane').decision;
  t.same(
    domain.exchanges[0]?.referenceNames.map(nameText),
    ['mx.p256.dane', 'mail.cname-domain.dane', 'p256.dane'],
    'RFC 7672 §3.2.2: base domain, the domain as it was written, and where it leads',
  );
  t.end();
});

t.test('an insecure MX may still lead to hosts with DANE (§2.2.1)', (t) => {
  const { decision } = decide('tenant.plain');
  t.match(decision, { route: { isSecure: false }, exchanges: [{ action: 'authenticate' }] });
  t.match(decision.sentence, /But the MX records are not signed, so an attacker can name other/);
  t.same(
    decision.exchanges[0]?.referenceNames.map(nameText),
    ['mx.p256.dane'],
    '§3.2.2: who forges the MX must not win a certificate for the domain as well',
  );
  t.end();
});

t.test('no mail at all', (t) => {
  const nullMx = decide('null-mx.dane').decision;
  t.match(nullMx, { outcome: 'refuse', route: { kind: 'null MX' }, section: 'RFC 7505 §3' });
  const nobody = decide('nobody.p256.dane').decision;
  t.match(nobody, { outcome: 'refuse', route: { kind: 'no such domain', isSecure: true } });
  t.match(nobody.sentence, /^There is no domain nobody\.p256\.dane \(proven\)\.$/);
  const addressless = decide('no-address.dane').decision;
  t.match(addressless, { outcome: 'refuse', exchanges: [{ action: 'skip' }] });
  t.end();
});

t.test('records that do not count say why', (t) => {
  const [unusable] = decide('unusable.dane').decision.exchanges;
  t.same(unusable?.records.map(({ state, section }) => `${state}: ${section}`).sort(), [
    'unusable: RFC 6698 §2.1.3',
    'unusable: RFC 6698 §2.1.4',
    'unusable: RFC 6698 §4.1',
    'unusable: RFC 6698 §4.1',
    'unusable: RFC 6698 §4.1',
  ]);
  t.match(unusable?.sentence, /nobody knows usage 9/);
  t.match(unusable?.sentence, /a SHA2-256 digest has 32 octets, this one 3/);
  const [pkix] = decide('pkix.dane').decision.exchanges;
  t.match(pkix?.sentence, /TLS is a must, but the certificate is not checked.*\(PKIX-EE\)/);
  const [agility] = decide('agility.dane').decision.exchanges;
  t.same(agility?.records.map(({ text, state }) => `${text.slice(0, 5)} ${state}`).sort(), [
    '3 1 1 superseded',
    '3 1 2 usable',
  ]);
  t.match(agility?.sentence, /match the TLSA record of .*: 3 1 2 /);
  t.end();
});

/** What an MX look-up has brought, reduced to what the route is made from. */
function foundMx(...rdatas: readonly number[][]): LookedUp {
  const rrset = { rdatas: rdatas.map((octets) => Uint8Array.from(octets)) };
  return { state: 'found', isSecure: true, data: { rrset } } as unknown as LookedUp;
}

t.test('MX records that cannot be read are a failure, not a null MX (§2.1.2)', (t) => {
  const destination = destinationOf('p256.dane');
  const nullMx = [0, 0, 0];
  const host = [0, 10, 1, 0x61, 0];
  const unreadable = [0, 10, 5, 0x61];
  const kindOf = (...rdatas: number[][]) => routeOf(destination, foundMx(...rdatas)).route.kind;
  t.equal(kindOf(nullMx), 'null MX');
  t.equal(kindOf(unreadable), 'MX lookup failed');
  t.equal(kindOf(nullMx, unreadable), 'MX lookup failed', 'what it hides may be a host');
  t.equal(kindOf(host, unreadable), 'MX');
  t.equal(routeOf(destination, foundMx(host, unreadable)).exchanges.length, 1);
  t.end();
});

function worldWith(name: string, ...lines: readonly string[]): World {
  const sample = table.domains.find((each) => each.name === 'p256.dane')!.zones[0]!;
  const zone = { ...sample, origin: `${name}.`, text: lines.join('\n') };
  const shows = 'A domain of this test.';
  return { ...table, domains: [{ name, shows, zones: [zone], expectations: [] }] };
}

t.test('a name without room for `_25._tcp.` has no TLSA records (§2.2.3)', (t) => {
  // 244 octets; `_25000._tcp.` has 12 more, which makes 256.
  const label = 'x'.repeat(58);
  const long = [label, label, label, label].join('.');
  const world = worldWith('l.dane', `@ MX 0 ${long}`, `${long} A 11.9.0.1`);
  const { decision, asked } = decideIn(
    new SimulatedWorld({ lab: makeLab(world) }),
    destinationOf('l.dane', 25_000),
  );
  t.match(decision.exchanges, [{ action: 'opportunistic', reason: 'name too long' }]);
  t.match(decision.exchanges[0]?.sentence, /too long to have TLSA records; DANE does not apply/);
  t.notOk(asked.some((question) => / TLSA$/.test(question)));
  // Behind an alias it is the name at the front that is asked for next, and that counts.
  const key = 'a'.repeat(64);
  const aliased = worldWith(
    'l.dane',
    '@ MX 0 mail',
    `mail CNAME ${long}`,
    `${long} A 11.9.0.1`,
    `_25000._tcp.mail TLSA 3 1 1 ${key}`,
  );
  const behind = decideIn(
    new SimulatedWorld({ lab: makeLab(aliased) }),
    destinationOf('l.dane', 25_000),
  );
  t.match(behind.decision.exchanges, [{ action: 'authenticate', reason: 'TLSA usable' }]);
  t.end();
});

function crowdedWorld(count: number): World {
  const lines = Array.from({ length: count }, (_, index) => `@ MX ${index} mx${index}`);
  const hosts = Array.from({ length: count }, (_, index) => `mx${index} A 11.9.0.${index + 1}`);
  return worldWith('crowd.dane', ...lines, ...hosts);
}

t.test('beyond the limit exchanges are deferred, never taken for insecure', (t) => {
  const { value: limit } = DANE_LIMITS.exchanges;
  const crowd = new SimulatedWorld({ lab: makeLab(crowdedWorld(limit + 2)) });
  const { decision, asked } = decideIn(crowd, destinationOf('crowd.dane'));
  t.equal(asked.length, 1 + 3 * limit);
  t.same(actions(decision).slice(-3), ['opportunistic', 'defer', 'defer']);
  t.match(decision.exchanges.at(-1), { reason: 'too many exchanges', sentence: /only the first/ });
  t.end();
});
