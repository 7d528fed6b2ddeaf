/**
 * The wire reader against at least 100,000 mutated and random messages (RFC 9267 lists what went
 * wrong elsewhere): no throw, no hang, no growth, and decode → encode → decode is the identity.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import {
  canonicalRdata,
  decodeMessage,
  encodeMessage,
  equalOctets,
  extendedErrorsOf,
  frame,
  groupRRsets,
  type Message,
  parseCookie,
  parseRdata,
  type ResourceRecord,
  rdataIsWellFormed,
  TcpDeframer,
} from '../../src/wire/index.js';
import { corpusOf } from './generate.js';
import { chooseSeed, leastCpuMs, mutate, Prng, ProgressBar } from './mutate.js';
import { isMessage } from './scanner.js';

const INPUTS = 160_000; // every fourth is random, the others are mutants of valid messages
const CORPUS = 400;
// No single input may cost more than this; the slowest honest message takes some 0.1 ms.
const LIMIT_MS = 20;

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapOctets(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What differs between two messages, sizes aside; undefined when nothing does. */
function difference(a: Message, b: Message): string | undefined {
  const scalars = ['id', 'opcode', 'rcode', 'isResponse', 'authoritative', 'truncated'] as const;
  const bits = [
    'recursionDesired',
    'recursionAvailable',
    'authenticData',
    'checkingDisabled',
  ] as const;
  for (const field of [...scalars, ...bits]) if (a[field] !== b[field]) return field;
  if (a.questions.length !== b.questions.length) return 'question count';
  for (let index = 0; index < a.questions.length; index++) {
    const mine = a.questions[index]!;
    const other = b.questions[index]!;
    if (!equalOctets(mine.name.octets, other.name.octets)) return 'question name';
    if (mine.type !== other.type || mine.class !== other.class) return 'question';
  }
  for (const section of ['answer', 'authority', 'additional'] as const) {
    if (a[section].length !== b[section].length) return `${section} count`;
    for (let index = 0; index < a[section].length; index++) {
      if (!sameRecord(a[section][index]!, b[section][index]!)) return `${section} ${index}`;
    }
  }
  const { edns } = a;
  if (edns === undefined || b.edns === undefined) return edns === b.edns ? undefined : 'edns';
  if (edns.flags !== b.edns.flags || edns.version !== b.edns.version) return 'edns flags';
  if (edns.udpSizeOctets !== b.edns.udpSizeOctets) return 'edns size';
  if (edns.options.length !== b.edns.options.length) return 'edns options';
  for (let index = 0; index < edns.options.length; index++) {
    const mine = edns.options[index]!;
    const other = b.edns.options[index]!;
    if (mine.code !== other.code || !equalOctets(mine.data, other.data)) return 'edns option';
  }
  return undefined;
}

/** An owner may take the letter case of an equal name before it (RFC 4343 §4); RDATA may not. */
function sameRecord(a: ResourceRecord, b: ResourceRecord): boolean {
  return (
    a.owner.equals(b.owner) &&
    a.type === b.type &&
    a.class === b.class &&
    a.ttlSeconds === b.ttlSeconds &&
    equalOctets(a.rdata, b.rdata)
  );
}

type Decoder = typeof decodeMessage;

/** Everything that is done to a message from the network; the finding, or undefined. */
function examine(octets: Uint8Array, decode: Decoder): string | undefined {
  const before = octets.slice();
  const decoded = decode(octets);
  if (!equalOctets(before, octets)) return 'the input was written to';
  const budget = !decoded.ok && decoded.fault.reason === 'too many pointers';
  if (!budget && decoded.ok !== isMessage(octets))
    return `wrongly ${decoded.ok ? 'accepted' : decoded.fault.reason}`;
  if (!decoded.ok) {
    const { reason, section, sentence } = decoded.fault;
    return reason && section && sentence ? undefined : 'a fault without a reason';
  }
  const message = decoded.value;
  const records = [...message.answer, ...message.authority, ...message.additional];
  for (const { type, rdata } of records) {
    const view = parseRdata(type, rdata);
    if (view.ok !== rdataIsWellFormed(type, rdata) && view.ok && view.value.type !== 'other') {
      return `the view of type ${type} accepts what its layout refuses`;
    }
    if (canonicalRdata(type, rdata).length !== rdata.length) return 'canonical form changed length';
  }
  let grouped = 0;
  for (const set of groupRRsets(records)) grouped += set.rdatas.length + set.signatures.length;
  if (grouped > records.length) return 'grouping made records up';
  extendedErrorsOf(message.edns);
  for (const option of message.edns?.options ?? []) parseCookie(option.data);
  return examineReencoding(message);
}

function examineReencoding(message: Message): string | undefined {
  for (const compress of [true, false]) {
    const encoded = encodeMessage(message, { maxOctets: 0xffff, compress });
    const again = decodeMessage(encoded);
    if (!again.ok) return `what was encoded does not decode: ${again.fault.reason}`;
    // Without compression a message may outgrow 65,535 octets and is cut, with TC.
    if (!compress && again.value.truncated && !message.truncated) continue;
    const found = difference(message, again.value);
    if (found !== undefined) return `re-encoding changed the ${found} (compress ${compress})`;
  }
  const cut = encodeMessage(message, { maxOctets: 512 });
  const size = message.questions.length <= 1 && (message.edns?.options.length ?? 0) === 0;
  if (size && cut.length > 512) return `a message for 512 octets has ${cut.length}`;
  return decodeMessage(cut).ok ? undefined : 'a cut message does not decode';
}

