/**
 * Zones that are right and unusual. Nobody attacks here: whatever fails is a wrong SERVFAIL, and
 * whatever is weaker than it should be is mail without DANE. All is asked with each setting of
 * QNAME minimisation, and more than once, so that what is cached has its say.
 */
import t, { type Test } from 'tap';
import {
  type DenialSpec,
  type Lab,
  NSEC,
  nsec3,
  OPT_OUT,
  singleKey,
  splitKeys,
  type ZoneSpec,
} from '../../src/lab/index.js';
import { Rcode, RRType } from '../../src/wire/index.js';
import { ofType, signedBy, verdictOf, without } from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const TLSA = 'TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const MAIL = `@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx ${TLSA}\n`;
const ROOT: ZoneSpec = {
  origin: '.',
  signing: singleKey(13),
  servers: [{ name: 'a.root-servers.' }],
};
const SECURE = 'NOERROR secure';
const MISSING = 'NXDOMAIN secure';
const UNSIGNED = 'NOERROR insecure no DS';

type Question = readonly [name: string, type: string, verdict: string];

interface Place {
  readonly title: string;
  readonly zones: readonly ZoneSpec[];
  readonly questions: readonly Question[];
  readonly prepare?: (lab: Lab) => void;
  readonly config?: (lab: Lab) => NonNullable<WorldOptions['config']>;
}

/** Asks one resolver, forwards and backwards; in the default setting also a cold one for each. */
function check(t: Test, { title, zones, questions, prepare, config }: Place): void {
  const hasRoot = zones.some(({ origin }) => origin === '.');
  const lab = makeLab({ zones: hasRoot ? zones : [ROOT, ...zones], domains: [] });
  prepare?.(lab);
  for (const minimisation of ['relaxed', 'strict', 'off'] as const) {
    const options = { lab, config: { minimisation, mailPrefetch: false, ...config?.(lab) } };
    const ask = (world: SimulatedWorld, [name, type, verdict]: Question, how: string) => {
      const seen = world.resolve(name, type);
      t.equal(verdictOf(seen), verdict, `${title}: ${name} ${type}, ${how}, ${minimisation}`, {
        errors: seen.errors,
        sentence: 'sentence' in seen.security ? seen.security.sentence : '',
      });
    };
    const warm = new SimulatedWorld(options);
    for (const question of [...questions, ...questions.toReversed()]) ask(warm, question, 'warm');
    warm.settle();
    t.same([...violations(warm), ...restlessness(warm)], [], `${title}: nothing else is wrong`);
    if (minimisation !== 'relaxed') continue;
    for (const question of questions) ask(new SimulatedWorld(options), question, 'cold');
  }
}

const denials: readonly (readonly [string, DenialSpec])[] = [
  ['NSEC', NSEC],
  ['NSEC3', nsec3()],
  ['opt-out', OPT_OUT],
  ['compact', { kind: 'compact' }],
];

t.test('parent, children and grandchildren on the same servers', (t) => {
  const servers = [{ name: 'ns1.all.zz.' }];
  for (const [how, denial] of denials) {
    const signing = singleKey(13, denial);
    const open = how === 'opt-out' ? 'NOERROR insecure opt-out' : UNSIGNED;
    check(t, {
      title: how,
      zones: [
        { origin: 'zz.', signing, servers },
        { origin: 'all.zz.', text: MAIL, signing, servers },
        { origin: 'sub.all.zz.', text: MAIL, signing, servers },
        { origin: 'deep.down.all.zz.', text: MAIL, signing, servers },
        { origin: 'open.all.zz.', text: MAIL, servers },
        { origin: 'x.y.open.all.zz.', text: MAIL, servers },
        { origin: 'island.open.all.zz.', text: MAIL, signing, servers },
        { origin: 'nods.all.zz.', text: MAIL, signing, servers, hasDs: false },
      ],
      questions: [
        ['all.zz.', 'MX', SECURE],
        ['_25._tcp.mx.all.zz.', 'TLSA', SECURE],
        ['_25._tcp.mx.sub.all.zz.', 'TLSA', SECURE],
        ['mx.sub.all.zz.', 'TLSA', SECURE],
        ['sub.all.zz.', 'DS', SECURE],
        ['sub.all.zz.', 'DNSKEY', SECURE],
        ['sub.all.zz.', 'NS', SECURE],
        ['_25._tcp.mx.deep.down.all.zz.', 'TLSA', SECURE],
        ['down.all.zz.', 'A', SECURE],
        ['mx.open.all.zz.', 'A', open],
        ['mx.open.all.zz.', 'TXT', open],
        ['mx.x.y.open.all.zz.', 'A', open],
        ['open.all.zz.', 'DS', how === 'opt-out' ? open : SECURE],
        ['mx.island.open.all.zz.', 'A', open],
        ['mx.nods.all.zz.', 'A', open],
        ['_25._tcp.mx.nods.all.zz.', 'TLSA', open],
      ],
    });
  }
  t.end();
});

