/** RFC 4035 §5.2, RFC 5155 §8.9, RFC 6840 §4.4: going insecure needs a proof, and this is it. */
import t from 'tap';
import { delegationFromReferral, isSecure, validateDnskeys } from '../../src/dnssec/index.js';
import { EdeCode, Name, type RRset, RRType } from '../../src/wire/index.js';
import { cut } from './denial-outcome.js';
import { altered, DenialZone, hashOf, madeNsec3, nsecRdata, stripped } from './denial-zone.js';
import {
  context,
  DAY,
  dnskeySet,
  dsRdata,
  KSK,
  makeKey,
  NOW,
  name,
  octets,
  signed,
  unsigned,
} from './signed-zone.js';

const zone = new DenialZone('example', {
  '@': 'NS SOA',
  alias: 'CNAME',
  d: 'DNAME',
  host: 'A',
  'deep.ent': 'A',
  signed: 'NS DS',
  unsigned: 'NS',
});
const ring = zone.nsec3Ring({});
const optOut = zone.nsec3Ring({ flags: 1 });
const childKey = makeKey(13, KSK);
const dsFor = (child: string, ...rdatas: Uint8Array[]): RRset =>
  unsigned(zone.name(child), RRType.DS, rdatas);
const goodDs = (): Uint8Array => dsRdata(zone.name('signed'), childKey);
const ns = (child: string): RRset =>
  unsigned(zone.name(child), RRType.NS, [name('ns.elsewhere.test').octets]);

type Row = readonly [what: string, child: string, sets: readonly RRset[], outcome: string];

function check(t: Pick<typeof import('tap').default, 'equal'>, rows: readonly Row[]): void {
  for (const [what, child, sets, outcome] of rows) t.equal(cut(zone, child, sets), outcome, what);
}

t.test('a signed delegation', (t) => {
  const ds = zone.sign(dsFor('signed', goodDs()));
  const byChild = signed(dsFor('signed', goodDs()), childKey, zone.name('signed'));
  const unknown = octets([0, 1, 99, 2], new Uint8Array(32));
  const unknownDigest = octets([0, 1, 13, 99], new Uint8Array(32));
  const sha1 = octets([0, 1, 5, 2], new Uint8Array(32));
  const expanded = { labels: 1, signedOwner: zone.name('*') };
  check(t, [
    ['DS signed by the parent', 'signed', [ns('signed'), ds], 'signed'],
    ['unsigned', 'signed', [ns('signed'), stripped(ds)], 'bogus: signature missing'],
    [
      'an unsigned DS is not made good by a proof that there is none',
      'unsigned',
      [dsFor('unsigned', goodDs()), zone.nsec('unsigned')],
      'bogus: signature missing',
    ],
    [
      'changed',
      'signed',
      [altered(ds, () => dsRdata(zone.name('signed'), makeKey(13, KSK)))],
      'bogus: signature does not verify',
    ],
    ['signed by the child', 'signed', [byChild], 'bogus: signer is another zone'],
    [
      'expired',
      'signed',
      [zone.sign(dsFor('signed', goodDs()), { expiration: NOW - 1 })],
      'bogus: signature expired',
    ],
    [
      'made from a wildcard',
      'signed',
      [zone.sign(dsFor('signed', goodDs()), expanded)],
      'bogus: DS from a wildcard',
    ],
    ['of another child', 'host', [ns('host'), ds], 'missing'],
    ['of the class CH', 'signed', [{ ...ds, class: 3 }], 'bogus: class is not IN'],
    [
      'no supported algorithm',
      'signed',
      [zone.sign(dsFor('signed', unknown))],
      'unsigned unsupported algorithm',
    ],
    [
      'no supported digest',
      'signed',
      [zone.sign(dsFor('signed', unknownDigest))],
      'unsigned unsupported digest',
    ],
    [
      'SHA-1 is off',
      'signed',
      [zone.sign(dsFor('signed', sha1))],
      'unsigned unsupported algorithm',
    ],
    [
      'one of them is supported',
      'signed',
      [zone.sign(dsFor('signed', unknown, goodDs()))],
      'signed',
    ],
    [
      'unsupported, but forged',
      'signed',
      [stripped(zone.sign(dsFor('signed', unknown)))],
      'bogus: signature missing',
    ],
  ]);

  const verdict = delegationFromReferral(zone.name('signed'), [ds], zone.keys, context());
  if ('status' in verdict || verdict.kind !== 'signed') throw new Error('not signed');
  t.equal(verdict.ttlSeconds, 3600);
  const keys = dnskeySet(zone.name('signed'), [childKey], [childKey]);
  t.equal(validateDnskeys(zone.name('signed'), keys, verdict.ds, context()).status, 'secure');
  t.equal(
    validateDnskeys(zone.name('host'), keys, verdict.ds, context()).status,
    'bogus',
    'the DS set is good for its own zone only',
  );
  t.end();
});

