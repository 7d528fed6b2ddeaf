// Zones in which each name below is a mail domain, there for one thing that a sender with DANE
// must get right. What must become of mail to each stands in mail-cases.ts.

import { createHash } from 'node:crypto';
import type { Habit } from './habits.js';
import type { MailHostId, MailHosts } from './mail-hosts.js';
import { nsec, nsec3, type ZoneSpec } from './zone-spec.js';

/** A mail domain with one exchange, `mx` below it, that leads to a host and has TLSA records. */
function domain(
  mail: MailHosts,
  label: string,
  tlsa: readonly string[],
  host: MailHostId = 'good',
): string[] {
  return [
    `${label} MX 10 mx.${label}`,
    ...mail.addresses(`mx.${label}`, host),
    ...tlsa.map((record) => `_25._tcp.mx.${label} ${record}`),
  ];
}

/** What a receiver may publish, and what is true of its certificate. */
function soundDomains(mail: MailHosts): string[] {
  return [
    ...domain(mail, 'ee311', [mail.tlsa(3, 1, 1)]),
    ...domain(mail, 'ee312', [mail.tlsa(3, 1, 2)]),
    ...domain(mail, 'ee310', [mail.tlsa(3, 1, 0)]),
    ...domain(mail, 'ee301', [mail.tlsa(3, 0, 1)]),
    ...domain(mail, 'ee302', [mail.tlsa(3, 0, 2)]),
    ...domain(mail, 'ee300', [mail.tlsa(3, 0, 0)]),
    ...domain(mail, 'ta201', [mail.tlsa(2, 0, 1)], 'anchored'),
    ...domain(mail, 'ta211', [mail.tlsa(2, 1, 1)], 'anchored'),
    ...domain(mail, 'rollover', [mail.strangersTlsa(), mail.tlsa(3, 1, 1)]),
    ...domain(mail, 'expired', [mail.tlsa(3, 1, 1, 'expired')], 'expired'),
    ...domain(mail, 'misnamed', [mail.tlsa(3, 1, 1, 'misnamed')], 'misnamed'),
    ...domain(mail, 'badsig', [mail.tlsa(3, 1, 1)]),
    ...domain(mail, 'oldsig', [mail.tlsa(3, 1, 1)]),
  ];
}

/** What receivers publish by mistake. */
function mistakenDomains(mail: MailHosts): string[] {
  const key = mail.selected('good', 1);
  const hash = (name: string): string => createHash(name).update(key).digest('hex');
  return [
    ...domain(mail, 'data', [mail.strangersTlsa()]),
    // The digest of the key, where the record speaks of the certificate.
    ...domain(mail, 'selector', [`TLSA 3 0 1 ${hash('sha256')}`]),
    // A digest of the right length, made with another function than the record says.
    ...domain(mail, 'matching', [`TLSA 3 1 1 ${hash('sha3-256')}`]),
    // 32 octets where SHA2-512 has 64.
    ...domain(mail, 'malformed', [`TLSA 3 1 2 ${hash('sha256')}`]),
    ...domain(mail, 'pkix', [mail.tlsa(1, 1, 1)]),
    ...domain(mail, 'mute', [mail.tlsa(3, 1, 1, 'mute')], 'mute'),
    ...domain(mail, 'unusable', ['TLSA 3 1 9 00112233']),
    // The right authority, but the certificate is for another name.
    ...domain(mail, 'othername', [mail.tlsa(2, 0, 1)], 'anchored'),
  ];
}

const failingHabits: Readonly<Record<string, Habit>> = {
  notimp: 'NOTIMP to TLSA',
  servfail: 'SERVFAIL to TLSA',
  silent: 'silent to TLSA',
};

