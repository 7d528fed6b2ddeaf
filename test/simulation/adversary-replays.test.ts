/**
 * Genuine records in the wrong place, one attack at a time and with the reason of its failure:
 * zone cuts that no referral shows, both sides of a cut, aliases in place of other data, statuses
 * of mixed chains, and what CD=1 brought. Random mixtures are in adversary-splices.test.ts.
 */
import t from 'tap';
import {
  NSEC,
  nsec3,
  OPT_OUT,
  type DenialSpec,
  singleKey,
  type World,
  type ZoneSpec,
} from '../../src/lab/index.js';
import {
  type EncodableMessage,
  type Message,
  Rcode,
  type ResourceRecord,
  RRType,
} from '../../src/wire/index.js';
import {
  address,
  asks,
  forgedAnswer,
  forgedDenial,
  genuine,
  ofType,
  proofOf,
  soaOf,
  unsigned,
  verdictOf,
  without,
} from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const TLSA_DATA = 'TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const EVIL_TLSA = Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0x66)]);
const ZONE = `
@ MX 10 mx
mx A 11.1.1.1
_25._tcp.mx ${TLSA_DATA}
* TXT "wildcard"
*.w A 11.1.1.2
away CNAME mx.plain.zz.
back CNAME up.plain.zz.
old DNAME new
mx.new A 11.1.1.1
`;

/** The parent, and both kinds of children, on the servers of the parent: cuts that nobody shows. */
function family(tld: string, denial: DenialSpec): ZoneSpec[] {
  const signing = singleKey(13, denial);
  const servers = [{ name: `ns1.p.${tld}` }];
  return [
    { origin: tld, signing },
    { origin: `p.${tld}`, text: ZONE, signing, servers },
    { origin: `sub.p.${tld}`, text: ZONE, signing, servers },
    { origin: `open.p.${tld}`, text: 'mx A 11.1.1.4\n', servers },
  ];
}

const WORLD: World = {
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    ...family('zz.', NSEC),
    ...family('hashed.', nsec3()),
    ...family('optout.', OPT_OUT),
    ...family('compact.', { kind: 'compact' }),
    ...family('dear.', nsec3(51)),
    { origin: 'plain.zz.', text: 'mx A 11.1.1.3\nup CNAME mx.p.zz.\n' },
  ],
  domains: [],
};

const lab = makeLab(WORLD);
const config = { mailPrefetch: false };

type Change = (reply: Message, query: Message) => EncodableMessage | undefined;

interface Replay {
  readonly title: string;
  readonly tld: string;
  readonly question: readonly [prefix: string, type: string];
  readonly change: Change;
  readonly verdict: string;
}

const on =
  (type: number, change: (reply: Message) => EncodableMessage): Change =>
  (reply, query) =>
    asks(query, type) ? change(reply) : reply;

const TLSA = '_25._tcp.mx.sub.p.';
const forged = (tld: string) => (reply: Message) =>
  forgedAnswer(reply, [record(`${TLSA}${tld}`, RRType.TLSA, EVIL_TLSA)]);

