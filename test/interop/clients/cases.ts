// What each client is asked to do, and what it must get. The domains are the laboratory's
// (`anchorite lab list`): p256.dane is signed, unsigned.dane is not, big.dane has answers that do
// not fit into a datagram, expired.broken has signatures that are over.

/** The columns of the table. A client that cannot do a thing has no case for it. */
export const purposes = [
  'UDP',
  'TCP',
  'large',
  'truncated',
  'negative',
  'bogus',
  'not signed',
  'secure only',
] as const;
export type Purpose = (typeof purposes)[number];

export interface Case {
  readonly client: string;
  readonly purpose: Purpose;
  readonly command: readonly string[];
  /** For glibc: RES_OPTIONS overrides the options line of resolv.conf (resolv.conf(5)). */
  readonly options?: string;
  /** Must all be found in what the command prints. */
  readonly shows: readonly (RegExp | Repeated)[];
  /** Must not be found. */
  readonly hides?: readonly RegExp[];
}

/** What the run has prepared: where programs and files are. */
export interface Tools {
  readonly server: string;
  /** `listen-secure-only` of the same daemon. */
  readonly secureOnlyServer: string;
  /** DNSKEY records of the root, one a line. */
  readonly rootKeys: string;
  /** The same as BIND's trust-anchors. */
  readonly delvAnchors: string;
  readonly glibc: string;
  readonly musl: string;
  readonly go: string;
  readonly python: string;
  readonly node: readonly string[];
  /** A release that can ask for TLSA by itself; not everywhere to be had. */
  readonly modernNode: readonly string[] | undefined;
}

const secureMx = 'p256.dane';
const secureHost = 'mx.p256.dane';
const manyTlsa = '_25._tcp.mx.big.dane';
const manyAddresses = 'many.big.dane';
const missing = 'nobody.nsec.dane';
const bogusMx = 'expired.broken';
const bogusHost = 'mx.expired.broken';
const unsignedMx = 'unsigned.dane';
const unsignedHost = 'mx.unsigned.dane';
const secureTlsa = '_25._tcp.mx.p256.dane';
const unsignedTlsa = '_25._tcp.mx.unsigned.dane';
const bogusTlsa = '_25._tcp.mx.expired-tlsa.broken';

/** A pattern that must be found that many times. */
interface Repeated {
  readonly pattern: RegExp;
  readonly times: number;
}

const repeated = (pattern: RegExp, times: number): Repeated => ({ pattern, times });

export function isShown(wanted: RegExp | Repeated, text: string): boolean {
  if (wanted instanceof RegExp) return wanted.test(text);
  return [...text.matchAll(wanted.pattern)].length === wanted.times;
}

function digCases({ server }: Tools): Case[] {
  const dig = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'dig',
    purpose,
    command: ['dig', `@${server}`, ...args.split(' ')],
    shows,
  });
  const ad = /flags:[^;]* ad[ ;]/;
  return [
    dig('UDP', `+dnssec ${secureMx} MX`, /status: NOERROR/, ad, /RRSIG\s+MX/, /\(UDP\)/),
    dig('TCP', `+tcp +dnssec ${secureMx} MX`, /status: NOERROR/, ad, /\(TCP\)/),
    dig('large', `${manyTlsa} TLSA`, /ANSWER: 30,/, ad, /\(TCP\)/),
    dig('truncated', `+ignore +bufsize=512 ${manyTlsa} TLSA`, /flags: qr tc/, /ANSWER: 0,/),
    dig('truncated', `+noedns ${manyAddresses} A`, /ANSWER: 90,/, /\(TCP\)/),
    dig('negative', `+dnssec ${missing} A`, /status: NXDOMAIN/, ad, /SOA/, /RRSIG\s+NSEC/),
    dig('bogus', `${bogusMx} MX`, /status: SERVFAIL/, /EDE: 7 /, /ANSWER: 0,/),
    { ...dig('bogus', `+cd ${bogusMx} MX`, /status: NOERROR/, /ANSWER: 1,/), hides: [ad] },
    { ...dig('not signed', `+dnssec ${unsignedMx} MX`, /status: NOERROR/), hides: [ad] },
  ];
}

