/**
 * What a client has sent: a question to resolve, a request that is answered on the spot, or octets
 * that deserve no reply at all. Every datagram and every TCP message goes through here.
 */
import {
  type Cookie,
  decodeMessage,
  EdeCode,
  type Edns,
  EdnsOptionCode,
  type ExtendedError,
  ednsOption,
  HeaderFlag,
  type MalformedMessage,
  type Message,
  Opcode,
  opcodeOfFlags,
  parseCookie,
  type Question,
  Rcode,
  RRClass,
  RRType,
} from '../wire/index.js';

import { CLIENT_LIMITS } from './client-limits.js';
import { needsValidation } from './secure-only.js';

const HEADER_OCTETS = 12;

/** What a reply repeats of its request. */
export interface RequestHead {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  /** At most one, in the letter case in which it was asked. */
  readonly questions: readonly Question[];
  /** Present when the request had an OPT record, and then the reply has one (RFC 6891 §6.1.1). */
  readonly edns: Edns | undefined;
  readonly cookie: Cookie | undefined;
}

export interface ClientQuestion extends RequestHead {
  readonly question: Question;
  /** RFC 6840 §5.7: the client understands the AD bit and would like to see it. */
  readonly authenticData: boolean;
  /** RFC 3225 §3: the client takes DNSSEC records. */
  readonly dnssecOk: boolean;
  /** RFC 4035 §3.2.2: the client set CD, and gets what is there, good or not. */
  readonly judgesItself: boolean;
}

export type Request =
  | { readonly kind: 'question'; readonly question: ClientQuestion }
  /** QTYPE ANY: answered with next to nothing (RFC 8482). */
  | { readonly kind: 'any'; readonly question: ClientQuestion }
  /** No question, only a cookie: the client wants one of ours (RFC 7873 §5.4). */
  | { readonly kind: 'cookie'; readonly head: RequestHead }
  | Refusal
  | { readonly kind: 'silence'; readonly why: 'too short' | 'response' };

export interface Refusal {
  readonly kind: 'refusal';
  readonly rcode: number;
  readonly head: RequestHead;
  readonly errors: readonly ExtendedError[];
}

export interface RequestPolicy {
  /** Answer questions without RD from the cache; otherwise they are refused. */
  readonly cacheSnooping: boolean;
  /** Tell TLSA records and their like only when they are validated. */
  readonly secureOnly: boolean;
}

const NO_QUESTIONS: readonly Question[] = [];
const NO_ERRORS: readonly ExtendedError[] = [];
const PLAIN_EDNS: Edns = {
  udpSizeOctets: 512,
  version: 0,
  dnssecOk: false,
  flags: 0,
  options: [],
};

/** Never throws, whatever the octets are. */
export function readRequest(octets: Uint8Array, policy: RequestPolicy): Request {
  if (octets.length < HEADER_OCTETS) return { kind: 'silence', why: 'too short' };
  // RFC 1035 §7.3: a response is no question. Replying to one can start a loop (CVE-2024-2169).
  if ((octets[2]! & 0x80) !== 0) return { kind: 'silence', why: 'response' };
  if (octets.length > CLIENT_LIMITS.requestOctets.value) {
    return refusal(Rcode.FORMERR, headWithoutQuestion(octets, undefined));
  }
  const decoded = decodeMessage(octets);
  const opcode = (octets[2]! >> 3) & 15;
  // RFC 1035 §4.1.1: the sections of other opcodes mean other things, so they are not repeated.
  if (opcode !== Opcode.QUERY) {
    return refusal(
      Rcode.NOTIMP,
      headWithoutQuestion(octets, decoded.ok ? decoded.value : undefined),
    );
  }
  if (!decoded.ok) return refusal(Rcode.FORMERR, headOfMalformed(decoded));
  return readQuery(decoded.value, policy);
}