const NAMES = `
@ MX 10 mx
mx A 11.1.1.1
_25._tcp.mx CNAME _dane.keys
_dane.keys ${TLSA}
_25._tcp.other CNAME _25._tcp.mx.names2.zz.
_25._tcp.plain CNAME _25._tcp.mx.plain.zz.
*._tcp.star ${TLSA}
star A 11.1.1.2
*.cn CNAME mx
*.cn.deeper CNAME _25._tcp.mx
a.ent.ent2.ent3 A 11.1.1.3
tree DNAME names2.zz.
`;

t.test('aliases, wildcards, empty non-terminals', (t) => {
  for (const [how, denial] of denials.slice(0, 3)) {
    // RFC 5155 §9.2: what opt-out covers is never secure, though nothing unsigned is there.
    const made = how === 'opt-out' ? 'NOERROR insecure opt-out' : SECURE;
    const missing = how === 'opt-out' ? 'NXDOMAIN insecure opt-out' : MISSING;
    check(t, {
      title: how,
      zones: [
        { origin: 'zz.', signing: singleKey(13) },
        { origin: 'names.zz.', signing: singleKey(13, denial), text: NAMES },
        { origin: 'names2.zz.', signing: splitKeys(8, denial), text: MAIL },
        { origin: 'plain.zz.', text: MAIL },
      ],
      questions: [
        ['_25._tcp.mx.names.zz.', 'TLSA', SECURE],
        ['_25._tcp.other.names.zz.', 'TLSA', SECURE],
        ['_25._tcp.plain.names.zz.', 'TLSA', UNSIGNED],
        ['_25._tcp.star.names.zz.', 'TLSA', made],
        ['_25._tcp.star.names.zz.', 'A', made],
        ['_tcp.star.names.zz.', 'A', SECURE],
        ['x.cn.names.zz.', 'A', made],
        ['x.y.cn.names.zz.', 'A', made],
        ['x.cn.deeper.names.zz.', 'TLSA', made],
        ['x.cn.deeper.names.zz.', 'DS', made],
        ['ent3.names.zz.', 'A', SECURE],
        ['ent2.ent3.names.zz.', 'TLSA', SECURE],
        ['ent.ent2.ent3.names.zz.', 'DS', SECURE],
        ['b.ent2.ent3.names.zz.', 'A', missing],
        ['_25._tcp.mx.tree.names.zz.', 'TLSA', SECURE],
        ['nobody.tree.names.zz.', 'A', missing],
        ['tree.names.zz.', 'DNAME', SECURE],
        ['tree.names.zz.', 'A', SECURE],
        ['mx.tree.names.zz.', 'DS', SECURE],
      ],
    });
  }
  t.end();
});

