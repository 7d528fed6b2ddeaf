/** Asks a running server, as a mailer would: RD, AD and DO set, and believes nothing by itself. */
import { formatSocketAddress, type SocketAddress } from '../config/index.js';
import { formatRecord } from '../presentation/index.js';
import { openSockets, SystemEntropy, type Upstream } from '../runtime/index.js';
import {
  buildQuery,
  decodeMessage,
  EdeCode,
  extendedErrorsOf,
  type Message,
  Rcode,
  RRClass,
  rcodeMnemonic,
  typeMnemonic,
} from '../wire/index.js';
import { EXIT } from './command.js';
import { escapeControls } from './log.js';
import type { Question } from './question.js';
import { rounded } from './report-words.js';

const UDP_SIZE_OCTETS = 1_232;
/** As the stub resolver of the C library: five seconds, two attempts. */
const TRY_MS = 5_000;
const TRIES = 2;

export interface AskedServer {
  readonly ok: boolean;
  readonly text: string;
  readonly status: number;
}

export async function askServer(
  question: Question,
  server: SocketAddress,
  asJson: boolean,
): Promise<AskedServer> {
  const startMs = performance.now();
  const reply = await exchange(question, server);
  const where = formatSocketAddress(server.address, server.port);
  if (typeof reply === 'string') {
    return { ok: false, text: `anchorite: ${where}: ${reply}\n`, status: EXIT.noAnswer };
  }
  const tookMs = rounded(performance.now() - startMs);
  const status = statusOf(reply);
  const text = asJson ? replyJson(question, reply, tookMs) : replyText(question, reply, where);
  return { ok: true, text: asJson ? text : `${text};; time: ${tookMs} ms\n`, status };
}

/** The reply, or why there is none. */
function exchange(question: Question, server: SocketAddress): Promise<Message | string> {
  const entropy = new SystemEntropy();
  return new Promise((resolve) => {
    let queryId = 0;
    let timer: NodeJS.Timeout | undefined;
    const upstream: Upstream = openSockets({ entropy, sourceAddresses: [] })((event) => {
      if (event.queryId !== queryId) return;
      if (event.kind === 'failed') end(`cannot be asked: ${event.failure}`);
      if (event.kind !== 'received') return;
      const decoded = decodeMessage(event.octets);
      // The wait goes on after a bad packet: the right one may still come.
      if (!decoded.ok || !answers(decoded.value, question)) return;
      if (decoded.value.truncated) send('tcp', 1);
      else end(decoded.value);
    });
    const end = (outcome: Message | string): void => {
      clearTimeout(timer);
      upstream.close();
      resolve(outcome);
    };
    const send = (transport: 'udp' | 'tcp', triesLeft: number): void => {
      clearTimeout(timer);
      queryId++;
      timer = setTimeout(() => {
        if (triesLeft > 1) send(transport, triesLeft - 1);
        else end(`no answer within ${(TRIES * TRY_MS) / 1000} s`);
      }, TRY_MS);
      const octets = queryOctets(question, entropy.uint16());
      upstream.send({ kind: 'send', queryId, ...server, transport, octets });
    };
    send('udp', TRIES);
  });
}

function queryOctets({ name, type }: Question, id: number): Uint8Array {
  return buildQuery({
    id,
    name,
    type,
    class: RRClass.IN,
    recursionDesired: true,
    // RFC 6840 §5.7: the wish to see the AD bit.
    authenticData: true,
    edns: { udpSizeOctets: UDP_SIZE_OCTETS, dnssecOk: true },
  });
}

function answers({ isResponse, questions }: Message, question: Question): boolean {
  const [first] = questions;
  return isResponse && first?.type === question.type && first.name.equals(question.name);
}

/** RFC 8914 §4: the codes with which a validating server says that the data is at fault. */
const BOGUS_CODES: ReadonlySet<number> = new Set([
  EdeCode.DNSSEC_BOGUS,
  EdeCode.SIGNATURE_EXPIRED,
  EdeCode.SIGNATURE_NOT_YET_VALID,
  EdeCode.DNSKEY_MISSING,
  EdeCode.RRSIGS_MISSING,
  EdeCode.NO_ZONE_KEY_BIT_SET,
  EdeCode.NSEC_MISSING,
]);

function statusOf(reply: Message): number {
  if (reply.rcode === Rcode.NOERROR || reply.rcode === Rcode.NXDOMAIN) {
    return reply.authenticData ? EXIT.ok : EXIT.insecure;
  }
  const isBogus = extendedErrorsOf(reply.edns).some(({ code }) => BOGUS_CODES.has(code));
  return reply.rcode === Rcode.SERVFAIL && isBogus ? EXIT.bogus : EXIT.noAnswer;
}

function replyText(question: Question, reply: Message, where: string): string {
  const flags = [
    reply.authoritative && 'aa',
    reply.recursionDesired && 'rd',
    reply.recursionAvailable && 'ra',
    reply.authenticData && 'ad',
    reply.checkingDisabled && 'cd',
  ].filter((flag) => flag !== false);
  const lines = [
    `;; server: ${where}, status: ${rcodeMnemonic(reply.rcode)}, flags: ${flags.join(' ')}`,
    ';; QUESTION',
    `;${question.name} IN ${typeMnemonic(question.type)}`,
  ];
  if (reply.answer.length > 0) lines.push(';; ANSWER', ...reply.answer.map(formatRecord));
  if (reply.authority.length > 0) lines.push(';; AUTHORITY', ...reply.authority.map(formatRecord));
  for (const { code, text } of extendedErrorsOf(reply.edns)) lines.push(`;; EDE ${code}: ${text}`);
  const says = reply.authenticData ? 'sets AD' : 'does not set AD';
  lines.push(`;; VERDICT: the server ${says}; nothing was validated here`);
  return lines.map((line) => `${escapeControls(line.replaceAll('\t', ' '))}\n`).join('');
}

function replyJson(question: Question, reply: Message, tookMs: number): string {
  const value = {
    name: question.name.toString(),
    type: question.type,
    rcode: rcodeMnemonic(reply.rcode),
    authenticData: reply.authenticData,
    answers: reply.answer.map(formatRecord),
    authority: reply.authority.map(formatRecord),
    ede: extendedErrorsOf(reply.edns),
    tookMs,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
