/**
 * Men in the middle and dishonest zones against the whole resolver. Each recipe is a published
 * attack or a bug that another validator once had; the letters are those of the shared security
 * research. A recipe must end in SERVFAIL or in the truth, never in a forged or weaker answer.
 */
import t from 'tap';
import {
  type Lab,
  NSEC,
  nsec3,
  OPT_OUT,
  singleKey,
  type World,
  type ZoneSpec,
} from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import {
  type EncodableMessage,
  groupRRsets,
  IpAddress,
  type Message,
  octetKey,
  Rcode,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
  TypeBitmap,
  typeMnemonic,
} from '../../src/wire/index.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const EVIL = IpAddress.parse('11.66.66.66')!.octets;
const EVIL_TLSA = Uint8Array.from([3, 1, 1, ...new Uint8Array(28), ...EVIL]);

const VICTIM = `
@ MX 10 mx
mx A 11.1.1.1
mx AAAA 3025::1
mx TXT "exchange"
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
* TXT "wildcard"
below.ent TXT "x"
old DNAME new
mx.new A 11.1.1.2
`;

function signedZone(origin: string, text: string, denial = NSEC): ZoneSpec {
  return { origin, text, signing: singleKey(13, denial) };
}

const WORLD: World = {
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    signedZone('dane.', ''),
    signedZone('hashed.', '', nsec3()),
    signedZone('optout.', '', OPT_OUT),
    signedZone('victim.dane.', VICTIM),
    signedZone('victim.hashed.', VICTIM, nsec3()),
    signedZone('victim.optout.', VICTIM, OPT_OUT),
    signedZone(
      'evil.dane.',
      '@ MX 10 mx\nmx A 11.66.66.66\n* TXT "evil"\nto CNAME mx.plain.dane.\n',
    ),
    {
      origin: 'plain.dane.',
      text: '@ MX 10 mx\nmx A 11.1.1.3\nold DNAME new\nmx.new A 11.1.1.4\n',
    },
  ],
  domains: [],
};

type Change = (reply: Message, lab: Lab, query: Message) => EncodableMessage | undefined;

interface Recipe {
  /** Letter and number of the attack table, and what happens. */
  readonly title: string;
  /** Whose replies are changed. */
  readonly server: string;
  readonly change: Change;
  readonly question: readonly [name: string, type: string];
  /** Asked before, so that something is there to be poisoned or replayed. */
  readonly before?: readonly (readonly [name: string, type: string])[];
  /** The only acceptable endings. */
  readonly ends: readonly Ending[];
  /** Why it is bogus, if it is. */
  readonly reason?: string;
}

/** `truth`: as without the attacker. `bogus`: SERVFAIL and a reason. `failed`: SERVFAIL. */
type Ending = 'truth' | 'bogus' | 'failed';

/** Signs any RRset with the keys of a zone, as its owner could. */
function signedBy(
  lab: Lab,
  zone: string,
  owner: string,
  type: number,
  rdatas: readonly Uint8Array[],
  signedOwner = owner,
): ResourceRecord[] {
  const { signer } = lab.zones.get(nameOf(zone).key)!.signed!;
  const set = { owner: nameOf(signedOwner), type, ttlSeconds: 3_600, rdatas: () => rdatas };
  const signatures = signer.signNow(set, NOW_SECONDS);
  return [
    ...rdatas.map((rdata) => record(owner, type, rdata)),
    ...signatures.map((rdata) => record(owner, RRType.RRSIG, rdata)),
  ];
}

const NOW_SECONDS = 1_772_323_200;

function nsecRdata(next: string, types: readonly number[]): Uint8Array {
  return Uint8Array.from([...nameOf(next).octets, ...TypeBitmap.of(types).octets]);
}

/** Records of a section for a type, with their signatures. */
function ofType(records: readonly ResourceRecord[], ...types: number[]): ResourceRecord[] {
  return records.filter(({ type, rdata }) => {
    const covered = type === RRType.RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;
    return types.includes(covered);
  });
}

function without(records: readonly ResourceRecord[], ...types: number[]): ResourceRecord[] {
  const gone = new Set(ofType(records, ...types));
  return records.filter((one) => !gone.has(one));
}

const asks = (query: Message, type: number): boolean => query.questions[0]?.type === type;

/** Changes only replies to questions of one type. */
function onlyFor(type: number, change: Change): Change {
  return (reply, lab, query) => (asks(query, type) ? change(reply, lab, query) : reply);
}

const TLSA = '_25._tcp.mx.victim.dane.';

