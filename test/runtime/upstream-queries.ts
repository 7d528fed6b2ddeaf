/** Queries for the upstream tests, and replies to them. */
import { type OutgoingQuery, SystemEntropy } from '../../src/runtime/index.js';
import { buildQuery, IpAddress } from '../../src/wire/index.js';
import { name } from '../server/front-desk.js';

export const LOOPBACK = IpAddress.parse('127.0.0.1')!;
export const settings = { entropy: new SystemEntropy(), sourceAddresses: [] };

let lastQueryId = 0;

export function query(
  port: number,
  fields: { id?: number; address?: string; transport?: 'udp' | 'tcp'; edns?: number } = {},
): OutgoingQuery {
  lastQueryId++;
  const { id = lastQueryId & 0xffff, address, transport = 'udp', edns } = fields;
  return {
    kind: 'send',
    queryId: lastQueryId,
    address: address === undefined ? LOOPBACK : IpAddress.parse(address)!,
    port,
    transport,
    octets: buildQuery({
      id,
      name: name('www.example.org'),
      type: 1,
      class: 1,
      ...(edns === undefined ? {} : { edns: { udpSizeOctets: edns, dnssecOk: true } }),
    }),
  };
}

/** The query as a reply of `size` octets. */
export function replyTo(octets: Uint8Array, size = octets.length): Uint8Array {
  const reply = new Uint8Array(size);
  reply.set(octets.subarray(0, Math.min(size, octets.length)));
  if (size > 2) reply[2]! |= 0x80;
  return reply;
}