t.test('long names: reverse zones of IPv6', (t) => {
  const nibbles = '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0';
  const net = '0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.zz.';
  const host = `1.${nibbles}.0.0.0.0.0.0.0.0 PTR mx.zz.\n`;
  const servers = [{ name: 'ns1.zz.' }];
  // Ten hashes of 51 blocks are all that is granted: less than there are labels.
  const tooDear = 'SERVFAIL bogus budget: NSEC3 hashes';
  for (const [how, denial, between] of [
    ['NSEC', NSEC, MISSING],
    ['NSEC3', nsec3(), MISSING],
    ['NSEC3, 10 iterations', nsec3(10, [1, 2, 3, 4, 5, 6, 7, 8]), MISSING],
    ['NSEC3, 50 iterations', nsec3(50), tooDear],
  ] as const) {
    const signing = singleKey(13, denial);
    check(t, {
      title: how,
      zones: [
        { origin: 'zz.', signing: singleKey(13) },
        { origin: 'ip6.zz.', signing, servers },
        { origin: '8.b.d.0.1.0.0.2.ip6.zz.', signing, text: host },
        { origin: '9.b.d.0.1.0.0.2.ip6.zz.', servers, text: host },
      ],
      questions: [
        [`1.${nibbles}.${net}`, 'PTR', SECURE],
        [`2.${nibbles}.${net}`, 'PTR', MISSING],
        [`1.1.${nibbles.slice(2)}.${net}`, 'PTR', between],
        [`f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.${net.slice(12)}`, 'PTR', MISSING],
        [`${nibbles}.${net}`, 'PTR', SECURE],
        [`1.${nibbles}.${net.replace('8.b.d', '9.b.d')}`, 'PTR', UNSIGNED],
      ],
    });
  }
  t.end();
});

t.test('nothing may be kept: TTL 0 everywhere', (t) => {
  const ttls = { ttlSeconds: 0, negativeTtlSeconds: 0 };
  const servers = [{ name: 'ns1.zero.zz.' }];
  for (const [how, denial] of denials.slice(0, 2)) {
    const signing = singleKey(13, denial);
    check(t, {
      title: how,
      zones: [
        { origin: 'zz.', signing, ...ttls },
        { origin: 'zero.zz.', signing, text: MAIL, ...ttls },
        { origin: 'kid.zero.zz.', signing, text: MAIL, servers, ...ttls },
        { origin: 'bare.zero.zz.', text: MAIL, servers, ...ttls },
      ],
      questions: [
        ['_25._tcp.mx.zero.zz.', 'TLSA', SECURE],
        ['mx.zero.zz.', 'TLSA', SECURE],
        ['nobody.zero.zz.', 'A', MISSING],
        ['_25._tcp.mx.kid.zero.zz.', 'TLSA', SECURE],
        ['mx.kid.zero.zz.', 'TLSA', SECURE],
        ['mx.bare.zero.zz.', 'A', UNSIGNED],
        ['mx.bare.zero.zz.', 'TLSA', UNSIGNED],
      ],
    });
  }
  t.end();
});

t.test('two levels of registries on the same servers', (t) => {
  const servers = [{ name: 'ns1.uk.' }];
  for (const [how, denial] of denials.slice(0, 3)) {
    const signing = singleKey(13, denial);
    const open = how === 'opt-out' ? 'NOERROR insecure opt-out' : UNSIGNED;
    check(t, {
      title: how,
      zones: [
        { origin: 'uk.', signing, servers },
        { origin: 'co.uk.', signing, servers },
        { origin: 'one.co.uk.', signing, text: MAIL },
        { origin: 'two.co.uk.', signing, text: MAIL },
        { origin: 'three.co.uk.', text: MAIL },
      ],
      questions: [
        ['_25._tcp.mx.one.co.uk.', 'TLSA', SECURE],
        ['_25._tcp.mx.two.co.uk.', 'TLSA', SECURE],
        ['mx.three.co.uk.', 'A', open],
        ['nobody.co.uk.', 'A', how === 'opt-out' ? 'NXDOMAIN insecure opt-out' : MISSING],
        ['co.uk.', 'DS', SECURE],
        ['one.co.uk.', 'DS', SECURE],
      ],
    });
  }
  t.end();
});

t.test('many zones on one way', (t) => {
  const signing = singleKey(13, nsec3());
  const deep: ZoneSpec[] = [{ origin: 'zz.', signing }];
  let origin = 'zz.';
  for (let level = 0; level < 8; level++) {
    origin = `l${level}.${origin}`;
    deep.push({ origin, signing, text: MAIL });
  }
  check(t, {
    title: 'eight delegations',
    zones: deep,
    questions: [
      [`_25._tcp.mx.${origin}`, 'TLSA', SECURE],
      [`mx.${origin}`, 'TLSA', SECURE],
      [`nobody.${origin}`, 'A', MISSING],
    ],
  });
  const chain: ZoneSpec[] = [{ origin: 'zz.', signing }];
  for (let link = 0; link < 5; link++) {
    const text = `a CNAME a.c${link + 1}.zz.\n`;
    chain.push({ origin: `c${link}.zz.`, signing: splitKeys(13, nsec3()), text });
  }
  chain.push({ origin: 'c5.zz.', signing, text: `a ${TLSA}\n` });
  check(t, {
    title: 'aliases through six zones',
    zones: chain,
    questions: [
      ['a.c0.zz.', 'TLSA', SECURE],
      ['a.c0.zz.', 'A', SECURE],
    ],
  });
  t.end();
});

