// The domains below org. Each is there for one thing, said in `shows`.

import { wildcardAsks, wildcardRecords } from './wildcards.js';
import { nsec, nsec3, type ZoneSpec } from './zone-spec.js';

export const zonesBelowOrg: readonly ZoneSpec[] = [
  {
    name: 'post10.org.',
    shows: 'RSASHA512 with NSEC, on NSD and BIND',
    hosts: ['low-nsd', 'low-bind'],
    signing: { signer: 'bind', algorithm: 10, denial: nsec },
    status: 'secure',
  },
  {
    name: 'zehn.org.',
    shows: 'NSEC3 with 10 iterations, still validated',
    hosts: ['low-nsd'],
    signing: { signer: 'ldns', algorithm: 8, denial: nsec3({ iterations: 10, salt: 'beef' }) },
    status: 'secure',
  },
  {
    name: 'tief.unter.zehn.org.',
    shows: 'signed, delegated two labels down, below an empty non-terminal',
    hosts: ['low-knot'],
    signing: { signer: 'knot', algorithm: 13, denial: nsec3() },
    status: 'secure',
  },
  {
    name: 'wechsel.org.',
    shows: 'a second DS of another algorithm names a key that is not there (RFC 6840 §5.11)',
    hosts: ['low-nsd'],
    signing: { signer: 'ldns', algorithm: 13, denial: nsec },
    ds: 'with a stranger',
    status: 'secure',
  },
  {
    name: 'zwei.org.',
    shows: 'two algorithms; of some sets only one signature is good (RFC 6840 §5.11)',
    hosts: ['low-nsd'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec, secondAlgorithm: 8 },
    status: 'secure',
    faults: [
      { kind: 'corrupt signature', owner: 'www', type: 'A', algorithm: 13 },
      { kind: 'corrupt signature', owner: '_25._tcp.mail', type: 'TLSA', algorithm: 8 },
      { kind: 'drop signature', owner: '@', type: 'MX', algorithm: 13 },
      { kind: 'drop signature', owner: 'mail', type: 'A', algorithm: 8 },
    ],
  },
  {
    name: 'langsam.org.',
    shows: 'NSEC3 with 100 iterations: its denials are insecure (RFC 9276 §3.2)',
    hosts: ['low-bind'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec3({ iterations: 100, salt: 'dead' }) },
    status: 'secure',
  },
  {
    name: 'sha1nsec.org.',
    shows: 'RSASHA1, no longer trusted (RFC 9905)',
    hosts: ['low-bind'],
    signing: { signer: 'bind', algorithm: 5, denial: nsec },
    status: 'secure',
  },
  {
    name: 'sha1nsec3.org.',
    shows: 'RSASHA1-NSEC3-SHA1, no longer trusted (RFC 9905)',
    hosts: ['low-nsd'],
    signing: { signer: 'ldns', algorithm: 7, denial: nsec3({ iterations: 1, salt: '01' }) },
    status: 'secure',
  },
  {
    name: 'wild3.org.',
    shows: 'wildcards under NSEC3, P-384, signed by ldns, on Knot',
    hosts: ['low-knot'],
    signing: { signer: 'ldns', algorithm: 14, denial: nsec3({ salt: '1234' }) },
    status: 'secure',
    records: wildcardRecords,
    asks: wildcardAsks(),
  },
  {
    name: 'expired.org.',
    shows: 'signatures that have expired',
    hosts: ['low-nsd'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec, validity: 'over' },
    status: 'bogus',
  },
  {
    name: 'notyet.org.',
    shows: 'signatures that are not valid yet',
    hosts: ['low-nsd'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec, validity: 'not yet' },
    status: 'bogus',
  },
  {
    name: 'plain.org.',
    shows: 'unsigned, proven by NSEC3 without opt-out, on PowerDNS',
    hosts: ['low-pdns'],
    status: 'insecure',
  },
];
