/** Corners of DANE: where TLSA and MX records stand, and what stands in the way. */
import { Rcode } from '../../../src/wire/index.js';
import {
  both,
  denialOf,
  drop,
  insert,
  replay,
  rewrite,
  strip,
  stripProofOf,
  underThisName,
  unsign,
  withRcode,
} from './edits.js';
import {
  ASKED,
  example,
  type Family,
  host,
  MAIL,
  ROOT,
  scenariosOf,
  SERVICE,
  TLSA,
  unsignedExample,
  unsignedHost,
} from './families.js';
import type { OwnScenario } from './script.js';
import { type OwnZone, question, signedBy } from './world.js';

export function daneCorners(): OwnScenario[] {
  return [
    alias(),
    aliasToInsecure(),
    aliasFromInsecure(),
    redirection(),
    wildcard(),
    wildcardNoData(),
    belowUnsignedCut(),
    emptyNonTerminal(),
    severalRecords(),
    clientFlags(),
  ].flatMap(scenariosOf);
}

const ALIASED = `mx A 192.0.2.25\n_25._tcp.mx CNAME _dane.host.`;

function alias(): Family {
  return {
    file: 'tlsa-cname',
    title: 'the TLSA owner is an alias of one in another signed zone (RFC 7671 §7): AD',
    zones: [ROOT, example({ text: ALIASED }), host()],
    steps: [{ ask: ASKED, expect: 'secure' }],
    twins: [
      {
        forged: 'target',
        title: 'the data at the target are forged',
        forgeries: [{ reply: '_dane.host. TLSA', change: rewrite('TLSA', TLSA('f').slice(5)) }],
        ede: 6,
      },
      {
        forged: 'alias',
        title: 'the alias is bent to another signed name',
        forgeries: [{ reply: `${SERVICE} *`, change: rewrite('CNAME', '_25._tcp.mx.host.') }],
        ede: 6,
      },
      {
        forged: 'target-denied',
        title: 'the target is denied with the proof of another name',
        forgeries: [
          { reply: '_dane.host. TLSA', change: denialOf('_dane.host. TXT', Rcode.NOERROR) },
        ],
        ede: 6,
      },
    ],
    also: ['_25._tcp.mx.host. TLSA'],
  };
}

function aliasToInsecure(): Family {
  return {
    file: 'tlsa-cname-to-insecure',
    title: 'an alias from a signed zone into an unsigned one: no AD',
    zones: [ROOT, example({ text: ALIASED }), unsignedHost()],
    steps: [{ ask: ASKED, expect: 'insecure' }],
    twins: [
      {
        forged: 'alias',
        title: 'the alias itself is forged: what is signed must be right',
        forgeries: [{ reply: `${SERVICE} *`, change: rewrite('CNAME', '_25._tcp.mx.host.') }],
        ede: 6,
      },
      {
        forged: 'delegation',
        title: 'the target is signed, and made to look unsigned',
        zones: [ROOT, example({ text: ALIASED }), host()],
        forgeries: [
          { reply: 'host. referral', change: strip('DS') },
          { reply: 'host. DS', change: denialOf('ns. DS', Rcode.NOERROR) },
          { reply: '_dane.host. TLSA', change: both(rewrite('TLSA', '3 1 1 ff'), unsign()) },
        ],
        ede: 12,
      },
    ],
    also: ['_25._tcp.mx.host. TLSA'],
  };
}

function aliasFromInsecure(): Family {
  return {
    file: 'tlsa-cname-from-insecure',
    title: 'an alias from an unsigned zone into a signed one: no AD, whatever is at its end',
    zones: [ROOT, unsignedExample(ALIASED), host()],
    steps: [
      { ask: ASKED, expect: 'insecure' },
      { ask: '_dane.host. TLSA', expect: 'secure' },
    ],
    twins: [
      {
        forged: 'target',
        title: 'below the insecure alias the signed target is still checked',
        forgeries: [{ reply: '_dane.host. TLSA', change: rewrite('TLSA', TLSA('f').slice(5)) }],
        ede: 6,
      },
    ],
  };
}

