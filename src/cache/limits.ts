/**
 * The bounds of everything that is remembered between questions, in one table: what a thing may
 * cost, how long it may live, and the attack or accident that the bound stops. Sizes that an
 * operator sets (and life times that the resolver's own table repeats) come in by constructors;
 * these are the defaults.
 */

export interface CacheLimit {
  readonly value: number;
  readonly unit: string;
  readonly reason: string;
  readonly stops: string;
}

function limit(value: number, unit: string, reason: string, stops: string): CacheLimit {
  return { value, unit, reason, stops };
}

export const CACHE_LIMITS = {
  // What an entry costs beside its octets; held against V8's own count by memory.test.ts.
  entryOverheadOctets: limit(
    400,
    'octets per entry',
    'slots of the tables, head of the key, entry and verdict objects as V8 lays them out',
    'entries that count for less than they take, so that the bound means nothing',
  ),
  bufferOverheadOctets: limit(
    280,
    'octets per buffer',
    'the array object, the buffer object and what the allocator adds',
    'the same',
  ),
  rrsetOctets: limit(
    16_384,
    'octets per cached RRset, signatures included',
    'larger ones are answered, not kept; mail needs a few hundred',
    'cache flooding (CVE-2024-25590, CVE-2026-0398)',
  ),

  // Life times.
  ttlSeconds: limit(86_400, 's', 'a day; a longer TTL is no gain', 'poison that never ends'),
  negativeTtlSeconds: limit(3_600, 's', 'RFC 2308 §5: one to three hours', 'stuck denials'),
  minimumDelegationTtlSeconds: limit(
    5,
    's',
    'a delegation must live long enough to be used by the question that fetched it',
    'endless referrals between parent and child with TTL 0',
  ),
  failureSeconds: limit(
    5,
    's, doubling with each repeat unless nobody was heard in between',
    'RFC 9520 §3.2: at least 1 s',
    'retry storms against broken zones',
  ),
  failureCapSeconds: limit(
    300,
    's',
    'RFC 9520 §3.2: at most 5 minutes',
    'one forged packet that becomes a long outage (CVE-2026-123598)',
  ),
  failureEntries: limit(10_000, 'names and zones', 'some 10 MB', 'floods of failing names'),

  // Servers.
  servers: limit(20_000, 'servers', 'a busy mail exchanger meets a few thousand', 'server floods'),
  lameEntries: limit(20_000, '(server, zone) pairs', 'the same', 'floods of lame delegations'),
  lameSeconds: limit(900, 's', 'operators mend within minutes', 'lameness remembered for ever'),
  unknownRttMs: limit(400, 'ms', 'above most round trips around the globe', 'needless repeats'),
  retransmitFloorMs: limit(30, 'ms', 'schedulers and queues jitter by this much', 'self-made load'),
  retransmitCapMs: limit(2_000, 'ms', 'a client waits some 5 s', 'questions stuck on one server'),
  deadAfterTimeouts: limit(3, 'timeouts in a row', 'two lost packets are bad luck', 'flapping'),
  backoffMs: limit(2_000, 'ms, doubling', 'a rebooting server is back in a minute', 'dead servers'),
  backoffCapMs: limit(300_000, 'ms', 'probed again every five minutes', 'servers lost for ever'),
  remeasureMs: limit(
    600_000,
    'ms',
    'routes change within minutes; an old measurement is a guess',
    'staying with a slow server because a fast one was slow once',
  ),
  preferTcpMs: limit(600_000, 'ms', 'an attack ends', 'TCP for ever after one near miss'),
  ednsRefusals: limit(
    2,
    'refusals in a row by a server that has never answered EDNS',
    'one packet can be forged',
    'EDNS-capability poisoning (CVE-2026-52690)',
  ),
  ednsTimeouts: limit(3, 'timeouts with EDNS in a row', 'the same', 'the same'),
  withoutEdnsMs: limit(900_000, 'ms', 'servers are upgraded', 'a downgrade for ever'),

  // Denial used again (RFC 8198).
  aggressiveZones: limit(1_000, 'zones', 'the signed zones that are in use', 'floods of zones'),
  aggressiveSpansPerZone: limit(
    4_096,
    'spans per zone',
    'a quarter is dropped when full',
    'one zone',
  ),
  nsec3Iterations: limit(50, 'iterations', 'RFC 9276 §3.2', 'CVE-2023-50868'),
  nsec3HashBlocks: limit(
    128,
    'SHA-1 blocks per synthesised answer',
    'ten labels at the usual parameters',
    'CVE-2023-50868',
  ),

  spanOverheadOctets: limit(
    700,
    'octets per span',
    'the record taken apart: names, bit map, hashes',
    'floods of spans that count for less than they take',
  ),

  // Whole replies.
  replyOctets: limit(
    4_096,
    'octets per kept reply',
    'signed mail answers stay below half of it',
    'few large replies that push out many small ones',
  ),
} as const satisfies Record<string, CacheLimit>;
