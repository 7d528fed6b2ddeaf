/** Asks what a mailer and its resolver would ask; every wait is short, and all are at once. */
import { networkInterfaces } from 'node:os';
import { keyTag } from '../dnssec/index.js';
import type {
  ClockFacts,
  NetworkFacts,
  PathFacts,
  ReplyFacts,
  ResolverFacts,
} from '../doctor/index.js';
import {
  IpAddress,
  type Message,
  Name,
  parseRrsig,
  Rcode,
  rcodeMnemonic,
  RRType,
} from '../wire/index.js';
import {
  type AskedEndpoint,
  type AskPatience,
  askServer,
  type ServerQuestion,
  type ServerReply,
} from './ask-server.js';

export interface ProbeTargets {
  /** Root servers, most promising first. */
  readonly roots4: readonly AskedEndpoint[];
  readonly roots6: readonly AskedEndpoint[];
  /** Where nobody can be. */
  readonly impossible: AskedEndpoint;
  readonly wallSeconds: number;
}

/** A run that finds nothing at all ends within three of these. */
const PATIENCE: AskPatience = { tryMs: 1_500, tries: 2 };

/** A plain UDP reply is no larger (RFC 1035 §4.2.1); a path that carries more carries EDNS. */
const PLAIN_OCTETS = 512;

const ROOT_NS: ServerQuestion = { name: Name.root, type: RRType.NS, recursionDesired: true };
const encode = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** A signed zone in which nobody has a mail server. */
const NO_TLSA = Name.fromLabels(['_25', '_tcp', 'arpa'].map(encode))!;

export async function probeResolver(
  endpoint: AskedEndpoint,
  patience = PATIENCE,
): Promise<ResolverFacts> {
  const probe = { ...ROOT_NS, authenticData: true };
  const tlsa = { ...probe, name: NO_TLSA, type: RRType.TLSA };
  const [overUdp, overTcp, denial] = await Promise.all([
    askServer(probe, endpoint, 'udp', patience),
    askServer(probe, endpoint, 'tcp', patience),
    askServer(tlsa, endpoint, 'udp', patience),
  ]);
  return {
    address: endpoint.address.toString(),
    port: endpoint.port,
    isLoopback: endpoint.address.isLoopback,
    probe: factsOf(overUdp),
    probeOverTcp: factsOf(overTcp),
    tlsa: factsOf(denial),
  };
}

function factsOf(reply: ServerReply): ReplyFacts | undefined {
  if (!reply.ok) return undefined;
  const { rcode, authenticData } = reply.message;
  return { rcode: rcodeMnemonic(rcode), authenticData };
}

export async function probeNetwork(
  targets: ProbeTargets,
  patience = PATIENCE,
): Promise<NetworkFacts> {
  const question = { ...ROOT_NS, recursionDesired: false };
  const [impossible, over4, over6] = await Promise.all([
    askServer(question, targets.impossible, 'udp', patience),
    probePaths(targets.roots4, patience),
    hasIpv6() || targets.roots6.some(({ address }) => address.isLoopback)
      ? probePaths(targets.roots6, patience)
      : undefined,
  ]);
  const keys = over4?.keys ?? over6?.keys;
  return {
    impossibleAnswered: impossible.ok,
    ipv4: over4?.path,
    ipv6: over6?.path,
    rootKeyTags: keys === undefined ? [] : entryPointTags(keys),
    clock: keys === undefined ? undefined : clockBeside(keys, targets.wallSeconds),
  };
}

interface ProbedPaths {
  readonly path: PathFacts;
  /** The root's DNSKEY RRset, whichever way it came. */
  readonly keys: Message | undefined;
}

/** Undefined when there is nobody to ask. What one server denies, another may give. */
async function probePaths(
  servers: readonly AskedEndpoint[],
  patience: AskPatience,
): Promise<ProbedPaths | undefined> {
  const asked = await Promise.all(
    servers.slice(0, SERVERS_PER_FAMILY).map((one) => probePath(one, patience)),
  );
  const [first] = asked;
  if (first === undefined) return undefined;
  const sizes = asked.map(({ path }) => path.largeUdp);
  return {
    path: {
      udp: asked.some(({ path }) => path.udp),
      tcp: asked.some(({ path }) => path.tcp),
      largeUdp: sizes.find((one) => one !== 'lost') ?? 'lost',
    },
    keys: asked.find(({ keys }) => keys !== undefined)?.keys,
  };
}

const SERVERS_PER_FAMILY = 3;

async function probePath(server: AskedEndpoint, patience: AskPatience): Promise<ProbedPaths> {
  const short = { name: Name.root, type: RRType.SOA, recursionDesired: false };
  const long = { ...short, type: RRType.DNSKEY };
  const [overUdp, large, overTcp] = await Promise.all([
    askServer(short, server, 'udp', patience),
    askServer(long, server, 'udp', patience),
    askServer(long, server, 'tcp', patience),
  ]);
  const isWhole = (reply: ServerReply): boolean =>
    reply.ok && !reply.message.truncated && reply.message.rcode === Rcode.NOERROR;
  const keys = [large, overTcp].find(isWhole);
  return {
    path: {
      udp: overUdp.ok || large.ok,
      tcp: overTcp.ok,
      largeUdp: largeOf(large),
    },
    keys: keys?.ok === true ? keys.message : undefined,
  };
}

function largeOf(reply: ServerReply): PathFacts['largeUdp'] {
  if (!reply.ok) return 'lost';
  return reply.message.truncated || reply.sizeOctets <= PLAIN_OCTETS ? 'truncated' : 'arrived';
}

/** RFC 4034 §2.1.1: keys with the Secure Entry Point flag. */
function entryPointTags({ answer }: Message): number[] {
  return answer
    .filter(({ type, rdata }) => type === RRType.DNSKEY && (rdata[1]! & 1) === 1)
    .map(({ rdata }) => keyTag(rdata));
}

function clockBeside({ answer }: Message, wallSeconds: number): ClockFacts | undefined {
  const times = answer
    .filter(({ type }) => type === RRType.RRSIG)
    .flatMap(({ rdata }) => parseRrsig(rdata) ?? [])
    .map(({ inceptionSeconds, expirationSeconds }) => ({
      // RFC 4034 §3.1.5: serial number arithmetic, around the clock that is in doubt.
      inceptionSeconds: nearest(inceptionSeconds, wallSeconds),
      expirationSeconds: nearest(expirationSeconds, wallSeconds),
    }));
  if (times.length === 0) return undefined;
  return {
    wallSeconds,
    latestInceptionSeconds: Math.max(...times.map((one) => one.inceptionSeconds)),
    earliestExpirationSeconds: Math.min(...times.map((one) => one.expirationSeconds)),
  };
}

function nearest(serial: number, wallSeconds: number): number {
  return wallSeconds + ((serial - wallSeconds) | 0);
}

/** RFC 4291 §2.4: an address that is meant to reach beyond the link. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal, address }) => {
      const octets = IpAddress.parse(address.replace(/%.*$/, ''))?.octets;
      return family === 'IPv6' && !internal && octets !== undefined && (octets[0]! & 0xe0) === 0x20;
    }),
  );
}
