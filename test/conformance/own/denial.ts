/** Denial of existence: compact (RFC 9824), opt-out below the cut, names below names (RFC 8020). */
import { Rcode } from '../../../src/wire/index.js';
import { denialOf, denialOfZone, strip, stripProofOf, unsign } from './edits.js';
import { example, type Family, MAIL, NSEC3, OPT_OUT, ROOT, scenariosOf } from './families.js';
import type { OwnScenario, Stage } from './script.js';
import { OwnWorld, type OwnZone, question, signedBy } from './world.js';

const COMPACT = { kind: 'compact' } as const;
const SERVICE = '_25._tcp.mx.example. TLSA';
const ABSENT = '_25._tcp.yak.example. TLSA';

export function denials(): OwnScenario[] {
  const families = [
    compactName(),
    compactType(),
    compactDelegation(),
    optOutDelegation(),
    optOutName(),
    parentSide('nsec'),
    parentSide('nsec3'),
  ];
  return [...families.flatMap(scenariosOf), ...below('nsec'), ...below('nsec3')];
}

function compactName(): Family {
  return {
    file: 'compact-name',
    title: 'compact denial of a name that is not there (RFC 9824 §3.2): NOERROR and AD',
    zones: [ROOT, example({}, { denial: COMPACT })],
    steps: [{ ask: 'yak.example. MX', expect: 'secure' }],
    twins: [
      {
        forged: 'elsewhere',
        title: 'the compact denial of one name for another that is there',
        forgeries: [{ reply: SERVICE, change: denialOf('yak.example. MX', Rcode.NOERROR) }],
        steps: [{ ask: SERVICE, expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'neighbour',
        title: 'the compact denial of a neighbour, as NXDOMAIN',
        forgeries: [
          { reply: SERVICE, change: denialOf('_26._tcp.mx.example. TLSA', Rcode.NXDOMAIN) },
        ],
        steps: [{ ask: SERVICE, expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'stripped',
        title: 'the compact denial is left out',
        forgeries: [{ reply: 'yak.example. *', change: strip('NSEC') }],
        ede: 12,
      },
    ],
  };
}

function compactType(): Family {
  return {
    file: 'compact-type',
    title: 'compact denial of a type at a name that is there (RFC 9824 §3.1): AD',
    zones: [ROOT, example({}, { denial: COMPACT })],
    steps: [{ ask: 'www.example. TLSA', expect: 'secure' }],
    twins: [
      {
        forged: 'listed',
        title: 'a compact denial that lists the type that it is to deny',
        forgeries: [
          { reply: SERVICE, change: denialOf('_25._tcp.mx.example. TXT', Rcode.NOERROR) },
        ],
        steps: [{ ask: SERVICE, expect: 'bogus', ede: 6 }],
      },
      {
        forged: 'unsigned',
        title: 'a compact denial without a signature',
        forgeries: [{ reply: 'www.example. TLSA', change: unsign('NSEC') }],
        ede: 10,
      },
    ],
  };
}

const services = (signed: boolean): OwnZone => ({
  origin: '_tcp.mx.example.',
  server: '192.0.2.3',
  text: `_25 TLSA 3 1 1 ${'d'.repeat(64)}`,
  ...(signed && { signing: signedBy() }),
});

const HOSTS = '@ MX 10 mx\nmx A 192.0.2.25\nwww A 192.0.2.80';

function compactDelegation(): Family {
  const zone = example({ text: HOSTS }, { denial: COMPACT });
  return {
    file: 'compact-delegation',
    title: 'an unsigned delegation from a zone with compact denial (RFC 9824 §3.4): no AD',
    zones: [ROOT, zone, services(false)],
    steps: [{ ask: SERVICE, expect: 'insecure' }],
    twins: [
      {
        forged: 'withheld',
        title: 'DS records withheld behind the compact denial of another name',
        zones: [ROOT, zone, services(true)],
        forgeries: [
          { reply: '_tcp.mx.example. referral', change: strip('DS') },
          { reply: '_tcp.mx.example. DS', change: denialOf('_tcp.www.example. DS', Rcode.NOERROR) },
          { reply: SERVICE, change: unsign() },
        ],
        ede: 12,
      },
    ],
  };
}

function optOutDelegation(): Family {
  const zone = example({ text: HOSTS }, { denial: OPT_OUT });
  return {
    file: 'opt-out-delegation',
    title: 'a signed zone with opt-out, an unsigned zone below it: no AD there, AD above',
    zones: [ROOT, zone, services(false)],
    steps: [
      { ask: SERVICE, expect: 'insecure' },
      { ask: 'mx.example. A', expect: 'secure' },
      { ask: 'www.example. TLSA', expect: 'secure' },
    ],
    twins: [
      {
        forged: 'withheld',
        title: 'the zone below is signed: no opt-out span covers it',
        zones: [ROOT, zone, services(true)],
        forgeries: [
          { reply: '_tcp.mx.example. referral', change: strip('DS') },
          { reply: '_tcp.mx.example. DS', change: denialOf('_tcp.www.example. DS', Rcode.NOERROR) },
          { reply: SERVICE, change: unsign() },
        ],
        steps: [{ ask: SERVICE, expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'at-a-host',
        title: 'an unsigned delegation invented at a host that is there',
        zones: [ROOT, example({}, { denial: OPT_OUT }), services(false)],
        forgeries: [
          { reply: '_tcp.mx.example. referral', change: strip('NSEC3') },
          { reply: '_tcp.mx.example. DS', change: denialOf('ns.example. DS', Rcode.NOERROR) },
        ],
        steps: [{ ask: SERVICE, expect: 'bogus', ede: 12 }],
      },
    ],
  };
}

function optOutName(): Family {
  return {
    file: 'opt-out-name',
    title: 'no such name, under an opt-out span: true, but no AD (RFC 5155 §9.2)',
    zones: [ROOT, example({}, { denial: OPT_OUT })],
    steps: [{ ask: 'yak.example. MX', expect: 'insecure' }],
    twins: [
      {
        forged: 'present',
        title: 'the same for a name that is there',
        forgeries: [
          { reply: 'ns.example. MX', change: denialOf('yak.example. MX', Rcode.NXDOMAIN) },
        ],
        steps: [{ ask: 'ns.example. MX', expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'encloser',
        title: 'the closest encloser is left out',
        forgeries: [
          { reply: 'NXDOMAIN', change: stripProofOf('3msev9usmd4br9s97v51r2tdvmr9iqo1.example.') },
        ],
        ede: 12,
      },
    ],
  };
}

/** RFC 6840 §4.1: the parent's record at a cut says nothing about the child's types. */
function parentSide(kind: 'nsec' | 'nsec3'): Family {
  const root = { ...ROOT, signing: signedBy(13, kind === 'nsec3' ? { denial: OPT_OUT } : {}) };
  const denial = kind === 'nsec3' ? NSEC3 : ({ kind: 'NSEC' } as const);
  return {
    file: `cut-${kind}`,
    title: `at the apex of a zone its own ${kind.toUpperCase()} record denies a type: AD`,
    zones: [root, example({}, { denial })],
    steps: [{ ask: 'example. TLSA', expect: 'secure' }],
    twins: [
      {
        forged: 'parent',
        title: `the parent's ${kind.toUpperCase()} record at the cut denies the child's MX records`,
        forgeries: [{ reply: 'example. MX', change: denialOfZone('.', 'example.', Rcode.NOERROR) }],
        steps: [{ ask: 'example. MX', expect: 'bogus', ede: kind === 'nsec' ? 6 : 12 }],
      },
      {
        forged: 'child',
        title: `the child's ${kind.toUpperCase()} record at its apex denies the DS records`,
        forgeries: [
          { reply: 'example. referral', change: strip('DS') },
          { reply: 'example. DS', change: denialOfZone('example.', 'example.', Rcode.NOERROR) },
          { reply: 'example. MX', change: unsign() },
        ],
        steps: [{ ask: 'example. MX', expect: 'bogus', ede: 6 }],
      },
    ],
  };
}

/** RFC 8020: what is below a name that is not there is not there either, and need not be asked. */
function below(kind: 'nsec' | 'nsec3'): OwnScenario[] {
  const denial = kind === 'nsec3' ? NSEC3 : ({ kind: 'NSEC' } as const);
  const zones = [ROOT, example({ text: MAIL }, { denial })];
  const settings = ['aggressive-nsec: no'];
  const silence = { zones: [] };
  const above = 'yak.example. MX';
  const asked: Stage = { zones, steps: [{ ask: above, expect: 'secure' }] };
  const truth = () => new OwnWorld(zones).truth(question(above));
  return [
    {
      file: `below-nxdomain-${kind}`,
      title: `once a name is proven absent by ${kind.toUpperCase()}, nobody is asked below it`,
      settings,
      stages: [asked, { ...silence, steps: [{ ask: ABSENT, expect: 'secure', truth }] }],
    },
    {
      file: `below-nxdomain-${kind}.forged-unproven`,
      title: 'a denial without proof is not remembered for the names below',
      settings,
      stages: [
        {
          zones,
          forgeries: [{ reply: 'mx.example. *', change: denialOf(above, Rcode.NXDOMAIN) }],
          steps: [{ ask: 'mx.example. MX', expect: 'bogus', ede: 12 }],
        },
        { zones, steps: [{ ask: SERVICE, expect: 'secure' }] },
      ],
    },
    {
      file: `below-nxdomain-${kind}.forged-beside`,
      title: 'a proven denial says nothing about names beside it: somebody has to be asked',
      settings,
      stages: [asked, { ...silence, steps: [{ ask: SERVICE, expect: 'bogus', ede: 22 }] }],
    },
  ];
}
