/** Asks a running server, as a mailer would: RD, AD and DO set, and believes nothing by itself. */
import { formatSocketAddress, type SocketAddress } from '../config/index.js';
import { formatRecord } from '../presentation/index.js';
import { askServer as askOnce } from '../runtime/index.js';
import {
  EdeCode,
  extendedErrorsOf,
  type Message,
  Rcode,
  rcodeMnemonic,
  typeMnemonic,
} from '../wire/index.js';
import { EXIT } from './command.js';
import { escapeControls } from './log.js';
import type { Question } from './question.js';
import { rounded } from './report-words.js';

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
async function exchange(
  { name, type }: Question,
  server: SocketAddress,
): Promise<Message | string> {
  // RFC 6840 §5.7: AD in a question is the wish to see the bit in the answer.
  const question = { name, type, recursionDesired: true, authenticData: true };
  const patience = { tryMs: TRY_MS, tries: TRIES };
  let reply = await askOnce(question, server, 'udp', patience);
  if (reply.ok && reply.message.truncated) reply = await askOnce(question, server, 'tcp', patience);
  return reply.ok ? reply.message : reply.why;
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