t.test('an unsigned delegation, by NSEC', (t) => {
  const other = new DenialZone('example', { '@': 'NS SOA', unsigned: 'NS' });
  const child = new DenialZone('unsigned.example', { '@': 'NS SOA' });
  check(t, [
    ['NS and no DS', 'unsigned', [ns('unsigned'), zone.nsec('unsigned')], 'unsigned no DS'],
    ['no proof at all', 'unsigned', [ns('unsigned')], 'missing'],
    [
      'unsigned proof',
      'unsigned',
      [ns('unsigned'), stripped(zone.nsec('unsigned'))],
      'bogus: signature missing',
    ],
    [
      'proof by another key',
      'unsigned',
      [ns('unsigned'), other.nsec('unsigned')],
      'bogus: no such key',
    ],
    [
      'DS bit cleared after signing',
      'signed',
      [ns('signed'), altered(zone.nsec('signed'), () => nsecRdata(zone.origin, 'NS RRSIG NSEC'))],
      'bogus: signature does not verify',
    ],
    [
      'the record shows a DS that was not sent',
      'signed',
      [ns('signed'), zone.nsec('signed')],
      'bogus: DS withheld',
    ],
    [
      // RFC 6840 §4.4; without the rule every name could be cut off.
      'an existing name without NS is no delegation',
      'host',
      [ns('host'), zone.nsec('host')],
      'not a delegation',
    ],
    [
      'the child’s own record',
      'unsigned',
      [ns('unsigned'), child.nsec('@')],
      'bogus: signer is another zone',
    ],
    [
      'a record with the SOA bit',
      'unsigned',
      [zone.madeNsec('unsigned', '@', 'NS SOA RRSIG NSEC')],
      'bogus: denial: from the child',
    ],
    [
      'a record of another name',
      'unsigned',
      [ns('unsigned'), zone.nsec('host')],
      'bogus: denial: name not covered',
    ],
    [
      'a name below the cut is not the parent’s to judge',
      'sub.unsigned',
      [zone.nsec('unsigned')],
      'bogus: denial: above a zone cut',
    ],
    [
      'nor below a signed cut',
      'sub.signed',
      [zone.nsec('signed')],
      'bogus: denial: above a zone cut',
    ],
    [
      'expired',
      'unsigned',
      [zone.madeNsec('unsigned', '@', 'NS RRSIG NSEC', { expiration: NOW - 5 })],
      'bogus: signature expired',
    ],
    ['the zone itself', '@', [zone.nsec('@')], 'bogus: owner outside zone'],
  ]);
  const outside = delegationFromReferral(name('other'), [zone.nsec('@')], zone.keys, context());
  t.match(outside, { status: 'bogus', reason: 'owner outside zone' });
  const above = delegationFromReferral(Name.root, [zone.nsec('@')], zone.keys, context());
  t.match(above, { status: 'bogus', reason: 'owner outside zone' });
  t.end();
});

t.test('an unsigned delegation, by NSEC3', (t) => {
  const made = (types: string) =>
    madeNsec3(zone, hashOf(zone.name('unsigned')), new Uint8Array(20), types);
  check(t, [
    ['NS and no DS', 'unsigned', [ring.matching('unsigned')], 'unsigned no DS'],
    ['a DS that was not sent', 'signed', [ring.matching('signed')], 'bogus: DS withheld'],
    ['no NS', 'host', [ring.matching('host')], 'not a delegation'],
    ['the child’s apex', 'unsigned', [made('NS SOA RRSIG')], 'bogus: denial: from the child'],
    [
      'unsigned proof',
      'unsigned',
      [stripped(ring.matching('unsigned'))],
      'bogus: signature missing',
    ],
    [
      'opt-out',
      'unsigned',
      [ns('unsigned'), optOut.matching('@'), optOut.covering('unsigned')],
      'unsigned opt-out',
    ],
    [
      'opt-out covers what lies below as well',
      'x.y.unsigned',
      [optOut.matching('@'), optOut.covering('unsigned')],
      'unsigned opt-out',
    ],
    [
      'opt-out without closest encloser: val_nsec3_b3_optout_noce',
      'unsigned',
      [optOut.covering('unsigned')].filter((set) => !set.owner.equals(optOut.matching('@').owner)),
      'bogus: denial: no closest encloser',
    ],
    [
      'opt-out without the next closer name: val_nsec3_b3_optout_nonc',
      'unsigned',
      [madeNsec3(zone, hashOf(zone.origin), nextHash(), 'NS SOA RRSIG', { flags: 1 })],
      'bogus: denial: next closer not covered',
    ],
    [
      'without opt-out there is no such name',
      'nothing',
      [ring.matching('@'), ring.covering('nothing'), ring.covering('*')],
      'not a delegation (name error)',
    ],
    [
      'a signed delegation is not in an opt-out span',
      'signed',
      [optOut.matching('@'), optOut.matching('host'), optOut.matching('alias')].filter(
        (set) => !set.owner.equals(optOut.matching('signed').owner),
      ),
      'bogus: denial: next closer not covered',
    ],
  ]);
  const strict = { policy: { nsec3MaxIterations: 0 } };
  const dear = zone.nsec3Ring({ iterations: 1 }).matching('unsigned');
  t.equal(cut(zone, 'unsigned', [dear], strict), 'unsigned NSEC3 iterations');
  t.equal(cut(zone, 'unsigned', [stripped(dear)], strict), 'bogus: signature missing');
  t.end();
});

