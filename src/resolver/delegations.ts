/** From a referral, hints or forwarders to a zone cut whose servers can be asked. */
import { IpAddress, Name, type RRset, type ResourceRecord, nameOfRdata } from '../wire/index.js';
import type { Classified } from './classify-response.js';
import type { UsableReply } from './exchange-types.js';
import { isForbidden } from './forbidden-addresses.js';
import { LIMITS } from './limits.js';
import { type ConfiguredZone, DNS_PORT, type Machine } from './machine.js';
import type { CleanReply } from './sanitise.js';
import { type Glue, type ServerAddress, ZoneCut } from './zone-cut.js';

export function serverAddress(address: IpAddress, port: number): ServerAddress {
  return { address, port, key: port === DNS_PORT ? address.key : `${address.key}#${port}` };
}

/** The child cut that a referral from `parent` describes. */
export function cutFromReferral(
  machine: Machine,
  parent: ZoneCut,
  nameServers: RRset,
  reply: CleanReply,
  server: IpAddress,
): ZoneCut {
  const names = pickNames(machine, nameServers);
  const addresses: ServerAddress[] = [];
  const unresolved: Name[] = [];
  const halfKnown: Name[] = [];
  const inside: Glue[] = [];
  for (const name of names) {
    const glue = reply.glue.filter((record) => record.owner.equals(name));
    const usable = usableAddresses(machine, glue);
    if (usable.length === 0) unresolved.push(name);
    else addAddresses(addresses, usable);
    if (usable.length > 0 && lacksFamily(machine, usable)) halfKnown.push(name);
    if (usable.length > 0 && name.isAtOrBelow(nameServers.owner)) {
      inside.push({ name, addresses: usable });
    }
  }
  return new ZoneCut({
    zone: nameServers.owner,
    parent,
    addresses,
    nameServers: names,
    unresolved,
    halfKnown,
    forwarding: false,
    expiresAtMs: machine.cuts.endMs(nameServers.ttlSeconds, parent, machine.clock),
    referral: { authority: reply.authority, server },
    glue: inside,
  });
}

/** At most 13, drawn at random, so that a padded set cannot aim us at chosen victims. */
function pickNames(machine: Machine, nameServers: RRset): Name[] {
  const names: Name[] = [];
  for (const rdata of nameServers.rdatas) {
    const name = nameOfRdata(nameServers.type, rdata);
    if (name !== undefined) names.push(name);
  }
  const most = LIMITS.nameServers.value;
  for (let at = 0; names.length > most && at < most; at++) {
    const other = at + (machine.entropy.uint32() % (names.length - at));
    [names[at], names[other]] = [names[other]!, names[at]!];
  }
  return names.slice(0, most);
}

/** Addresses of A and AAAA records that may be asked. */
export function usableAddresses(
  machine: Machine,
  records: readonly Pick<ResourceRecord, 'rdata'>[],
): ServerAddress[] {
  const usable: ServerAddress[] = [];
  for (const { rdata } of records) {
    const address = IpAddress.fromOctets(rdata);
    if (address === undefined || usable.length >= LIMITS.addressesPerNameServer.value) continue;
    const { allowLoopbackServers, allowSpecialServers = false } = machine.config;
    if (isForbidden(address, allowLoopbackServers, allowSpecialServers)) continue;
    if (familyIsOn(machine, address)) usable.push(serverAddress(address, DNS_PORT));
  }
  return usable;
}

function familyIsOn(machine: Machine, address: IpAddress): boolean {
  return address.family === 4 ? machine.config.ipv4 : machine.config.ipv6;
}

function lacksFamily({ config }: Machine, servers: readonly ServerAddress[]): boolean {
  const { family } = servers[0]!.address;
  return config.ipv4 && config.ipv6 && servers.every(({ address }) => address.family === family);
}

export function addAddresses(into: ServerAddress[], more: readonly ServerAddress[]): void {
  for (const server of more) {
    if (into.length >= LIMITS.addressesPerZone.value) return;
    if (!into.some((known) => known.key === server.key)) into.push(server);
  }
}

/** The root as the operator's hints have it; special addresses are allowed there. */
export function cutFromHints(machine: Machine): ZoneCut {
  const addresses: ServerAddress[] = [];
  const names: Name[] = [];
  for (const hint of machine.config.hints) {
    names.push(hint.name);
    for (const address of hint.addresses) {
      if (familyIsOn(machine, address)) addresses.push(serverAddress(address, DNS_PORT));
    }
  }
  return configuredCut(Name.root, addresses, names, false);
}

export function cutFromConfiguration(machine: Machine, configured: ConfiguredZone): ZoneCut {
  const { zone, servers, forwarding } = configured;
  const addresses = servers
    .filter(({ address }) => familyIsOn(machine, address))
    .map(({ address, port }) => serverAddress(address, port));
  return configuredCut(zone, addresses, [], forwarding);
}

function configuredCut(
  zone: Name,
  addresses: ServerAddress[],
  nameServers: Name[],
  forwarding: boolean,
): ZoneCut {
  return new ZoneCut({
    zone,
    parent: undefined,
    addresses,
    nameServers,
    unresolved: [],
    forwarding,
    expiresAtMs: Number.POSITIVE_INFINITY,
  });
}

/** Remembers the zone cut that a referral describes. */
export function adoptReferral(
  machine: Machine,
  cut: ZoneCut,
  usable: UsableReply,
  referral: Extract<Classified, { kind: 'referral' }>,
): ZoneCut {
  const known = machine.cuts.exact(referral.child, machine.clock);
  // Another question may have brought the same referral a moment ago: its work is shared.
  if (known !== undefined && known.parent === cut && known.addresses.length > 0) return known;
  const child = cutFromReferral(machine, cut, referral.nameServers, usable.reply, usable.server);
  machine.keepCut(child);
  return child;
}
