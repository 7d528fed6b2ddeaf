/** One question to one server, with a bound on the wait; believes nothing and decides nothing. */
import type { Transport } from '../resolver/index.js';
import {
  buildQuery,
  decodeMessage,
  type IpAddress,
  type Message,
  type Name,
  RRClass,
} from '../wire/index.js';
import { SystemEntropy } from './entropy.js';
import type { OpenUpstream, Upstream } from './upstream.js';
import { openSockets } from './upstream-sockets.js';

export interface ServerQuestion {
  readonly name: Name;
  readonly type: number;
  readonly recursionDesired: boolean;
  readonly authenticData?: boolean;
  readonly checkingDisabled?: boolean;
}

export interface AskedEndpoint {
  readonly address: IpAddress;
  readonly port: number;
}

export interface AskPatience {
  readonly tryMs: number;
  /** Sends over UDP; over TCP there is one. */
  readonly tries: number;
}

export type ServerReply =
  | { readonly ok: true; readonly message: Message; readonly sizeOctets: number }
  | { readonly ok: false; readonly why: string };

const UDP_SIZE_OCTETS = 1_232;

export function askOverSockets(): OpenUpstream {
  return openSockets({ entropy: new SystemEntropy(), sourceAddresses: [] });
}

/** Truncated replies are replies; who wants the whole asks again over TCP. */
export function askServer(
  question: ServerQuestion,
  server: AskedEndpoint,
  transport: Transport,
  { tryMs, tries }: AskPatience,
  openUpstream: OpenUpstream = askOverSockets(),
): Promise<ServerReply> {
  const entropy = new SystemEntropy();
  return new Promise((resolve) => {
    let queryId = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (reply: ServerReply): void => {
      clearTimeout(timer);
      upstream.close();
      resolve(reply);
    };
    const upstream: Upstream = openUpstream((event) => {
      if (event.queryId !== queryId) return;
      if (event.kind === 'failed') end({ ok: false, why: `cannot be asked: ${event.failure}` });
      if (event.kind !== 'received') return;
      const decoded = decodeMessage(event.octets);
      // The wait goes on after a bad packet: the right one may still come.
      if (!decoded.ok || !answers(decoded.value, question)) return;
      end({ ok: true, message: decoded.value, sizeOctets: event.octets.length });
    });
    const send = (triesLeft: number): void => {
      queryId++;
      const sent = transport === 'udp' ? tries : 1;
      timer = setTimeout(() => {
        if (triesLeft > 1) send(triesLeft - 1);
        else end({ ok: false, why: `no answer within ${(sent * tryMs) / 1000} s` });
      }, tryMs);
      const octets = queryOctets(question, entropy.uint16());
      const { address, port } = server;
      upstream.send({ kind: 'send', queryId, address, port, transport, octets });
    };
    send(transport === 'udp' ? tries : 1);
  });
}

function queryOctets(question: ServerQuestion, id: number): Uint8Array {
  const { name, type, recursionDesired, authenticData, checkingDisabled } = question;
  return buildQuery({
    id,
    name,
    type,
    class: RRClass.IN,
    recursionDesired,
    authenticData: authenticData === true,
    checkingDisabled: checkingDisabled === true,
    edns: { udpSizeOctets: UDP_SIZE_OCTETS, dnssecOk: true },
  });
}

function answers({ isResponse, questions }: Message, question: ServerQuestion): boolean {
  const [first] = questions;
  return isResponse && first?.type === question.type && first.name.equals(question.name);
}
