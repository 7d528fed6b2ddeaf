/**
 * The front against at least 100,000 mutated and random requests: nothing is thrown, nothing grows,
 * and whatever is sent back is a well-formed response to what was sent, no larger than it may be.
 */
import t from 'tap';
import { type Client, readRequest, TcpSession } from '../../src/server/index.js';
import {
  cookieOption,
  decodeMessage,
  EdnsOptionCode,
  frame,
  HeaderFlag,
  Name,
  Rcode,
  RRType,
} from '../../src/wire/index.js';
import {
  answered,
  client,
  FrontDesk,
  insecure,
  latin1,
  name,
  request,
  rrset,
  SIGNED_ADDRESSES,
  secure,
} from '../server/front-desk.js';
import { randomName } from './generate.js';
import { chooseSeed, leastCpuMs, mutate, Prng, ProgressBar } from './mutate.js';

const INPUTS = 160_000; // a fourth is random octets, a fourth well-formed, half are mutants
const STREAMS = 2_000;
// No single request may cost more than this; an honest one costs some 0.01 ms, the garbage
// collector of a busy machine some 20 ms.
const LIMIT_MS = 200;

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

const CORPUS: readonly Uint8Array[] = [
  request(),
  request({ ad: true, edns: { dnssecOk: true } }),
  request({ name: Name.root, type: RRType.NS, edns: { dnssecOk: true, size: 4096 } }),
  request({ name: name('_25._tcp.mx.example.org'), type: RRType.TLSA, cd: true, edns: {} }),
  request({ type: RRType.ANY, edns: { options: [cookieOption(latin1('abcdefgh'))] } }),
  request({
    edns: {
      options: [
        cookieOption(latin1('abcdefgh'), latin1('0123456789abcdef')),
        { code: EdnsOptionCode.KEEPALIVE, data: new Uint8Array(0) },
        { code: EdnsOptionCode.PADDING, data: new Uint8Array(90) },
        { code: EdnsOptionCode.CLIENT_SUBNET, data: latin1('\0\x01\x18\0\x0a\0\0') },
      ],
    },
  }),
  request({ opcode: 4, type: RRType.SOA }),
  request({ class: 3, type: RRType.TXT, name: name('version.bind') }),
  request({ edns: { version: 1, flags: 0x7fff } }),
];

const big = rrset(
  name('www.example.org'),
  RRType.TXT,
  Array.from({ length: 40 }, (_, at) => latin1(`\x3c${String(at).padEnd(60, 'x')}`)),
);
const RESOLUTIONS = [
  answered({ sets: [[SIGNED_ADDRESSES, secure]] }),
  answered({ rcode: Rcode.SERVFAIL, errors: [{ code: 6, text: 'a\nlong '.repeat(40) }] }),
  answered({ sets: [[big, insecure]] }),
  answered({ rcode: Rcode.NXDOMAIN }),
];

const CLIENTS: readonly Client[] = [
  client('127.0.0.1', 40_000),
  client('::1', 40_000, 'tcp'),
  client('192.0.2.1', 40_000),
  client('127.0.0.1', 53),
  client('127.0.0.1', 7),
];

function input(prng: Prng, index: number): Uint8Array {
  if (index % 4 === 0) return prng.octets(prng.below(80));
  if (index % 4 === 1) return wellFormed(prng);
  return mutate(prng, CORPUS).octets;
}

function wellFormed(prng: Prng): Uint8Array {
  const edns = { size: prng.below(0x10000), dnssecOk: prng.oneIn(2), flags: prng.below(0x8000) };
  return request({
    id: prng.below(0x10000),
    name: randomName(prng),
    type: prng.oneIn(3) ? prng.below(0x10000) : prng.pick([1, 2, 15, 28, 52]),
    rd: !prng.oneIn(10),
    ad: prng.oneIn(2),
    cd: prng.oneIn(3),
    ...(prng.oneIn(3) ? {} : { edns }),
  });
}

