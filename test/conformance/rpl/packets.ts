/** Entries of a scenario as messages, and which entry fits a query that we have sent. */
import { parseHex, parseMasterFile, parseName } from '../../../src/presentation/index.js';
import {
  type EdnsOption,
  encodeMessage,
  type Message,
  type Question,
  Rcode,
  type ResourceRecord,
  RRClass,
  typeFromMnemonic,
} from '../../../src/wire/index.js';
import type { Entry } from './scenario-file.js';

const RCODES: Readonly<Record<string, number>> = { ...Rcode, NOTIMPL: Rcode.NOTIMP };
const OPCODES: Readonly<Record<string, number>> = { IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 };
const FLAGS = new Set(['QUERY', 'QR', 'AA', 'TC', 'RD', 'CD', 'RA', 'AD', 'DO', 'CO']);
const MATCH_WORDS =
  /^(opcode|qtype|qname|subdomain|rcode|question|answer|all|all_noedns|ttl|DO|CO|noedns|ednsdata|UDP|TCP|client_cookie|server_cookie|serial=\d+|ede[=:](\d+|any))$/;
const ADJUST_WORDS =
  /^(copy_id|copy_query|copy_ednsdata_assume_clientsubnet|increment_ecs_scope|(packet_)?sleep=\d+)$/;

/** The first word of an entry that the format does not have: to be reported, never passed over. */
export function unknownWord(entry: Entry): string | undefined {
  const isReply = (word: string): boolean => FLAGS.has(word) || word in RCODES || word in OPCODES;
  return (
    entry.match.find((word) => !MATCH_WORDS.test(word)) ??
    entry.adjust.find((word) => !ADJUST_WORDS.test(word)) ??
    entry.reply.find((word) => !isReply(word))
  );
}

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
    opcode: OPCODES[entry.reply.find((word) => word in OPCODES) ?? ''] ?? 0,
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
            options: optionsOf(entry.hexEdns ?? ''),
          },
        }
      : {}),
    sizeOctets: 0,
  } as Message;
}

/** The RDATA of an OPT record as options. */
function optionsOf(hex: string): EdnsOption[] {
  const octets = parseHex(hex) ?? new Uint8Array(0);
  const options: EdnsOption[] = [];
  for (let at = 0; at + 4 <= octets.length;) {
    const code = (octets[at]! << 8) | octets[at + 1]!;
    const end = at + 4 + ((octets[at + 2]! << 8) | octets[at + 3]!);
    options.push({ code, data: octets.slice(at + 4, end) });
    at = end;
  }
  return options;
}

/** The octets with which a client asks. */
export function queryOctets(entry: Entry): Uint8Array {
  if (entry.hexAnswer !== undefined) return hexOctets(entry.hexAnswer);
  return encodeMessage(messageOf(entry), { maxOctets: 65_535 });
}

function hexOctets(hex: string): Uint8Array {
  const octets = parseHex(hex);
  if (octets === undefined) throw new Error('HEX_ANSWER is not hexadecimal');
  return octets.slice();
}

/** The octets that a server sends for `entry` in reply to `query`. */
export function replyOctets(entry: Entry, query: Message): Uint8Array {
  const asked = query.questions[0];
  if (entry.hexAnswer !== undefined) {
    const octets = hexOctets(entry.hexAnswer);
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
  return entry.match.every((word) => wordFits(word, query, pattern, transport));
}

function wordFits(word: string, query: Message, pattern: Message, transport: string): boolean {
  const [asked] = query.questions;
  const [wanted] = pattern.questions;
  const sameName = asked !== undefined && wanted !== undefined && asked.name.equals(wanted.name);
  switch (word) {
    case 'opcode':
      return query.opcode === pattern.opcode;
    case 'qtype':
      return asked?.type === wanted?.type;
    case 'qname':
      return sameName;
    case 'subdomain':
      return asked !== undefined && wanted !== undefined && asked.name.isAtOrBelow(wanted.name);
    case 'UDP':
    case 'TCP':
      return transport === word.toLowerCase();
    case 'DO':
      return query.edns?.dnssecOk === true;
    case 'CO':
      return ((query.edns?.flags ?? 0) & 0x4000) !== 0;
    case 'noedns':
      return query.edns === undefined;
    case 'rcode':
      return query.rcode === pattern.rcode;
    // Header bits and options of a query are each resolver's own.
    case 'question':
    case 'all':
    case 'all_noedns':
      return sameName && asked.type === wanted.type && asked.class === wanted.class;
    case 'answer':
      return query.answer.length === pattern.answer.length;
    case 'ednsdata':
    case 'client_cookie':
    case 'server_cookie':
      return optionWordFits(word, query, pattern);
    default:
      // `ttl` alone says nothing. Queries have no EDE, and ours no SOA of a transfer.
      return word === 'ttl';
  }
}

/** Words about EDNS options, for queries and answers alike. */
export function optionWordFits(word: string, found: Message, pattern: Message): boolean {
  const cookie = found.edns?.options.find(({ code }) => code === 10);
  if (word === 'client_cookie') return cookie?.data.length === 8;
  if (word === 'server_cookie') return cookie?.data.length === 24;
  const text = (message: Message): string =>
    (message.edns?.options ?? []).map(({ code, data }) => `${code}:${data.join()}`).join(' ');
  return text(found) === text(pattern);
}