function kdigCases({ server }: Tools): Case[] {
  const kdig = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'kdig',
    purpose,
    command: ['kdig', `@${server}`, ...args.split(' ')],
    shows,
  });
  const ad = /Flags:[^;]* ad[ ;]/;
  return [
    kdig('UDP', `+dnssec ${secureMx} MX`, /status: NOERROR/, ad, /\(UDP\)/),
    kdig('TCP', `+tcp +dnssec ${secureMx} MX`, /status: NOERROR/, ad, /\(TCP\)/),
    kdig('TCP', `+tcp +keepopen ${secureMx} MX ${secureHost} A`, repeated(/status: NOERROR/g, 2)),
    kdig('large', `+dnssec ${manyTlsa} TLSA`, repeated(/\sTLSA\s+3 1 1/g, 30), /\(TCP\)/),
    kdig('truncated', `+ignore +bufsize=512 ${manyTlsa} TLSA`, /Flags: qr tc/, /ANSWER: 0;/),
    kdig('negative', `+dnssec ${missing} A`, /status: NXDOMAIN/, ad, /RRSIG\s+NSEC/),
    kdig('bogus', `+dnssec ${bogusMx} MX`, /status: SERVFAIL/, /ANSWER: 0;/),
    { ...kdig('not signed', `+dnssec ${unsignedMx} MX`, /status: NOERROR/), hides: [ad] },
  ];
}

function drillCases({ server, rootKeys }: Tools): Case[] {
  const drill = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'drill',
    purpose,
    command: ['drill', ...args.split(' ').map((word) => (word === '@' ? `@${server}` : word))],
    shows,
  });
  const ad = /flags:[^;]* ad ;/;
  return [
    drill('UDP', `-D @ ${secureMx} MX`, /rcode: NOERROR/, ad, /RRSIG\s+MX/),
    // Chases the signatures up to the root itself.
    drill('UDP', `-S -k ${rootKeys} @ ${secureMx} MX`, /;; Chase successful/),
    drill('TCP', `-t -D @ ${secureMx} MX`, /rcode: NOERROR/, ad),
    drill('large', `-a -D @ ${manyTlsa} TLSA`, repeated(/\sTLSA\s+3 1 1/g, 30)),
    drill('truncated', `-D -b 512 @ ${manyTlsa} TLSA`, /flags: qr tc/, /ANSWER: 0,/),
    drill('negative', `-D @ ${missing} A`, /rcode: NXDOMAIN/, ad, /RRSIG\s+NSEC/),
    drill('bogus', `-D @ ${bogusMx} MX`, /rcode: SERVFAIL/, /ANSWER: 0,/),
    { ...drill('bogus', `-S -k ${rootKeys} @ ${bogusMx} MX`), hides: [/Chase successful/] },
    { ...drill('not signed', `-D @ ${unsignedMx} MX`, /rcode: NOERROR/), hides: [ad] },
  ];
}

/** delv fetches the chain through the resolver and validates it again. */
function delvCases({ server, delvAnchors }: Tools): Case[] {
  const delv = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'delv',
    purpose,
    command: ['delv', `@${server}`, '-a', delvAnchors, '+root=.', ...args.split(' ')],
    shows,
  });
  return [
    delv('UDP', `${secureMx} MX`, /^; fully validated/m),
    delv('UDP', `any.wildcard.hashed TXT`, /^; fully validated/m),
    delv('TCP', `+tcp ${secureMx} MX`, /^; fully validated/m),
    delv('large', `${manyTlsa} TLSA`, /^; fully validated/m, repeated(/\sTLSA\s+3 1 1/g, 30)),
    delv('negative', `${missing} A`, /^; negative response, fully validated/m),
    delv('negative', `nobody.nsec3.hashed A`, /^; negative response, fully validated/m),
    delv('bogus', `${bogusMx} MX`, /resolution failed: /),
    delv('not signed', `${unsignedMx} MX`, /^; unsigned answer/m),
  ];
}

