/** Entries of a scenario as messages, and the rules by which one message fits another. */
import { parseHex, parseMasterFile, parseName } from '../../../src/presentation/index.js';
import { formatRecord } from '../../../src/presentation/index.js';
import {
  decodeMessage,
  EdnsOptionCode,
  encodeMessage,
  type Message,
  octetKey,
  type Question,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
  typeFromMnemonic,
} from '../../../src/wire/index.js';
import type { Entry } from './scenario-file.js';

const RCODES: Readonly<Record<string, number>> = { ...Rcode, NOTIMPL: Rcode.NOTIMP };

function questionOf(line: string): Question {
  const words = line.split(/\s+/);
  const name = parseName(words[0] === '@' ? '.' : (words[0] ?? ''));
  const type = typeFromMnemonic(words.at(-1) ?? '');
  if (name === undefined || type === undefined) throw new Error(`not a question: ${line}`);
  const rrClass = words.length > 2 && words[1] === 'CH' ? RRClass.CH : RRClass.IN;
  return { name, type, class: rrClass };
}

function recordsOf(lines: readonly string[]): ResourceRecord[] {
  return lines
    .filter((line) => !line.startsWith('$'))
    .flatMap((line) => {
      const text = line.replace(/^@(\s)/, '.$1');
      const raw = rawRecord(text) ?? looseSignature(text);
      if (raw !== undefined) return [raw];
      const parsed = parseMasterFile(text, { defaultTtlSeconds: 3600 });
      if (parsed.error !== undefined) throw new Error(`${parsed.error.message}: ${line}`);
      return parsed.records;
    });
}

/** RFC 3597 form, taken as it stands: scenarios have records that are malformed on purpose. */
function rawRecord(text: string): ResourceRecord | undefined {
  const match = /^(\S+)\s+(?:(\d+)\s+)?(?:IN\s+)?(\S+)\s+\\#\s+\d+\s*([0-9a-fA-F\s()]*)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const owner = parseName(match[1]!);
  const type = typeFromMnemonic(match[3]!);
  const rdata = parseHex(match[4]!.replace(/[\s()]/g, ''));
  if (owner === undefined || type === undefined || rdata === undefined) return undefined;
  return { owner, type, class: RRClass.IN, ttlSeconds: Number(match[2] ?? 3600), rdata };
}

/** RRSIG records without a signature, or with base64 that lacks its padding. */
function looseSignature(text: string): ResourceRecord | undefined {
  const match = /^(\S+\s.*?RRSIG\s+\S+\s+\S+(?:\s+\d+){5}\s+\S+)((?:\s+\S+)*)\s*$/.exec(text);
  if (match === null) return undefined;
  const signature = match[2]!.replace(/[\s=]/g, '');
  const octets = Math.floor((signature.length * 3) / 4);
  if (signature !== '' && signature.length % 4 === 0) return undefined;
  const padded =
    signature === '' ? 'AA==' : signature + '='.repeat((4 - (signature.length % 4)) % 4);
  const parsed = parseMasterFile(`${match[1]!} ${padded}`, { defaultTtlSeconds: 3600 });
  const [record] = parsed.records ?? [];
  if (record === undefined || octets > 0) return record;
  return { ...record, rdata: record.rdata.subarray(0, -1) };
}

