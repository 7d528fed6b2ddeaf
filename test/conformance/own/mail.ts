/** MX records and what they lead to: aliases, exchangers elsewhere, null MX, wildcards. */
import { insert, invent, replay, rewrite, underThisName } from './edits.js';
import { ASKED, example, type Family, host, ROOT, scenariosOf, unsignedHost } from './families.js';
import type { OwnScenario } from './script.js';

export function mailCorners(): OwnScenario[] {
  return [exchangeAlias(), insecureExchange(), nullMx(), wildcardMx()].flatMap(scenariosOf);
}

function exchangeAlias(): Family {
  const text = '@ MX 10 mx\nmx CNAME mx.host.';
  return {
    file: 'mx-host-cname',
    title: 'the mail exchanger is an alias of a host in another zone (RFC 7672 §2.1.3): AD',
    zones: [ROOT, example({ text }), host()],
    steps: [
      { ask: 'example. MX', expect: 'secure' },
      { ask: 'mx.example. A', expect: 'secure' },
      { ask: ASKED, expect: 'secure' },
      { ask: '_25._tcp.mx.host. TLSA', expect: 'secure' },
    ],
    twins: [
      {
        forged: 'alias',
        title: 'the alias of the host is unsigned and leads elsewhere',
        forgeries: [{ reply: 'mx.example. A', change: invent('mx.example.', 'A', '203.0.113.6') }],
        steps: [
          { ask: 'example. MX', expect: 'secure' },
          { ask: 'mx.example. A', expect: 'bogus', ede: 10 },
        ],
      },
    ],
  };
}

function insecureExchange(): Family {
  const text = '@ MX 10 mx.host.\n@ MX 20 mx\nmx A 192.0.2.25';
  return {
    file: 'mx-secure-exchange-insecure',
    title:
      'the MX records are secure, the first exchanger is in an unsigned zone (RFC 7672 §2.2.1)',
    zones: [ROOT, example({ text }), unsignedHost()],
    steps: [
      { ask: 'example. MX', expect: 'secure' },
      { ask: 'mx.host. A', expect: 'insecure' },
      { ask: '_25._tcp.mx.host. TLSA', expect: 'insecure' },
      { ask: 'mx.example. A', expect: 'secure' },
    ],
    twins: [
      {
        forged: 'reordered',
        title: 'the preferences of the exchangers are changed',
        forgeries: [{ reply: 'example. MX', change: rewrite('MX', '5 mx.host.') }],
        steps: [
          { ask: 'example. MX', expect: 'bogus', ede: 6 },
          { ask: 'mx.host. A', expect: 'insecure' },
        ],
      },
    ],
  };
}

function nullMx(): Family {
  return {
    file: 'mx-null',
    title: 'the domain takes no mail (RFC 7505): AD',
    zones: [ROOT, example({ text: '@ MX 0 .' })],
    steps: [{ ask: 'example. MX', expect: 'secure' }],
    twins: [
      {
        forged: 'exchange',
        title: 'an exchanger of the forger in its place',
        forgeries: [{ reply: 'example. MX', change: rewrite('MX', '0 mx.forged.') }],
        ede: 6,
      },
      {
        forged: 'added',
        title: 'an exchanger of the forger beside it',
        forgeries: [{ reply: 'example. MX', change: insert('MX', '10 mx.forged.') }],
        ede: 6,
      },
    ],
  };
}

function wildcardMx(): Family {
  const text = '* MX 10 mx\nmx A 192.0.2.25\nwww A 192.0.2.80';
  return {
    file: 'mx-wildcard',
    title: 'mail for every name of the domain by a wildcard: AD, but not at names that are there',
    zones: [ROOT, example({ text })],
    steps: [
      { ask: 'lists.example. MX', expect: 'secure' },
      { ask: 'www.example. MX', expect: 'secure' },
    ],
    twins: [
      {
        forged: 'at-a-name',
        title: 'the wildcard at a name that is there',
        forgeries: [
          { reply: 'www.example. MX', change: underThisName('lists.example. MX', 'www.example.') },
        ],
        steps: [{ ask: 'www.example. MX', expect: 'bogus', ede: 12 }],
      },
      {
        forged: 'borrowed-proof',
        title: 'the wildcard at a name that is there, with the proof of a name that is not',
        forgeries: [
          {
            reply: 'www.example. MX',
            change: (said, world) => ({
              ...underThisName('lists.example. MX', 'www.example.')(said, world),
              authority: replay('lists.example. MX')(said, world).authority,
            }),
          },
        ],
        steps: [{ ask: 'www.example. MX', expect: 'bogus', ede: 12 }],
        settings: ['aggressive-nsec: no'],
      },
    ],
    also: ['lists.example. MX'],
  };
}