/** The same for NSEC and NSEC3; the reasons may differ. */
function atHiddenCuts(tld: string, reasons: Readonly<Record<string, string>>): Replay[] {
  const p = `p.${tld}`;
  const sub = `sub.p.${tld}`;
  const why = (key: string) => `SERVFAIL bogus ${reasons[key]}`;
  return [
    {
      title: 'unsigned data of a signed child that no referral showed',
      tld,
      question: [TLSA, 'TLSA'],
      change: on(RRType.TLSA, forged(tld)),
      verdict: why('stripped'),
    },
    {
      title: "the same, and DS questions are answered with the insecure sibling's proof",
      tld,
      question: [TLSA, 'TLSA'],
      change: (reply, query) => {
        if (asks(query, RRType.TLSA)) return forged(tld)(reply);
        if (!asks(query, RRType.DS, sub)) return reply;
        return forgedDenial(reply, Rcode.NOERROR, [
          ...soaOf(lab, p),
          ...proofOf(lab, p, `open.${p}`),
        ]);
      },
      verdict: why('sibling'),
    },
    {
      title: "the same, and DS questions are answered by the child's apex",
      tld,
      question: [TLSA, 'TLSA'],
      change: (reply, query) => {
        if (asks(query, RRType.TLSA)) return forged(tld)(reply);
        if (!asks(query, RRType.DS, sub)) return reply;
        return forgedDenial(reply, Rcode.NOERROR, [...soaOf(lab, sub), ...proofOf(lab, sub, sub)]);
      },
      verdict: why('child'),
    },
    {
      title: "the parent's record at the cut denies what the child has",
      tld,
      question: ['sub.p.', 'MX'],
      change: on(RRType.MX, (reply) =>
        forgedDenial(reply, Rcode.NOERROR, [...soaOf(lab, p), ...proofOf(lab, p, sub)]),
      ),
      verdict: why('cut'),
    },
    {
      title: "the parent's record at the cut denies names below it",
      tld,
      question: [TLSA, 'TLSA'],
      change: on(RRType.TLSA, (reply) =>
        forgedDenial(reply, Rcode.NXDOMAIN, [
          ...soaOf(lab, p),
          ...proofOf(lab, p, sub),
          ...proofOf(lab, p, `nobody.${p}`, 'name error'),
        ]),
      ),
      verdict: why('below'),
    },
    {
      title: "the parent's wildcard at a name of the child",
      tld,
      question: ['any.sub.p.', 'TXT'],
      change: on(RRType.TXT, (reply) => ({
        ...forgedAnswer(reply, genuine(lab, p, `*.${p}`, RRType.TXT, `any.${sub}`)),
        authority: [...proofOf(lab, p, sub), ...proofOf(lab, p, `nobody.${p}`, 'name error')],
      })),
      verdict: why('wildcard'),
    },
    {
      title: "the child's denial for a name of the parent",
      tld,
      question: ['_25._tcp.mx.p.', 'TLSA'],
      change: on(RRType.TLSA, (reply) =>
        forgedDenial(reply, Rcode.NXDOMAIN, [
          ...soaOf(lab, p),
          ...proofOf(lab, sub, `nobody.${sub}`, 'name error'),
        ]),
      ),
      verdict: why('foreign'),
    },
    {
      title: 'a denial of another name, with either code',
      tld,
      question: ['_25._tcp.mx.p.', 'TLSA'],
      change: on(RRType.TLSA, (reply) =>
        forgedDenial(reply, Rcode.NOERROR, [...soaOf(lab, p), ...proofOf(lab, p, `mx.${p}`)]),
      ),
      verdict: why('other'),
    },
  ];
}

const REPLAYS: readonly Replay[] = [
  ...atHiddenCuts('zz.', {
    stripped: 'signature missing',
    sibling: 'denial: name not covered',
    child: 'signer is another zone',
    cut: 'denial: above a zone cut',
    below: 'denial: above a zone cut',
    wildcard: 'denial: closer match exists',
    foreign: 'denial: name not covered',
    other: 'denial: name not covered',
  }),
  ...atHiddenCuts('hashed.', {
    stripped: 'signature missing',
    sibling: 'denial: no closest encloser',
    child: 'denial: NSEC3 owner',
    cut: 'denial: above a zone cut',
    below: 'denial: next closer not covered',
    wildcard: 'denial: closer match exists',
    foreign: 'denial: NSEC3 owner',
    other: 'denial: next closer not covered',
  }),
];

