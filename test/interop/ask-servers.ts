// Sends one query to one server, over UDP or TCP, and waits for what comes back.

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