/** What is wrong with this reply to this request; undefined when nothing is. */
function fault(octets: Uint8Array, asked: Uint8Array, from: Client): string | undefined {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return `malformed: ${decoded.fault.reason}`;
  const reply = decoded.value;
  const request = decodeMessage(asked);
  if (!reply.isResponse) return 'no response';
  if (asked.length < 12) return 'an answer to a fragment';
  if ((asked[2]! & 0x80) !== 0) return 'an answer to a response';
  if (reply.id !== ((asked[0]! << 8) | asked[1]!)) return 'another ID';
  if (reply.opcode !== ((asked[2]! >> 3) & 15)) return 'another opcode';
  if (reply.recursionDesired !== ((asked[2]! & 1) !== 0)) return 'another RD';
  if (((octets[3]! ^ asked[3]!) & HeaderFlag.CD) !== 0) return 'another CD';
  if ((octets[3]! & HeaderFlag.Z) !== 0) return 'a reserved bit';
  if (reply.authoritative) return 'AA';
  if (from.port === 7) return 'an answer to an echo port';
  const { edns } = request.ok ? request.value : { edns: undefined };
  if (edns === undefined && reply.edns !== undefined && request.ok) return 'an OPT for none';
  if (edns !== undefined && reply.edns === undefined) return 'no OPT for one';
  if (reply.edns?.version !== undefined && reply.edns.version !== 0) return 'another version';
  const limit = edns === undefined ? 512 : Math.min(1232, Math.max(512, edns.udpSizeOctets));
  if (from.transport === 'udp' && octets.length > limit) return `${octets.length} octets`;
  if (from.address.toString() === '192.0.2.1') {
    if (octets.length > asked.length) return 'larger than a stranger’s request';
    if (reply.rcode !== Rcode.REFUSED) return 'a stranger was heard';
  }
  if (reply.authenticData) {
    const interested = request.ok && (request.value.authenticData || edns?.dnssecOk === true);
    if (!interested) return 'AD for someone who did not ask';
    if (reply.answer.some(({ type }) => type !== RRType.A && type !== RRType.RRSIG)) {
      return 'AD on what is not secure';
    }
  }
  return undefined;
}

t.test(`${INPUTS} requests`, (t) => {
  const prng = new Prng(seed);
  const bar = new ProgressBar('requests', INPUTS);
  let desk = new FrontDesk();
  const findings: string[] = [];
  const seen = { replies: 0, questions: 0, silences: 0 };
  let slowestMs = 0;
  for (let index = 0; index < INPUTS && findings.length < 5; index++) {
    bar.show(index + 1);
    const octets = input(prng, index);
    const from = prng.oneIn(2) ? CLIENTS[0]! : prng.pick(CLIENTS);
    const hex = (): string => Buffer.from(octets).toString('hex');
    const startMs = performance.now();
    try {
      const effects = desk.server.receive(octets, from, desk.now);
      for (const effect of effects) {
        if (effect.kind === 'silence') seen.silences++;
        let said = effect.kind === 'reply' ? [effect] : [];
        if (effect.kind === 'resolve' && effect.event.kind === 'question') {
          seen.questions++;
          const resolution = prng.pick(RESOLUTIONS);
          const { handle } = effect.event;
          const finished = desk.server.finished(handle, resolution, desk.now);
          said = finished.flatMap((done) => (done.kind === 'reply' ? [done] : []));
          if (said.length !== 1) findings.push(`${said.length} replies to ${hex()}`);
        }
        for (const reply of said) {
          seen.replies++;
          const wrong = fault(reply.octets, octets, from);
          if (wrong !== undefined) findings.push(`${wrong}: ${hex()} from port ${from.port}`);
        }
      }
      if (effects.length === 0) findings.push(`nothing at all for ${hex()}`);
    } catch (error) {
      findings.push(`threw ${String(error)} for ${hex()}`);
    }
    let tookMs = performance.now() - startMs;
    if (tookMs > LIMIT_MS) {
      tookMs = leastCpuMs(() => new FrontDesk().server.receive(octets, from, desk.now));
    }
    slowestMs = Math.max(slowestMs, tookMs);
    if (!desk.server.isIdle) {
      findings.push(`something is kept of ${hex()}`);
      desk = new FrontDesk();
    }
  }
  t.same(findings, []);
  t.ok(seen.replies > INPUTS / 4, `${seen.replies} replies`);
  t.ok(seen.questions > INPUTS / 10, `${seen.questions} questions`);
  t.ok(seen.silences > INPUTS / 10, `${seen.silences} silences`);
  t.ok(slowestMs < LIMIT_MS, `the slowest took ${slowestMs.toFixed(1)} ms`);
  t.end();
});

