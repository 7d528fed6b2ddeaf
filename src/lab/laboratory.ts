/**
 * Builds a world: servers with addresses, zones with their delegations from above, and the wires
 * between. Zones are loaded, keyed and signed only when somebody asks, so building costs little.
 */
import { parseMasterFile, parseName } from '../presentation/index.js';
import { IpAddress, type Name, type ResourceRecord, RRClass, RRType } from '../wire/index.js';
import { HostedZone } from './hosted-zone.js';
import { LabServer } from './lab-server.js';
import { LabNetwork, type Weather } from './network.js';
import { hexText } from './octets.js';
import type { ServerSpec, World, ZoneSpec } from './world-spec.js';
import { Zone, type ZoneRRset } from './zone.js';
import { dsRRset, type LabTools, ZoneSigner } from './zone-signer.js';

export interface LabOptions {
  readonly world: World;
  readonly tools: LabTools;
  /** Decides what gets lost and when; the records are the same for every seed. */
  readonly seed?: number;
  readonly weather?: Readonly<Weather>;
}

/** A name server name and its addresses: what a resolver is given for a start. */
export interface RootServer {
  readonly name: Name;
  readonly addresses: readonly IpAddress[];
}

export interface Lab {
  readonly network: LabNetwork;
  readonly rootServers: readonly RootServer[];
  /** DS records of the root's key: made at the first call, with the key. */
  rootAnchors(): readonly ResourceRecord[];
  readonly zones: ReadonlyMap<string, HostedZone>;
  readonly servers: ReadonlyMap<string, LabServer>;
  /** Makes all keys ahead of time; yields after each zone for a progress bar. */
  makeKeys(): Generator<{ readonly done: number; readonly of: number }>;
}

const DEFAULT_TTL = 3_600;
const DEFAULT_NEGATIVE_TTL = 300;
const DELEGATION_TTL = 86_400;

interface PlannedZone {
  readonly spec: ZoneSpec;
  readonly origin: Name;
  readonly servers: readonly LabServer[];
  readonly children: PlannedZone[];
  /** Servers whose names belong to this zone, whatever they serve. */
  readonly resident: LabServer[];
  /** Lines that a domain puts into the zone above. */
  readonly extraLines: string[];
  readonly signer: ZoneSigner | undefined;
}

export function buildLab({ world, tools, seed = 1, weather }: LabOptions): Lab {
  const network = new LabNetwork(seed, weather);
  const servers = new Map<string, LabServer>();
  const planned = planZones(world, servers, tools);
  linkChildren(planned, world, servers);
  const zones = new Map<string, HostedZone>();
  const rootServers: RootServer[] = [];
  for (const plan of planned.values()) {
    const load = () => loadZone(plan);
    const faults = plan.spec.faults ?? [];
    const hosted = new HostedZone(plan.origin, load, plan.signer, faults, tools);
    zones.set(plan.origin.key, hosted);
    for (const server of plan.servers) server.host(hosted);
    if (plan.origin.isRoot) rootServers.push(...plan.servers);
  }
  for (const server of servers.values()) {
    for (const address of server.addresses) network.listen(address, server);
  }
  const root = planned.get(absoluteName('.').key)!;
  return {
    network,
    rootServers,
    rootAnchors: () => rootAnchors(root),
    zones,
    servers,
    makeKeys: () => makeKeys([...planned.values()]),
  };
}

export function absoluteName(text: string): Name {
  const name = parseName(text);
  if (name === undefined) throw new Error(`not a domain name: ${text}`);
  return name;
}

function planZones(
  world: World,
  servers: Map<string, LabServer>,
  tools: LabTools,
): Map<string, PlannedZone> {
  const planned = new Map<string, PlannedZone>();
  const specs = [...world.zones, ...world.domains.flatMap((domain) => domain.zones)];
  for (const spec of specs) {
    const origin = absoluteName(spec.origin);
    if (planned.has(origin.key)) throw new Error(`the zone ${spec.origin} is there twice`);
    const serverSpecs = spec.servers ?? [{ name: joined('ns1', spec.origin) }];
    planned.set(origin.key, {
      spec,
      origin,
      servers: serverSpecs.map((server) => serverFor(server, servers)),
      children: [],
      resident: [],
      extraLines: [],
      signer: spec.signing && new ZoneSigner(origin, spec.signing, spec.faults ?? [], tools),
    });
  }
  return planned;
}

function joined(label: string, origin: string): string {
  return origin === '.' ? `${label}.` : `${label}.${origin}`;
}

/**
 * Every server has one address of each family, numbered as they come: 11.53.x.y (nobody announces
 * 11.0.0.0/8) and 3053::n (IANA has not given 3000::/4 to anyone).
 */
function serverFor(spec: ServerSpec, servers: Map<string, LabServer>): LabServer {
  const name = absoluteName(spec.name);
  const known = servers.get(name.key);
  if (known !== undefined) return known;
  const number = servers.size + 1;
  const families = spec.families ?? [4, 6];
  const addresses = families.map((family) => {
    const text =
      family === 4 ? `11.53.${number >> 8}.${number & 0xff}` : `3053::${number.toString(16)}`;
    return IpAddress.parse(text)!;
  });
  const server = new LabServer(name, addresses, spec.behaviours);
  servers.set(name.key, server);
  return server;
}