function glibcCases({ glibc }: Tools): Case[] {
  const getent = (
    purpose: Purpose,
    name: string,
    options: string,
    ...shows: (RegExp | Repeated)[]
  ): Case => ({
    client: 'getent (glibc)',
    purpose,
    command: ['getent', 'ahostsv4', name],
    options,
    shows,
  });
  const empty = /^$/;
  const queries = (
    purpose: Purpose,
    options: string,
    name: string,
    type: number,
    ...shows: (RegExp | Repeated)[]
  ): Case => ({
    client: options.includes('trust-ad') ? 'glibc, trust-ad' : 'glibc',
    purpose,
    command: [glibc, 'records', name, String(type)],
    options,
    shows,
  });
  const mx = 15;
  const tlsa = 52;
  const each = (options: string, ad: 0 | 1): Case[] => [
    queries('UDP', options, secureMx, mx, new RegExp(`^rcode 0 ad ${ad} tc 0 answers 1$`, 'm')),
    queries(
      'TCP',
      `${options} use-vc`,
      secureMx,
      mx,
      new RegExp(`^rcode 0 ad ${ad} tc 0 ans`, 'm'),
    ),
    queries(
      'large',
      options,
      manyTlsa,
      tlsa,
      new RegExp(`^rcode 0 ad ${ad} tc 0 answers 30$`, 'm'),
    ),
    {
      client: options.includes('trust-ad') ? 'glibc, trust-ad' : 'glibc',
      purpose: 'truncated',
      command: [glibc, 'records', manyTlsa, String(tlsa), 'truncated'],
      options,
      // RES_IGNTC: who stays with UDP must be told that there is more.
      shows: [/^rcode 0 ad . tc 1 answers 0$/m],
    },
    queries('negative', options, missing, mx, new RegExp(`^rcode 3 ad ${ad} tc 0 answers 0$`, 'm')),
    queries('bogus', options, bogusMx, mx, /^(?:failed|rcode 2 ad 0 tc 0 answers 0)$/m),
    queries('not signed', options, unsignedMx, mx, /^rcode 0 ad 0 tc 0 answers 1$/m),
  ];
  return [
    getent('UDP', secureHost, '', /STREAM/),
    getent('TCP', secureHost, 'use-vc', /STREAM/),
    getent('large', manyAddresses, '', repeated(/STREAM/g, 90)),
    getent('large', manyAddresses, 'edns0', repeated(/STREAM/g, 90)),
    getent('negative', missing, '', empty),
    getent('bogus', bogusHost, '', empty),
    getent('not signed', unsignedHost, '', /STREAM/),
    ...each('trust-ad', 1),
    // RFC 3655 §3 and resolv.conf(5): without trust-ad glibc neither asks for AD nor shows it.
    ...each('', 0),
  ];
}

function muslCases({ musl }: Tools): Case[] {
  const lookup = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'musl',
    purpose,
    command: [musl, ...args.split(' ')],
    shows,
  });
  return [
    lookup('UDP', `address ${secureHost}`, /^addresses 1$/m),
    // musl asks with AD and shows what comes back.
    lookup('UDP', `records ${secureMx} 15`, /^rcode 0 ad 1 tc 0 answers 1$/m),
    // Before 1.2.4 musl has no TCP and no EDNS: 512 octets, and it must be told that there is more.
    lookup('truncated', `records ${manyTlsa} 52`, /^rcode 0 ad . tc 1 answers \d+$/m),
    lookup('negative', `address ${missing}`, /^error: Name does not resolve$/m),
    lookup('bogus', `address ${bogusHost}`, /^error: Try again$/m),
    lookup('not signed', `records ${unsignedMx} 15`, /^rcode 0 ad 0 tc 0 answers 1$/m),
  ];
}

function nodeCases({ node }: Tools): Case[] {
  const cares = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'c-ares (Node)',
    purpose,
    command: [...node, 'cares', ...args.split(' ')],
    shows,
  });
  const system = (purpose: Purpose, name: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'dns.lookup (Node)',
    purpose,
    command: [...node, 'system', name, 'A'],
    shows,
  });
  return [
    cares('UDP', `${secureMx} MX`, /^found 1$/m),
    cares('large', `${manyAddresses} A`, /^found 90$/m),
    cares('negative', `${missing} A`, /^error: ENOTFOUND$/m),
    cares('negative', `${secureHost} TXT`, /^error: ENODATA$/m),
    cares('bogus', `${bogusMx} MX`, /^error: ESERVFAIL$/m),
    cares('not signed', `${unsignedMx} MX`, /^found 1$/m),
    system('UDP', secureHost, /^found 1$/m),
    system('large', manyAddresses, /^found 90$/m),
    system('negative', missing, /^error: ENOTFOUND$/m),
    system('bogus', bogusHost, /^error: E(?:AI_AGAIN|AGAIN)$/m),
  ];
}

