/** One query on its way to one server: what was sent, so that the reply can be held against it. */
import { EdnsOptionCode, LOWER_CASE, Name, RRClass, buildQuery } from '../wire/index.js';
import type { Timer } from './deadlines.js';
import type { Exchange } from './exchange.js';
import type { Machine } from './machine.js';
import type { Transport } from './resolution-types.js';
import type { ServerAddress, ZoneCut } from './zone-cut.js';

export interface Attempt {
  readonly queryId: number;
  readonly exchange: Exchange;
  readonly server: ServerAddress;
  readonly transport: Transport;
  /** The 16 bits of the message header. */
  readonly messageId: number;
  readonly name: Name;
  /** The question name in the letter case in which it was sent. */
  readonly sentName: Name;
  readonly type: number;
  readonly sentAtMs: number;
  readonly edns: boolean;
  readonly hedge: boolean;
  readonly clientCookie: Uint8Array | undefined;
  /** The server is known to answer with cookies: a reply without one is suspect. */
  readonly cookieExpected: boolean;
  late: boolean;
  retransmit: Timer | undefined;
  expiry: Timer | undefined;
  hedgeTimer: Timer | undefined;
}

export function openAttempt(
  machine: Machine,
  exchange: Exchange,
  ask: {
    cut: ZoneCut;
    name: Name;
    type: number;
    server: ServerAddress;
    transport: Transport;
    withoutEdns: boolean;
    keepCase: boolean;
    hedge: boolean;
    number: number;
  },
): Attempt {
  const { entropy, health, config } = machine;
  const { server } = ask;
  const sentName = ask.keepCase || !config.randomiseCase ? ask.name : mixCase(ask.name, machine);
  const messageId = entropy.uint16();
  const edns = !ask.withoutEdns;
  const clientCookie = edns ? health.clientCookie(server.key) : undefined;
  const serverCookie = edns ? health.serverCookie(server.key) : undefined;
  const octets = buildQuery({
    id: messageId,
    name: sentName,
    type: ask.type,
    class: RRClass.IN,
    recursionDesired: ask.cut.forwarding,
    // RFC 6840 §5.9: we judge by ourselves, so a forwarder shall not withhold what it finds bogus.
    checkingDisabled: ask.cut.forwarding,
    ...(edns
      ? {
          edns: {
            udpSizeOctets: config.ednsSizeOctets,
            dnssecOk: true,
            options:
              clientCookie === undefined
                ? []
                : [{ code: EdnsOptionCode.COOKIE, data: joined(clientCookie, serverCookie) }],
          },
        }
      : {}),
  });
  const attempt: Attempt = {
    queryId: machine.nextQueryId(),
    exchange,
    server,
    transport: ask.transport,
    messageId,
    name: ask.name,
    sentName,
    type: ask.type,
    sentAtMs: machine.now.monotonicMs,
    edns,
    hedge: ask.hedge,
    clientCookie,
    cookieExpected: serverCookie !== undefined,
    late: false,
    retransmit: undefined,
    expiry: undefined,
    hedgeTimer: undefined,
  };
  machine.send(attempt, octets);
  machine.trace({
    kind: 'query sent',
    zone: ask.cut.zone,
    name: ask.name,
    type: ask.type,
    address: server.address,
    transport: ask.transport,
    attempt: ask.number,
    hedge: ask.hedge,
  });
  return attempt;
}

function joined(first: Uint8Array, second: Uint8Array | undefined): Uint8Array {
  if (second === undefined) return first;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** draft-vixie-dnsext-dns0x20: each letter's case is one more bit that a forger has to guess. */
function mixCase(name: Name, machine: Machine): Name {
  const octets = name.octets.slice();
  let bits = 0;
  let left = 0;
  for (let at = 0; at < octets.length; at++) {
    const octet = LOWER_CASE[octets[at]!]!;
    if (octet < 0x61 || octet > 0x7a) continue;
    if (left === 0) {
      bits = machine.entropy.uint32();
      left = 32;
    }
    octets[at] = (bits & 1) === 1 ? octet - 0x20 : octet;
    bits >>>= 1;
    left--;
  }
  return Name.fromCheckedOctets(octets, name.labelCount);
}