t.test('both sides of cuts that no referral showed', (t) => {
  for (const { title, tld, question, change, verdict } of REPLAYS) {
    const [prefix, type] = question;
    const name = `${prefix}${tld}`;
    const world = new SimulatedWorld({ lab, config });
    let changed = 0;
    const undo = tamper(lab, `ns1.p.${tld}`, (reply, query) => {
      const made = change(reply, query);
      if (made !== reply) changed++;
      return made;
    });
    const seen = world.resolve(name, type);
    world.settle();
    undo();
    t.ok(changed > 0, `${tld} ${title}: the attacker had his chance`);
    const sentence = 'sentence' in seen.security ? seen.security.sentence : '';
    t.equal(verdictOf(seen), verdict, `${tld} ${title}`, { sentence });
    t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
    world.sleep(400_000);
    t.equal(world.resolve(name, type).security.status, 'secure', 'and it is over when it is over');
  }
  t.end();
});

t.test('an alias, unsigned, in the place of DS records', (t) => {
  for (const tld of ['zz.', 'hashed.', 'optout.']) {
    for (const child of ['sub', 'open']) {
      const name = `${child}.p.${tld}`;
      const world = new SimulatedWorld({ lab, config });
      const truth = verdictOf(world.resolve(name, 'DS'));
      const victim = new SimulatedWorld({ lab, config });
      // The client's own question only: who goes on to ask about the cut hears the truth.
      let left = 2;
      const undo = tamper(lab, `ns1.p.${tld}`, (reply, query) =>
        asks(query, RRType.DS, name) && left-- > 0
          ? forgedAnswer(reply, [record(name, RRType.CNAME, nameOf('mx.plain.zz.').octets)])
          : reply,
      );
      const seen = verdictOf(victim.resolve(name, 'DS'));
      undo();
      // RFC 4035 §3.1.4.1: the parent speaks of DS records, and the parent is signed.
      const isFailure = seen === 'SERVFAIL bogus signature missing';
      t.ok(isFailure || seen === truth, `${name}: ${seen}, as such ${truth}`);
    }
  }
  t.end();
});

t.test('a chain is as secure as its weakest link, each RRset as secure as it is', (t) => {
  const world = new SimulatedWorld({ lab, config });
  const statuses = (name: string): string => {
    const { rcode, security, answer } = world.resolve(name, 'A');
    return [rcode, security.status, ...answer.map((part) => part.security.status)].join(' ');
  };
  for (const round of ['cold', 'cached']) {
    t.equal(statuses('away.p.zz.'), '0 insecure secure insecure', `secure to insecure, ${round}`);
    t.equal(
      statuses('back.p.zz.'),
      '0 insecure secure insecure secure',
      `to insecure and back, ${round}`,
    );
    t.equal(statuses('up.plain.zz.'), '0 insecure insecure secure', `upwards, ${round}`);
    t.equal(statuses('mx.p.zz.'), '0 secure secure', `the end of it by itself, ${round}`);
    t.equal(statuses('mx.old.p.zz.'), '0 secure secure secure secure', `a DNAME, ${round}`);
  }
  t.end();
});

t.test('what CD=1 brought serves nobody else, whichever part of an answer it was', (t) => {
  const spoils: readonly (readonly [title: string, name: string, type: string, Change])[] = [
    [
      'a denial',
      '_25._tcp.mx.p.zz.',
      'TLSA',
      on(RRType.TLSA, (reply) =>
        forgedDenial(reply, Rcode.NXDOMAIN, unsigned(soaOf(lab, 'p.zz.'))),
      ),
    ],
    [
      'an alias',
      'mx.p.zz.',
      'A',
      on(RRType.A, (reply) =>
        forgedAnswer(reply, [record('mx.p.zz.', RRType.CNAME, nameOf('mx.plain.zz.').octets)]),
      ),
    ],
    [
      'a DNAME above',
      'mx.p.zz.',
      'A',
      on(RRType.A, (reply) =>
        forgedAnswer(reply, [record('p.zz.', RRType.DNAME, nameOf('plain.zz.').octets)]),
      ),
    ],
    [
      'a key set',
      'mx.p.zz.',
      'A',
      on(RRType.DNSKEY, (reply) => ({ ...reply, answer: unsigned(reply.answer) })),
    ],
    [
      'an address',
      'mx.p.zz.',
      'A',
      on(RRType.A, (reply) => forgedAnswer(reply, [address('mx.p.zz.', 11, 66, 66, 66)])),
    ],
  ];
  for (const [title, name, type, change] of spoils) {
    const world = new SimulatedWorld({ lab, config });
    const undo = tamper(lab, 'ns1.p.zz.', change);
    for (const round of [1, 2]) {
      const open = world.resolve(name, type, { cd: true });
      t.not(open.security.status, 'secure', `${title}: CD=1 brings it, and not as secure`);
      const shut = world.resolve(name, type);
      t.equal(shut.rcode, Rcode.SERVFAIL, `${title}: SERVFAIL for everybody else, ${round}`);
      t.equal(shut.security.status, 'bogus');
      t.equal(shut.answer.length + shut.authority.length, 0, 'and not a record of it');
      world.sleep(6_000);
    }
    undo();
    world.sleep(300_000);
    t.equal(verdictOf(world.resolve(name, type)), 'NOERROR secure', `${title}: then the truth`);
    t.equal(verdictOf(world.resolve('nobody.w.p.zz.', 'A')), 'NOERROR secure');
  }
  t.end();
});

