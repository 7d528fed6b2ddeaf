/**
 * Every setting, once. From these rows come the checks of configuration files, the command line
 * flags, the library's options, `config show` and docs/configuration.md.
 */
import { IpAddress, IpPrefix } from '../wire/index.js';
import {
  type ClockSetting,
  choice,
  clock,
  domainName,
  file,
  folder,
  integer,
  ipAddress,
  ipPrefix,
  onOff,
  type SocketAddress,
  seconds,
  size,
  socketAddress,
  type StreamEndpoint,
  streamEndpoint,
  trustAnchorText,
  type WorkerCount,
  workerCount,
} from './kinds.js';
import { list, optional, optionalList, scalar } from './setting.js';

const DEFAULT_PORT = 5335;
/** Where postfix-tlspol listens, so that a main.cf that names it can stay as it is. */
const SOCKETMAP_PORT = 8642;

const METRICS_PORT = 9_353;

function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  if (parsed === undefined) throw new TypeError(`not an address: ${text}`);
  return parsed;
}

function prefix(text: string): IpPrefix {
  const parsed = IpPrefix.parse(text);
  if (parsed === undefined) throw new TypeError(`not an address block: ${text}`);
  return parsed;
}

const listening = {
  listen: list<SocketAddress>({
    name: 'listen',
    group: 'listening',
    kind: socketAddress(DEFAULT_PORT, 0),
    fallback: [
      { address: address('127.0.0.1'), port: DEFAULT_PORT },
      { address: address('::1'), port: DEFAULT_PORT },
    ],
    description: 'Address and port on which clients are answered, over UDP and TCP.',
    reason:
      'RFC 7672 §2.1: the path between the mail server and its validating resolver must be ' +
      'trusted, which the loopback interface is. Port 53 needs privileges, hence another default.',
    example: '127.0.0.1:53',
  }),
  listenSecureOnly: list<SocketAddress>({
    name: 'listen-secure-only',
    group: 'listening',
    kind: socketAddress(DEFAULT_PORT, 0),
    fallback: [],
    description:
      'Another address and port, for clients that cannot see the AD bit: there, TLSA, SSHFP, ' +
      'SMIMEA and OPENPGPKEY records that are not validated are answered with no data, and CD=1 ' +
      'does not bring them back. All else is as on listen.',
    reason:
      'The resolvers of Node, Go and Java, and glibc without trust-ad, do not tell a program of ' +
      'AD; whatever they get of these records here is validated (RFC 7672 §2.1.1 has no use for ' +
      'others).',
    example: '127.0.0.2:53',
  }),
  allow: list<IpPrefix>({
    name: 'allow',
    group: 'listening',
    kind: ipPrefix,
    fallback: [prefix('127.0.0.0/8'), prefix('::1/128')],
    description: 'Clients that are answered; all others get REFUSED.',
    reason: 'RFC 5358: an open resolver amplifies the attacks of others.',
    example: '192.0.2.0/24',
  }),
  socketmap: list<StreamEndpoint>({
    name: 'socketmap',
    group: 'listening',
    kind: streamEndpoint(SOCKETMAP_PORT),
    fallback: [],
    description:
      "Where Postfix's TLS policy table (smtp_tls_policy_maps) is answered: address and port, or " +
      'unix: and a path. Who may ask over the network is what allow says.',
    reason:
      'RFC 7672 as a policy per domain, from the same cached records that DNS clients get. ' +
      'Off unless asked for; DANE in Postfix works without it.',
    example: '127.0.0.1:8642',
  }),
  metrics: list<SocketAddress>({
    name: 'metrics',
    group: 'listening',
    kind: socketAddress(METRICS_PORT, 0),
    fallback: [],
    description:
      'Address and port of a page with counters over HTTP (/metrics, as Prometheus reads them); ' +
      'with several workers their sums. Who may ask is what allow says.',
    reason: 'Off unless asked for. It has counts only, no names.',
    example: '127.0.0.1:9353',
  }),
  minimalResponses: scalar<boolean>({
    name: 'minimal-responses',
    group: 'listening',
    kind: onOff,
    fallback: true,
    description: 'Leave out authority and additional records that the answer does not need.',
    reason: 'Smaller answers fit in one datagram; what proves a denial is always kept.',
    example: 'off',
  }),
  ednsSizeOctets: scalar<number>({
    name: 'edns-size',
    group: 'listening',
    kind: integer({ least: 512, most: 4_096, unit: 'octets' }),
    fallback: 1_232,
    description: 'Largest UDP message that is offered to servers and accepted from clients.',
    reason: 'RFC 9715 §3.1: 1232 octets pass nearly every path unfragmented.',
    example: '1400',
  }),
};

