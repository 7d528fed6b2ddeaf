// Runs in the client's namespace: reads questions from standard input, puts each to every
// address it is told, over UDP and, when the answer was cut short, over TCP, and writes what
// came back. It interprets nothing. Input and output are one JSON document each.

import { randomInt } from 'node:crypto';
import packet from 'dns-packet';
import { exchange } from './ask-servers.js';
import { type Manner, manners } from './manners.js';
import { inParallel } from './processes.js';
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

function buildQuery(name: string, type: string, manner: Manner): Buffer {
  const { edns, dnssecOk, ad, cd } = manners[manner];
  const id = randomInt(65536);
  // RFC 3597 §5 writes TYPE65280 what dns-packet calls UNKNOWN_65280.
  const known = type.replace(/^TYPE(?=\d+$)/, 'UNKNOWN_') as packet.RecordType;
  return packet.encode({
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
}

async function ask(
  address: string,
  question: { name: string; type: string; manner: Manner },
  timeoutMs: number,
): Promise<Reply> {
  const query = buildQuery(question.name, question.type, question.manner);
  const begun = performance.now();
  const { octets, transport } = await exchange(address, query, timeoutMs);
  return readReply(octets, transport, question, performance.now() - begun);
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