/** Just after the apex on the ring. */
function nextHash(): Uint8Array {
  const hash = hashOf(zone.origin).slice();
  hash[19] = (hash[19]! + 1) & 0xff;
  return hash;
}

t.test('no delegation at all', (t) => {
  const compact = (types: string) =>
    zone.madeNsec('no', zone.name('no').prepend(Uint8Array.of(0))!, types);
  check(t, [
    [
      'no such name',
      'ghost',
      [zone.nsec('deep.ent'), zone.nsec('@')],
      'not a delegation (name error)',
    ],
    [
      'no such name, nothing about the wildcard',
      'ghost',
      [zone.nsec('deep.ent')],
      'not a delegation',
    ],
    ['an empty non-terminal', 'ent', [zone.nsec('d')], 'not a delegation'],
    [
      'RFC 9824: a name that does not exist',
      'no',
      [compact('RRSIG NSEC NXNAME')],
      'not a delegation (name error)',
    ],
    ['RFC 9824: an empty non-terminal', 'no', [compact('RRSIG NSEC')], 'not a delegation'],
    ['RFC 9824: an unsigned cut', 'no', [compact('NS RRSIG NSEC')], 'unsigned no DS'],
    ['a denial of another name', 'zz', [zone.nsec('deep.ent')], 'bogus: denial: name not covered'],
  ]);
  t.end();
});

t.test('an alias at the name of the DS question', (t) => {
  const cname = (owner: string, target = 'host.example') =>
    unsigned(zone.name(owner), RRType.CNAME, [name(target).octets]);
  const dname = unsigned(zone.name('d'), RRType.DNAME, [name('other.test').octets]);
  const wild = zone.sign(cname('q'), { labels: 1, signedOwner: zone.name('*') });
  check(t, [
    ['a signed CNAME', 'alias', [zone.sign(cname('alias'))], 'not a delegation'],
    ['an unsigned one', 'alias', [cname('alias')], 'bogus: signature missing'],
    [
      'an unsigned one at an unsigned cut',
      'unsigned',
      [cname('unsigned'), zone.nsec('unsigned')],
      'bogus: signature missing',
    ],
    ['the record of the alias', 'alias', [zone.nsec('alias')], 'not a delegation'],
    ['from a wildcard, with proof', 'q', [wild, zone.nsec('host')], 'not a delegation'],
    ['from a wildcard, without', 'q', [wild], 'bogus: denial missing'],
    ['from a wildcard, opted out', 'q', [wild, optOut.covering('q')], 'unsigned opt-out'],
    ['a DNAME above', 'x.d', [zone.sign(dname), cname('x.d', 'x.other.test')], 'not a delegation'],
    [
      'a DNAME above, and a CNAME that does not follow from it',
      'x.d',
      [zone.sign(dname), cname('x.d', 'evil.test')],
      'bogus: CNAME differs from DNAME',
    ],
    ['an unsigned DNAME', 'x.d', [dname], 'bogus: signature missing'],
    ['a DNAME at the name itself', 'd', [zone.sign(dname), zone.nsec('d')], 'not a delegation'],
  ]);
  t.end();
});

t.test('what the verdict carries', (t) => {
  const until = NOW + DAY;
  const made = zone.madeNsec('unsigned', '@', 'NS RRSIG NSEC', { expiration: until });
  const verdict = delegationFromReferral(zone.name('unsigned'), [made], zone.keys, context());
  t.match(verdict, {
    kind: 'unsigned',
    ttlSeconds: 600,
    security: { status: 'insecure', reason: 'no DS', zone: zone.name('unsigned') },
  });
  t.same('proof' in verdict && verdict.proof, [made]);
  const short = zone.madeNsec('unsigned', '@', 'NS RRSIG NSEC', { expiration: NOW + 60 });
  const soon = delegationFromReferral(zone.name('unsigned'), [short], zone.keys, context());
  t.match(soon, { ttlSeconds: 60 }, 'never longer than its signature');
  const none = delegationFromReferral(zone.name('host'), [zone.nsec('host')], zone.keys, context());
  t.ok('security' in none && isSecure(none.security));
  const withheld = delegationFromReferral(
    zone.name('signed'),
    [zone.nsec('signed')],
    zone.keys,
    context(),
  );
  t.match(withheld, { ede: EdeCode.DNSSEC_BOGUS, section: 'RFC 4035 §5.2' });
  t.end();
});