function readQuery(message: Message, policy: RequestPolicy): Request {
  const { edns, questions } = message;
  const option = ednsOption(edns, EdnsOptionCode.COOKIE);
  const cookie = option === undefined ? undefined : parseCookie(option.data);
  const head = headOf(message, cookie);
  // RFC 6891 §6.1.3: this comes first, since nothing else of a later version is understood.
  if (edns !== undefined && edns.version > 0) return refusal(Rcode.BADVERS, head);
  // RFC 7873 §5.2.2: a cookie of an impossible length.
  if (option !== undefined && cookie === undefined) return refusal(Rcode.FORMERR, head);
  const question = questions[0];
  // RFC 9619 §3: exactly one question, or none at all beside a cookie (RFC 7873 §5.4).
  if (question === undefined) {
    return cookie === undefined ? refusal(Rcode.FORMERR, head) : { kind: 'cookie', head };
  }
  if (questions.length > 1) return refusal(Rcode.FORMERR, { ...head, questions: NO_QUESTIONS });
  if (question.class !== RRClass.IN) return refusal(Rcode.REFUSED, head);
  const refused = refuseType(question.type, head);
  if (refused !== undefined) return refused;
  // RFC 1035 §4.1: a query asks; it does not bring answers along.
  if (message.answer.length > 0 || message.authority.length > 0) {
    return refusal(Rcode.FORMERR, head);
  }
  // RFC 8906 §3.1.3 wants a reply. What is in the cache is nobody's business (RFC 8914 §4.21).
  if (!message.recursionDesired && !policy.cacheSnooping) {
    const text = 'ask with RD=1';
    return refusal(Rcode.REFUSED, head, [{ code: EdeCode.NOT_AUTHORITATIVE, text }]);
  }
  // Field by field: each request makes one, and for a spread V8 takes the long way.
  const asked: ClientQuestion = {
    id: head.id,
    opcode: head.opcode,
    recursionDesired: head.recursionDesired,
    checkingDisabled: head.checkingDisabled,
    questions,
    edns,
    cookie,
    question,
    authenticData: message.authenticData,
    dnssecOk: edns?.dnssecOk === true,
    judgesItself: head.checkingDisabled && !(policy.secureOnly && needsValidation(question.type)),
  };
  return { kind: question.type === RRType.ANY ? 'any' : 'question', question: asked };
}

/** RFC 6895 §3.1: types from 128 to 255 are no data but ways of asking; only ANY is one of ours. */
function refuseType(type: number, head: RequestHead): Refusal | undefined {
  // RFC 9824 §3.5: asking for the type that marks non-existence is an error, and goes no further.
  if (type === RRType.NXNAME) {
    return refusal(Rcode.FORMERR, head, [{ code: EdeCode.INVALID_QUERY_TYPE, text: 'NXNAME' }]);
  }
  const isMeta = (type >= 128 && type < RRType.ANY) || type === RRType.OPT || type === 0;
  if (!isMeta) return undefined;
  const isTransfer = type === RRType.AXFR || type === RRType.IXFR;
  const text = isTransfer ? 'no zone transfers' : 'not a type of data';
  return refusal(Rcode.REFUSED, head, [{ code: EdeCode.NOT_SUPPORTED, text }]);
}

function headOf(message: Message, cookie: Cookie | undefined): RequestHead {
  return {
    id: message.id,
    opcode: message.opcode,
    recursionDesired: message.recursionDesired,
    checkingDisabled: message.checkingDisabled,
    questions: message.questions,
    edns: message.edns,
    cookie,
  };
}

function headWithoutQuestion(octets: Uint8Array, message: Message | undefined): RequestHead {
  const flags = (octets[2]! << 8) | octets[3]!;
  return {
    id: (octets[0]! << 8) | octets[1]!,
    opcode: opcodeOfFlags(flags),
    recursionDesired: (flags & HeaderFlag.RD) !== 0,
    checkingDisabled: (flags & HeaderFlag.CD) !== 0,
    questions: NO_QUESTIONS,
    edns: message?.edns,
    cookie: undefined,
  };
}

function headOfMalformed({ id = 0, flags = 0, question, fault }: MalformedMessage): RequestHead {
  // RFC 6891 §7: when it is the OPT record that is malformed, the reply still has one.
  const isOptFault = fault.reason.startsWith('opt') || fault.reason === 'too many options';
  return {
    id,
    opcode: opcodeOfFlags(flags),
    recursionDesired: (flags & HeaderFlag.RD) !== 0,
    checkingDisabled: (flags & HeaderFlag.CD) !== 0,
    questions: question === undefined ? NO_QUESTIONS : [question],
    edns: isOptFault ? PLAIN_EDNS : undefined,
    cookie: undefined,
  };
}

function refusal(
  rcode: number,
  head: RequestHead,
  errors: readonly ExtendedError[] = NO_ERRORS,
): Refusal {
  return { kind: 'refusal', rcode, head, errors };
}
