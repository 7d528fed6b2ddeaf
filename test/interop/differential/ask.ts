// Runs in the client's namespace: reads questions from standard input, puts each to every
// resolver at the same moment, and writes what came back. One JSON document each way.

import { randomInt } from 'node:crypto';
import { parseName } from '../../../src/presentation/index.js';
import { buildQuery, type Name, RRClass, typeFromMnemonic } from '../../../src/wire/index.js';
import { exchange } from '../ask-servers.js';
import { type Manner, manners } from '../manners.js';
import { inParallel } from '../processes.js';
import { readView, type View } from './view.js';

export interface AskRequest {
  readonly addresses: readonly string[];
  /** Questions under way at the same time. */
  readonly width: number;
  readonly timeoutMs: number;
  readonly questions: readonly { readonly name: string; readonly type: string; manner: Manner }[];
}

function queryFor(name: Name, type: string, manner: Manner): Uint8Array {
  const { edns, dnssecOk, ad, cd } = manners[manner];
  return buildQuery({
    id: randomInt(65536),
    name,
    type: typeFromMnemonic(type)!,
    class: RRClass.IN,
    recursionDesired: true,
    authenticData: ad,
    checkingDisabled: cd,
    edns: edns ? { udpSizeOctets: 1232, dnssecOk } : undefined,
  });
}

async function ask(
  address: string,
  { name, type, manner }: AskRequest['questions'][number],
  timeoutMs: number,
): Promise<View> {
  const asked = parseName(name);
  if (asked === undefined) throw new Error(`not a name: ${name}`);
  const begun = performance.now();
  const exchanged = await exchange(address, queryFor(asked, type, manner), timeoutMs);
  return readView(exchanged, asked, performance.now() - begun);
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const request = JSON.parse(Buffer.concat(chunks).toString()) as AskRequest;
  const result: View[][] = request.questions.map(() => []);
  const indexes = request.questions.map((_, index) => index);
  await inParallel(indexes, request.width, async (index) => {
    const question = request.questions[index]!;
    result[index] = await Promise.all(
      request.addresses.map((address) => ask(address, question, request.timeoutMs)),
    );
  });
  process.stdout.write(JSON.stringify(result));
}

await main();
