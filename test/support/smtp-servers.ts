/** Receiving servers for tests: an honest one with STARTTLS (smtp-server), and misbehaving ones. */
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { pem, pemKey } from './certificate-maker.js';

export interface ReceivingServer {
  readonly port: number;
  /** Recipients and text of what arrived, and whether it came over TLS. */
  readonly messages: readonly ReceivedMessage[];
  close(): void;
}

export interface ReceivedMessage {
  readonly recipients: readonly string[];
  readonly text: string;
  readonly overTls: boolean;
}

export async function receivingServer(
  chain: readonly Uint8Array[],
  key: KeyObject,
  isImplicitTls = false,
): Promise<ReceivingServer> {
  const messages: ReceivedMessage[] = [];
  const server = new SMTPServer({
    secure: isImplicitTls,
    key: pemKey(key),
    cert: chain.map(pem).join(''),
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      stream.on('end', () => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        messages.push({ recipients, text, overTls: session.secure });
        callback();
      });
    },
  });
  server.on('error', () => {});
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    // It would wait half a minute for clients that were cut off.
    for (const socket of sockets) socket.destroy();
  };
  return { port, messages, close };
}

/** A server that says one thing after the other, whatever it hears. */
export async function scriptedServer(
  ...replies: readonly string[]
): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const [greeting = '', ...rest] = replies;
    if (greeting !== '') socket.write(greeting);
    socket.on('data', () => {
      const reply = rest.shift();
      if (reply !== undefined) socket.write(reply);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