t.test('the apex, the empty zone, capital letters', (t) => {
  const upper = `MX A 11.1.1.1\n_25._TCP.MX ${TLSA}\n*.W TXT "X"\nZ CNAME MX\n`;
  for (const [how, denial] of denials.slice(0, 2)) {
    const signing = singleKey(13, denial);
    check(t, {
      title: how,
      zones: [
        { origin: 'zz.', signing },
        { origin: 'a.zz.', signing, text: '@ MX 10 mx.a\n@ DNAME b.zz.\n' },
        { origin: 'b.zz.', signing, text: MAIL },
        { origin: 'empty.zz.', signing, servers: [{ name: 'ns1.b.zz.' }] },
        { origin: 'UPPER.zz.', signing, text: upper },
      ],
      questions: [
        ['_25._tcp.mx.a.zz.', 'TLSA', SECURE],
        ['a.zz.', 'MX', SECURE],
        ['a.zz.', 'TLSA', SECURE],
        ['x.a.zz.', 'A', MISSING],
        ['x.empty.zz.', 'A', MISSING],
        ['empty.zz.', 'MX', SECURE],
        ['x.y.z.empty.zz.', 'A', MISSING],
        ['_25._tcp.mx.upper.zz.', 'TLSA', SECURE],
        ['q.w.upper.zz.', 'TXT', SECURE],
        ['Z.upper.zz.', 'A', SECURE],
        ['nn.upper.zz.', 'A', MISSING],
      ],
    });
  }
  t.end();
});

t.test("two providers who do not publish each other's keys, both vouched for", (t) => {
  const servers = [{ name: 'ns1.a.zz.' }, { name: 'ns2.a.zz.' }];
  const zones: ZoneSpec[] = [
    ROOT,
    { origin: 'zz.', signing: singleKey(13) },
    { origin: 'a.zz.', signing: singleKey(13) },
    { origin: 'two.zz.', signing: singleKey(13, nsec3()), text: MAIL, servers },
  ];
  const lab = makeLab({ zones, domains: [] });
  // The same zone again, by somebody with other keys.
  const other = makeLab({ zones, domains: [] });
  const second = lab.servers.get(nameOf('ns2.a.zz.').key)!;
  for (const at of second.addresses) {
    lab.network.listen(at, other.servers.get(nameOf('ns2.a.zz.').key)!);
  }
  const digests = [lab, other].flatMap((made) => {
    return [...made.zones.get(nameOf('two.zz.').key)!.signed!.signer.dsRdatas()];
  });
  const both = signedBy(lab, 'zz.', 'two.zz.', RRType.DS, digests);
  tamper(lab, 'ns1.zz.', (reply) => {
    const isThere = ofType(reply.authority, RRType.DS).length > 0;
    const answer = ofType(reply.answer, RRType.DS).length > 0 ? both : reply.answer;
    const authority = [...without(reply.authority, RRType.DS), ...(isThere ? both : [])];
    return { ...reply, answer, authority };
  });
  for (let seed = 1; seed <= 10; seed++) {
    const world = new SimulatedWorld({ lab, seed, config: { mailPrefetch: false } });
    for (const [name, type, verdict] of [
      ['_25._tcp.mx.two.zz.', 'TLSA', SECURE],
      ['mx.two.zz.', 'A', SECURE],
      ['mx.two.zz.', 'TLSA', SECURE],
      ['nobody.two.zz.', 'A', MISSING],
      ['two.zz.', 'MX', SECURE],
    ] as const) {
      t.equal(verdictOf(world.resolve(name, type)), verdict, `${name} ${type}, seed ${seed}`);
    }
    world.settle();
    t.same([...restlessness(world)], [], 'nothing is left over');
  }
  t.end();
});