t.test('the checks bite', (t) => {
  const asked = CORPUS[1]!;
  const from = CLIENTS[0]!;
  const desk = new FrontDesk();
  const effects = desk.receive(asked, from);
  const [first] = effects;
  if (first?.kind !== 'resolve' || first.event.kind !== 'question') throw new Error('not asked');
  const [reply] = desk.server.finished(first.event.handle, RESOLUTIONS[0]!, desk.now);
  if (reply?.kind !== 'reply') throw new Error('not answered');
  t.equal(fault(reply.octets, asked, from), undefined);
  const spoilt = (at: number, value: number): string | undefined => {
    const octets = reply.octets.slice();
    octets[at] = value;
    return fault(octets, asked, from);
  };
  t.equal(spoilt(0, 0), 'another ID');
  t.equal(spoilt(2, 0x01), 'no response');
  t.equal(spoilt(2, 0x85), 'AA');
  t.match(spoilt(7, 9), /malformed/);
  t.match(fault(reply.octets.slice(0, -1), asked, from), /malformed/);
  t.equal(fault(reply.octets, asked, CLIENTS[2]!), 'larger than a stranger’s request');
  t.equal(fault(reply.octets, CORPUS[0]!, from), 'an OPT for none');
  t.end();
});

t.test(`${STREAMS} TCP streams, whole and damaged`, (t) => {
  const prng = new Prng(seed ^ 0x7c9);
  const bar = new ProgressBar('streams', STREAMS);
  const findings: string[] = [];
  for (let index = 0; index < STREAMS && findings.length < 5; index++) {
    bar.show(index + 1);
    const sent = Array.from({ length: prng.between(1, 30) }, () => prng.pick(CORPUS));
    const whole = Uint8Array.from(sent.flatMap((message) => [...frame(message)]));
    const isDamaged = prng.oneIn(2);
    const stream = isDamaged ? mutate(prng, [whole]).octets : whole;
    const session = new TcpSession(0);
    const taken: Uint8Array[] = [];
    try {
      for (let at = 0; at < stream.length;) {
        const size = prng.oneIn(3) ? 1 : prng.between(1, 400);
        session.push(stream.slice(at, at + size));
        at += size;
        for (let next = session.next(0); next !== undefined; next = session.next(0)) {
          taken.push(next);
          readRequest(next, { cacheSnooping: false, secureOnly: false });
          if (prng.oneIn(2)) session.skipped();
          else {
            session.replyWritten(0);
            session.replyTaken(0, true);
          }
        }
        if (session.heldOctets > 65_537) findings.push(`${session.heldOctets} octets are held`);
      }
    } catch (error) {
      findings.push(`stream ${index} threw ${String(error)}`);
    }
    if (session.inFlight !== 0) findings.push(`stream ${index}: ${session.inFlight} in flight`);
    if (isDamaged) continue;
    const same = taken.length === sent.length && taken.every((one, at) => equal(one, sent[at]!));
    if (!same) findings.push(`stream ${index}: ${taken.length} of ${sent.length} messages`);
  }
  t.same(findings, []);
  t.end();
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}
