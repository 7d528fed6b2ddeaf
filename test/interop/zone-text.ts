// The unsigned text of each zone: its own records, the records every mail domain has, and the
// delegations to its children with their DS and glue.

import { nameServersOf } from './addresses.js';
import type { MailHosts } from './mail-hosts.js';
import type { ZoneSpec } from './zone-spec.js';
import { childrenOf, isAtOrBelow } from './zones.js';

export const ttlSeconds = 3600;

/** A DS as its parent prints it: key tag, algorithm, digest type, digest. */
export type DsText = string;

function startOfAuthority(): string[] {
  return ['@ SOA ns1 hostmaster 1 7200 3600 1209600 600'];
}

/** NS records at `owner`, and addresses of those name servers that lie within `zone`. */
function nameServerRecords(owner: ZoneSpec, zone: ZoneSpec): string[] {
  const lines: string[] = [];
  for (const server of nameServersOf(owner)) {
    lines.push(`${owner.name} NS ${server.name}`);
    if (!isAtOrBelow(server.name, zone.name)) continue;
    if (owner.families !== 'IPv6 only') lines.push(`${server.name} A ${server.ipv4}`);
    if (owner.families !== 'IPv4 only') lines.push(`${server.name} AAAA ${server.ipv6}`);
  }
  return lines;
}

/** What every mail domain has, so that the same questions can be put to each. */
function mailDomainRecords(mail: MailHosts): string[] {
  return [
    '@ MX 10 mail',
    '@ TXT "v=spf1 mx -all"',
    '@ A 45.70.0.1',
    'www A 45.70.0.2',
    'www AAAA 2a0e:7000::2',
    ...mail.addresses('mail'),
    `_25._tcp.mail ${mail.matchingTlsa()}`,
    'alias CNAME www',
    // Two empty non-terminals: x.y and y.
    'host.x.y A 45.70.0.3',
  ];
}

function ownerAndType(line: string): string {
  return line.split(' ').slice(0, 2).join(' ');
}

export function unsignedZoneText(
  zone: ZoneSpec,
  mail: MailHosts,
  dsOf: (child: ZoneSpec) => readonly DsText[],
): string {
  const own = zone.records?.(mail) ?? [];
  const replaced = new Set(own.map(ownerAndType));
  const common = zone.bare === true ? [] : mailDomainRecords(mail);
  const lines = [
    ...startOfAuthority(),
    ...nameServerRecords(zone, zone),
    ...common.filter((line) => !replaced.has(ownerAndType(line))),
    ...own,
  ];
  for (const child of childrenOf(zone)) {
    // Servers of a child that is not delegated from here would be out of place.
    lines.push(...nameServerRecords(child, zone));
    lines.push(...dsOf(child).map((ds) => `${child.name} DS ${ds}`));
  }
  const unique = [...new Set(lines)];
  return [`$ORIGIN ${zone.name}`, `$TTL ${ttlSeconds}`, ...unique, ''].join('\n');
}

/** The servers of the root, in the form of a hints file. */
export function rootHintsText(root: ZoneSpec): string {
  return nameServersOf(root)
    .flatMap((server) => [
      `. 3600000 NS ${server.name}`,
      `${server.name} 3600000 A ${server.ipv4}`,
      `${server.name} 3600000 AAAA ${server.ipv6}`,
    ])
    .concat('')
    .join('\n');
}
