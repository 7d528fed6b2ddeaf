/**
 * Replies as octets. The only place that sets the AD bit, and it does so from `Secure` values
 * alone, which no room but dnssec can make.
 */
import { isSecure, type Security } from '../dnssec/index.js';
import type { AnsweredRRset, Now, Resolution, Transport } from '../resolver/index.js';
import {
  EDNS_FLAG_DO,
  EdeCode,
  type Edns,
  type EdnsOption,
  EdnsOptionCode,
  type ExtendedError,
  ednsOption,
  encodeMessage,
  encodeUtf8,
  extendedErrorOption,
  keepaliveOption,
  Rcode,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
} from '../wire/index.js';
import { CLIENT_LIMITS } from './client-limits.js';
import type { ClientQuestion, RequestHead } from './request.js';
import { hasUnvalidated, needsValidation, WITHHELD } from './secure-only.js';

/** What a reply depends on beside the request and the answer. */
export interface ReplyCircumstances {
  readonly transport: Transport;
  /** RFC 1035 §4.1.1: RA, clear for those who may not ask. */
  readonly recursionAvailable: boolean;
  /** The client's cookie with ours (RFC 7873 §5.2). */
  readonly cookie: EdnsOption | undefined;
  /** Leave out of positive answers what the client did not ask for and needs for no proof. */
  readonly minimalResponses: boolean;
  /** Leave out what is of use only when it is validated, and is not. */
  readonly secureOnly: boolean;
}

export interface BuiltReply {
  readonly octets: Uint8Array;
  readonly rcode: number;
  readonly authenticData: boolean;
}

const NO_RECORDS: readonly ResourceRecord[] = [];
const NO_ERRORS: readonly ExtendedError[] = [];

interface Content {
  readonly rcode: number;
  readonly authenticData: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly errors: readonly ExtendedError[];
}

/** A reply with a response code and nothing else to say. */
export function errorReply(
  head: RequestHead,
  rcode: number,
  errors: readonly ExtendedError[],
  circumstances: ReplyCircumstances,
): Uint8Array {
  return encode(head, { ...NOTHING, rcode, errors }, circumstances);
}

/** RFC 8482 §4.2: to "everything that is there" one may say next to nothing. */
export function anyReply(question: ClientQuestion, circumstances: ReplyCircumstances): Uint8Array {
  const hinfo: ResourceRecord = {
    owner: question.question.name,
    type: RRType.HINFO,
    class: RRClass.IN,
    ttlSeconds: 3_600,
    rdata: ANY_HINFO_RDATA,
  };
  return encode(question, { ...NOTHING, rcode: Rcode.NOERROR, answer: [hinfo] }, circumstances);
}

// RFC 8482 §4.2: CPU "RFC8482", OS empty.
const ANY_HINFO_RDATA = Uint8Array.of(7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0);

const NOTHING: Content = {
  rcode: Rcode.SERVFAIL,
  authenticData: false,
  answer: NO_RECORDS,
  authority: NO_RECORDS,
  errors: NO_ERRORS,
};

export function answerReply(
  question: ClientQuestion,
  resolution: Resolution,
  now: Now,
  circumstances: ReplyCircumstances,
): BuiltReply {
  const content = contentFor(question, resolution, now, circumstances);
  const octets = encode(question, content, circumstances);
  return { octets, rcode: content.rcode, authenticData: content.authenticData };
}

function contentFor(
  question: ClientQuestion,
  resolution: Resolution,
  now: Now,
  { minimalResponses: minimal, secureOnly }: ReplyCircumstances,
): Content {
  const errors = errorsOf(resolution);
  if (question.judgesItself) {
    // RFC 4035 §3.2.2: who sets CD judges by itself, and gets what is there, good or not.
    if (resolution.unchecked !== undefined) {
      return uncheckedContent(question, resolution, errors, secureOnly);
    }
  } else {
    // RFC 4035 §5.5: what is bogus never leaves without CD. The resolver has seen to it already;
    // should it ever not have, the answer is withheld and not passed on.
    if (hasBogus(resolution)) return { ...NOTHING, errors };
    // RFC 4034 §3.1.5: a signature must not be used after its expiration. Without AD it would look
    // like an answer that needs no signature, which is worse than none.
    if (hasExpired(resolution, now.wallSeconds)) {
      return { ...NOTHING, errors: [...errors, EXPIRED] };
    }
  }
  const isAuthenticated = isAuthentic(resolution, now.wallSeconds);
  if (secureOnly && !isAuthenticated && hasUnvalidated(resolution)) {
    // Not even the aliases: they would lead on to what is withheld.
    return { ...NOTHING, rcode: Rcode.NOERROR, errors: [WITHHELD, ...errors] };
  }
  const { dnssecOk } = question;
  const isPositive = resolution.rcode === Rcode.NOERROR && resolution.answer.length > 0;
  const answer: ResourceRecord[] = [];
  for (const { rrset, ttlSeconds } of resolution.answer) {
    if (isAnswer(rrset.type, question)) addRecords(answer, rrset, ttlSeconds, dnssecOk);
  }
  const authority: ResourceRecord[] = [];
  for (const { rrset, ttlSeconds } of resolution.authority) {
    if (!isForAuthority(rrset.type, dnssecOk, isPositive && minimal)) continue;
    addRecords(authority, rrset, ttlSeconds, dnssecOk);
  }
  const wantsAd = question.authenticData || dnssecOk;
  return {
    rcode: resolution.rcode,
    authenticData: wantsAd && isAuthenticated,
    answer,
    authority,
    errors,
  };
}

