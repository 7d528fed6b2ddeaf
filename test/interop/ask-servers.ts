// Sends one query to one server, over UDP or TCP, and waits for what comes back. Octets in, octets
// out; whoever asks knows what they mean.

import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { framed, onMessages } from './dns-stream.js';

export interface Query {
  readonly octets: Buffer;
  readonly id: number;
}

export function overUdp(
  address: string,
  query: Query,
  timeoutMs: number,
): Promise<Buffer | undefined> {
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

export function overTcp(
  address: string,
  query: Query,
  timeoutMs: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(53, address);
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), timeoutMs);
    socket.on('close', () => end(undefined));
    onMessages(socket, end);
    socket.on('connect', () => socket.write(framed(query.octets)));
  });
}

export interface Exchanged {
  /** Undefined when nothing came. */
  readonly octets: Buffer | undefined;
  readonly transport: 'udp' | 'tcp';
}

/** As a stub resolver asks: once more when nothing comes, over TCP when it was cut short. */
export async function exchange(
  address: string,
  message: Uint8Array,
  timeoutMs: number,
): Promise<Exchanged> {
  const octets = Buffer.from(message);
  const query = { octets, id: octets.readUInt16BE(0) };
  const first =
    (await overUdp(address, query, timeoutMs)) ?? (await overUdp(address, query, timeoutMs));
  const truncated = first !== undefined && (first[2]! & 0x02) !== 0;
  if (!truncated) return { octets: first, transport: 'udp' };
  return { octets: await overTcp(address, query, timeoutMs), transport: 'tcp' };
}
