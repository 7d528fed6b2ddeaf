/** RFC 6840 §4 and §5: what it made clear, case by case, each beside its forgery. */
import t from 'tap';
import {
  delegationFromReferral,
  TrustAnchors,
  validateDnskeys,
  validateRRset,
} from '../../../src/dnssec/index.js';
import { RRClass, type RRset, RRType } from '../../../src/wire/index.js';
import { DenialZone } from '../../dnssec/denial-zone.js';
import { cut, negative } from '../../dnssec/denial-outcome.js';
import {
  context,
  dnskeySet,
  dsRdata,
  dsSet,
  KSK,
  makeKey,
  name,
  octets,
  signed,
  type TestKey,
  unsigned,
  zoneKeys,
} from '../../dnssec/signed-zone.js';

const zone = new DenialZone('example', {
  '@': 'SOA NS DNSKEY',
  alias: 'CNAME',
  child: 'NS DS',
  host: 'A',
  moved: 'DNAME',
  open: 'NS',
});
const NSEC = (owner: string) => zone.nsec(owner);
const A = Uint8Array.of(192, 0, 2, 1);

t.test('§4.1: a record from above a cut denies nothing below or at it, but DS', (t) => {
  const parent = NSEC('child');
  t.match(negative(zone, ['no data', 'child', 'MX'], [parent]), /^bogus: denial: above a zone cut/);
  t.match(negative(zone, ['name error', 'x.child', 'A'], [parent]), /^bogus/);
  t.equal(cut(zone, 'open', [NSEC('open')]), 'unsigned no DS', 'what it is there for');
  t.end();
});

t.test('§4.1: a record at a DNAME denies nothing below it', (t) => {
  const dname = NSEC('moved');
  t.match(negative(zone, ['name error', 'x.moved', 'A'], [dname]), /^bogus: denial: above a DNAME/);
  t.equal(negative(zone, ['no data', 'moved', 'A'], [dname]), 'secure no data', 'but at itself');
  t.end();
});

t.test('§4.2: ANY is denied by a name error only', (t) => {
  t.match(negative(zone, ['no data', 'host', 'ANY'], [NSEC('host')]), /^bogus/);
  const absent = [NSEC('child'), NSEC('@')];
  t.equal(negative(zone, ['name error', 'grey', 'ANY'], absent), 'secure name error');
  t.end();
});

t.test('§4.3: an alias is no proof that a type is not there', (t) => {
  const alias = NSEC('alias');
  t.match(negative(zone, ['no data', 'alias', 'A'], [alias]), /^bogus: denial: alias exists/);
  t.equal(negative(zone, ['no data', 'host', 'MX'], [NSEC('host')]), 'secure no data');
  const ring = zone.nsec3Ring({});
  t.match(negative(zone, ['no data', 'alias', 'A'], [ring.matching('alias')]), /^bogus/);
  t.end();
});

t.test('§4.4: an unsigned delegation shows NS, and neither DS nor SOA', (t) => {
  t.equal(cut(zone, 'open', [NSEC('open')]), 'unsigned no DS');
  t.equal(cut(zone, 'host', [NSEC('host')]), 'not a delegation', 'no NS: nothing is cut off');
  t.match(cut(zone, 'child', [NSEC('child')]), /^bogus: DS withheld/);
  const apex = zone.madeNsec('open', 'zz', 'NS SOA RRSIG NSEC');
  t.match(cut(zone, 'open', [apex]), /^bogus/, "the child's own record at its apex");
  const ring = zone.nsec3Ring({ flags: 1 });
  t.equal(cut(zone, 'open', [ring.matching('@'), ring.covering('open')]), 'unsigned opt-out');
  t.match(cut(zone, 'host', [ring.matching('host')]), /^not a delegation/);
  t.end();
});

// --- §5 ---

const ORIGIN = name('example');
const host = unsigned('www.example', RRType.A, [A]);
const key = makeKey(13, KSK);

function answered(rrset: RRset, keys = zoneKeys(ORIGIN, [key])): string {
  const verdict = validateRRset(rrset, keys, context());
  return verdict.status === 'secure' ? 'secure' : verdict.reason;
}