/**
 * RFC 4035 §3.2.3: every RRset of answer and authority is authentic. RFC 6840 §5.8 adds, at the
 * caller, that the client must have shown an interest. The status of the whole counts too: a denial
 * by opt-out consists of authentic records and proves nothing (RFC 5155 §9.2).
 */
export function isAuthentic(resolution: Resolution, wallSeconds: number): boolean {
  const { rcode, answer, authority } = resolution;
  // RFC 8767 §6: data past its TTL is no longer vouched for.
  if (resolution.stale || resolution.unchecked !== undefined) return false;
  // YXDOMAIN leads nowhere: there is nothing whose authenticity a client could lean on.
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return false;
  // "Every RRset of none" is not a proof.
  if (answer.length + authority.length === 0) return false;
  if (!isSecureNow(resolution.security, wallSeconds)) return false;
  for (const { security } of answer) if (!isSecureNow(security, wallSeconds)) return false;
  for (const { security } of authority) if (!isSecureNow(security, wallSeconds)) return false;
  return true;
}

function isSecureNow(security: Security, wallSeconds: number): boolean {
  return isSecure(security) && security.validUntilSeconds >= wallSeconds;
}

/** RFC 4035 §3.2.1: without DO, DNSSEC records only when they are what was asked for. */
function isAnswer(type: number, { dnssecOk, question }: ClientQuestion): boolean {
  return dnssecOk || type === question.type || !isAuthenticating(type);
}

function isForAuthority(type: number, dnssecOk: boolean, proofsOnly: boolean): boolean {
  if (isAuthenticating(type) || type === RRType.DS) return dnssecOk;
  // RFC 2308 §2.2: an alias whose target lacks the type is a denial, and its SOA says for how long.
  return type === RRType.SOA || !proofsOnly;
}

function isAuthenticating(type: number): boolean {
  return type === RRType.RRSIG || type === RRType.NSEC || type === RRType.NSEC3;
}

function hasBogus({ security, answer, authority }: Resolution): boolean {
  const isBogus = (part: AnsweredRRset): boolean => part.security.status === 'bogus';
  return security.status === 'bogus' || answer.some(isBogus) || authority.some(isBogus);
}

function hasExpired(resolution: Resolution, wallSeconds: number): boolean {
  const ended = (security: Security): boolean =>
    isSecure(security) && security.validUntilSeconds < wallSeconds;
  const { answer, authority } = resolution;
  if (answer.length + authority.length === 0) return false;
  if (ended(resolution.security)) return true;
  for (const part of answer) if (ended(part.security)) return true;
  for (const part of authority) if (ended(part.security)) return true;
  return false;
}

const EXPIRED: ExtendedError = {
  code: EdeCode.SIGNATURE_EXPIRED,
  text: 'a signature ended while it was cached',
};

function uncheckedContent(
  question: ClientQuestion,
  resolution: Resolution,
  errors: readonly ExtendedError[],
  secureOnly: boolean,
): Content {
  const { rcode, answer, authority } = resolution.unchecked!;
  const { dnssecOk } = question;
  const answered: ResourceRecord[] = [];
  for (const set of answer) {
    if (secureOnly && needsValidation(set.type)) continue;
    if (isAnswer(set.type, question)) addRecords(answered, set, set.ttlSeconds, dnssecOk);
  }
  const beside: ResourceRecord[] = [];
  for (const set of authority) {
    if (secureOnly && needsValidation(set.type)) continue;
    if (!isForAuthority(set.type, dnssecOk, false)) continue;
    addRecords(beside, set, set.ttlSeconds, dnssecOk);
  }
  return { rcode, authenticData: false, answer: answered, authority: beside, errors };
}