/** The message that an entry describes; ID 0. */
export function messageOf(entry: Entry): Message {
  const flags = new Set(entry.reply);
  const rcodeWord = entry.reply.find((word) => RCODES[word] !== undefined);
  const hasEdns = flags.has('DO') || flags.has('CO') || entry.hexEdns !== undefined;
  return {
    id: 0,
    opcode: flags.has('NOTIFY') ? 4 : flags.has('UPDATE') ? 5 : 0,
    rcode: rcodeWord === undefined ? 0 : RCODES[rcodeWord]!,
    isResponse: flags.has('QR'),
    authoritative: flags.has('AA'),
    truncated: flags.has('TC'),
    recursionDesired: flags.has('RD'),
    recursionAvailable: flags.has('RA'),
    authenticData: flags.has('AD'),
    checkingDisabled: flags.has('CD'),
    questions: entry.sections.QUESTION.map(questionOf),
    answer: recordsOf(entry.sections.ANSWER),
    authority: recordsOf(entry.sections.AUTHORITY),
    additional: recordsOf(entry.sections.ADDITIONAL),
    ...(hasEdns
      ? {
          edns: {
            udpSizeOctets: 1232,
            version: 0,
            dnssecOk: flags.has('DO'),
            flags: (flags.has('DO') ? 0x8000 : 0) | (flags.has('CO') ? 0x4000 : 0),
            options: [],
          },
        }
      : {}),
    sizeOctets: 0,
  } as Message;
}

/** The octets that a server sends for `entry` in reply to `query`. */
export function replyOctets(entry: Entry, query: Message): Uint8Array {
  const asked = query.questions[0];
  if (entry.hexAnswer !== undefined) {
    const octets = parseHex(entry.hexAnswer)!.slice();
    octets[0] = query.id >> 8;
    octets[1] = query.id & 0xff;
    return octets;
  }
  const message = messageOf(entry);
  const own = message.questions[0];
  const copies = entry.adjust.includes('copy_query');
  const question =
    copies || (own !== undefined && asked !== undefined && own.name.equals(asked.name))
      ? asked === undefined
        ? []
        : [copies ? asked : { ...own!, name: asked.name }]
      : message.questions;
  return encodeMessage({ ...message, id: query.id, questions: question }, { maxOctets: 65_535 });
}

// --- does an upstream query fit an entry ---

export function queryFits(entry: Entry, query: Message, transport: string): boolean {
  const pattern = messageOf(entry);
  const [asked] = query.questions;
  const [wanted] = pattern.questions;
  return entry.match.every((word) => {
    switch (word) {
      case 'opcode':
        return query.opcode === pattern.opcode;
      case 'qtype':
        return asked?.type === wanted?.type;
      case 'qname':
        return asked !== undefined && wanted !== undefined && asked.name.equals(wanted.name);
      case 'subdomain':
        return asked !== undefined && wanted !== undefined && asked.name.isAtOrBelow(wanted.name);
      case 'UDP':
      case 'TCP':
        return transport === word.toLowerCase();
      case 'DO':
        return query.edns?.dnssecOk === true;
      case 'noedns':
        return query.edns === undefined;
      case 'question':
      case 'all':
      case 'all_noedns':
        return (
          asked !== undefined &&
          wanted !== undefined &&
          asked.name.equals(wanted.name) &&
          asked.type === wanted.type
        );
      case 'rcode':
        return query.rcode === pattern.rcode;
      default:
        return true;
    }
  });
}

// --- does a client's answer fit an entry ---

const PROOF_TYPES: ReadonlySet<number> = new Set([RRType.SOA, RRType.NSEC, RRType.NSEC3]);

export interface Level {
  readonly strict: boolean;
}

