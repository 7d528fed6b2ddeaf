/** TLSA and MX in every security state: secure, insecure, and all ways to be bogus. */
import { Rcode } from '../../../src/wire/index.js';
import { denialOf, flip, invent, rewrite, strip, underThisName, unsign } from './edits.js';
import {
  example,
  type Family,
  NSEC3,
  OPT_OUT,
  ROOT,
  scenariosOf,
  TLSA,
  unsignedExample,
} from './families.js';
import type { OwnScenario } from './script.js';
import { DAY, START_SECONDS } from './signer.js';
import { signedBy } from './world.js';

interface Subject {
  readonly type: 'TLSA' | 'MX';
  /** Has such records, has others, is not there. */
  readonly present: string;
  readonly other: string;
  readonly absent: string;
  readonly forgedText: string;
}

const SUBJECTS: readonly Subject[] = [
  {
    type: 'TLSA',
    present: '_25._tcp.mx.example.',
    other: 'www.example.',
    absent: '_25._tcp.www.example.',
    forgedText: TLSA('f').slice('TLSA '.length),
  },
  {
    type: 'MX',
    present: 'example.',
    other: 'www.example.',
    absent: 'yak.example.',
    forgedText: '10 mx.forged.',
  },
];

export function securityStates(): OwnScenario[] {
  return SUBJECTS.flatMap((subject) => [
    ...scenariosOf(secure(subject)),
    ...scenariosOf(absentType(subject)),
    ...scenariosOf(absentTypeNsec3(subject)),
    ...scenariosOf(absentName(subject)),
    ...scenariosOf(absentNameNsec3(subject)),
    ...scenariosOf(unsignedZone(subject)),
    ...scenariosOf(optedOut(subject)),
    ...scenariosOf(byConfiguration(subject)),
    ...scenariosOf(unknownAlgorithm(subject)),
  ]);
}

function secure({ type, present, other, forgedText }: Subject): Family {
  const reply = `${present} ${type}`;
  const wrongTimes = (inception: number, expiration: number) => [
    ROOT,
    example(
      {},
      {
        inceptionSeconds: START_SECONDS + inception * DAY,
        expirationSeconds: START_SECONDS + expiration * DAY,
      },
    ),
  ];
  return {
    file: `${type.toLowerCase()}-secure`,
    title: `${type} in a signed zone: AD`,
    zones: [ROOT, example()],
    steps: [{ ask: reply, expect: 'secure' }],
    twins: [
      {
        forged: 'data',
        title: `${type} data of a forger under the genuine signature`,
        forgeries: [{ reply, change: rewrite(type, forgedText) }],
        ede: 6,
      },
      {
        forged: 'unsigned',
        title: `${type} data of a forger without a signature`,
        forgeries: [{ reply, change: invent(present, type, forgedText) }],
        ede: 10,
      },
      {
        forged: 'signature',
        title: `one bit of the signature over the ${type} RRset is wrong`,
        forgeries: [{ reply, change: flip(type) }],
        ede: 6,
      },
      {
        forged: 'denial',
        title: `no ${type} records, with the proof of another name`,
        forgeries: [{ reply, change: denialOf(`${other} ${type}`, Rcode.NOERROR) }],
        ede: 12,
      },
      {
        forged: 'expired',
        title: 'all signatures of the zone expired days ago',
        zones: wrongTimes(-30, -3),
        ede: 7,
      },
      {
        forged: 'early',
        title: 'all signatures of the zone begin days later',
        zones: wrongTimes(3, 30),
        ede: 8,
      },
      {
        forged: 'keys',
        title: 'the zone has keys that the DS records do not speak of',
        zones: [ROOT, example({}, { ds: ['csk-9/13'] })],
        ede: 9,
      },
    ],
  };
}

