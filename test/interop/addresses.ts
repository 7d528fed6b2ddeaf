// Who has which address. All are ordinary unicast addresses, because resolvers refuse to ask
// servers at private, documentation or loopback addresses; the namespaces have no way out.

import { type Host, type ServerId, serverIds, type ZoneSpec } from './zone-spec.js';
import { zones } from './zones.js';

export interface AddressPair {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** One name server of a zone: its name, and where it is. */
export interface NameServer extends AddressPair {
  readonly host: Host;
  readonly name: string;
}

/** The networks that are on the link in every namespace. */
export const networks = ['45.0.0.0/8', '88.0.0.0/8', '2a00::/12'] as const;

/** Packets to this pair vanish: its link-layer address is set to one that nobody has. */
export const silent: AddressPair = { ipv4: '45.99.0.1', ipv6: '2a0f:9900::1' };
/** A machine of its own where nothing listens on port 53. */
export const refusing: AddressPair = { ipv4: '45.98.0.1', ipv6: '2a0f:9800::1' };

export const reference: AddressPair = { ipv4: '45.90.0.53', ipv6: '2a0d:9000::53' };
export const subject: AddressPair = { ipv4: '45.91.0.53', ipv6: '2a0d:9100::53' };
/** Where the subject answers Postfix's TLS policy table, when it is Anchorite. */
export const policyTablePort = 8642;
export const client: AddressPair = { ipv4: '45.92.0.10', ipv6: '2a0d:9200::10' };
export const mailer: AddressPair = { ipv4: '45.93.0.25', ipv6: '2a0d:9300::25' };

/** Where the name server behind a box with habits listens, in a namespace with that box. */
export const backendPlace = { host: '127.0.0.1', port: 5353 } as const;

export const loopback: AddressPair = { ipv4: '127.0.0.1', ipv6: '::1' };

/** The man in the middle of the attack (attack.ts). */
export const attacker: AddressPair = { ipv4: '45.94.0.66', ipv6: '2a0d:9400::66' };

function serverAddress(server: ServerId, index: number): AddressPair {
  const position = serverIds.indexOf(server);
  const group = 11 + position;
  const first = position % 2 === 0 ? 45 : 88;
  return {
    ipv4: `${first}.${group}.${index}.53`,
    ipv6: `2a0${(5 + (position % 4)).toString(16)}:${group}00:${index.toString(16)}::53`,
  };
}

/** A name server of `zone` that does not have the zone is an address of this server. */
const lameServer: ServerId = 'low-bind';

function placeOf(host: Host, index: number): AddressPair {
  if (host === 'silent') return silent;
  if (host === 'refusing port') return refusing;
  return serverAddress(host === 'lame' ? lameServer : host, index);
}

const ownNameServers = new Map<string, readonly NameServer[]>();
zones.forEach((zone, index) => {
  const suffix = zone.name === '.' ? '' : zone.name;
  const servers = zone.hosts.map((host, position) => ({
    host,
    name: `ns${position + 1}.${suffix}`,
    ...placeOf(host, index),
  }));
  if (zone.nameServersElsewhere === undefined) ownNameServers.set(zone.name, servers);
});

/** The name servers of a zone, whether they are named within it or elsewhere. */
export function nameServersOf(zone: ZoneSpec): readonly NameServer[] {
  const own = ownNameServers.get(zone.name);
  if (own !== undefined) return own;
  const all = [...ownNameServers.values()].flat();
  return (zone.nameServersElsewhere ?? []).map((name) => {
    const found = all.find((server) => server.name === name);
    if (found === undefined) throw new Error(`${zone.name}: nobody has the name ${name}`);
    return found;
  });
}

/** Every address at which a server has to listen. */
export function addressesOf(server: ServerId): AddressPair[] {
  const all = [...ownNameServers.values()].flat();
  return all
    .filter((each) => (each.host === 'lame' ? lameServer : each.host) === server)
    .map(({ ipv4, ipv6 }) => ({ ipv4, ipv6 }));
}