t.test('§5.1: names in RRSIG are put into lower case, those in NSEC keep theirs', (t) => {
  const upper = { ...host, owner: name('WWW.Example') };
  t.equal(answered({ ...signed(host, key, ORIGIN), owner: upper.owner }), 'secure');
  t.equal(answered(signed(host, key, ORIGIN, { signer: name('EXAMPLE') })), 'secure');
  const nsec = zone.madeNsec('host', 'MOVED', 'A RRSIG NSEC');
  const lower = { ...nsec, rdatas: zone.madeNsec('host', 'moved', 'A RRSIG NSEC').rdatas };
  t.equal(negative(zone, ['no data', 'host', 'MX'], [nsec]), 'secure no data');
  t.match(negative(zone, ['no data', 'host', 'MX'], [lower]), /^bogus: signature does not verify/);
  t.end();
});

t.test('§5.2: DS records of unknown algorithms or digests only make a zone insecure', (t) => {
  const judge = (rdatas: readonly Uint8Array[]): string => {
    const set = dsSet(ORIGIN, rdatas);
    const verdict = validateDnskeys(ORIGIN, dnskeySet(ORIGIN, [key], [key]), set, context());
    return verdict.status === 'secure' ? 'secure' : `${verdict.status}: ${verdict.reason}`;
  };
  const good = dsRdata(ORIGIN, key);
  const withOctet = (at: number, value: number): Uint8Array => {
    const changed = good.slice();
    changed[at] = value;
    return changed;
  };
  t.equal(judge([good]), 'secure');
  t.match(judge([withOctet(2, 99)]), /^insecure/, 'unknown algorithm');
  t.match(judge([withOctet(3, 99)]), /^insecure/, 'unknown digest');
  t.equal(judge([withOctet(2, 99), good]), 'secure', 'one that is known counts');
  t.match(
    judge([withOctet(3, 99), withOctet(10, good[10]! ^ 1)]),
    /^bogus/,
    'a known one that does not fit',
  );
  t.end();
});

t.test('§5.4, §5.5: the algorithm is that of the key, whatever the signature says', (t) => {
  const claimed = signed(host, key, ORIGIN, { algorithm: 8 });
  t.not(answered(claimed), 'secure');
  t.equal(answered(signed(host, key, ORIGIN)), 'secure');
  t.end();
});

t.test('§5.10: the nearest trust anchor is the one that counts', (t) => {
  const other = makeKey(13, KSK);
  const anchorOf = (owner: string, anchored: TestKey) => ({
    owner: name(owner),
    type: RRType.DS,
    class: RRClass.IN,
    ttlSeconds: 3600,
    rdata: dsRdata(name(owner), anchored),
  });
  const ctx = context();
  const anchors = TrustAnchors.from([anchorOf('.', other), anchorOf('example', key)], ctx);
  t.equal(anchors.forName(ORIGIN)?.zone.toString(), 'example.');
  const verdict = validateDnskeys(ORIGIN, dnskeySet(ORIGIN, [key], [key]), anchors, ctx);
  t.equal(verdict.status, 'secure');
  const forged = validateDnskeys(ORIGIN, dnskeySet(ORIGIN, [other], [other]), anchors, context());
  t.equal(forged.status, 'bogus', 'the key of the anchor above opens nothing here');
  t.end();
});

t.test('§5.11: one good signature of one algorithm of the DS set is enough', (t) => {
  const second = makeKey(15, KSK);
  const both = dsSet(ORIGIN, [dsRdata(ORIGIN, key), dsRdata(ORIGIN, second)]);
  const keys = zoneKeys(ORIGIN, [key, second], both);
  t.equal(answered(signed(host, second, ORIGIN), keys), 'secure');
  t.equal(answered(signed(host, key, ORIGIN), keys), 'secure');
  const broken = signed(host, key, ORIGIN);
  broken.signatures[0]![40] = broken.signatures[0]![40]! ^ 1;
  t.equal(answered(signed(broken, second, ORIGIN), keys), 'secure', 'beside a bad one');
  t.not(answered(broken, keys), 'secure', 'but a bad one alone is not');
  t.end();
});

t.test('§5.12, §4.4: what no key of the zone signed is not the zone’s', (t) => {
  const stranger = makeKey(13, KSK);
  t.not(answered(signed(host, stranger, ORIGIN)), 'secure');
  const ds = unsigned('child.example', RRType.DS, [octets([0, 1, 13, 2], new Uint8Array(32))]);
  const keys = zoneKeys(ORIGIN, [key]);
  const verdict = delegationFromReferral(
    name('child.example'),
    [signed(ds, stranger, ORIGIN)],
    keys,
    context(),
  );
  t.ok('status' in verdict && verdict.status === 'bogus');
  t.end();
});