interface Finding {
  readonly what: string;
  readonly how: string;
  readonly hex: string;
}

function probe(octets: Uint8Array, how: string, decode: Decoder): Finding | undefined {
  const hex = (): string => Buffer.from(octets).toString('hex').slice(0, 4000);
  try {
    const what = examine(octets, decode);
    return what === undefined ? undefined : { what, how, hex: hex() };
  } catch (error) {
    return { what: `threw ${String(error)}`, how, hex: hex() };
  }
}

t.test(`${INPUTS} damaged messages`, (t) => {
  const prng = new Prng(seed);
  const corpus = corpusOf(prng, CORPUS);
  const findings: Finding[] = [];
  const progress = new ProgressBar('fuzzing the wire reader', INPUTS);
  let accepted = 0;
  let slowestMs = 0;
  let heapBefore = 0;
  for (let count = 0; count < INPUTS && findings.length < 5; count++) {
    // Half the random ones have a plausible header, or nothing behind it would ever be reached.
    const mutant =
      count % 4 === 3 ? { octets: randomInput(prng), history: ['random'] } : mutate(prng, corpus);
    const start = process.hrtime.bigint();
    const { ok } = decodeMessage(mutant.octets);
    const tookMs = Number(process.hrtime.bigint() - start) / 1e6;
    if (tookMs > LIMIT_MS)
      slowestMs = Math.max(
        slowestMs,
        leastCpuMs(() => decodeMessage(mutant.octets)),
      );
    if (ok) accepted++;
    const finding = probe(mutant.octets, mutant.history.join(' '), decodeMessage);
    if (finding !== undefined) findings.push(finding);
    if (count === 20_000) heapBefore = heapOctets();
    if (count % 500 === 0) progress.show(count);
  }
  progress.show(INPUTS);
  t.same(findings, [], `no findings (seed ${seed})`);
  t.ok(slowestMs <= LIMIT_MS, `no message took longer than ${LIMIT_MS} ms: ${slowestMs}`);
  t.ok(accepted > 5000, `the mutations are not all trivial: ${accepted} messages were accepted`);
  const grownMiB = (heapOctets() - heapBefore) / 2 ** 20;
  t.ok(
    grownMiB < 8,
    `memory stays where it was: ${grownMiB.toFixed(1)} MiB after ${INPUTS - 20_000} more`,
  );
  t.end();
});

function randomInput(prng: Prng): Uint8Array {
  const octets = prng.octets(prng.below(300));
  if (octets.length < 12 || prng.oneIn(2)) return octets;
  octets.set([0, prng.below(2), 0, prng.below(3), 0, prng.below(3), 0, prng.below(3)], 4);
  // Small label lengths and pointers make names that end.
  for (let at = 12; at < octets.length; at++) if (prng.oneIn(3)) octets[at] = prng.below(4);
  return octets;
}

t.test('every beginning of a message is refused, and every message with a surplus octet', (t) => {
  const prng = new Prng(seed ^ 1);
  let accepted = 0;
  for (const message of corpusOf(prng, 60)) {
    for (let length = 0; length < message.length; length++) {
      if (decodeMessage(message.slice(0, length)).ok) accepted++;
    }
    const longer = new Uint8Array(message.length + 1);
    longer.set(message);
    const decoded = decodeMessage(longer);
    if (decoded.ok || decoded.fault.reason !== 'trailing octets') accepted++;
  }
  t.equal(accepted, 0, `no part of a message is a message (seed ${seed})`);
  t.end();
});

t.test('a canary: the harness notices a throw, a change and an altered input', (t) => {
  const prng = new Prng(seed);
  const octets = corpusOf(prng, 1)[0]!;
  const throwing: Decoder = () => {
    throw new Error('canary');
  };
  t.match(probe(octets, 'canary', throwing)?.what, /threw Error: canary/);
  const writing: Decoder = (input) => {
    input[3] = 0xff;
    return decodeMessage(input);
  };
  t.equal(probe(octets.slice(), 'canary', writing)?.what, 'the input was written to');
  const decoded = decodeMessage(octets);
  if (!decoded.ok) throw new Error('the intact message does not decode');
  const altered = octets.slice();
  altered[altered.length - 20]! ^= 1;
  const other = decodeMessage(altered);
  t.ok(other.ok && difference(decoded.value, other.value) === 'answer 1', 'one bit is seen');
  t.end();
});

t.test('the second reading of the standard refuses what it should', (t) => {
  const prng = new Prng(seed ^ 4);
  const corpus = corpusOf(prng, 50);
  t.ok(corpus.every(isMessage), 'valid messages are messages');
  t.notOk(corpus.some((octets) => isMessage(octets.slice(1))));
  t.notOk(corpus.some((octets) => isMessage(octets.slice(0, -1))));
  t.end();
});

t.test('a stream cut anywhere yields the same messages', (t) => {
  const prng = new Prng(seed ^ 2);
  let wrong = 0;
  for (let round = 0; round < 300; round++) {
    const messages = corpusOf(prng, prng.between(1, 6));
    const stream = Buffer.concat(messages.map(frame));
    const deframer = new TcpDeframer();
    const received: Uint8Array[] = [];
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + (prng.oneIn(3) ? 1 : prng.between(1, 400)));
      received.push(...deframer.push(stream.subarray(at, end)));
      at = end;
    }
    const same = received.length === messages.length && deframer.pendingOctets === 0;
    if (!same || received.some((message, index) => !equalOctets(message, messages[index]!))) {
      wrong++;
    }
  }
  t.equal(wrong, 0, `all streams were put together again (seed ${seed})`);
  t.end();
});