function linkChildren(
  planned: ReadonlyMap<string, PlannedZone>,
  world: World,
  servers: ReadonlyMap<string, LabServer>,
): void {
  for (const server of servers.values()) zoneOf(server.name, planned).resident.push(server);
  for (const plan of planned.values()) {
    if (!plan.origin.isRoot) zoneOf(plan.origin.parent(), planned).children.push(plan);
  }
  for (const domain of world.domains) {
    if (domain.linesInParent === undefined) continue;
    const name = absoluteName(domain.name);
    zoneOf(name.parent(), planned).extraLines.push(domain.linesInParent);
  }
}

/** The zone that a name belongs to: the one with the deepest origin at or above it. */
function zoneOf(name: Name, planned: ReadonlyMap<string, PlannedZone>): PlannedZone {
  for (let labels = name.labelCount; labels >= 0; labels--) {
    const plan = planned.get(name.suffix(labels).key);
    if (plan !== undefined) return plan;
  }
  throw new Error('a world needs a root zone');
}

function loadZone(plan: PlannedZone): Zone {
  const { spec, origin } = plan;
  const ttl = spec.ttlSeconds ?? DEFAULT_TTL;
  const records = parsed(
    spec,
    soaLine(plan) + [spec.text ?? '', ...plan.extraLines].join('\n'),
    ttl,
  );
  const lazy: ZoneRRset[] = [];
  for (const server of plan.servers) records.push(nsRecord(origin, server.name, ttl));
  for (const server of plan.resident) records.push(...addressRecords(server, ttl));
  for (const child of plan.children) {
    for (const server of child.servers) {
      records.push(nsRecord(child.origin, server.name, DELEGATION_TTL));
      // RFC 9471 §2.1: glue for in-domain servers, and for sibling ones as well.
      if (!server.name.isAtOrBelow(origin) || plan.resident.includes(server)) continue;
      records.push(...addressRecords(server, DELEGATION_TTL));
    }
    if (child.signer !== undefined && child.spec.hasDs !== false) {
      lazy.push(dsRRset(child.origin, child.signer, DELEGATION_TTL));
    }
  }
  if (plan.signer !== undefined) lazy.push(...apexSets(plan.signer, origin, ttl));
  return new Zone(origin, distinct(records), lazy);
}

function apexSets(signer: ZoneSigner, origin: Name, ttlSeconds: number): ZoneRRset[] {
  const sets: ZoneRRset[] = [
    { owner: origin, type: RRType.DNSKEY, ttlSeconds, rdatas: () => signer.publishedKeys() },
  ];
  const { denial } = signer.spec;
  if (denial.kind !== 'NSEC3') return sets;
  const { iterations, salt } = denial;
  const rdata = Uint8Array.of(1, 0, iterations >> 8, iterations & 0xff, salt.length, ...salt);
  // RFC 5155 §4.1.2: the flags of NSEC3PARAM are zero.
  sets.push({ owner: origin, type: RRType.NSEC3PARAM, ttlSeconds: 0, rdatas: () => [rdata] });
  return sets;
}

function soaLine({ spec, origin, servers }: PlannedZone): string {
  const primary = servers[0]?.name ?? origin;
  const ttl = spec.negativeTtlSeconds ?? DEFAULT_NEGATIVE_TTL;
  const contact = origin.isRoot ? 'hostmaster.' : `hostmaster.${origin}`;
  return `@ ${ttl} IN SOA ${primary} ${contact} 1 14400 3600 1209600 ${ttl}\n`;
}

function parsed(spec: ZoneSpec, text: string, defaultTtlSeconds: number): ResourceRecord[] {
  const origin = absoluteName(spec.origin);
  const result = parseMasterFile(text, { origin, defaultTtlSeconds });
  if (result.error !== undefined) {
    throw new Error(`zone ${spec.origin} line ${result.error.line}: ${result.error.message}`);
  }
  return [...result.records];
}

function nsRecord(owner: Name, host: Name, ttlSeconds: number): ResourceRecord {
  return { owner, type: RRType.NS, class: RRClass.IN, ttlSeconds, rdata: host.octets };
}

function addressRecords(server: LabServer, ttlSeconds: number): ResourceRecord[] {
  return server.addresses.map(({ family, octets }) => {
    const type = family === 4 ? RRType.A : RRType.AAAA;
    return { owner: server.name, type, class: RRClass.IN, ttlSeconds, rdata: octets };
  });
}

function distinct(records: readonly ResourceRecord[]): ResourceRecord[] {
  const seen = new Map<string, ResourceRecord>();
  for (const record of records) {
    seen.set(`${record.type} ${hexText(record.rdata)} ${record.owner.key}`, record);
  }
  return [...seen.values()];
}

function rootAnchors({ signer, origin }: PlannedZone): readonly ResourceRecord[] {
  if (signer === undefined) return [];
  return signer.dsRdatas().map((rdata) => {
    return { owner: origin, type: RRType.DS, class: RRClass.IN, ttlSeconds: DELEGATION_TTL, rdata };
  });
}

function* makeKeys(plans: readonly PlannedZone[]) {
  for (const [index, { signer }] of plans.entries()) {
    signer?.publishedKeys();
    yield { done: index + 1, of: plans.length };
  }
}