const trust = {
  trustAnchors: optionalList({
    name: 'trust-anchor',
    group: 'trust',
    kind: trustAnchorText,
    absent: "IANA's keys for the root zone, KSK-2017 and KSK-2024",
    description:
      'DS or DNSKEY records that are believed without proof, for any zone. ' +
      'An empty list switches validation off: nothing is ever marked as authentic.',
    reason: 'RFC 4033 §2: every chain of trust begins at a configured anchor.',
    example: '. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16',
  }),
  trustAnchorFile: optional<string>({
    name: 'trust-anchor-file',
    group: 'trust',
    kind: file,
    absent: 'no file is read',
    description: 'File with DS or DNSKEY records, or with root anchors as XML (RFC 9718).',
    reason: 'Distributions ship the root anchors as files; they are added to trust-anchor.',
    example: '/usr/share/dns/root.ds',
  }),
  negativeTrustAnchors: list({
    name: 'negative-trust-anchor',
    group: 'trust',
    kind: domainName,
    fallback: [],
    description: 'Domain below which nothing is validated, and so nothing is authentic.',
    reason: 'RFC 7646: a way round a zone that is known to be broken. To be used for a short time.',
    example: 'broken.example',
  }),
  rfc5011: scalar<boolean>({
    name: 'rfc5011',
    group: 'trust',
    kind: onOff,
    fallback: true,
    description: 'Follow the roll-over of trust anchors that the zone announces.',
    reason: 'RFC 5011: the root key signing key changes; whoever misses it validates nothing.',
    example: 'off',
  }),
  stateFolder: optional<string>({
    name: 'state-dir',
    group: 'trust',
    kind: folder,
    absent: 'what systemd passes as STATE_DIRECTORY; without that, state ends with the process',
    description: 'Folder that keeps the state of RFC 5011 from one run to the next.',
    reason: 'RFC 5011 §2.4.1: a new key counts after 30 days of being seen.',
    example: '/var/lib/anchorite',
  }),
  sha1: scalar<boolean>({
    name: 'sha1',
    group: 'trust',
    kind: onOff,
    fallback: false,
    description: 'Validate signatures of algorithms 5 and 7 (RSA with SHA-1).',
    reason: 'RFC 9905 §2: off, they count as unsupported, so their zones are insecure.',
    example: 'on',
  }),
  rsaMinimumBits: scalar<number>({
    name: 'rsa-minimum-bits',
    group: 'trust',
    kind: integer({ least: 512, most: 2_048, unit: 'bits' }),
    fallback: 1_024,
    description: 'Shortest RSA key that is believed; zones with shorter ones are insecure.',
    reason: 'RFC 5702 §2.1 lets zones use 512 bits and more; keys that short have been factored.',
    example: '2048',
  }),
  nsec3MaxIterations: scalar<number>({
    name: 'nsec3-max-iterations',
    group: 'trust',
    kind: integer({ least: 0, most: 150, unit: 'iterations' }),
    fallback: 50,
    description: 'NSEC3 iterations above which denials count as insecure.',
    reason: 'RFC 9276 §3.2, CVE-2023-50868: each iteration costs the validator, not the zone.',
    example: '0',
  }),
  clock: scalar<ClockSetting>({
    name: 'clock',
    group: 'trust',
    kind: clock,
    fallback: { kind: 'system' },
    description: 'The wall clock by which signatures are judged. For tests with recorded zones.',
    reason: 'RFC 4035 §5.3.1: a signature holds from its inception to its expiration.',
    example: '2020-10-19T12:00:00Z',
  }),
};

