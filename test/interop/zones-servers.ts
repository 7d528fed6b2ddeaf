// TLSA zones on every name server software that is to be had: the same records and the same
// questions for each (wildcards, proofs of absence, an answer that needs TCP).

import type { Habit } from './habits.js';
import { wildcardAsks, wildcardRecords } from './wildcards.js';
import { nsec, nsec3, type ZoneSpec } from './zone-spec.js';
import type { MailHosts } from './mail-hosts.js';

function records(mail: MailHosts): string[] {
  const large = Array.from({ length: 24 }, (_, index) => `gross TXT "${index}-${'x'.repeat(180)}"`);
  return [...wildcardRecords(mail), ...large];
}

function asks(security: 'secure' | 'insecure' = 'secure'): string[] {
  const all = [
    ...wildcardAsks(security, security),
    `_25._tcp.mail TLSA NOERROR ${security}`,
    `mail TLSA NOERROR ${security}`,
    `_25._tcp.nope TLSA NXDOMAIN ${security}`,
    `gross TXT NOERROR ${security}`,
    `gross TLSA NOERROR ${security}`,
  ];
  // Of an unsigned zone everything is insecure, also what a wildcard does not touch.
  return security === 'secure' ? all : all.map((ask) => ask.replace(/ secure\b/, ' insecure'));
}

/**
 * YADIFA 2.6.4 sends no proof with a CNAME from a wildcard when another type was asked for
 * (RFC 4035 §3.1.3.3), so that answer is bogus to every validator, Unbound included. To a client
 * that sets CD the two show different parts of it; hence the alias alone is asked for.
 */
function asksOfYadifa(): string[] {
  return [
    ...asks().filter((ask) => !/^x\.wcname /.test(ask)),
    'x.wcname CNAME NOERROR secure wildcard',
  ];
}

type Server = Pick<ZoneSpec, 'name' | 'shows' | 'hosts' | 'signing'>;

function signed(server: Server, own = asks()): ZoneSpec {
  return { ...server, status: 'secure', ownQuestionsOnly: true, records, asks: own };
}

/** A server of another make, played by a box before NSD; see habits.ts. */
function unsigned(label: string, habit: Habit, own = asks('insecure')): ZoneSpec {
  return {
    name: `${label}.de.`,
    shows: `unsigned; its servers are played: ${habit}`,
    hosts: ['low-habits'],
    habit,
    status: 'insecure',
    ownQuestionsOnly: true,
    records,
    asks: own,
  };
}

export const zonesByServer: readonly ZoneSpec[] = [
  signed({
    name: 'server-bind.de.',
    shows: 'BIND 9 serves, its signer signs, NSEC',
    hosts: ['low-bind'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec },
  }),
  signed({
    name: 'server-nsd.de.',
    shows: 'NSD serves, ldns signs, NSEC3',
    hosts: ['low-nsd'],
    signing: { signer: 'ldns', algorithm: 13, denial: nsec3() },
  }),
  signed({
    name: 'server-knot.de.',
    shows: 'Knot DNS signs what it serves, NSEC',
    hosts: ['low-knotlive'],
    signing: { signer: 'knotlive', algorithm: 13, denial: nsec },
  }),
  signed({
    name: 'server-knot3.de.',
    shows: 'Knot DNS signs what it serves, Ed25519 and NSEC3',
    hosts: ['low-knotlive'],
    signing: { signer: 'knotlive', algorithm: 15, denial: nsec3() },
  }),
  signed({
    name: 'server-pdns.de.',
    shows: 'PowerDNS signs while it answers, NSEC3',
    hosts: ['low-pdns'],
    signing: { signer: 'pdns', algorithm: 13, denial: nsec3() },
  }),
  signed({
    name: 'server-narrow.de.',
    shows: 'PowerDNS signs while it answers, NSEC3 narrow',
    hosts: ['low-pdns'],
    signing: { signer: 'pdns', algorithm: 13, denial: nsec3({ narrow: true }) },
  }),
  signed({
    name: 'server-presigned.de.',
    shows: 'PowerDNS serves what the signer of BIND has signed',
    hosts: ['low-pdns'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec },
  }),
  signed(
    {
      name: 'server-yadifa.de.',
      shows: 'YADIFA serves, the signer of BIND signs, NSEC',
      hosts: ['low-yadifa'],
      signing: { signer: 'bind', algorithm: 13, denial: nsec },
    },
    asksOfYadifa(),
  ),
  signed(
    {
      name: 'server-yadifa3.de.',
      shows: 'YADIFA serves, the signer of BIND signs, NSEC3',
      hosts: ['low-yadifa'],
      signing: { signer: 'bind', algorithm: 8, denial: nsec3({ salt: '0a' }) },
    },
    asksOfYadifa(),
  ),
  {
    name: 'server-tinydns.de.',
    shows: 'tinydns serves, unsigned, without EDNS and IPv6',
    hosts: ['low-tinydns'],
    families: 'IPv4 only',
    status: 'insecure',
    ownQuestionsOnly: true,
    records,
    // It knows no empty non-terminals, and its wildcards reach below names that exist (RFC 4592
    // §2.2.1, §2.2.2 want both): a resolver cannot tell, and passes on what it is given.
    asks: asks('insecure').map((ask) =>
      ask
        .replace('x.there.wild A NXDOMAIN', 'x.there.wild A NOERROR')
        .replace(/^wild A NOERROR/, 'wild A NXDOMAIN'),
    ),
  },
  unsigned('server-formerr', 'FORMERR to EDNS'),
  unsigned('server-deaf', 'deaf to EDNS'),
  unsigned('server-lower', 'lower case'),
  unsigned(
    'server-maradns',
    'MaraDNS',
    // What does not fit into 512 octets needs TCP, which it does not have.
    asks('insecure').map((ask) =>
      ask === 'gross TXT NOERROR insecure' ? 'gross TXT SERVFAIL -' : ask,
    ),
  ),
];