function addRecords(
  section: ResourceRecord[],
  set: RRset,
  ttlSeconds: number,
  dnssecOk: boolean,
): void {
  const { owner, type, class: rrClass } = set;
  for (const rdata of set.rdatas) section.push({ owner, type, class: rrClass, ttlSeconds, rdata });
  if (!dnssecOk) return;
  // RFC 4034 §3: the TTL of a signature is that of what it covers.
  for (const rdata of set.signatures) {
    section.push({ owner, type: RRType.RRSIG, class: rrClass, ttlSeconds, rdata });
  }
}

/** What the resolver said, and the code of its verdict when it left that out; each code once. */
function errorsOf({ errors, security }: Resolution): readonly ExtendedError[] {
  const code =
    security.status === 'bogus' || security.status === 'insecure' ? security.ede : undefined;
  if (code === undefined && errors.length === 0) return NO_ERRORS;
  const distinct = new Map<number, ExtendedError>();
  for (const error of errors) if (!distinct.has(error.code)) distinct.set(error.code, error);
  if (code !== undefined && !distinct.has(code) && 'reason' in security) {
    distinct.set(code, { code, text: security.reason });
  }
  return [...distinct.values()];
}

function encode(
  head: RequestHead,
  content: Content,
  circumstances: ReplyCircumstances,
): Uint8Array {
  return encodeMessage(
    {
      id: head.id,
      opcode: head.opcode,
      rcode: content.rcode,
      isResponse: true,
      recursionDesired: head.recursionDesired,
      recursionAvailable: circumstances.recursionAvailable,
      authenticData: content.authenticData,
      // RFC 4035 §3.2.2: CD comes back as it was sent.
      checkingDisabled: head.checkingDisabled,
      questions: head.questions,
      answer: content.answer,
      authority: content.authority,
      // RFC 6891 §6.1.1: an OPT record exactly when the request had one.
      edns: head.edns === undefined ? undefined : replyEdns(head.edns, content, circumstances),
    },
    { maxOctets: maxReplyOctets(head.edns, circumstances.transport) },
  );
}

function replyEdns(asked: Edns, content: Content, circumstances: ReplyCircumstances): Edns {
  const options: EdnsOption[] = [];
  if (circumstances.cookie !== undefined) options.push(circumstances.cookie);
  // RFC 7828 §3.3.2: told over TCP to those who ask; over UDP it has no meaning.
  const asksKeepalive =
    circumstances.transport === 'tcp' && ednsOption(asked, EdnsOptionCode.KEEPALIVE) !== undefined;
  if (asksKeepalive) options.push(keepaliveOption(CLIENT_LIMITS.tcpIdleMs.value));
  for (const { code, text } of content.errors.slice(0, CLIENT_LIMITS.extendedErrors.value)) {
    options.push(extendedErrorOption({ code, text: extraText(text) }));
  }
  return {
    udpSizeOctets: CLIENT_LIMITS.udpPayloadOctets.value,
    version: 0,
    // RFC 3225 §3: DO comes back as it was sent. All other flags are reserved.
    dnssecOk: asked.dnssecOk,
    flags: asked.dnssecOk ? EDNS_FLAG_DO : 0,
    options,
  };
}

export function maxReplyOctets(edns: Edns | undefined, transport: Transport): number {
  if (transport === 'tcp') return CLIENT_LIMITS.tcpMessageOctets.value;
  if (edns === undefined) return CLIENT_LIMITS.plainUdpOctets.value;
  const offered = Math.max(edns.udpSizeOctets, CLIENT_LIMITS.plainUdpOctets.value);
  return Math.min(offered, CLIENT_LIMITS.udpPayloadOctets.value);
}

/** Text for other people's logs and terminals: printable ASCII, and not much of it. */
export function extraText(text: string): string {
  const limit = CLIENT_LIMITS.extraTextOctets.value;
  let safe = '';
  for (const octet of encodeUtf8(text)) {
    const isPrintable = octet >= 0x20 && octet < 0x7f;
    const piece = isPrintable ? String.fromCharCode(octet) : escaped(octet);
    if (safe.length + piece.length > limit) return `${safe.slice(0, limit - 3)}...`;
    safe += piece;
  }
  return safe;
}

function escaped(octet: number): string {
  return `\\${octet < 10 ? '00' : octet < 100 ? '0' : ''}${octet}`;
}