const SIGNATURES: readonly Recipe[] = [
  {
    title: "F1: another zone signs the victim's TLSA",
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      answer: signedBy(lab, 'evil.dane.', TLSA, RRType.TLSA, [EVIL_TLSA]),
    })),
    ends: ['bogus'],
    reason: 'signer is another zone',
  },
  {
    title: 'F2: a wildcard signature with fewer labels than its signer',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      answer: signedBy(lab, 'evil.dane.', TLSA, RRType.TLSA, [EVIL_TLSA], '*.dane.'),
    })),
    ends: ['bogus'],
    reason: 'signer is another zone',
  },
  {
    title: "F13: the victim's keys replaced by the root's own, which an anchor knows",
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.DNSKEY, (reply, lab) => {
      const { signer } = lab.zones.get(nameOf('.').key)!.signed!;
      const keys = signer.publishedKeys();
      return { ...reply, answer: signedBy(lab, '.', 'victim.dane.', RRType.DNSKEY, keys) };
    }),
    ends: ['bogus'],
    reason: 'no key matches DS',
  },
  {
    title: "F13b: the victim's keys and data replaced by the neighbour's",
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: (reply, lab, query) => {
      const { signer } = lab.zones.get(nameOf('evil.dane.').key)!.signed!;
      const keys = signer.publishedKeys();
      const answer = asks(query, RRType.DNSKEY)
        ? signedBy(lab, 'evil.dane.', 'victim.dane.', RRType.DNSKEY, keys)
        : signedBy(lab, 'evil.dane.', TLSA, RRType.TLSA, [EVIL_TLSA]);
      return { ...reply, answer };
    },
    ends: ['bogus'],
    reason: 'no key matches DS',
  },
  {
    title: 'D4: signatures stripped from TLSA',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({
      ...reply,
      answer: reply.answer.filter(({ type }) => type !== RRType.RRSIG),
    })),
    ends: ['bogus'],
    reason: 'signature missing',
  },
  {
    title: 'one TLSA record added to a signed set',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({
      ...reply,
      answer: [record(TLSA, RRType.TLSA, EVIL_TLSA), ...reply.answer],
    })),
    ends: ['bogus'],
    reason: 'signature does not verify',
  },
  {
    title: 'I10: the same set again in class CH, unsigned',
    server: 'ns1.victim.dane.',
    question: ['mx.victim.dane.', 'A'],
    change: onlyFor(RRType.A, (reply) => ({
      ...reply,
      answer: [
        { ...record('mx.victim.dane.', RRType.A, EVIL), class: RRClass.CH },
        ...reply.answer,
      ],
    })),
    ends: ['truth', 'bogus'],
  },
];

