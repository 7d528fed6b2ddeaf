/**
 * Does a client's answer fit an entry? Two levels (sections 6 and 12 of the format's description):
 * strict compares whole messages in order, relaxed what standards fix and nothing that they leave
 * open. Either tells the first difference in words.
 */
import { formatRecord } from '../../../src/presentation/index.js';
import {
  decodeMessage,
  type Edns,
  EdnsOptionCode,
  equalOctets,
  type Message,
  octetKey,
  parseSoa,
  type ResourceRecord,
  RRType,
  typeMnemonic,
} from '../../../src/wire/index.js';
import { messageOf, optionWordFits } from './packets.js';
import type { Entry } from './scenario-file.js';

export interface Level {
  readonly strict: boolean;
}

/** What a word is held against. */
interface Comparison {
  readonly reply: Message;
  readonly wanted: Message;
  readonly codes: readonly number[];
  readonly ttl: boolean;
  readonly strict: boolean;
  readonly transport: string;
}

/** The first difference in words; undefined when the answer fits. */
export function answerDiffers(
  entry: Entry,
  octets: Uint8Array,
  transport: string,
  level: Level,
): string | undefined {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return 'the reply is malformed';
  const words = new Set(entry.match);
  const has = (pattern: RegExp): boolean => entry.match.some((word) => pattern.test(word));
  const cut = new Set<number>();
  if (has(/^ede[=:]/)) cut.add(EdnsOptionCode.EDE);
  if (has(/_cookie$/)) cut.add(EdnsOptionCode.COOKIE);
  const full = decoded.value;
  const comparison: Comparison = {
    reply: withoutOptions(full, cut),
    wanted: messageOf(entry),
    codes: edeCodes(full),
    ttl: words.has('ttl'),
    strict: level.strict,
    transport,
  };
  for (const word of words) {
    const isCookie = word.endsWith('_cookie');
    const difference = matchWord(word, isCookie ? { ...comparison, reply: full } : comparison);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function withoutOptions(message: Message, codes: ReadonlySet<number>): Message {
  const { edns } = message;
  if (edns === undefined || codes.size === 0) return message;
  const options = edns.options.filter(({ code }) => !codes.has(code));
  return { ...message, edns: { ...edns, options } };
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

function matchWord(word: string, comparison: Comparison): string | undefined {
  const { reply, wanted, ttl, strict, transport } = comparison;
  const ede = /^ede[=:](.+)$/.exec(word)?.[1];
  if (ede !== undefined) return edeDiffers(ede, comparison);
  const serial = /^serial=(\d+)$/.exec(word)?.[1];
  if (serial !== undefined) return different('SOA serial', serialOf(reply), Number(serial));
  switch (word) {
    case 'rcode':
      return different('rcode', reply.rcode, wanted.rcode);
    case 'opcode':
      return different('opcode', reply.opcode, wanted.opcode);
    case 'qname':
    case 'qtype':
    case 'question':
      return questionDiffers(reply, wanted, word);
    case 'subdomain':
      return isBelow(reply, wanted) ? undefined : 'another question';
    case 'answer':
      return strict
        ? sectionDiffers('answer', reply.answer, wanted.answer, ttl)
        : recordsDiffer('answer', reply.answer, wanted.answer, ttl);
    case 'all':
    case 'all_noedns':
      return strict
        ? wholeDiffers(reply, wanted, ttl, word === 'all')
        : allDiffers(reply, wanted, ttl);
    case 'DO':
      return different('DO', reply.edns?.dnssecOk === true, true);
    case 'CO':
      return different('CO', ((reply.edns?.flags ?? 0) & 0x4000) !== 0, true);
    case 'noedns':
      return different('OPT', reply.edns !== undefined, false);
    case 'ednsdata':
    case 'client_cookie':
    case 'server_cookie':
      return optionWordFits(word, reply, wanted) ? undefined : `the EDNS data fail ${word}`;
    case 'UDP':
    case 'TCP':
      return different('transport', transport, word.toLowerCase());
    default:
      return word === 'ttl' ? undefined : `${word} is not known`;
  }
}

function edeDiffers(wanted: string, { codes, strict }: Comparison): string | undefined {
  if (wanted === 'any') return codes.length > 0 ? undefined : 'no EDE';
  const number = Number(wanted);
  const fits = codes.some((code) => (strict ? code === number : sameFamily(code, number)));
  return fits ? undefined : `EDE ${codes.join(',') || 'none'} instead of ${wanted}`;
}

function serialOf(reply: Message): number | undefined {
  const soa = reply.authority.find(({ type }) => type === RRType.SOA);
  return soa === undefined ? undefined : parseSoa(soa.rdata)?.serial;
}

function different(what: string, found: unknown, wanted: unknown): string | undefined {
  return found === wanted ? undefined : `${what} is ${String(found)}, not ${String(wanted)}`;
}

function isBelow(reply: Message, wanted: Message): boolean {
  const [a] = reply.questions;
  const [b] = wanted.questions;
  return a !== undefined && b !== undefined && a.name.isAtOrBelow(b.name);
}

function questionDiffers(reply: Message, wanted: Message, word: string): string | undefined {
  const [a] = reply.questions;
  const [b] = wanted.questions;
  const shown = ({ questions: [question] }: Message): string =>
    question === undefined
      ? 'none'
      : `${question.name.toString()} ${typeMnemonic(question.type)} class ${question.class}`;
  const sameName =
    word === 'qtype' || (a !== undefined && b !== undefined && a.name.equals(b.name));
  const sameType = word === 'qname' || a?.type === b?.type;
  const sameClass = word !== 'question' || a?.class === b?.class;
  const bothNone = a === undefined && b === undefined;
  if (bothNone || (sameName && sameType && sameClass)) return undefined;
  return `question is ${shown(reply)}, not ${shown(wanted)}`;
}

// --- relaxed ---

const PROOF_TYPES: ReadonlySet<number> = new Set([RRType.SOA, RRType.NSEC, RRType.NSEC3]);

function allDiffers(reply: Message, wanted: Message, ttl: boolean): string | undefined {
  return (
    different('rcode', reply.rcode, wanted.rcode) ??
    different('QR', reply.isResponse, wanted.isResponse) ??
    different('RD', reply.recursionDesired, wanted.recursionDesired) ??
    different('RA', reply.recursionAvailable, wanted.recursionAvailable) ??
    different('CD', reply.checkingDisabled, wanted.checkingDisabled) ??
    different('AD', reply.authenticData, wanted.authenticData) ??
    different('TC', reply.truncated, wanted.truncated) ??
    questionDiffers(reply, wanted, 'question') ??
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

// --- strict ---

function flagsOf(message: Message): string {
  const flags: readonly (readonly [string, boolean])[] = [
    ['QR', message.isResponse],
    ['AA', message.authoritative],
    ['TC', message.truncated],
    ['RD', message.recursionDesired],
    ['RA', message.recursionAvailable],
    ['AD', message.authenticData],
    ['CD', message.checkingDisabled],
  ];
  return flags
    .filter(([, isSet]) => isSet)
    .map(([name]) => name)
    .join(' ');
}

function countsOf(message: Message, withOpt: boolean): string {
  const { questions, answer, authority, additional, edns } = message;
  const opt = withOpt && edns !== undefined ? 1 : 0;
  return [questions.length, answer.length, authority.length, additional.length + opt].join(' ');
}

/** Everything, in order; the section that differs comes before the numbers that follow from it. */
function wholeDiffers(
  reply: Message,
  wanted: Message,
  ttl: boolean,
  withOpt: boolean,
): string | undefined {
  return (
    different('ID', reply.id, wanted.id) ??
    different('opcode', reply.opcode, wanted.opcode) ??
    different('rcode', reply.rcode, wanted.rcode) ??
    different('flags', flagsOf(reply), flagsOf(wanted)) ??
    questionDiffers(reply, wanted, 'question') ??
    sectionDiffers('answer', reply.answer, wanted.answer, ttl) ??
    sectionDiffers('authority', reply.authority, wanted.authority, ttl) ??
    sectionDiffers('additional', reply.additional, wanted.additional, ttl) ??
    (withOpt ? optDiffers(reply.edns, wanted.edns) : undefined) ??
    different('counts', countsOf(reply, withOpt), countsOf(wanted, withOpt))
  );
}

function sectionDiffers(
  section: string,
  found: readonly ResourceRecord[],
  wanted: readonly ResourceRecord[],
  ttl: boolean,
): string | undefined {
  for (let at = 0; at < Math.max(found.length, wanted.length); at++) {
    const place = `${section} record ${at + 1}`;
    const ours = found[at];
    const theirs = wanted[at];
    if (ours === undefined) return `${place} is missing: ${formatRecord(theirs!)}`;
    if (theirs === undefined) return `${place} is not expected: ${formatRecord(ours)}`;
    if (recordText(ours, ttl) === recordText(theirs, ttl)) continue;
    const said = `${place} is ${formatRecord(ours)}, not ${formatRecord(theirs)}`;
    const sameHead = ours.owner.equals(theirs.owner) && ours.type === theirs.type;
    return sameHead ? said + octetDiffers(ours.rdata, theirs.rdata) : said;
  }
  return undefined;
}

function optDiffers(found: Edns | undefined, wanted: Edns | undefined): string | undefined {
  const presence = different('OPT', found !== undefined, wanted !== undefined);
  if (presence !== undefined || found === undefined || wanted === undefined) return presence;
  const head =
    different('EDNS version', found.version, wanted.version) ??
    different('EDNS flags', found.flags, wanted.flags) ??
    different('EDNS UDP size', found.udpSizeOctets, wanted.udpSizeOctets);
  if (head !== undefined) return head;
  for (let at = 0; at < Math.max(found.options.length, wanted.options.length); at++) {
    const [ours, theirs] = [found.options[at], wanted.options[at]];
    const place = `EDNS option ${at + 1}`;
    if (ours?.code !== theirs?.code) {
      return different(place, ours?.code ?? 'none', theirs?.code ?? 'none');
    }
    const octets = octetDiffers(ours!.data, theirs!.data);
    if (octets !== '') return `${place} (code ${ours!.code}) differs${octets}`;
  }
  return undefined;
}

/** Where two runs of octets part, in words; empty when they do not. */
function octetDiffers(found: Uint8Array, wanted: Uint8Array): string {
  if (equalOctets(found, wanted)) return '';
  const hex = (octet: number | undefined): string =>
    octet === undefined ? 'missing' : `0x${octet.toString(16).padStart(2, '0')}`;
  let at = 0;
  while (found[at] === wanted[at]) at++;
  return `; octet ${at + 1} is ${hex(found[at])}, not ${hex(wanted[at])}`;
}