const resolution = {
  rootHintsFile: optional<string>({
    name: 'root-hints',
    group: 'resolution',
    kind: file,
    absent: "IANA's list that comes with Anchorite",
    description: 'File with the names and addresses of the root servers.',
    reason: 'RFC 9609 §2: priming starts from configured addresses.',
    example: '/usr/share/dns/root.hints',
  }),
  forward: list<SocketAddress>({
    name: 'forward',
    group: 'resolution',
    kind: socketAddress(53, 1),
    fallback: [],
    description: 'Resolver that is asked instead of the authoritative servers; still validating.',
    reason: 'For networks that let no other DNS traffic out. Its answers are believed in nothing.',
    example: '192.0.2.1',
  }),
  queryAddresses: list<IpAddress>({
    name: 'query-address',
    group: 'resolution',
    kind: ipAddress,
    fallback: [],
    description: 'Source address of queries, one for IPv4 and one for IPv6; the system chooses.',
    reason: 'For hosts with several addresses and firewalls that tell them apart.',
    example: '192.0.2.7',
  }),
  ipv4: scalar<boolean>({
    name: 'ipv4',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Ask servers over IPv4.',
    reason: 'Without IPv4 at all, trying it costs time.',
    example: 'off',
  }),
  ipv6: scalar<boolean>({
    name: 'ipv6',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Ask servers over IPv6.',
    reason: 'Without an IPv6 route it costs one failed send, which is remembered.',
    example: 'off',
  }),
  qnameMinimisation: scalar<'strict' | 'relaxed' | 'off'>({
    name: 'qname-minimisation',
    group: 'resolution',
    kind: choice(['strict', 'relaxed', 'off']),
    fallback: 'relaxed',
    description:
      'How little of a name each server learns: strict hides labels everywhere, relaxed from ' +
      'the root and the top level only and never at labels with an underscore.',
    reason: 'RFC 9156; relaxed, since servers of mail domains stumble over _tcp (RFC 9156 §2.3).',
    example: 'strict',
  }),
  priming: scalar<boolean>({
    name: 'priming',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description:
      'Ask a root server for the root name servers and their keys: the daemon when it starts, ' +
      'the library with the first question.',
    reason: 'RFC 9609 §3: hints grow old; the zone itself knows better.',
    example: 'off',
  }),
  specialNames: scalar<boolean>({
    name: 'special-names',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Answer special-use names (localhost, test, private reverse zones) here.',
    reason: 'RFC 6761, RFC 6303: nobody outside can answer them.',
    example: 'off',
  }),
  allowLoopbackServers: scalar<boolean>({
    name: 'allow-loopback-servers',
    group: 'resolution',
    kind: onOff,
    fallback: false,
    description: 'Follow delegations to loopback addresses. Configured servers are always asked.',
    reason: 'Glue that names our own address makes a resolver ask itself (CVE-2026-50251).',
    example: 'on',
  }),
  hardenGlue: scalar<boolean>({
    name: 'harden-glue',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Believe a referral only about addresses inside the zone it comes from.',
    reason: 'RFC 2181 §5.4.1; Kaminsky 2008: other glue is where poison comes in.',
    example: 'off',
  }),
  randomiseCase: scalar<boolean>({
    name: 'randomise-case',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Mix the letter case of questions and expect it back (0x20).',
    reason: 'Each letter is one more bit that a forger off the path has to guess (RFC 5452 §9).',
    example: 'off',
  }),
  forgiveInsecureTlsa: scalar<boolean>({
    name: 'forgive-insecure-tlsa',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description:
      'Where a zone is proven to be unsigned and its servers do not answer a TLSA question, ' +
      'answer no data (insecure, without AD) instead of SERVFAIL.',
    reason:
      'RFC 7672 §2.2.2: no mailer may use such records, but SERVFAIL keeps its mail waiting. In ' +
      'signed zones, and where nothing is proven, SERVFAIL stays.',
    example: 'off',
  }),
  hedging: scalar<boolean>({
    name: 'hedging',
    group: 'resolution',
    kind: onOff,
    fallback: true,
    description: 'Ask a second server when the first is slower than it usually is.',
    reason: 'Lost datagrams cost a round trip instead of a time-out; at most 5 % more queries.',
    example: 'off',
  }),
};