const DENIALS: readonly Recipe[] = [
  {
    title: 'F3: a wildcard record replayed at a name that exists',
    server: 'ns1.victim.dane.',
    question: ['below.ent.victim.dane.', 'TXT'],
    change: onlyFor(RRType.TXT, (reply, lab) => ({
      ...reply,
      answer: signedBy(
        lab,
        'victim.dane.',
        'below.ent.victim.dane.',
        RRType.TXT,
        [Uint8Array.of(1, 0x78)],
        '*.victim.dane.',
      ),
    })),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: 'F3b: a wildcard answer without the proof that nothing is nearer',
    server: 'ns1.victim.dane.',
    question: ['anything.victim.dane.', 'TXT'],
    change: onlyFor(RRType.TXT, (reply) => ({ ...reply, authority: [] })),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: 'F3c: the same with NSEC3',
    server: 'ns1.victim.hashed.',
    question: ['anything.victim.hashed.', 'TXT'],
    change: onlyFor(RRType.TXT, (reply) => ({ ...reply, authority: [] })),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: "F4: a neighbour's NSEC that reaches over the victim",
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      rcode: Rcode.NXDOMAIN,
      answer: [],
      authority: [
        ...signedBy(lab, 'evil.dane.', 'evil.dane.', RRType.NSEC, [
          nsecRdata('zzz.', [RRType.SOA, RRType.NS, RRType.RRSIG, RRType.NSEC]),
        ]),
        ...signedBy(lab, 'evil.dane.', 'evil.dane.', RRType.SOA, [soaOf(lab, 'evil.dane.')]),
      ],
    })),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: "F6: the parent's NSEC at the cut denies data of the child",
    server: 'ns1.victim.dane.',
    question: ['victim.dane.', 'MX'],
    change: onlyFor(RRType.MX, (reply, lab) => ({
      ...reply,
      answer: [],
      authority: [
        ...signedBy(lab, 'dane.', 'victim.dane.', RRType.NSEC, [
          nsecRdata('zzz.dane.', [RRType.NS, RRType.DS, RRType.RRSIG, RRType.NSEC]),
        ]),
        ...signedBy(lab, 'dane.', 'dane.', RRType.SOA, [soaOf(lab, 'dane.')]),
      ],
    })),
    ends: ['bogus'],
    reason: 'denial: next name outside zone',
  },
  {
    title: "F7: the child's own apex NSEC offered as proof that it has no DS",
    server: 'ns1.dane.',
    question: [TLSA, 'TLSA'],
    change: (reply, lab) => {
      if (
        ofType(reply.authority, RRType.DS).length + ofType(reply.answer, RRType.DS).length ===
        0
      ) {
        return reply;
      }
      const proof = signedBy(lab, 'victim.dane.', 'victim.dane.', RRType.NSEC, [
        nsecRdata('mx.victim.dane.', [RRType.NS, RRType.SOA, RRType.RRSIG, RRType.NSEC]),
      ]);
      return {
        ...reply,
        answer: without(reply.answer, RRType.DS),
        authority: [...without(reply.authority, RRType.DS), ...proof],
      };
    },
    ends: ['bogus'],
    reason: 'signer is another zone',
  },
  {
    title: 'D5: the DS left out of the referral and denied to who asks',
    server: 'ns1.dane.',
    question: [TLSA, 'TLSA'],
    change: (reply) => ({
      ...reply,
      answer: without(reply.answer, RRType.DS),
      authority: without(reply.authority, RRType.DS),
    }),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: 'D5b: the DS replaced by the NSEC of a real insecure delegation',
    server: 'ns1.dane.',
    question: [TLSA, 'TLSA'],
    change: (reply, lab) => {
      const proof = signedBy(lab, 'dane.', 'plain.dane.', RRType.NSEC, [
        nsecRdata('victim.dane.', [RRType.NS, RRType.RRSIG, RRType.NSEC]),
      ]);
      return {
        ...reply,
        answer: without(reply.answer, RRType.DS),
        authority: [...without(reply.authority, RRType.DS), ...proof],
      };
    },
    ends: ['bogus'],
    reason: 'denial: name not covered',
  },
  {
    title: 'F8: an opt-out NSEC3 of the parent denies the data of a signed child',
    server: 'ns1.victim.optout.',
    question: ['_25._tcp.mx.victim.optout.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => {
      const nsec3s = groupRRsets(denialFrom(lab, 'optout.', 'nobody.optout.'));
      return { ...reply, rcode: Rcode.NXDOMAIN, answer: [], authority: flat(nsec3s) };
    }),
    ends: ['bogus'],
    reason: 'denial missing',
  },
  {
    title: 'F9: the last record of the ring replayed for a name it does not cover',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      rcode: Rcode.NXDOMAIN,
      answer: [],
      authority: denialFrom(lab, 'victim.dane.', 'zzz.nobody.victim.dane.'),
    })),
    ends: ['bogus'],
    reason: 'denial: name not covered',
  },
  {
    title: 'F10: the response code of "no data" turned into "no such name"',
    server: 'ns1.victim.dane.',
    question: ['mx.victim.dane.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({ ...reply, rcode: Rcode.NXDOMAIN })),
    ends: ['truth'],
  },
  {
    title: 'F10b: the same at an empty non-terminal',
    server: 'ns1.victim.dane.',
    question: ['_tcp.mx.victim.dane.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({ ...reply, rcode: Rcode.NXDOMAIN })),
    ends: ['truth'],
  },
  {
    title: 'F10c: the same with NSEC3',
    server: 'ns1.victim.hashed.',
    question: ['_tcp.mx.victim.hashed.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({ ...reply, rcode: Rcode.NXDOMAIN })),
    ends: ['truth'],
  },
  {
    title: 'F11: a genuine NSEC of another name denies the apex MX',
    server: 'ns1.victim.dane.',
    question: ['victim.dane.', 'MX'],
    change: onlyFor(RRType.MX, (reply, lab) => ({
      ...reply,
      answer: [],
      authority: denialFrom(lab, 'victim.dane.', 'mx.victim.dane.'),
    })),
    ends: ['bogus'],
    reason: 'denial: name not covered',
  },
  {
    title: 'F12: a forged NSEC beside a signed SOA',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      rcode: Rcode.NXDOMAIN,
      answer: [],
      authority: [
        ...signedBy(lab, 'victim.dane.', 'victim.dane.', RRType.SOA, [soaOf(lab, 'victim.dane.')]),
        record('victim.dane.', RRType.NSEC, nsecRdata('victim.dane.', [RRType.SOA, RRType.NSEC])),
      ],
    })),
    ends: ['bogus'],
    reason: 'signature missing',
  },
  {
    title: 'D3: unsigned NSEC3 with many iterations is no way to become insecure',
    server: 'ns1.victim.hashed.',
    question: ['_25._tcp.mx.victim.hashed.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      rcode: Rcode.NXDOMAIN,
      answer: [],
      authority: denialFrom(lab, 'victim.hashed.', 'zzz.a.victim.hashed.').map((one) => {
        if (one.type !== RRType.NSEC3) return one;
        const rdata = one.rdata.slice();
        rdata[2] = 0x09;
        return { ...one, rdata };
      }),
    })),
    ends: ['bogus'],
    reason: 'signature does not verify',
  },
  {
    title: 'F22: the SOA of another zone under a denial',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      rcode: Rcode.NXDOMAIN,
      answer: [],
      authority: signedBy(lab, 'evil.dane.', 'evil.dane.', RRType.SOA, [soaOf(lab, 'evil.dane.')]),
    })),
    ends: ['bogus', 'failed'],
    reason: 'denial missing',
  },
  {
    title: 'I11: a signed set of another type where there is none of that type',
    server: 'ns1.victim.dane.',
    question: ['mx.victim.dane.', 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply, lab) => ({
      ...reply,
      answer: signedBy(lab, 'victim.dane.', 'mx.victim.dane.', RRType.A, [EVIL]),
      authority: [],
    })),
    ends: ['bogus', 'failed'],
    reason: 'denial missing',
  },
];