function absentType({ type, present, other }: Subject): Family {
  const reply = `${other} ${type}`;
  return {
    file: `${type.toLowerCase()}-nodata-nsec`,
    title: `no ${type} records at a name with others, proven by NSEC: AD`,
    zones: [ROOT, example()],
    steps: [{ ask: reply, expect: 'secure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the NSEC records are left out',
        forgeries: [{ reply, change: strip('NSEC') }],
        ede: 12,
      },
      {
        forged: 'unsigned',
        title: 'the NSEC records have no signatures',
        forgeries: [{ reply, change: unsign('NSEC') }],
        ede: 10,
      },
      {
        forged: 'answer',
        title: `the ${type} RRset of another name, signature and all`,
        forgeries: [{ reply, change: underThisName(`${present} ${type}`, other) }],
        ede: 6,
      },
      {
        forged: 'code',
        title: 'NXDOMAIN with the proof that there are no such records: the truth is told',
        forgeries: [{ reply, change: denialOf(reply, Rcode.NXDOMAIN) }],
        steps: [{ ask: reply, expect: 'secure' }],
      },
    ],
  };
}

function absentTypeNsec3({ type, present, other }: Subject): Family {
  const reply = `${other} ${type}`;
  return {
    file: `${type.toLowerCase()}-nodata-nsec3`,
    title: `no ${type} records at a name with others, proven by NSEC3: AD`,
    zones: [ROOT, example({}, { denial: NSEC3 })],
    steps: [{ ask: reply, expect: 'secure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the NSEC3 records are left out',
        forgeries: [{ reply, change: strip('NSEC3') }],
        ede: 12,
      },
      {
        forged: 'other-name',
        title: 'the NSEC3 record of another name',
        forgeries: [{ reply, change: denialOf(`ns.example. ${type}`, Rcode.NOERROR) }],
        ede: 12,
      },
      {
        forged: 'present',
        title: `the NSEC3 record of a name that has ${type} records, asked there`,
        forgeries: [
          { reply: `${present} ${type}`, change: denialOf(`${present} TXT`, Rcode.NOERROR) },
        ],
        steps: [{ ask: `${present} ${type}`, expect: 'bogus', ede: 6 }],
      },
    ],
  };
}

function absentName({ type, present, absent }: Subject): Family {
  const reply = `${absent} ${type}`;
  return {
    file: `${type.toLowerCase()}-nxdomain-nsec`,
    title: `no such name, proven by NSEC: AD`,
    zones: [ROOT, example()],
    steps: [{ ask: reply, expect: 'secure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the NSEC records are left out',
        forgeries: [{ reply: 'NXDOMAIN', change: strip('NSEC') }],
        ede: 12,
      },
      {
        forged: 'elsewhere',
        title: 'NSEC records that deny another name',
        forgeries: [
          { reply: 'NXDOMAIN', change: denialOf(`lists.example. ${type}`, Rcode.NXDOMAIN) },
        ],
        ede: 12,
      },
      {
        forged: 'present',
        title: `NXDOMAIN for a name that has ${type} records`,
        forgeries: [
          { reply: `${present} ${type}`, change: denialOf(`${absent} ${type}`, Rcode.NXDOMAIN) },
        ],
        steps: [{ ask: `${present} ${type}`, expect: 'bogus', ede: type === 'MX' ? 6 : 12 }],
      },
    ],
  };
}

function absentNameNsec3({ type, present, absent }: Subject): Family {
  const reply = `${absent} ${type}`;
  return {
    file: `${type.toLowerCase()}-nxdomain-nsec3`,
    title: `no such name, proven by NSEC3: AD`,
    zones: [ROOT, example({}, { denial: NSEC3 })],
    steps: [{ ask: reply, expect: 'secure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the NSEC3 records are left out',
        forgeries: [{ reply: 'NXDOMAIN', change: strip('NSEC3') }],
        ede: 12,
      },
      {
        forged: 'no-data-code',
        title: 'the code says that the name is there, the proof that it is not',
        forgeries: [{ reply: 'NXDOMAIN', change: denialOf(reply, Rcode.NOERROR) }],
        ede: 6,
      },
      {
        forged: 'present',
        title: `NXDOMAIN for a name that has ${type} records`,
        forgeries: [
          { reply: `${present} ${type}`, change: denialOf(`${absent} ${type}`, Rcode.NXDOMAIN) },
        ],
        steps: [{ ask: `${present} ${type}`, expect: 'bogus', ede: 6 }],
      },
    ],
  };
}