t.test('an empty non-terminal called a name error does not take what is below it along', (t) => {
  for (const tld of ['zz.', 'hashed.', 'compact.']) {
    const world = new SimulatedWorld({ lab, config: { ...config, minimisation: 'strict' } });
    const undo = tamper(lab, `ns1.p.${tld}`, (reply) =>
      reply.answer.length === 0 ? { ...reply, rcode: Rcode.NXDOMAIN } : reply,
    );
    const said = verdictOf(world.resolve(`_tcp.mx.p.${tld}`, 'A'));
    t.equal(said, 'NOERROR secure', 'the proof counts, not the code');
    t.equal(verdictOf(world.resolve(`_25._tcp.mx.p.${tld}`, 'TLSA')), 'NOERROR secure');
    undo();
    t.equal(verdictOf(world.resolve(`_25._tcp.mx.p.${tld}`, 'TLSA')), 'NOERROR secure', 'cached');
  }
  t.end();
});

t.test('RFC 9824: a name signed not to exist says nothing about names below it', (t) => {
  const zones: ZoneSpec[] = [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing: singleKey(13, { kind: 'compact' }) },
    {
      origin: 'c.zz.',
      signing: singleKey(13, { kind: 'compact' }),
      text: `below.x ${TLSA_DATA}\n`,
    },
  ];
  const made = makeLab({ zones, domains: [] });
  const world = new SimulatedWorld({ lab: made, config });
  t.equal(verdictOf(world.resolve('y.c.zz.', 'A')), 'NOERROR secure');
  t.equal(verdictOf(world.resolve('x.c.zz.', 'A')), 'NOERROR secure');
  t.equal(world.resolve('below.x.c.zz.', 'TLSA').answer.length, 1);
  const sent = world.sent.length;
  t.equal(verdictOf(world.resolve('below.y.c.zz.', 'A')), 'NOERROR secure');
  t.equal(world.sent.length, sent + 1, 'it was asked');
  t.end();
});

t.test('TTLs are not signed: raised ones come down to the original ones', (t) => {
  for (const [name, type] of [
    ['_25._tcp.mx.p.zz.', 'TLSA'],
    ['mx.p.hashed.', 'TLSA'],
    ['any.w.p.zz.', 'A'],
    ['nobody.sub.p.hashed.', 'A'],
  ] as const) {
    const world = new SimulatedWorld({ lab, config });
    const raised = (records: readonly ResourceRecord[]) =>
      records.map((one) => ({ ...one, ttlSeconds: 0x7fff_ffff }));
    const undos = [...lab.servers.values()].map((server) =>
      tamper(lab, `${server.name}`, (reply) => ({
        ...reply,
        answer: raised(reply.answer),
        authority: raised(reply.authority),
      })),
    );
    for (const round of ['cold', 'cached']) {
      const seen = world.resolve(name, type);
      t.equal(seen.security.status, 'secure', `${name} ${type}, ${round}`);
      for (const { rrset, ttlSeconds } of [...seen.answer, ...seen.authority]) {
        t.ok(ttlSeconds <= 3_600, `${rrset.owner} ${rrset.type}: ${ttlSeconds} s`);
      }
    }
    for (const undo of undos) undo();
  }
  t.end();
});