/** Exchanges that are found in unusual ways. */
function unusualExchanges(mail: MailHosts): string[] {
  return [
    'cmx MX 10 alias.cmx',
    'alias.cmx CNAME mx.cmx',
    ...mail.addresses('mx.cmx'),
    `_25._tcp.mx.cmx ${mail.tlsa(3, 1, 1)}`,
    'ctlsa MX 10 mx.ctlsa',
    ...mail.addresses('mx.ctlsa'),
    '_25._tcp.mx.ctlsa CNAME _dane.ctlsa',
    `_dane.ctlsa ${mail.tlsa(3, 1, 1)}`,
    ...mail.addresses('implicit'),
    `_25._tcp.implicit ${mail.tlsa(3, 1, 1)}`,
    'null MX 0 .',
    'six MX 10 mx.six',
    ...mail.addresses('mx.six').filter((line) => line.includes(' AAAA ')),
    `_25._tcp.mx.six ${mail.tlsa(3, 1, 1)}`,
    // Two exchanges: of the first the key, the signatures or the whole machine is wrong.
    ...domain(mail, 'twokeys', [mail.strangersTlsa()]),
    'twokeys MX 20 mx.spare',
    'twosigs MX 10 mx.badsig.dane.se.',
    'twosigs MX 20 mx.spare',
    'twodown MX 10 mx.down',
    'twodown MX 20 mx.spare',
    'mx.down A 45.98.0.1',
    `_25._tcp.mx.down ${mail.tlsa(3, 1, 1)}`,
    ...mail.addresses('mx.spare', 'spare'),
    `_25._tcp.mx.spare ${mail.tlsa(3, 1, 1, 'spare')}`,
    // As the customers of large unsigned hosters have it: signed here, the exchange elsewhere.
    ...Object.keys(failingHabits).map((habit) => `at-${habit} MX 10 mail.tlsa-${habit}.org.`),
  ];
}

function failingZones(): ZoneSpec[] {
  return Object.entries(failingHabits).flatMap(([label, habit]): ZoneSpec[] => [
    {
      name: `tlsa-${label}.net.`,
      shows: `signed; its servers are ${habit}`,
      hosts: ['low-habits'],
      signing: { signer: 'ldns', algorithm: 13, denial: nsec },
      habit,
      status: 'secure',
      ownQuestionsOnly: true,
      asks: ['@ MX NOERROR secure', 'mail A NOERROR secure', 'nope A NXDOMAIN secure'],
    },
    {
      name: `tlsa-${label}.org.`,
      shows: `unsigned; its servers are ${habit}`,
      hosts: ['low-habits'],
      habit,
      status: 'insecure',
      ownQuestionsOnly: true,
      asks: ['@ MX NOERROR insecure', 'mail A NOERROR insecure', 'nope A NXDOMAIN insecure'],
    },
  ]);
}

export const zonesForMail: readonly ZoneSpec[] = [
  {
    name: 'dane.se.',
    shows: 'mail domains with TLSA records that are true, signed by BIND, on NSD',
    hosts: ['low-nsd'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec },
    status: 'secure',
    records: soundDomains,
    faults: [
      { kind: 'corrupt signature', owner: '_25._tcp.mx.badsig', type: 'TLSA' },
      { kind: 'expired signature', owner: '_25._tcp.mx.oldsig', type: 'TLSA' },
    ],
    ownQuestionsOnly: true,
    asks: [
      '_25._tcp.mx.ee300 TLSA NOERROR secure',
      '_25._tcp.mx.badsig TLSA SERVFAIL -',
      '_25._tcp.mx.oldsig TLSA SERVFAIL -',
    ],
  },
  {
    name: 'dane.org.',
    shows: 'mail domains with TLSA records that are wrong, signed by Knot, on Knot',
    hosts: ['low-knot'],
    signing: { signer: 'knot', algorithm: 13, denial: nsec3() },
    status: 'secure',
    records: mistakenDomains,
    ownQuestionsOnly: true,
    asks: ['_25._tcp.mx.malformed TLSA NOERROR secure'],
  },
  {
    name: 'dane.de.',
    shows: 'mail domains with unusual exchanges, signed live by PowerDNS',
    hosts: ['low-pdns'],
    signing: { signer: 'pdns', algorithm: 13, denial: nsec3({ narrow: true }) },
    status: 'secure',
    records: unusualExchanges,
    ownQuestionsOnly: true,
    asks: ['null MX NOERROR secure', 'alias.cmx A NOERROR secure', 'mx.six A NOERROR secure'],
  },
  ...failingZones(),
];
