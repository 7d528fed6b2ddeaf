// Wildcards and redirected TLSA records, given to several zones that deny names differently.

import type { MailHosts } from './mail-hosts.js';

export function wildcardRecords(mail: MailHosts): string[] {
  return [
    '*.wild A 45.70.0.80',
    '*.wild MX 10 mail',
    '*.wild TXT "from the wildcard"',
    'there.wild TXT "this name exists and has no address"',
    ...mail.addresses('wmail'),
    `*._tcp.wmail ${mail.matchingTlsa()}`,
    ...mail.addresses('cmail'),
    '_25._tcp.cmail CNAME _dane.mail',
    `_dane.mail ${mail.matchingTlsa()}`,
    '*.wcname CNAME www.eddy.net.',
  ];
}

/**
 * `expansion` is what a validator makes of an answer from a wildcard, `nameError` of a proof
 * that a name does not exist; both are insecure in a zone with opt-out (RFC 5155 §9.2).
 */
export function wildcardAsks(
  expansion: 'secure' | 'insecure' = 'secure',
  nameError: 'secure' | 'insecure' = 'secure',
): string[] {
  return [
    `any.wild A NOERROR ${expansion} wildcard`,
    `a.b.wild MX NOERROR ${expansion} wildcard`,
    `any.wild AAAA NOERROR ${nameError}`,
    `other.wild TXT NOERROR ${expansion} wildcard`,
    'there.wild A NOERROR secure',
    'there.wild TXT NOERROR secure',
    `x.there.wild A NXDOMAIN ${nameError}`,
    '*.wild A NOERROR secure',
    '*.wild TLSA NOERROR secure',
    'wild A NOERROR secure',
    `_25._tcp.wmail TLSA NOERROR ${expansion} wildcard`,
    `_465._tcp.wmail TLSA NOERROR ${expansion} wildcard`,
    `_25._udp.wmail TLSA NXDOMAIN ${nameError}`,
    '_25._tcp.cmail TLSA NOERROR secure',
    '_25._tcp.cmail CNAME NOERROR secure',
    `_465._tcp.cmail TLSA NXDOMAIN ${nameError}`,
    `x.wcname A NOERROR ${expansion} wildcard`,
    `x.wcname MX NOERROR ${expansion} wildcard`,
  ];
}
