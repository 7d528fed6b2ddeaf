// Runs in the client's namespace: reads questions from standard input, puts each to every
// address it is told, over UDP and, when the answer was cut short, over TCP, and writes what
// came back. It interprets nothing. Input and output are one JSON document each.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import packet from 'dns-packet';
import { inParallel } from './processes.js';
import { type Manner, manners } from './questions.js';
import { type Reply, readReply } from './reply.js';

export interface AskRequest {
  readonly addresses: readonly string[];
  /** Questions under way at the same time. */
  readonly width: number;
  readonly timeoutMs: number;
  readonly questions: readonly { readonly name: string; readonly type: string; manner: Manner }[];
}

/** For each question, one reply for each address. */
export type AskResult = readonly (readonly Reply[])[];

interface Query {
  readonly octets: Buffer;
  readonly id: number;
}

function buildQuery(name: string, type: string, manner: Manner): Query {
  const { edns, dnssecOk, ad, cd } = manners[manner];
  const id = randomInt(65536);
  // RFC 3597 §5 writes TYPE65280 what dns-packet calls UNKNOWN_65280.
  const known = type.replace(/^TYPE(?=\d+$)/, 'UNKNOWN_') as packet.RecordType;
  const octets = packet.encode({
    type: 'query',
    id,
    flags:
      packet.RECURSION_DESIRED |
      (ad ? packet.AUTHENTIC_DATA : 0) |
      (cd ? packet.CHECKING_DISABLED : 0),
    questions: [{ name: name === '.' ? '.' : name.slice(0, -1), type: known }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 1232,
            flags: dnssecOk ? packet.DNSSEC_OK : 0,
            extendedRcode: 0,
            ednsVersion: 0,
            flag_do: dnssecOk,
            options: [],
          },
        ]
      : [],
  });
  return { octets, id };
}

function overUdp(address: string, query: Query, timeoutMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    socket.on('error', () => end(undefined));
    socket.on('message', (octets) => {
      if (octets.length >= 12 && octets.readUInt16BE(0) === query.id) end(octets);
    });
    socket.connect(53, address, () => socket.send(query.octets));
  });
}

function overTcp(address: string, query: Query, timeoutMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(53, address);
    let received = Buffer.alloc(0);
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (received.length >= 2 + length) end(received.subarray(2, 2 + length));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.octets.length);
    socket.on('connect', () => socket.write(Buffer.concat([length, query.octets])));
  });
}

async function ask(
  address: string,
  question: { name: string; type: string; manner: Manner },
  timeoutMs: number,
): Promise<Reply> {
  const query = buildQuery(question.name, question.type, question.manner);
  const begun = performance.now();
  const reply = (octets: Buffer | undefined, transport: 'udp' | 'tcp'): Reply =>
    readReply(octets, transport, question, performance.now() - begun);
  // As a stub resolver does, ask once more when nothing came.
  const first =
    (await overUdp(address, query, timeoutMs)) ?? (await overUdp(address, query, timeoutMs));
  const truncated = first !== undefined && (first[2]! & 0x02) !== 0;
  if (!truncated) return reply(first, 'udp');
  return reply(await overTcp(address, query, timeoutMs), 'tcp');
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const request = JSON.parse(Buffer.concat(chunks).toString()) as AskRequest;
  const result: Reply[][] = request.questions.map(() => []);
  const indexes = request.questions.map((_, index) => index);
  await inParallel(indexes, request.width, async (index) => {
    const question = request.questions[index]!;
    // The same moment for both, so that neither profits from a warmer authority.
    result[index] = await Promise.all(
      request.addresses.map((address) => ask(address, question, request.timeoutMs)),
    );
  });
  process.stdout.write(JSON.stringify(result));
}

await main();