const cache = {
  cacheSizeOctets: scalar<number>({
    name: 'cache-size',
    group: 'cache',
    kind: size(2 ** 20, 2 ** 36),
    fallback: 128 * 2 ** 20,
    description: 'Memory for cached records and proofs, all kinds and all workers together.',
    reason: 'Bounded by octets, so that large records cannot push memory up (CVE-2024-1737).',
    example: '512M',
  }),
  minTtlSeconds: scalar<number>({
    name: 'min-ttl',
    group: 'cache',
    kind: seconds({ least: 0, most: 3_600 }),
    fallback: 0,
    description: 'Shortest time for which records are kept; signed data ends with its signature.',
    reason: 'RFC 1035 §3.2.1: TTLs are the zone owner’s to choose; raising them is a policy.',
    example: '30s',
  }),
  maxTtlSeconds: scalar<number>({
    name: 'max-ttl',
    group: 'cache',
    kind: seconds({ least: 1, most: 604_800 }),
    fallback: 86_400,
    description: 'Longest time for which records are kept.',
    reason: 'RFC 8767 §4: a day bounds how long a mistake is remembered.',
    example: '6h',
  }),
  aggressiveNsec: scalar<boolean>({
    name: 'aggressive-nsec',
    group: 'cache',
    kind: onOff,
    fallback: true,
    description: 'Answer from cached proofs that a name does not exist.',
    reason: 'RFC 8198, RFC 8020: random names cost the zone’s servers nothing.',
    example: 'off',
  }),
  prefetch: scalar<boolean>({
    name: 'prefetch',
    group: 'cache',
    kind: onOff,
    fallback: true,
    description: 'Renew records that are asked for shortly before they expire.',
    reason: 'Names in use then never wait for the network.',
    example: 'off',
  }),
  mailPrefetch: scalar<boolean>({
    name: 'mail-prefetch',
    group: 'cache',
    kind: onOff,
    fallback: true,
    description:
      'Fetch the addresses and TLSA records of the hosts that MX records of a signed zone name; ' +
      'each is judged by itself.',
    reason: 'RFC 7672 §2.2: they are what the mail server asks for next, one after the other.',
    example: 'off',
  }),
  serveStale: scalar<boolean>({
    name: 'serve-stale',
    group: 'cache',
    kind: onOff,
    fallback: false,
    description: 'Answer with expired insecure records when no server answers.',
    reason: 'RFC 8767. Never for secure data: it ends with its signature.',
    example: 'on',
  }),
  staleAfterMs: scalar<number>({
    name: 'serve-stale-after',
    group: 'cache',
    kind: integer({ least: 0, most: 5_000, unit: 'ms' }),
    fallback: 1_800,
    description:
      'How long a client waits before it gets expired records; 0: at once, while they are renewed.',
    reason: 'RFC 8767 §5, client response timer: clients give up after two seconds or more.',
    example: '0',
  }),
  staleMaximumSeconds: scalar<number>({
    name: 'serve-stale-for',
    group: 'cache',
    kind: seconds({ least: 1, most: 604_800 }),
    fallback: 259_200,
    description: 'How long after their end expired records may still be given.',
    reason: 'RFC 8767 §5, maximum stale timer: one to three days, as long as an outage may last.',
    example: '1d',
  }),
  staleTtlSeconds: scalar<number>({
    name: 'serve-stale-ttl',
    group: 'cache',
    kind: seconds({ least: 1, most: 3_600 }),
    fallback: 30,
    description: 'TTL with which expired records are shown.',
    reason: 'RFC 8767 §5: long enough to spare the servers, short enough to see them return.',
    example: '10s',
  }),
};

const processSettings = {
  workers: scalar<WorkerCount>({
    name: 'workers',
    group: 'process',
    kind: workerCount,
    fallback: 1,
    description:
      'Number of processes that share the sockets; each has its part of the cache and of the ' +
      'limits. One that dies is replaced, and its open questions are answered by the new one.',
    reason: 'One process answers tens of thousands of questions per second; see workers.md.',
    example: 'auto',
  }),
  crypto: scalar<'auto' | 'node' | 'noble'>({
    name: 'crypto',
    group: 'process',
    kind: choice(['auto', 'node', 'noble']),
    fallback: 'auto',
    description:
      'What verifies signatures: node (OpenSSL), noble (JavaScript, some ten times slower), or ' +
      'auto: node, and noble for what the policy of the system keeps OpenSSL from doing.',
    reason: 'RFC 9905; some distributions forbid SHA-1 to every program that uses OpenSSL.',
    example: 'noble',
  }),
  logLevel: scalar<'error' | 'warn' | 'info' | 'debug'>({
    name: 'log-level',
    group: 'process',
    kind: choice(['error', 'warn', 'info', 'debug']),
    fallback: 'info',
    description: 'Least important events that are logged; debug follows every resolution.',
    reason: 'Bogus answers are logged at warn, since mail waits because of them.',
    example: 'debug',
  }),
  logFormat: scalar<'auto' | 'text' | 'json'>({
    name: 'log-format',
    group: 'process',
    kind: choice(['auto', 'text', 'json']),
    fallback: 'auto',
    description: 'One line of text or of JSON per event; auto means text on a terminal.',
    reason: 'People read text, log collectors read JSON.',
    example: 'json',
  }),
  logQueries: scalar<boolean>({
    name: 'log-queries',
    group: 'process',
    kind: onOff,
    fallback: false,
    description: 'Log every client question with its outcome.',
    reason: 'RFC 9076 §6: what is asked tells much about who is written to.',
    example: 'on',
  }),
};

export const SETTINGS = {
  ...listening,
  ...trust,
  ...resolution,
  ...cache,
  ...processSettings,
} as const;

export type SettingKey = keyof typeof SETTINGS;
