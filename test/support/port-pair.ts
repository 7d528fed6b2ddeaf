/** A port of the loopback interface that is free for both transports of DNS. */
import { createSocket, type Socket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';

export interface PortPair {
  readonly port: number;
  readonly tcp: Server;
  readonly udp: Socket;
}

/**
 * Both are open. The kernel chooses for TCP, where even the closed connection of some client keeps
 * its port for a minute; when the port is taken for UDP, it has to choose again.
 */
export async function openPortPair(): Promise<PortPair> {
  for (;;) {
    const tcp = createServer();
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    const isBound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (isBound) return { port, tcp, udp };
    tcp.close();
  }
}
