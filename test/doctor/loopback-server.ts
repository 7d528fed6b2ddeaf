/** A DNS server on loopback sockets that does what a test tells it to. */
import type { Test } from 'tap';
import type { AskedEndpoint } from '../../src/runtime/index.js';
import { frame, IpAddress, TcpDeframer } from '../../src/wire/index.js';
import { openPortPair } from '../support/port-pair.js';

export type Answer = (query: Uint8Array, transport: 'udp' | 'tcp') => Uint8Array | undefined;

export interface Listening {
  /** Nothing listens on the other. */
  readonly only?: 'udp' | 'tcp';
}

const LOOPBACK = '127.0.0.1';

/** UDP and TCP on the same port; `undefined` for an answer is silence. */
export async function listen(
  t: Test,
  answer: Answer,
  { only }: Listening = {},
): Promise<AskedEndpoint> {
  const { port, tcp, udp } = await openPortPair();
  tcp.on('connection', (socket) => {
    const deframer = new TcpDeframer();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const query of deframer.push(chunk)) {
        const reply = answer(query, 'tcp');
        if (reply !== undefined) socket.write(frame(reply));
      }
    });
    t.teardown(() => socket.destroy());
  });
  udp.on('message', (query, { port: from, address }) => {
    const reply = answer(Uint8Array.from(query), 'udp');
    if (reply !== undefined) udp.send(reply, from, address);
  });
  if (only === 'udp') tcp.close();
  else t.teardown(() => tcp.close());
  if (only === 'tcp') udp.close();
  else t.teardown(() => udp.close());
  return { address: IpAddress.parse(LOOPBACK)!, port };
}
