/**
 * Every bound on work, memory and time that one question, one server or one reply can cost, in one
 * table. Exceeding a bound ends that question with SERVFAIL and an Extended DNS Error; it never
 * makes an answer insecure, empty or partial (a limit that degrades would be a DANE downgrade).
 * Where a zone is proven to be insecure there is nothing to degrade: see `insecureTlsaMs`.
 */

export interface Limit {
  readonly value: number;
  readonly unit: string;
  /** Why the number is what it is. */
  readonly reason: string;
  /** The attack or accident that it stops. */
  readonly stops: string;
}

function limit(value: number, unit: string, reason: string, stops: string): Limit {
  return { value, unit, reason, stops };
}

export const LIMITS = {
  // Work of one client question, sub-questions included; never reset on the way.
  upstreamQueries: limit(
    100,
    'queries per client question',
    'a cold chain of four zones with address look-ups needs fewer than 30',
    'NXNSAttack, CAMP, CNAME chains over glueless zones, quota resets (CVE-2026-50045)',
  ),
  upstreamOctets: limit(
    131_072,
    'octets received per client question',
    'two messages of the largest size',
    'answers of 60 KB at every step (CVE-2026-24027)',
  ),
  questionMs: limit(
    7_000,
    'ms per client question',
    'MTAs and stub resolvers give up after 5 to 10 s',
    'questions held open by silent servers',
  ),
  joinableMs: limit(
    30_000,
    'ms for which others join work that is under way',
    'several times what a question may take, whose work may wait for that of another',
    'a zone that nobody gets an answer for any more, because a broken invariant ended its work',
  ),
  insecureTlsaMs: limit(
    2_500,
    'ms until a TLSA question in a zone proven insecure is answered with no data',
    'RFC 7672 §2.2.2; MTAs and stub resolvers give up after 5 to 10 s, or ask again after 2 to 5',
    'mail that waits for records which nobody may use',
  ),
  depth: limit(
    6,
    'nested look-ups of name server addresses',
    'glueless delegations rarely nest deeper than two',
    'self-deepening referrals (CVE-2014-8500 and its kin)',
  ),
  referrals: limit(
    32,
    'zone cuts followed per question',
    'ip6.arpa has 34 labels, but few cuts',
    'endless delegation',
  ),
  forsakenDelegations: limit(
    3,
    'remembered zone cuts given up per walk, each for the one above it',
    'a zone moves alone, or with the zone below it',
    'walks that begin again and again',
  ),
  hiddenCutSeconds: limit(
    300,
    's that a zone cut is remembered which no referral showed',
    'it is found again at the cost of no query',
    'one forged reply that sends all questions about a zone to the wrong servers for ever',
  ),
  aliases: limit(
    11,
    'CNAME and DNAME links followed',
    'what the other resolvers follow',
    'CNAME chains and loops (Unchained)',
  ),
  minimisationSteps: limit(
    10,
    'added labels before the whole name is asked',
    'RFC 9156 §2.3 MAX_MINIMISE_COUNT',
    'names of 126 labels',
  ),
  otherServersAfterBogus: limit(
    4,
    'servers asked again after a bogus reply',
    'RFC 4035 §5.5: one bad server must not make a name bogus',
    'retry storms on broken zones',
  ),

  rootPatienceMs: limit(
    3_000,
    'ms without a word from a root that has long been silent',
    'clients give up after 5 s, and shall hear why before',
    'every question waiting for its full time',
  ),
  secondOpinions: limit(
    2,
    'servers asked after one that said nothing, or nothing signed in a signed zone',
    'one server with a lost or an unsigned zone must not speak for all',
    'a second round over all servers for each unsigned child zone on them',
  ),
  secondOpinionMs: limit(
    1_000,
    'ms to wait for them before the first reply is judged',
    'a round trip around the globe, and a look-up',
    'dead servers that make a good reply late',
  ),
  rootPauseMs: limit(
    2_000,
    'ms, doubling, without asking the root after all its servers failed',
    'without a network, clients shall hear so at once',
    'every question waiting for its full time',
  ),
  longestRootPauseMs: limit(
    5_000,
    'ms',
    'mail goes on soon after the network is back',
    'an outage that lasts longer than its cause',
  ),

  // Servers of one zone.
  nameServers: limit(
    13,
    'name server names used per delegation',
    'the root has 13; more is never needed',
    'NXNSAttack, NRDelegation (CVE-2022-3204)',
  ),
  addressesPerNameServer: limit(
    6,
    'addresses used per name server name',
    'three of each family',
    'duplicate address amplification (CVE-2026-3592)',
  ),
  addressesPerZone: limit(
    26,
    'distinct addresses used per delegation',
    '13 servers with both families',
    'the same',
  ),
  nameServerLookupsFailed: limit(
    5,
    'name server names that may fail to resolve',
    'more failures mean a dead zone',
    'NXNSAttack',
  ),
  triesPerServer: limit(
    3,
    'sends of one question to one server over one transport',
    'RFC 9520 §3.1',
    'retry loops (CVE-2026-5950)',
  ),
  openAttempts: limit(
    4,
    'attempts of one question waiting at the same time',
    'enough for a lost packet, a dead server and a hedge',
    'socket exhaustion',
  ),
  udpWaitMs: limit(
    2_500,
    'ms that one sent datagram may still be answered',
    'above the longest retransmission time',
    'long windows for off-path guesses',
  ),
  tcpWaitMs: limit(
    3_000,
    'ms for one question over TCP; for a forwarder, until the client question ends',
    'three round trips around the globe and slack',
    'stalled connections',
  ),
  hedgePercent: limit(
    5,
    'percent of upstream queries that may be hedges',
    'hedging must not double the load of a slow zone',
    'self-made query storms',
  ),

  // Validation work of one client question.
  signatureChecks: limit(
    32,
    'signature checks per client question',
    'a chain of four zones needs about 10',
    'KeyTrap (CVE-2023-50387)',
  ),
  failedSignatureChecks: limit(
    4,
    'failed signature checks per client question and validation path',
    'colliding tags are rare and honest zones have none',
    'KeyTrap, malformed keys with right tags (CVE-2025-8677)',
  ),
  signaturesPerRRset: limit(
    8,
    'RRSIG records looked at per RRset',
    'rollovers need four',
    'KeyTrap',
  ),
  signatureChecksPerRRset: limit(
    4,
    'signature checks per RRset',
    'one good path is enough',
    'KeyTrap',
  ),
  keysPerTag: limit(
    2,
    'keys tried per algorithm and tag',
    'accidental collisions are pairs',
    'KeyTrap',
  ),
  dnskeysPerRRset: limit(32, 'DNSKEY records per RRset', 'the largest seen is below 12', 'KeyTrap'),
  dsPerRRset: limit(8, 'DS records used per delegation', 'rollovers need four', 'HashTrap'),
  dsMismatches: limit(4, 'DS digests that may fail to match', 'the same', 'HashTrap'),
  recordsPerRRset: limit(
    256,
    'records per RRset',
    'real ones stay far below',
    'sorting thousands of records (CVE-2024-1737)',
  ),
  nsec3Iterations: limit(
    50,
    'additional NSEC3 iterations (setting, at most 150)',
    'RFC 9276 asks for 0; what the other resolvers accept',
    'CVE-2023-50868',
  ),
  nsec3Records: limit(8, 'NSEC3 records per response', 'a proof needs three', 'CVE-2026-11605'),
  nsec3HashesPerProof: limit(
    300,
    'SHA-1 blocks hashed per proof (iterations and salt priced in)',
    'a missing IPv6 address in a reverse zone at ten iterations; ten hashes where each costs more',
    'CVE-2023-50868',
  ),
  nsec3HashesPerQuestion: limit(
    600,
    'SHA-1 blocks hashed per client question',
    'two proofs of full size',
    'CVE-2023-50868',
  ),

  denialsPassedOn: limit(
    4,
    'denial records validated only to be passed on to the client',
    'the closest encloser proof of one zone cut on the way takes three',
    'signatures checked for no verdict',
  ),

  // The whole resolver.
  delegationVerdicts: limit(
    20_000,
    'zone cuts whose delegation was asked for and is remembered',
    'a busy mail exchanger meets a few thousand zones',
    'floods of zones on shared servers',
  ),
  nameServerAddresses: limit(
    20_000,
    'name server names without glue whose addresses are remembered',
    'the same',
    'floods of delegations without glue',
  ),
  outstandingQuestions: limit(
    1_000,
    'client questions being resolved at once',
    'an MTA runs some hundred deliveries',
    'recursion table exhaustion',
  ),
  waitersPerQuestion: limit(
    100,
    'clients waiting for one question',
    'more are told to come back',
    'amplified replies (DNSBomb)',
  ),
  backgroundPercent: limit(
    10,
    'percent of questions that may be background refreshes',
    'prefetch serves hot names only',
    'TTL 1 names turning the resolver into a load generator',
  ),
  mailExchanges: limit(
    4,
    'exchanges looked up ahead per MX answer',
    'an MTA tries the first few in order of preference',
    'MX sets of hundreds of names',
  ),
  udpPayloadOctets: limit(
    1_232,
    'octets of UDP payload, both ways',
    'RFC 9715: passes every path unfragmented',
    'fragment injection',
  ),
  maximumNegativeTtlSeconds: limit(3_600, 's', 'RFC 2308 §5', 'stuck denials'),
} as const satisfies Record<string, Limit>;