t.test('servers that call an empty non-terminal a name error', (t) => {
  const denied = ['ns1.ent.zz.', 'ns1.open.zz.'];
  const signing = singleKey(13, nsec3());
  const lab = makeLab({
    zones: [
      ROOT,
      { origin: 'zz.', signing },
      { origin: 'ent.zz.', signing, text: MAIL },
      { origin: 'open.zz.', text: `_25._tcp.mx ${TLSA}\n` },
    ],
    domains: [],
  });
  for (const server of denied) {
    tamper(lab, server, (reply) => {
      const isDenial = reply.answer.length === 0 && reply.authoritative;
      return isDenial ? { ...reply, rcode: Rcode.NXDOMAIN } : reply;
    });
  }
  const verdict = (minimisation: 'relaxed' | 'strict', name: string) => {
    const world = new SimulatedWorld({ lab, config: { minimisation, mailPrefetch: false } });
    return verdictOf(world.resolve(name, 'TLSA'));
  };
  t.equal(verdict('relaxed', '_25._tcp.mx.ent.zz.'), SECURE);
  t.equal(verdict('strict', '_25._tcp.mx.ent.zz.'), SECURE, 'the proof says that there is more');
  t.equal(verdict('relaxed', '_25._tcp.mx.open.zz.'), UNSIGNED);
  const said = verdict('strict', '_25._tcp.mx.open.zz.');
  t.equal(said, 'NXDOMAIN insecure no DS', 'strict takes the server at its word');
  // The code is not signed, the proof is: to follow the code would be to follow anybody.
  t.equal(verdict('relaxed', '_tcp.mx.ent.zz.'), 'NOERROR secure', 'no data, as is proven');
  t.end();
});

t.test('forwarding: somebody else walks, and we validate', (t) => {
  const servers = [{ name: 'fwd.zz.' }];
  for (const [how, denial] of denials.slice(0, 3)) {
    const signing = singleKey(13, denial);
    const open = how === 'opt-out' ? 'NOERROR insecure opt-out' : UNSIGNED;
    const inside = makeLab({
      zones: [
        { origin: '.', servers: [{ name: 'fwd.zz.' }] },
        { origin: 'corp.', servers, text: MAIL },
        { origin: 'in.corp2.', servers, text: MAIL },
      ],
      domains: [],
    });
    const insider = 'NOERROR insecure negative trust anchor';
    check(t, {
      title: how,
      zones: [
        { origin: '.', signing, servers: [...servers, { name: 'a.root-servers.' }] },
        { origin: 'zz.', signing, servers },
        { origin: 'a.zz.', signing, servers, text: `${MAIL}x CNAME mx.open.zz.\nd DNAME b.zz.\n` },
        { origin: 'b.zz.', signing, servers, text: MAIL },
        { origin: 'open.zz.', servers, text: MAIL },
        { origin: 'sub.open.zz.', servers, text: MAIL },
      ],
      prepare: (lab) => {
        const forwarder = lab.servers.get(nameOf('fwd.zz.').key)!;
        for (const zone of ['corp.', 'in.corp2.']) {
          forwarder.host(inside.zones.get(nameOf(zone).key)!);
        }
      },
      config: (lab) => ({
        forwarders: [{ address: lab.servers.get(nameOf('fwd.zz.').key)!.addresses[0]!, port: 53 }],
        priming: false,
        negativeTrustAnchors: [nameOf('corp.'), nameOf('in.corp2.')],
      }),
      questions: [
        ['_25._tcp.mx.a.zz.', 'TLSA', SECURE],
        ['x.a.zz.', 'A', open],
        ['_25._tcp.mx.d.a.zz.', 'TLSA', SECURE],
        ['mx.open.zz.', 'A', open],
        ['mx.open.zz.', 'TXT', open],
        ['mx.sub.open.zz.', 'A', open],
        ['a.zz.', 'DS', SECURE],
        ['zz.', 'DNSKEY', SECURE],
        // The root proves that none of these exist; the operator knows better.
        ['corp2.', 'A', how === 'opt-out' ? 'NXDOMAIN insecure opt-out' : MISSING],
        ['corq.', 'A', how === 'opt-out' ? 'NXDOMAIN insecure opt-out' : MISSING],
        ['mx.corp.', 'A', insider],
        ['_25._tcp.mx.corp.', 'TLSA', insider],
        ['mx.in.corp2.', 'A', insider],
      ],
    });
  }
  t.end();
});