const ALIASES: readonly Recipe[] = [
  {
    title: 'F16: the CNAME beside a DNAME points elsewhere',
    server: 'ns1.victim.dane.',
    question: ['mx.old.victim.dane.', 'A'],
    change: onlyFor(RRType.A, (reply) => ({
      ...reply,
      answer: reply.answer.flatMap((one) => {
        if (one.type === RRType.CNAME) return [{ ...one, rdata: nameOf('mx.evil.dane.').octets }];
        return one.type === RRType.A ? [] : [one];
      }),
    })),
    ends: ['truth', 'bogus'],
    reason: 'CNAME differs from DNAME',
  },
  {
    title: 'I8: an unsigned DNAME above the question',
    server: 'ns1.victim.dane.',
    question: [TLSA, 'TLSA'],
    change: onlyFor(RRType.TLSA, (reply) => ({
      ...reply,
      answer: [
        record('victim.dane.', RRType.DNAME, nameOf('evil.dane.').octets),
        record(TLSA, RRType.CNAME, nameOf('_25._tcp.mx.evil.dane.').octets),
      ],
      authority: [],
    })),
    ends: ['bogus'],
    reason: 'signature missing',
  },
  {
    title: 'I7: the target of a CNAME comes along, forged, for an unsigned zone',
    server: 'ns1.evil.dane.',
    question: ['to.evil.dane.', 'A'],
    change: (reply) => ({
      ...reply,
      answer: [...reply.answer, record('mx.plain.dane.', RRType.A, EVIL)],
    }),
    ends: ['truth'],
  },
];

