/** Holds a received message against the query: RFC 5452 §9.1, RFC 7873 §5.3. Ports and addresses
 * were matched by the connected socket. */
import {
  type Message,
  type Question,
  EdnsOptionCode,
  Opcode,
  RRClass,
  Rcode,
  decodeMessage,
  equalOctets,
} from '../wire/index.js';
import type { Attempt } from './attempt-types.js';

export interface Matched {
  readonly kind: 'reply';
  readonly message: Message;
  readonly serverCookie: Uint8Array | undefined;
}

export type MatchResult =
  | Matched
  /** Not a reply to this query; keep waiting. */
  | { readonly kind: 'ignore'; readonly why: string }
  | { readonly kind: 'case lost' }
  | { readonly kind: 'cookie missing' }
  /** FORMERR and its kin with an empty question section. */
  | { readonly kind: 'bare error'; readonly rcode: number };

const ignore = (why: string): MatchResult => ({ kind: 'ignore', why });

export function matchReply(octets: Uint8Array, attempt: Attempt): MatchResult {
  const own = inOwnCase(octets, attempt);
  const decoded = decodeMessage(own);
  if (!decoded.ok) return ignore('malformed');
  const message = decoded.value;
  if (message.id !== attempt.messageId) return ignore('another ID');
  if (!message.isResponse) return ignore('a query');
  if (message.opcode !== Opcode.QUERY) return ignore('another opcode');
  const question = message.questions[0];
  if (question === undefined) {
    const refusal =
      message.rcode === Rcode.FORMERR ||
      message.rcode === Rcode.NOTIMP ||
      message.rcode === Rcode.SERVFAIL ||
      message.rcode === Rcode.REFUSED ||
      message.rcode === Rcode.BADVERS;
    return refusal ? { kind: 'bare error', rcode: message.rcode } : ignore('no question');
  }
  if (message.questions.length > 1 || !isAsked(question, attempt))
    return ignore('another question');
  // Not even our own spelling will do: only the letters that were sent show that ours were seen.
  const isAsSent = own !== octets || equalOctets(question.name.octets, attempt.sentName.octets);
  if (attempt.transport === 'udp' && !isAsSent) return { kind: 'case lost' };
  return checkCookie(message, attempt);
}

function isAsked(question: Question, attempt: Attempt): boolean {
  return (
    question.type === attempt.type &&
    question.class === RRClass.IN &&
    question.name.equals(attempt.sentName)
  );
}

function checkCookie(message: Message, attempt: Attempt): MatchResult {
  const option = message.edns?.options.find((each) => each.code === EdnsOptionCode.COOKIE);
  if (option === undefined || attempt.clientCookie === undefined) {
    // RFC 7873 §5.3: a server that gave us a cookie before would give one again.
    if (attempt.cookieExpected && attempt.transport === 'udp') return { kind: 'cookie missing' };
    return { kind: 'reply', message, serverCookie: undefined };
  }
  const { data } = option;
  const echoed = data.length >= 8 && equalOctets(data.subarray(0, 8), attempt.clientCookie);
  // RFC 7873 §4: 8 octets of ours, then 8 to 32 of the server's.
  if (!echoed || (data.length !== 8 && data.length < 16) || data.length > 40) {
    return ignore('wrong cookie');
  }
  return { kind: 'reply', message, serverCookie: data.length > 8 ? data.slice(8) : undefined };
}

/**
 * The reply with the question's letters as we know them, if they came back exactly as sent. Other
 * names point into the question, so this keeps the random letters out of everything learned.
 */
function inOwnCase(octets: Uint8Array, attempt: Attempt): Uint8Array {
  const sent = attempt.sentName.octets;
  if (sent === attempt.name.octets || octets.length < HEADER_OCTETS + sent.length) return octets;
  for (let at = 0; at < sent.length; at++) {
    if (octets[HEADER_OCTETS + at] !== sent[at]) return octets;
  }
  const copy = octets.slice();
  copy.set(attempt.name.octets, HEADER_OCTETS);
  return copy;
}

const HEADER_OCTETS = 12;
