/** Messages to octets, cut to the size the receiver can take. */
import { type Edns, optSizeOctets, writeOpt } from './edns.js';
import { HeaderFlag, type Message } from './message.js';
import { HEADER_OCTETS } from './reader.js';
import type { ResourceRecord } from './record.js';
import { RRType } from './rr-types.js';
import { MessageWriter } from './writer.js';

/** What encodeMessage needs of a Message; bits and sections left out are clear and empty. */
export interface EncodableMessage extends Partial<
  Omit<Message, 'id' | 'questions' | 'edns' | 'sizeOctets'>
> {
  readonly id: number;
  readonly questions: Message['questions'];
  readonly edns?: Edns | undefined;
}

export interface EncodeOptions {
  /** At least 512 (RFC 1035 §2.3.4): header, question and OPT are never cut. */
  readonly maxOctets: number;
  /** Default true. */
  readonly compress?: boolean;
}

const writer = new MessageWriter();

/**
 * Writes a message of at most `maxOctets`. When it does not fit, additional records go first,
 * silently, then whole RRsets from the end of authority and answer, with TC set (RFC 2181 §9).
 */
export function encodeMessage(message: EncodableMessage, options: EncodeOptions): Uint8Array {
  const { edns } = message;
  const optSize = edns === undefined ? 0 : optSizeOctets(edns.options);
  writer.reset(Math.min(options.maxOctets, 0xffff) - optSize, options.compress !== false);
  writer.at = HEADER_OCTETS;
  const questionCount = writeQuestions(message.questions);
  const answerCount = writeSection(message.answer);
  let complete = answerCount === (message.answer?.length ?? 0);
  const authorityCount = complete ? writeSection(message.authority) : 0;
  complete &&= authorityCount === (message.authority?.length ?? 0);
  let additionalCount = complete ? writeSection(message.additional) : 0;
  if (edns !== undefined) {
    writer.at = writeOpt(writer.octets, writer.at, edns, message.rcode ?? 0);
    additionalCount++;
  }
  const end = writer.at;
  writer.at = 0;
  writer.u16(message.id);
  writer.u16(headerFlags(message) | (complete ? 0 : HeaderFlag.TC));
  writer.u16(questionCount);
  writer.u16(answerCount);
  writer.u16(authorityCount);
  writer.u16(additionalCount);
  return writer.octets.slice(0, end);
}

/** One question always fits; of a message with thousands only as many as have room are kept. */
function writeQuestions(questions: Message['questions']): number {
  let count = 0;
  for (const { name, type, class: rrClass } of questions) {
    if (count > 0 && !writer.hasRoomFor(name.octets.length + 4)) return count;
    writer.name(name.octets, 0, name.octets.length, true);
    writer.u16(type);
    writer.u16(rrClass);
    count++;
  }
  return count;
}

function headerFlags(message: EncodableMessage): number {
  return (
    (message.isResponse ? HeaderFlag.QR : 0) |
    ((message.opcode ?? 0) << 11) |
    (message.authoritative ? HeaderFlag.AA : 0) |
    (message.truncated ? HeaderFlag.TC : 0) |
    (message.recursionDesired ? HeaderFlag.RD : 0) |
    (message.recursionAvailable ? HeaderFlag.RA : 0) |
    (message.authenticData ? HeaderFlag.AD : 0) |
    (message.checkingDisabled ? HeaderFlag.CD : 0) |
    ((message.rcode ?? 0) & 15)
  );
}

/** Writes records while they fit, whole RRsets only; returns how many were written. */
function writeSection(records: readonly ResourceRecord[] | undefined): number {
  if (records === undefined) return 0;
  let setStart = writer.at;
  let firstOfSet = 0;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    if (index > 0 && !belongTogether(records[index - 1]!, record)) {
      setStart = writer.at;
      firstOfSet = index;
    }
    if (writer.record(record)) continue;
    writer.rewind(setStart);
    return firstOfSet;
  }
  return records.length;
}

/** Neighbours of one RRset; signatures count as part of the RRset they cover. */
function belongTogether(a: ResourceRecord, b: ResourceRecord): boolean {
  return coveredType(a) === coveredType(b) && a.class === b.class && a.owner.equals(b.owner);
}

function coveredType({ type, rdata }: ResourceRecord): number {
  return type === RRType.RRSIG ? ((rdata[0] ?? 0) << 8) | (rdata[1] ?? 0) : type;
}