const POISON: readonly Recipe[] = [
  {
    title: 'I1: addresses of a stranger in the additional section',
    server: 'ns1.evil.dane.',
    before: [['evil.dane.', 'MX']],
    question: ['mx.plain.dane.', 'A'],
    change: (reply) => ({
      ...reply,
      additional: [...reply.additional, record('mx.plain.dane.', RRType.A, EVIL)],
    }),
    ends: ['truth'],
  },
  {
    title: 'I1b: addresses of a stranger in the answer section',
    server: 'ns1.evil.dane.',
    before: [['evil.dane.', 'MX']],
    question: ['mx.plain.dane.', 'A'],
    change: (reply) => ({
      ...reply,
      answer: [...reply.answer, record('mx.plain.dane.', RRType.A, EVIL)],
    }),
    ends: ['truth'],
  },
  ...(['answer', 'no data', 'name error'] as const).map((kind): Recipe => {
    const asked = {
      answer: 'evil.dane.',
      'no data': 'mx.evil.dane.',
      'name error': 'a.b.evil.dane.',
    };
    return {
      title: `I3: NS records of a stranger's zone beside "${kind}"`,
      server: 'ns1.evil.dane.',
      before: [[asked[kind], 'MX']],
      question: ['mx.plain.dane.', 'A'],
      change: (reply) => ({
        ...reply,
        authority: [
          ...reply.authority,
          record('plain.dane.', RRType.NS, nameOf('mx.evil.dane.').octets),
          record('dane.', RRType.NS, nameOf('mx.evil.dane.').octets),
          record('.', RRType.NS, nameOf('mx.evil.dane.').octets),
        ],
        additional: [record('mx.evil.dane.', RRType.A, EVIL)],
      }),
      ends: ['truth'],
    };
  }),
  {
    title: 'I4: an MX in the authority section brings an address along',
    server: 'ns1.evil.dane.',
    before: [['evil.dane.', 'MX']],
    question: ['mx.plain.dane.', 'A'],
    change: (reply) => ({
      ...reply,
      authority: [
        ...reply.authority,
        record(
          'evil.dane.',
          RRType.MX,
          Uint8Array.from([0, 1, ...nameOf('mx.plain.dane.').octets]),
        ),
      ],
      additional: [record('mx.plain.dane.', RRType.A, EVIL)],
    }),
    ends: ['truth'],
  },
  {
    title: 'I9: a label with a dot in it is not two labels',
    server: 'ns1.evil.dane.',
    before: [['to.evil.dane.', 'A']],
    question: ['mx.plain.dane.', 'A'],
    change: (reply) => ({
      ...reply,
      answer: [
        ...reply.answer.filter(({ type }) => type !== RRType.A),
        record('mx\\.plain.dane.', RRType.A, EVIL),
      ],
    }),
    ends: ['truth'],
  },
];

function soaOf(lab: Lab, zone: string): Uint8Array {
  return lab.zones.get(nameOf(zone).key)!.zone.soa.rdatas()[0]!;
}

/** The genuine SOA and NSEC or NSEC3 records with which that zone denies that name. */
function denialFrom(lab: Lab, zone: string, name: string): ResourceRecord[] {
  const hosted = lab.zones.get(nameOf(zone).key)!;
  const { denial, signer } = hosted.signed!;
  const target = nameOf(name);
  const found = hosted.zone.find(target, RRType.TLSA);
  const encloser = found.kind === 'name error' ? found.closestEncloser : target.parent();
  const records =
    found.kind === 'name' ? denial.noData(target) : denial.nameError(target, encloser);
  return [...records, hosted.zone.soa].flatMap((set) => [
    ...set.rdatas().map((rdata) => record(set.owner.toString(), set.type, rdata, set.ttlSeconds)),
    ...signer
      .signNow(set, NOW_SECONDS)
      .map((rdata) => record(set.owner.toString(), RRType.RRSIG, rdata, set.ttlSeconds)),
  ]);
}

function flat(sets: readonly RRset[]): ResourceRecord[] {
  return sets.flatMap(({ owner, type, rdatas, signatures }) => [
    ...rdatas.map((rdata) => record(owner.toString(), type, rdata)),
    ...signatures.map((rdata) => record(owner.toString(), RRType.RRSIG, rdata)),
  ]);
}

/** What matters about an answer, to compare it with the truth. */
function essence(resolution: Resolution): string {
  const data = resolution.answer.map(({ rrset, security }) => {
    const rdatas = rrset.rdatas.map((rdata) => octetKey(rdata)).sort();
    return `${rrset.owner.key} ${rrset.type} ${security.status} ${rdatas.join('|')}`;
  });
  return [resolution.rcode, resolution.security.status, ...data].join('\n');
}

function endingOf(resolution: Resolution, truth: string): Ending | 'wrong' {
  if (resolution.rcode === Rcode.SERVFAIL) {
    return resolution.security.status === 'bogus' ? 'bogus' : 'failed';
  }
  return essence(resolution) === truth ? 'truth' : 'wrong';
}

const lab = makeLab(WORLD);