function unsignedZone({ type, present }: Subject): Family {
  const reply = `${present} ${type}`;
  return {
    file: `${type.toLowerCase()}-insecure`,
    title: `${type} in a zone that the parent proves to be unsigned: no AD`,
    zones: [ROOT, unsignedExample()],
    steps: [{ ask: reply, expect: 'insecure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the proof that there is no DS is left out wherever it belongs',
        forgeries: [
          { reply: 'example. referral', change: strip('NSEC') },
          { reply: 'example. DS', change: strip('NSEC') },
        ],
        ede: 12,
      },
      {
        forged: 'signed',
        title: 'the zone is signed, and the forger leaves out DS records and signatures',
        zones: [ROOT, example()],
        forgeries: [
          { reply: 'example. referral', change: strip('DS') },
          { reply: 'example. DS', change: denialOf('ns. DS', Rcode.NOERROR) },
          { reply, change: unsign() },
        ],
        ede: 12,
      },
    ],
  };
}

function optedOut({ type, present }: Subject): Family {
  const reply = `${present} ${type}`;
  const root = { ...ROOT, signing: signedBy(13, { denial: OPT_OUT }) };
  return {
    file: `${type.toLowerCase()}-insecure-opt-out`,
    title: `${type} in an unsigned zone that an opt-out record of the parent covers: no AD`,
    zones: [root, unsignedExample()],
    steps: [{ ask: reply, expect: 'insecure' }],
    twins: [
      {
        forged: 'matching',
        title: 'the zone is signed: an opt-out span is there, but it does not cover the zone',
        zones: [root, example()],
        forgeries: [
          { reply: 'example. referral', change: strip('DS') },
          { reply: 'example. DS', change: denialOf('nothing. DS', Rcode.NOERROR) },
          { reply, change: unsign() },
        ],
        ede: 6,
      },
      {
        forged: 'without-opt-out',
        title: 'a covering NSEC3 record without the opt-out bit proves no delegation',
        zones: [{ ...ROOT, signing: signedBy(13, { denial: NSEC3 }) }, example()],
        forgeries: [
          { reply: 'example. referral', change: strip('DS') },
          { reply: 'example. DS', change: denialOf('nothing. DS', Rcode.NOERROR) },
          { reply, change: unsign() },
        ],
        ede: 6,
      },
    ],
  };
}

function byConfiguration({ type, present }: Subject): Family {
  const reply = `${present} ${type}`;
  const broken = [ROOT, example({}, { ds: ['csk-9/13'] })];
  return {
    file: `${type.toLowerCase()}-insecure-configured`,
    title: `${type} in a broken zone below a negative trust anchor (RFC 7646): no AD`,
    settings: ['domain-insecure: "example."'],
    zones: broken,
    steps: [{ ask: reply, expect: 'insecure', ede: 33 }],
    twins: [
      {
        forged: 'not-below',
        title: 'a negative trust anchor for another name leaves the broken zone bogus',
        settings: ['domain-insecure: "mx.example.org."'],
        ede: 9,
      },
    ],
  };
}

function unknownAlgorithm({ type, present }: Subject): Family {
  const reply = `${present} ${type}`;
  return {
    file: `${type.toLowerCase()}-no-ds`,
    title: `${type} in a signed zone without DS records (an island): no AD`,
    zones: [ROOT, example({}, { ds: [] })],
    steps: [{ ask: reply, expect: 'insecure' }],
    twins: [
      {
        forged: 'ds-withheld',
        title: 'the DS records are there, and withheld with the NSEC record that lists them',
        zones: [ROOT, example()],
        forgeries: [
          { reply: 'example. referral', change: denialOf('example. TXT', Rcode.NOERROR) },
          { reply: 'example. DS', change: denialOf('ns. DS', Rcode.NOERROR) },
          { reply, change: rewrite(type, type === 'MX' ? '0 mx.forged.' : '3 1 1 ff') },
        ],
        ede: 12,
      },
    ],
  };
}
