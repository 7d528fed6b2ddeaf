/** Men in the middle for the lab: rewrites what one server says, as values rather than octets. */
import type { Lab, Listener } from '../../src/lab/index.js';
import {
  decodeMessage,
  type EncodableMessage,
  encodeMessage,
  type Message,
  type ResourceRecord,
  RRClass,
} from '../../src/wire/index.js';
import { nameOf } from './simulated-world.js';

export type Rewrite = (reply: Message, query: Message) => EncodableMessage | undefined;

/** Every reply of that server goes through `rewrite`; undefined swallows it. Returns an undo. */
export function tamper(lab: Lab, serverName: string, rewrite: Rewrite): () => void {
  const server = lab.servers.get(nameOf(serverName).key);
  if (server === undefined) throw new Error(`no server ${serverName}`);
  const between: Listener = {
    answer(query, transport, nowSeconds) {
      const reply = server.answer(query, transport, nowSeconds);
      if (reply.kind !== 'reply') return reply;
      const asked = decodeMessage(query);
      const said = decodeMessage(reply.octets);
      if (!asked.ok || !said.ok) return reply;
      const changed = rewrite(said.value, asked.value);
      if (changed === undefined) return { kind: 'silence' };
      return { kind: 'reply', octets: encodeMessage(changed, { maxOctets: 65_535 }) };
    },
  };
  for (const address of server.addresses) lab.network.listen(address, between);
  return () => {
    for (const address of server.addresses) lab.network.listen(address, server);
  };
}

export function record(
  owner: string,
  type: number,
  rdata: Uint8Array,
  ttlSeconds = 3_600,
): ResourceRecord {
  return { owner: nameOf(owner), type, class: RRClass.IN, ttlSeconds, rdata };
}
