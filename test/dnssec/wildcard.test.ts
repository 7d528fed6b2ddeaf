/** RFC 4035 §5.3.4, RFC 5155 §8.8: answers from wildcards, and replays of them where they lie. */
import t from 'tap';
import { proveWildcardAnswer, validateRRset } from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import { wildcard } from './denial-outcome.js';
import { DenialZone, stripped } from './denial-zone.js';
import { context, DAY, NOW, octets, unsigned } from './signed-zone.js';

/** RFC 4035 Appendix A has this tree below `w`. */
const zone = new DenialZone('example', {
  '@': 'NS SOA',
  '*': 'TXT',
  '*.w': 'MX',
  'x.w': 'MX',
  'x.y.w': 'MX',
  'b.w': 'NS',
  xx: 'A',
});
const ring = zone.nsec3Ring({ iterations: 1 });
const optOut = zone.nsec3Ring({ iterations: 1, flags: 1 });

/** The RRset at `*.w` as the server sends it under another name. */
function expanded(owner: string, source = '*.w'): RRset {
  const labels = zone.name(source).labelCount - 1;
  const rrset = unsigned(zone.name(owner), RRType.MX, [octets([0, 1, 0])]);
  return zone.sign(rrset, { labels, signedOwner: zone.name(source) });
}

t.test('the signature tells the closest encloser', (t) => {
  const verdict = validateRRset(expanded('a.z.w'), zone.keys, context());
  if (verdict.status === 'bogus') throw new Error(verdict.sentence);
  t.equal(verdict.wildcard?.closestEncloser.toString(), 'w.example.');
  const itself = validateRRset(expanded('*.w'), zone.keys, context());
  t.ok(itself.status === 'secure' && itself.wildcard === undefined, 'asked for by its own name');
  const above = validateRRset(
    zone.sign(unsigned(zone.name('a'), RRType.MX, [octets([0, 1, 0])]), { labels: 0 }),
    zone.keys,
    context(),
  );
  t.match(above, { status: 'bogus', reason: 'labels below signer' }, 'none above the zone');
  t.end();
});

t.test('NSEC: RFC 4035 Appendix B.6', (t) => {
  const cases: ReadonlyArray<
    readonly [what: string, asked: string, encloser: string, sets: RRset[], outcome: string]
  > = [
    ['a name that does not exist', 'a.z.w', 'w', [zone.nsec('x.y.w')], 'secure'],
    ['without proof', 'a.z.w', 'w', [], 'bogus: denial missing'],
    ['unsigned proof', 'a.z.w', 'w', [stripped(zone.nsec('x.y.w'))], 'bogus: signature missing'],
    [
      'proof about another name',
      'a.z.w',
      'w',
      [zone.nsec('x.w'), zone.nsec('@')],
      'bogus: denial: name not covered',
    ],
    [
      'replayed at a name that exists',
      'x.w',
      'w',
      [zone.nsec('x.w'), zone.nsec('b.w')],
      'bogus: denial: closer match exists',
    ],
    [
      'replayed at an empty non-terminal',
      'y.w',
      'w',
      [zone.nsec('x.w')],
      'bogus: denial: closer match exists',
    ],
    [
      'replayed below an empty non-terminal',
      'a.y.w',
      'w',
      [zone.nsec('x.w'), zone.nsec('x.y.w')],
      'bogus: denial: closer match exists',
    ],
    [
      'from a wildcard further up than the closest encloser',
      'a.z.w',
      '@',
      [zone.nsec('x.y.w'), zone.nsec('*'), zone.nsec('*.w')],
      'bogus: denial: closer match exists',
    ],
    [
      'replayed below a zone cut',
      'a.b.w',
      'w',
      [zone.nsec('b.w')],
      'bogus: denial: closer match exists',
    ],
    ['an encloser that is none', 'xx', 'w', [zone.nsec('*')], 'bogus: owner outside zone'],
    ['the name itself as encloser', 'w', 'w', [zone.nsec('*')], 'bogus: owner outside zone'],
  ];
  for (const [what, asked, encloser, sets, outcome] of cases) {
    t.equal(wildcard(zone, asked, encloser, sets), outcome, what);
  }
  t.end();
});

t.test('NSEC3: RFC 5155 Appendix B.4', (t) => {
  const cases: ReadonlyArray<
    readonly [what: string, asked: string, encloser: string, sets: RRset[], outcome: string]
  > = [
    ['the next closer name is covered', 'a.z.w', 'w', [ring.covering('z.w')], 'secure'],
    ['without proof', 'a.z.w', 'w', [], 'bogus: denial missing'],
    ['unsigned proof', 'a.z.w', 'w', [stripped(ring.covering('z.w'))], 'bogus: signature missing'],
    [
      'another record',
      'a.z.w',
      'w',
      [ring.matching('w')].filter((set) => !set.owner.equals(ring.covering('z.w').owner)),
      'bogus: denial: next closer not covered',
    ],
    [
      'replayed at a name that exists',
      'x.w',
      'w',
      [ring.matching('x.w')],
      'bogus: denial: closer match exists',
    ],
    [
      'replayed below an empty non-terminal',
      'a.y.w',
      'w',
      [ring.matching('y.w'), ring.covering('a.y.w')],
      'bogus: denial: closer match exists',
    ],
    ['an unsigned cut may be there', 'a.z.w', 'w', [optOut.covering('z.w')], 'insecure opt-out'],
  ];
  for (const [what, asked, encloser, sets, outcome] of cases) {
    t.equal(wildcard(zone, asked, encloser, sets), outcome, what);
  }
  const strict = { policy: { nsec3MaxIterations: 0 } };
  const cover = ring.covering('z.w');
  t.equal(wildcard(zone, 'a.z.w', 'w', [cover], strict), 'insecure NSEC3 iterations');
  t.equal(wildcard(zone, 'a.z.w', 'w', [stripped(cover)], strict), 'bogus: signature missing');
  t.end();
});

t.test('the proof goes along, and ends with its signature', (t) => {
  const until = NOW + DAY;
  const cover = zone.madeNsec('x.y.w', 'xx', 'MX RRSIG NSEC', { expiration: until });
  const proof = proveWildcardAnswer(
    zone.name('a.z.w'),
    RRType.MX,
    zone.name('w'),
    [zone.nsec('@'), unsigned(zone.name('evil'), RRType.NSEC, []), cover],
    zone.keys,
    context(),
  );
  t.match(proof, { security: { status: 'secure', validUntilSeconds: until } });
  t.same('usedRRsets' in proof && proof.usedRRsets, [cover], 'nothing that was not validated');
  t.end();
});
