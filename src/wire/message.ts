/** DNS messages (RFC 1035 §4) as values, read from octets with every bound checked. */
import { type Edns, readEdns } from './edns.js';
import { type WireFault, wireFault } from './fault.js';
import { plainOctets } from './octets.js';
import { HEADER_OCTETS, MessageReader } from './reader.js';
import type { Question, ResourceRecord } from './record.js';
import { RRType } from './rr-types.js';

export interface Message {
  readonly id: number;
  readonly opcode: number;
  /** 12 bits: with the upper eight of the OPT record, when there is one (RFC 6891 §6.1.3). */
  readonly rcode: number;
  readonly isResponse: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  readonly questions: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT record, which is `edns`. */
  readonly additional: readonly ResourceRecord[];
  readonly edns?: Edns | undefined;
  readonly sizeOctets: number;
}

/** Bits of the header's third and fourth octet, RFC 1035 §4.1.1 and RFC 4035 §3.1.6, §3.2.2. */
export const HeaderFlag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  Z: 0x0040,
  AD: 0x0020,
  CD: 0x0010,
} as const;

export function opcodeOfFlags(flags: number): number {
  return (flags >> 11) & 15;
}

export interface MalformedMessage {
  readonly ok: false;
  readonly fault: WireFault;
  /** Header fields, present when there were 12 octets: enough for a FORMERR reply. */
  readonly id?: number;
  readonly flags?: number;
  /** The first question, when it was read before the fault. */
  readonly question?: Question;
}

export type DecodedMessage = { readonly ok: true; readonly value: Message } | MalformedMessage;

const NO_QUESTIONS: readonly Question[] = [];
const NO_RECORDS: readonly ResourceRecord[] = [];
const NO_OCTETS = new Uint8Array(0);

// Decoding never calls out, so one reader serves every message.
const reader = new MessageReader(NO_OCTETS);

/** Never throws; the message is either read to its last octet or refused with a reason. */
export function decodeMessage(octets: Uint8Array): DecodedMessage {
  if (octets.length < HEADER_OCTETS) {
    return { ok: false, fault: wireFault('short header', octets.length) };
  }
  const plain = plainOctets(octets);
  reader.reset(plain);
  const decoded = decodeBody(plain);
  reader.reset(NO_OCTETS);
  return decoded;
}

function decodeBody(octets: Uint8Array): DecodedMessage {
  const questionCount = (octets[4]! << 8) | octets[5]!;
  const answerCount = (octets[6]! << 8) | octets[7]!;
  const authorityCount = (octets[8]! << 8) | octets[9]!;
  const additionalCount = (octets[10]! << 8) | octets[11]!;
  const recordCount = answerCount + authorityCount + additionalCount;
  // A question takes at least 5 octets, a record 11: lying counts cost nothing (RFC 9267 §6).
  if (questionCount * 5 + recordCount * 11 > octets.length - HEADER_OCTETS) {
    reader.fail('counts exceed length', 4);
    return malformed(octets, undefined);
  }
  const questions = readQuestions(questionCount);
  if (questions === undefined) return malformed(octets, undefined);
  const answer = readRecords(answerCount);
  const authority = answer === undefined ? undefined : readRecords(authorityCount);
  if (answer === undefined || authority === undefined) return malformed(octets, questions[0]);
  const opt: OptSlot = { edns: undefined, rcodeBits: 0 };
  const additional = readAdditional(additionalCount, opt);
  if (additional === undefined) return malformed(octets, questions[0]);
  if (reader.at !== octets.length) {
    reader.fail('trailing octets', reader.at);
    return malformed(octets, questions[0]);
  }
  const high = octets[2]!;
  const low = octets[3]!;
  const message = {
    id: (octets[0]! << 8) | octets[1]!,
    opcode: (high >> 3) & 15,
    rcode: (low & 15) | opt.rcodeBits,
    isResponse: (high & 0x80) !== 0,
    authoritative: (high & 0x04) !== 0,
    truncated: (high & 0x02) !== 0,
    recursionDesired: (high & 0x01) !== 0,
    recursionAvailable: (low & 0x80) !== 0,
    authenticData: (low & 0x20) !== 0,
    checkingDisabled: (low & 0x10) !== 0,
    questions,
    answer,
    authority,
    additional,
    edns: opt.edns,
    sizeOctets: octets.length,
  };
  return { ok: true, value: message };
}

function malformed(octets: Uint8Array, question: Question | undefined): MalformedMessage {
  const id = (octets[0]! << 8) | octets[1]!;
  const flags = (octets[2]! << 8) | octets[3]!;
  const { fault } = reader;
  return question === undefined
    ? { ok: false, fault, id, flags }
    : { ok: false, fault, id, flags, question };
}

function readQuestions(count: number): readonly Question[] | undefined {
  if (count === 0) return NO_QUESTIONS;
  const questions: Question[] = [];
  for (let left = count; left > 0; left--) {
    const question = reader.question();
    if (question === undefined) return undefined;
    questions.push(question);
  }
  return questions;
}

function readRecords(count: number): readonly ResourceRecord[] | undefined {
  if (count === 0) return NO_RECORDS;
  const records: ResourceRecord[] = [];
  for (let left = count; left > 0; left--) {
    const start = reader.at;
    const owner = reader.name();
    const record = owner === undefined ? undefined : reader.record(owner);
    if (record === undefined) return undefined;
    // RFC 6891 §6.1.1: OPT belongs to the additional section.
    if (record.type === RRType.OPT) return reader.fail('opt misplaced', start);
    records.push(record);
  }
  return records;
}

interface OptSlot {
  edns: Edns | undefined;
  rcodeBits: number;
}

function readAdditional(count: number, opt: OptSlot): readonly ResourceRecord[] | undefined {
  if (count === 0) return NO_RECORDS;
  let records = NO_RECORDS as ResourceRecord[];
  for (let left = count; left > 0; left--) {
    const start = reader.at;
    const owner = reader.name();
    if (owner === undefined) return undefined;
    const { octets, at } = reader;
    if (octets[at] === 0 && octets[at + 1] === RRType.OPT) {
      // RFC 6891 §6.1.1: more than one OPT is a format error; §6.1.2: its owner is the root.
      if (opt.edns !== undefined) return reader.fail('opt twice', start);
      if (!owner.isRoot) return reader.fail('opt owner', start);
      if (!readOpt(opt)) return undefined;
      continue;
    }
    const record = reader.record(owner);
    if (record === undefined) return undefined;
    if (records === NO_RECORDS) records = [];
    records.push(record);
  }
  return records;
}

/** Reads an OPT record from its type field on. */
function readOpt(opt: OptSlot): boolean {
  const { octets, at } = reader;
  const start = at + 10;
  const end = start + ((octets[at + 8]! << 8) | octets[at + 9]!);
  if (start > octets.length || end > octets.length) {
    reader.fail('cut off', at);
    return false;
  }
  const size = (octets[at + 2]! << 8) | octets[at + 3]!;
  const extended = (octets[at + 5]! << 16) | (octets[at + 6]! << 8) | octets[at + 7]!;
  const edns = readEdns(octets, start, end, size, extended);
  if (typeof edns === 'string') {
    reader.fail(edns, start);
    return false;
  }
  opt.edns = edns;
  opt.rcodeBits = octets[at + 4]! << 4;
  reader.at = end;
  return true;
}