function goCases({ go }: Tools): Case[] {
  const lookup = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: "Go's own resolver",
    purpose,
    command: [go, ...args.split(' ')],
    shows,
  });
  return [
    lookup('UDP', `mail ${secureMx}`, /^found 1$/m),
    lookup('TCP', `mail ${secureMx} tcp`, /^found 1$/m),
    lookup('large', `address ${manyAddresses}`, /^found 90$/m),
    lookup('negative', `address ${missing}`, /^error: not found$/m),
    { ...lookup('bogus', `mail ${bogusMx}`, /^error: .*server misbehaving/m), hides: [/found/] },
    lookup('not signed', `mail ${unsignedMx}`, /^found 1$/m),
  ];
}

function pythonCases({ python }: Tools): Case[] {
  // Debian's own Python, which has Debian's dnspython.
  const command = ['/usr/bin/python3', python];
  const dnspython = (purpose: Purpose, args: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'dnspython',
    purpose,
    command: [...command, 'dnspython', ...args.split(' ')],
    shows,
  });
  const socket = (purpose: Purpose, name: string, ...shows: (RegExp | Repeated)[]): Case => ({
    client: 'socket (Python)',
    purpose,
    command: [...command, 'socket', name, 'A'],
    shows,
  });
  return [
    dnspython('UDP', `${secureMx} MX`, /^rcode NOERROR ad 1 answers 1 over udp$/m),
    dnspython('TCP', `${secureMx} MX tcp`, /^rcode NOERROR ad 1 answers 1 over tcp$/m),
    dnspython('large', `${manyTlsa} TLSA`, /^rcode NOERROR ad 1 answers 30 over tcp$/m),
    dnspython(
      'truncated',
      `${manyTlsa} TLSA truncated`,
      /^rcode NOERROR ad 1 answers 30 over tcp$/m,
    ),
    dnspython('negative', `${missing} A`, /^rcode NXDOMAIN ad 1 answers 0 over udp$/m),
    dnspython('bogus', `${bogusMx} MX`, /^rcode SERVFAIL ad 0 answers 0 over udp$/m),
    dnspython('not signed', `${unsignedMx} MX`, /^rcode NOERROR ad 0 answers 1 over udp$/m),
    socket('UDP', secureHost, /^addresses 1$/m),
    socket('large', manyAddresses, /^addresses 90$/m),
    socket('negative', missing, /^error: /m),
    socket('bogus', bogusHost, /^error: /m),
  ];
}

/**
 * Clients that get TLSA records and cannot see whether they are validated. At the usual listener
 * they take what is not signed for as good as what is; at the other one it is not there.
 */
function secureOnlyCases({ server, secureOnlyServer, glibc, modernNode }: Tools): Case[] {
  const ask = (client: string, command: readonly string[], said: RegExp): Case => {
    return { client, purpose: 'secure only', command, options: '', shows: [said] };
  };
  const c = (name: string, place: string): string[] => [glibc, 'records', name, '52', place];
  const tlsa = (name: string, place: string): string[] => [
    ...(modernNode ?? []),
    ...['tlsa', name, 'TLSA', place],
  ];
  const node = "Node 22's own";
  return [
    ask('glibc', c(unsignedTlsa, server), /^rcode 0 ad 0 tc 0 answers 1$/m),
    ask('glibc', c(unsignedTlsa, secureOnlyServer), /^rcode 0 ad 0 tc 0 answers 0$/m),
    ask('glibc', c(secureTlsa, secureOnlyServer), /^rcode 0 ad 0 tc 0 answers 1$/m),
    ask('glibc', c(bogusTlsa, secureOnlyServer), /^(?:failed|rcode 2 ad 0 tc 0 answers 0)$/m),
    ...(modernNode === undefined
      ? []
      : [
          ask(node, tlsa(unsignedTlsa, server), /^found 1$/m),
          ask(node, tlsa(unsignedTlsa, secureOnlyServer), /^error: ENODATA$/m),
          ask(node, tlsa(secureTlsa, secureOnlyServer), /^found 1$/m),
          ask(node, tlsa(bogusTlsa, secureOnlyServer), /^error: ESERVFAIL$/m),
        ]),
  ];
}

export function casesFor(tools: Tools): Case[] {
  return [digCases, kdigCases, drillCases, delvCases, glibcCases, muslCases, nodeCases, goCases]
    .concat([pythonCases, secureOnlyCases])
    .flatMap((make) => make(tools));
}