for (const [title, recipes] of [
  ['signatures', SIGNATURES],
  ['denial of existence', DENIALS],
  ['aliases', ALIASES],
  ['records that nobody asked for', POISON],
] as const) {
  t.test(title, (t) => {
    for (const { title, server, change, question, before = [], ends, reason } of recipes) {
      const honest = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
      const truth = essence(honest.resolve(...question));
      const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
      let changed = 0;
      const undo = tamper(lab, server, (reply, query) => {
        changed++;
        return change(reply, lab, query);
      });
      for (const asked of before) world.resolve(...asked);
      const resolution = world.resolve(...question);
      world.settle();
      undo();
      const ending = endingOf(resolution, truth);
      const { security, errors } = resolution;
      const said = {
        truth,
        seen: essence(resolution),
        why: 'sentence' in security ? security.sentence : '',
        errors,
      };
      t.ok((ends as readonly string[]).includes(ending), `${title}: ${ending}`, said);
      if (ending === 'bogus') t.equal('reason' in security && security.reason, reason, 'reason');
      t.ok(changed > 0, 'the attacker had his chance');
      t.same([...violations(world), ...restlessness(world)], [], `${title}: nothing else is wrong`);
    }
    t.end();
  });
}

t.test('F18: what a client with CD got is not what others get', (t) => {
  const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
  const undo = tamper(lab, 'ns1.victim.dane.', (reply, query) => {
    if (!asks(query, RRType.TLSA)) return reply;
    return { ...reply, answer: [record(TLSA, RRType.TLSA, EVIL_TLSA)] };
  });
  const unchecked = world.resolve(TLSA, 'TLSA', { cd: true });
  t.not(unchecked.security.status, 'secure');
  const checked = world.resolve(TLSA, 'TLSA');
  t.equal(checked.rcode, Rcode.SERVFAIL, 'bogus for everybody else');
  t.equal(checked.answer.length, 0);
  undo();
  world.sleep(400_000);
  const after = world.resolve(TLSA, 'TLSA');
  t.equal(
    after.security.status,
    'secure',
    `${typeMnemonic(RRType.TLSA)} is back when the attack ends`,
  );
  t.end();
});

t.test('a client with CD gets the chain behind an alias that did not pass', (t) => {
  const world = new SimulatedWorld({ lab });
  const undo = tamper(lab, 'ns1.evil.dane.', (reply, query) => {
    if (!asks(query, RRType.A)) return reply;
    return { ...reply, answer: reply.answer.filter(({ type }) => type !== RRType.RRSIG) };
  });
  const unchecked = world.resolve('to.evil.dane', 'A', { cd: true });
  t.equal(unchecked.rcode, Rcode.SERVFAIL, 'the verdict stays');
  t.equal(unchecked.security.status, 'bogus', 'whatever the end of the chain is worth');
  t.equal(unchecked.answer.length, 0);
  const owners = unchecked.unchecked?.answer.map(({ owner, type }) => [String(owner), type]);
  t.same(owners, [
    ['to.evil.dane.', RRType.CNAME],
    ['mx.plain.dane.', RRType.A],
  ]);
  const checked = world.resolve('to.evil.dane', 'A');
  t.equal('reason' in checked.security && checked.security.reason, 'signature missing');
  world.settle();
  t.same([...violations(world), ...restlessness(world)], []);
  undo();
  t.end();
});

t.test('a ring of aliases that did not pass ends for a client with CD too', (t) => {
  const world = new SimulatedWorld({ lab });
  const undo = tamper(lab, 'ns1.evil.dane.', (reply, query) => {
    if (!asks(query, RRType.A)) return reply;
    const from = String(query.questions[0]!.name).toLowerCase();
    const to = nameOf(from.startsWith('to') ? 'fro.evil.dane' : 'to.evil.dane');
    return { ...reply, rcode: Rcode.NOERROR, answer: [record(from, RRType.CNAME, to.octets)] };
  });
  const { unchecked } = world.resolve('to.evil.dane', 'A', { cd: true });
  t.same(unchecked?.answer.map(({ owner }) => String(owner)).sort(), [
    'fro.evil.dane.',
    'to.evil.dane.',
  ]);
  world.settle();
  t.same([...violations(world), ...restlessness(world)], []);
  undo();
  t.end();
});

t.test('an unsigned DNAME is shown again, and leads no other name anywhere', (t) => {
  const world = new SimulatedWorld({ lab });
  const typesOf = (resolution: Resolution): number[] =>
    resolution.answer.map(({ rrset }) => rrset.type);
  const whole = [RRType.DNAME, RRType.CNAME, RRType.A];
  t.same(typesOf(world.resolve('mx.old.plain.dane', 'A')), whole);
  // From the cache the CNAME comes with what it was made from (RFC 6672 §3.1).
  t.same(typesOf(world.resolve('mx.old.plain.dane', 'A')), whole);
  const before = world.resolver.counters.queriesSent;
  world.resolve('other.old.plain.dane', 'A');
  t.ok(world.resolver.counters.queriesSent > before, 'the server was asked for another name');
  t.end();
});
