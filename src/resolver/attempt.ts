/** Sends one query to one server: the message, its ID and letter case, its cookie. */
import { EdnsOptionCode, LOWER_CASE, Name, RRClass, buildQuery } from '../wire/index.js';
import type { Attempt, AttemptOwner } from './attempt-types.js';
import type { Machine } from './machine.js';
import type { Transport } from './resolution-types.js';
import type { ServerAddress, ZoneCut } from './zone-cut.js';

export interface AttemptRequest {
  readonly cut: ZoneCut;
  readonly name: Name;
  readonly type: number;
  readonly server: ServerAddress;
  readonly transport: Transport;
  readonly withoutEdns: boolean;
  /** Send the name as it is: over TCP, and to servers that lose the letter case. */
  readonly keepCase: boolean;
  readonly hedge: boolean;
  /** A forwarder that kept bad data for CD=1 may have good data for CD=0 (RFC 6840 App. B). */
  readonly letForwarderJudge: boolean;
  readonly number: number;
}

export function openAttempt(
  machine: Machine,
  exchange: AttemptOwner,
  ask: AttemptRequest,
): Attempt {
  const { entropy, health, config } = machine;
  const { server, name, type, transport, hedge } = ask;
  const edns = !ask.withoutEdns;
  const attempt: Attempt = {
    queryId: machine.nextQueryId(),
    exchange,
    server,
    transport,
    messageId: entropy.uint16(),
    name,
    sentName: ask.keepCase || !config.randomiseCase ? name : mixCase(name, machine),
    type,
    sentAtMs: machine.presentMs,
    edns,
    hedge,
    clientCookie: edns ? health.clientCookie(server.key) : undefined,
    cookieExpected: edns && health.serverCookie(server.key) !== undefined,
    late: false,
    retransmit: undefined,
    expiry: undefined,
    hedgeTimer: undefined,
  };
  machine.send(attempt, queryOctets(machine, attempt, ask));
  machine.trace({
    kind: 'query sent',
    zone: ask.cut.zone,
    name,
    type,
    address: server.address,
    transport,
    attempt: ask.number,
    hedge,
  });
  return attempt;
}

function queryOctets(machine: Machine, attempt: Attempt, ask: AttemptRequest): Uint8Array {
  const { forwarding } = ask.cut;
  const { clientCookie, server } = attempt;
  const options =
    clientCookie === undefined
      ? []
      : [
          {
            code: EdnsOptionCode.COOKIE,
            data: joined(clientCookie, machine.health.serverCookie(server.key)),
          },
        ];
  const udpSizeOctets = machine.config.ednsSizeOctets;
  return buildQuery({
    id: attempt.messageId,
    name: attempt.sentName,
    type: attempt.type,
    class: RRClass.IN,
    recursionDesired: forwarding,
    // RFC 6840 §5.9: we judge by ourselves, so a forwarder shall not withhold what it finds bogus.
    checkingDisabled: forwarding && !ask.letForwarderJudge,
    edns: attempt.edns ? { udpSizeOctets, dnssecOk: true, options } : undefined,
  });
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