/** The first difference in words; undefined when the answer fits. */
export function answerDiffers(entry: Entry, octets: Uint8Array, level: Level): string | undefined {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return 'the reply is malformed';
  const reply = decoded.value;
  const wanted = messageOf(entry);
  const words = new Set(entry.match);
  const codes = edeCodes(reply);
  for (const word of words) {
    const difference = matchWord(word, reply, wanted, codes, words.has('ttl'), level);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function edeCodes(reply: Message): number[] {
  return (reply.edns?.options ?? [])
    .filter((option) => option.code === EdnsOptionCode.EDE && option.data.length >= 2)
    .map((option) => (option.data[0]! << 8) | option.data[1]!);
}

/** Codes 6 to 12 all say that DNSSEC failed; which of them is a matter of taste. */
function sameFamily(a: number, b: number): boolean {
  const inFamily = (code: number): boolean => code >= 6 && code <= 12;
  return a === b || (inFamily(a) && inFamily(b));
}

function matchWord(
  word: string,
  reply: Message,
  wanted: Message,
  codes: readonly number[],
  ttl: boolean,
  level: Level,
): string | undefined {
  const ede = /^ede[=:](.+)$/.exec(word)?.[1];
  if (ede !== undefined) {
    if (ede === 'any') return codes.length > 0 ? undefined : 'no EDE';
    const found = codes.some((code) =>
      level.strict ? code === Number(ede) : sameFamily(code, Number(ede)),
    );
    return found ? undefined : `EDE ${codes.join(',') || 'none'} instead of ${ede}`;
  }
  switch (word) {
    case 'rcode':
      return different('rcode', reply.rcode, wanted.rcode);
    case 'opcode':
      return different('opcode', reply.opcode, wanted.opcode);
    case 'qname':
    case 'qtype':
    case 'question':
      return questionDiffers(reply, wanted);
    case 'answer':
      return recordsDiffer('answer', reply.answer, wanted.answer, ttl);
    case 'all':
    case 'all_noedns':
      return allDiffers(reply, wanted, ttl);
    default:
      return undefined;
  }
}

function different(what: string, found: unknown, wanted: unknown): string | undefined {
  return found === wanted ? undefined : `${what} is ${found}, not ${wanted}`;
}

function questionDiffers(reply: Message, wanted: Message): string | undefined {
  const [a] = reply.questions;
  const [b] = wanted.questions;
  if (a === undefined || b === undefined) return different('questions', a, b);
  return a.name.equals(b.name) && a.type === b.type ? undefined : 'another question';
}

/** Section 12, relaxed: what standards fix, and nothing of what they leave open. */
function allDiffers(reply: Message, wanted: Message, ttl: boolean): string | undefined {
  return (
    different('rcode', reply.rcode, wanted.rcode) ??
    different('QR', reply.isResponse, wanted.isResponse) ??
    different('RD', reply.recursionDesired, wanted.recursionDesired) ??
    different('RA', reply.recursionAvailable, wanted.recursionAvailable) ??
    different('CD', reply.checkingDisabled, wanted.checkingDisabled) ??
    different('AD', reply.authenticData, wanted.authenticData) ??
    different('TC', reply.truncated, wanted.truncated) ??
    questionDiffers(reply, wanted) ??
    (wanted.truncated ? undefined : recordsDiffer('answer', reply.answer, wanted.answer, ttl)) ??
    proofMissing(reply, wanted, ttl) ??
    different('OPT', reply.edns !== undefined, wanted.edns !== undefined)
  );
}

function recordText(record: ResourceRecord, ttl: boolean): string {
  const ttlSeconds = ttl ? record.ttlSeconds : 0;
  return (
    octetKey(record.owner.canonicalOctets()) + formatRecord({ ...record, ttlSeconds }).toLowerCase()
  );
}

function recordsDiffer(
  section: string,
  found: readonly ResourceRecord[],
  wanted: readonly ResourceRecord[],
  ttl: boolean,
): string | undefined {
  const has = new Set(found.map((record) => recordText(record, ttl)));
  const wants = new Set(wanted.map((record) => recordText(record, ttl)));
  for (const record of wanted) {
    if (!has.has(recordText(record, ttl))) return `${section} lacks ${formatRecord(record)}`;
  }
  for (const record of found) {
    if (!wants.has(recordText(record, ttl))) return `${section} has ${formatRecord(record)}`;
  }
  return undefined;
}

function proofMissing(reply: Message, wanted: Message, ttl: boolean): string | undefined {
  const has = new Set(reply.authority.map((record) => recordText(record, ttl)));
  for (const record of wanted.authority) {
    const covered = ((record.rdata[0] ?? 0) << 8) | (record.rdata[1] ?? 0);
    const matters =
      PROOF_TYPES.has(record.type) || (record.type === RRType.RRSIG && PROOF_TYPES.has(covered));
    if (matters && !has.has(recordText(record, ttl))) {
      return `authority lacks ${formatRecord(record)}`;
    }
  }
  return undefined;
}
