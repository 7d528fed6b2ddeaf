/**
 * Every bound on what clients can make this server hold or do, in one table. The bounds on the work
 * of resolving a question are the resolver's; these are about who may wait, how many, how long.
 */

export interface ClientLimit {
  readonly value: number;
  readonly unit: string;
  /** Why the number is what it is. */
  readonly reason: string;
  /** The attack or accident that it stops. */
  readonly stops: string;
}

function limit(value: number, unit: string, reason: string, stops: string): ClientLimit {
  return { value, unit, reason, stops };
}

export const CLIENT_LIMITS = {
  // Questions.
  outstandingQuestions: limit(
    1_000,
    'distinct questions being resolved at once',
    'an MTA runs some hundred deliveries, and equal questions count once',
    'recursion table exhaustion',
  ),
  guaranteedQuestions: limit(
    500,
    'outstanding questions that nothing displaces',
    'half of the table runs to its end, so a flood of quick questions cannot starve slow ones',
    'displacing everything all the time',
  ),
  displaceableAfterMs: limit(
    200,
    'ms until a question beyond those may be displaced by a new one, when the table is full',
    'most cold answers take less; what takes longer is often stuck on a silent server',
    'a table full of stuck questions (Unbound calls the remedy jostling)',
  ),
  waitersPerQuestion: limit(
    100,
    'clients waiting for one question, those on loopback not counted out',
    'a name that many hosts mail to at the same moment',
    'one late answer amplified to thousands of replies (DNSBomb, CVE-2024-33655)',
  ),
  waiters: limit(
    10_000,
    'clients waiting for anything',
    'ten for each outstanding question; above what one host’s MTA has processes',
    'memory held by clients that only ask',
  ),
  waitersPerAddress: limit(
    250,
    'clients waiting at one address that is not loopback',
    'a busy mail host behind one address',
    'pulsing floods of replies to a forged address (DNSBomb)',
  ),

  // Messages.
  requestOctets: limit(
    4_096,
    'octets of a request that is looked into',
    'one question and an OPT record with padding stay below 1,000',
    'requests with thousands of records, each of which costs time to read',
  ),
  udpPayloadOctets: limit(
    1_232,
    'octets of UDP payload, advertised and sent',
    'RFC 9715 §3: passes every path unfragmented',
    'fragments, and amplification by large replies',
  ),
  plainUdpOctets: limit(
    512,
    'octets of UDP payload without EDNS',
    'RFC 1035 §2.3.4, RFC 6891 §6.2.3',
    'replies that the client has no buffer for',
  ),
  tcpMessageOctets: limit(65_535, 'octets of a TCP message', 'RFC 1035 §4.2.2', 'none'),
  extraTextOctets: limit(
    64,
    'octets of text in an Extended DNS Error',
    'enough for a name and a reason',
    'replies that no longer fit, and long text in other people’s logs',
  ),
  extendedErrors: limit(
    4,
    'Extended DNS Errors per reply',
    'the verdict, its cause, and what the network said',
    'OPT records that push out the answer',
  ),

  // TCP connections.
  tcpConnections: limit(
    256,
    'TCP connections at once',
    'far above what an MTA opens; idle ones make room for new ones',
    'connection exhaustion',
  ),
  tcpConnectionsPerAddress: limit(
    16,
    'TCP connections from one address that is not loopback',
    'the same',
    'one client taking every place',
  ),
  tcpQueriesInFlight: limit(
    16,
    'unanswered or undelivered replies per connection; then reading stops',
    'pipelining gains nothing beyond it',
    'clients that ask and never read (CVE-2024-0760)',
  ),
  tcpFirstQueryMs: limit(
    2_000,
    'ms from connecting to the first whole query',
    'a client that connects has something to ask',
    'slow-loris connections',
  ),
  tcpIdleMs: limit(
    10_000,
    'ms without a whole query, and without a reply under way',
    'RFC 7766 §6.2.3: a few seconds',
    'idle and trickling connections',
  ),
  tcpUnreadMs: limit(
    10_000,
    'ms that a reply may wait for a client that does not read',
    'as the idle time',
    'replies held in memory for clients that never read',
  ),

  // The page for monitoring.
  metricsConnections: limit(
    16,
    'HTTP connections at once to each address of metrics',
    'a few collectors, each with one',
    'descriptors taken by whoever may ask for the page',
  ),
  metricsRequestMs: limit(
    5_000,
    'ms until a request for the page is complete',
    'it is a line and some headers',
    'slow-loris connections',
  ),
  metricsWorkerMs: limit(
    1_000,
    'ms that a worker has to say what it has counted; then the last it said is used',
    'it answers between two questions; less than collectors wait',
    'a page that hangs because a worker does',
  ),

  // Cookies (RFC 9018 §4.3).
  cookieLifeSeconds: limit(
    3_600,
    's after which a server cookie is not recognised',
    'RFC 9018 §4.3: one hour',
    'replay of old cookies',
  ),
  cookieRenewSeconds: limit(
    1_800,
    's after which a valid cookie is replaced by a new one',
    'RFC 9018 §4.3: half of its life',
    'cookies that end while they are in use',
  ),
  cookieSkewSeconds: limit(
    300,
    's that a cookie may be from the future',
    'RFC 9018 §4.3: five minutes, for servers that share a secret',
    'none',
  ),
} as const satisfies Record<string, ClientLimit>;