t.test(
  'RFC 9276 §3.2: 51 iterations: what is signed stays secure, what is stripped is open',
  (t) => {
    const world = new SimulatedWorld({ lab, config });
    t.equal(verdictOf(world.resolve('_25._tcp.mx.p.dear.', 'TLSA')), 'NOERROR secure');
    const said = verdictOf(world.resolve('nobody.sub.p.dear.', 'A'));
    t.match(said, /insecure NSEC3 iterations$/, 'denials are insecure');
    // The price of the rule: such a zone cannot tell a missing signature from a missing zone.
    const undo = tamper(lab, 'ns1.p.dear.', on(RRType.TLSA, forged('dear.')));
    const stripped = new SimulatedWorld({ lab, config }).resolve(`${TLSA}dear.`, 'TLSA');
    undo();
    t.equal(verdictOf(stripped), 'NOERROR insecure NSEC3 iterations', 'and never secure');
    // Without a signature over them, the many iterations open nothing.
    const unsignedProofs = tamper(lab, 'ns1.p.dear.', (reply, query) => {
      if (asks(query, RRType.TLSA)) return forged('dear.')(reply);
      const proofs = ofType(reply.authority, RRType.NSEC3);
      return {
        ...reply,
        authority: [...without(reply.authority, RRType.NSEC3), ...unsigned(proofs)],
      };
    });
    const closed = new SimulatedWorld({ lab, config }).resolve(`${TLSA}dear.`, 'TLSA');
    unsignedProofs();
    t.equal(closed.security.status, 'bogus', verdictOf(closed));
    t.end();
  },
);

t.test(
  'RFC 6672 §2.2: YXDOMAIN is what the DNAME makes of the name, whatever the code says',
  (t) => {
    const label = 'd'.repeat(63);
    const long = `${label}.${label}.${label}.yx.zz.`;
    const zones: ZoneSpec[] = [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'zz.', signing: singleKey(13) },
      {
        origin: 'yx.zz.',
        signing: singleKey(13, nsec3()),
        text: `far DNAME ${label}.${label}\nnear DNAME new\nmx.new A 11.1.1.1\n`,
      },
    ];
    const made = makeLab({ zones, domains: [] });
    const ask = (name: string) =>
      verdictOf(new SimulatedWorld({ lab: made, config }).resolve(name, 'A'));
    const tooLong = `${label}.${'e'.repeat(60)}.far.yx.zz.`;
    t.equal(ask(tooLong), 'YXDOMAIN secure', 'a name that would be too long');
    t.equal(ask('mx.near.yx.zz.'), 'NOERROR secure');
    const code = tamper(made, 'ns1.yx.zz.', (reply) => {
      const isRedirected = ofType(reply.answer, RRType.DNAME).length > 0;
      return isRedirected ? { ...reply, rcode: Rcode.YXDOMAIN } : reply;
    });
    t.equal(ask('mx.near.yx.zz.'), 'NOERROR secure', 'the code is not signed: made anew');
    code();
    const stripped = tamper(made, 'ns1.yx.zz.', (reply, query) =>
      asks(query, RRType.A)
        ? {
            ...reply,
            rcode: Rcode.YXDOMAIN,
            answer: [record('yx.zz.', RRType.DNAME, nameOf(long).octets)],
          }
        : reply,
    );
    t.equal(
      ask(`${'f'.repeat(63)}.mx.near.yx.zz.`),
      'SERVFAIL bogus signature missing',
      'a forged one',
    );
    stripped();
    t.end();
  },
);