function redirection(): Family {
  const text = 'mx A 192.0.2.25\n_tcp.mx DNAME _tcp.mx.host.';
  return {
    file: 'tlsa-dname',
    title: 'all services of the host are redirected by a DNAME: AD',
    zones: [ROOT, example({ text }), host()],
    steps: [{ ask: ASKED, expect: 'secure' }],
    twins: [
      {
        forged: 'synthesis',
        title: 'the CNAME is not what the DNAME makes of the name',
        forgeries: [{ reply: `${SERVICE} *`, change: rewrite('CNAME', '_dane.host.') }],
        ede: 6,
      },
      {
        forged: 'dname',
        title: 'the DNAME is forged, with the CNAME that fits',
        forgeries: [
          {
            reply: `${SERVICE} *`,
            change: both(rewrite('DNAME', 'host.'), rewrite('CNAME', '_25.host.')),
          },
        ],
        ede: 6,
      },
    ],
    also: ['_dane.host. TLSA', '_25.host. TLSA'],
  };
}

const WILDCARD = `${MAIL.replace('_25._tcp.mx', '*._tcp.mx')}\n_26._tcp.mx TXT "mail"\n_tcp.www TXT "nothing"`;

function wildcard(): Family {
  return {
    file: 'tlsa-wildcard',
    title: 'a wildcard covers all services of the host (RFC 7671 §7): AD, with the proof',
    zones: [ROOT, example({ text: WILDCARD })],
    steps: [{ ask: ASKED, expect: 'secure' }],
    twins: [
      {
        forged: 'stripped',
        title: 'the proof that the name itself is not there is left out',
        forgeries: [{ reply: ASKED, change: strip('NSEC') }],
        ede: 12,
      },
      {
        forged: 'elsewhere',
        title: 'the wildcard at a name that has records of its own',
        forgeries: [
          {
            reply: '_26._tcp.mx.example. TLSA',
            change: underThisName(ASKED, '_26._tcp.mx.example.'),
          },
        ],
        steps: [{ ask: '_26._tcp.mx.example. TLSA', expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'other-level',
        title: 'the wildcard outside its own encloser',
        forgeries: [
          {
            reply: '_25._tcp.www.example. *',
            change: underThisName(ASKED, '_25._tcp.www.example.'),
          },
        ],
        steps: [{ ask: '_25._tcp.www.example. TLSA', expect: 'bogus', ede: 6 }],
      },
    ],
  };
}

function wildcardNoData(): Family {
  const text = 'mx A 192.0.2.25\n*._tcp.mx TXT "no TLSA here"';
  return {
    file: 'tlsa-wildcard-nodata',
    title: 'the wildcard that covers the service has no TLSA records: AD',
    zones: [ROOT, example({ text })],
    steps: [{ ask: ASKED, expect: 'secure' }],
    twins: [
      {
        forged: 'wildcard-proof',
        title: 'the NSEC of the wildcard is left out',
        forgeries: [{ reply: ASKED, change: stripProofOf('*._tcp.mx.example.') }],
        ede: 12,
      },
      {
        forged: 'code',
        title: 'NXDOMAIN, though a wildcard is there: the truth is told',
        forgeries: [{ reply: ASKED, change: withRcode(Rcode.NXDOMAIN) }],
        steps: [{ ask: ASKED, expect: 'secure' }],
      },
    ],
  };
}

function belowUnsignedCut(): Family {
  const services: OwnZone = {
    origin: '_tcp.mx.example.',
    server: '192.0.2.3',
    text: `_25 ${TLSA('d')}`,
  };
  const text = '@ MX 10 mx\nmx A 192.0.2.25\nzoo A 192.0.2.81';
  return {
    file: 'tlsa-below-unsigned-cut',
    title: 'the host is signed, its services are delegated without DS records: no AD for TLSA',
    zones: [ROOT, example({ text }), services],
    steps: [
      { ask: 'mx.example. A', expect: 'secure' },
      { ask: ASKED, expect: 'insecure' },
    ],
    twins: [
      {
        forged: 'invented',
        title: 'an unsigned delegation that the signed zone does not have',
        zones: [ROOT, example(), services],
        forgeries: [
          { reply: '_tcp.mx.example. referral', change: strip('NSEC') },
          { reply: '_tcp.mx.example. DS', change: denialOf('zoo.example. DS', Rcode.NOERROR) },
        ],
        steps: [{ ask: ASKED, expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'withheld',
        title: 'the services are signed, their DS records are withheld',
        zones: [ROOT, example({ text }), { ...services, signing: signedBy() }],
        forgeries: [
          { reply: '_tcp.mx.example. referral', change: strip('DS') },
          { reply: '_tcp.mx.example. DS', change: denialOf('zoo.example. DS', Rcode.NOERROR) },
          { reply: ASKED, change: both(rewrite('TLSA', '3 1 1 ff'), unsign()) },
        ],
        steps: [{ ask: ASKED, expect: 'bogus', ede: 12 }],
      },
    ],
  };
}

function emptyNonTerminal(): Family {
  return {
    file: 'tlsa-empty-nonterminal',
    title: 'a name with nothing but names below it has no TLSA records: AD',
    zones: [ROOT, example()],
    steps: [{ ask: '_tcp.mx.example. TLSA', expect: 'secure' }],
    twins: [
      {
        forged: 'code',
        title: 'NXDOMAIN for it would take all services away (RFC 8020): the truth is told',
        forgeries: [
          {
            reply: '_tcp.mx.example. TLSA',
            change: denialOf('_tcp.mx.example. TLSA', Rcode.NXDOMAIN),
          },
          {
            reply: '_tcp.mx.example. A',
            change: denialOf('_tcp.mx.example. A', Rcode.NXDOMAIN),
          },
          {
            reply: '_tcp.mx.example. NS',
            change: denialOf('_tcp.mx.example. NS', Rcode.NXDOMAIN),
          },
        ],
        steps: [
          { ask: '_tcp.mx.example. TLSA', expect: 'secure' },
          { ask: ASKED, expect: 'secure' },
        ],
      },
    ],
  };
}

function severalRecords(): Family {
  const text = [
    'mx A 192.0.2.25',
    `_25._tcp.mx ${TLSA('a')}`,
    `_25._tcp.mx ${TLSA('b')}`,
    `_25._tcp.mx TLSA 2 0 2 ${'c'.repeat(128)}`,
  ].join('\n');
  return {
    file: 'tlsa-several',
    title: 'present and next certificate of a rollover side by side (RFC 7671 §8.1): AD for all',
    zones: [ROOT, example({ text })],
    steps: [{ ask: ASKED, expect: 'secure' }],
    twins: [
      {
        forged: 'less',
        title: 'one record of the RRset is left out',
        forgeries: [{ reply: ASKED, change: drop('TLSA') }],
        ede: 6,
      },
      {
        forged: 'more',
        title: 'one record is added to the RRset',
        forgeries: [{ reply: ASKED, change: insert('TLSA', '3 1 1 ff') }],
        ede: 6,
      },
      {
        forged: 'old',
        title: 'a service that is not there answers with the RRset of another',
        forgeries: [
          { reply: '_26._tcp.mx.example. TLSA', change: replay(ASKED) },
          { reply: '_26._tcp.mx.example. A', change: strip('NSEC') },
          { reply: '_26._tcp.mx.example. NS', change: strip('NSEC') },
        ],
        steps: [{ ask: '_26._tcp.mx.example. TLSA', expect: 'bogus', ede: 12 }],
      },
    ],
  };
}

function clientFlags(): Family {
  return {
    file: 'tlsa-client-flags',
    title: 'AD for clients that ask with DO or AD, and for no others (RFC 6840 §5.7, §5.8)',
    zones: [ROOT, example()],
    steps: [
      { ask: ASKED, expect: 'secure', client: 'DO' },
      { ask: ASKED, expect: 'secure', client: 'AD' },
      { ask: ASKED, expect: 'secure', client: 'plain' },
    ],
    twins: [
      {
        forged: 'cd',
        title:
          'with CD a client gets forged data, without AD; all others SERVFAIL, before and after',
        forgeries: [{ reply: ASKED, change: rewrite('TLSA', '3 1 1 ff') }],
        steps: [
          { ask: ASKED, expect: 'bogus', ede: 6 },
          {
            ask: ASKED,
            expect: 'insecure',
            client: 'CD',
            ede: 6,
            truth: (world) =>
              rewrite('TLSA', '3 1 1 ff')(
                replay(ASKED)(world.truth(question(ASKED)), world),
                world,
              ),
          },
          { ask: ASKED, expect: 'bogus', client: 'DO', ede: 6 },
        ],
      },
    ],
  };
}
