/**
 * The servers of the benchmark's zones: a program of its own, so that its work is not counted. It
 * listens on every address of the lab (all of them local to the network namespace) and answers
 * each datagram one round trip later, because nothing else delays packets there.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { buildLab, type Lab } from '../src/lab/index.js';
import { formatRecord } from '../src/presentation/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import { frame, type IpAddress, TcpDeframer } from '../src/wire/index.js';
import { benchWorld, type Supply } from './bench-world.js';

export type ToAuthority =
  | { readonly kind: 'start'; readonly supply: Supply; readonly largeZoneNames: number }
  | { readonly kind: 'round trip'; readonly ms: number }
  | { readonly kind: 'count' };

export type FromAuthority =
  | { readonly kind: 'keys'; readonly done: number; readonly of: number }
  | { readonly kind: 'ready'; readonly hints: string; readonly anchor: string }
  | { readonly kind: 'count'; readonly queries: number };

const PORT = 53;

let roundTripMs = 0;
let queries = 0;

function tell(message: FromAuthority): void {
  process.send?.(message);
}

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

async function start(supply: Supply, largeZoneNames: number): Promise<void> {
  const lab = buildLab({
    world: benchWorld(supply, largeZoneNames),
    tools: { signer: labSigner, crypto: new NodeCryptoProvider() },
  });
  for (const { done, of } of lab.makeKeys()) {
    if (done % 16 === 0 || done === of) tell({ kind: 'keys', done, of });
  }
  for (const server of lab.servers.values()) {
    for (const address of server.addresses) {
      await listenUdp(lab, address);
      await listenTcp(lab, address);
    }
  }
  tell({ kind: 'ready', hints: hintsText(lab), anchor: anchorText(lab) });
}

function hintsText(lab: Lab): string {
  const lines: string[] = [];
  for (const { name, addresses } of lab.rootServers) {
    lines.push(`. 3600000 NS ${name}`);
    for (const address of addresses) lines.push(`${name} 3600000 A ${address}`);
  }
  return `${lines.join('\n')}\n`;
}

function anchorText(lab: Lab): string {
  return lab
    .rootAnchors()
    .map((record) => formatRecord(record))
    .join('\n');
}

function listenUdp(lab: Lab, address: IpAddress): Promise<void> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (query, peer) => {
    queries++;
    const reply = lab.network.answer(address, 'udp', query, nowSeconds());
    if (reply?.kind !== 'reply') return;
    const send = () => socket.send(reply.octets, peer.port, peer.address);
    if (roundTripMs === 0) send();
    else setTimeout(send, roundTripMs);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(PORT, address.toString(), resolve);
  });
}

function listenTcp(lab: Lab, address: IpAddress): Promise<void> {
  const server: Server = createServer((connection) => {
    const deframer = new TcpDeframer();
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk) => {
      for (const query of deframer.push(chunk)) {
        queries++;
        const reply = lab.network.answer(address, 'tcp', query, nowSeconds());
        if (reply?.kind !== 'reply') continue;
        // The handshake was not delayed, so the answer pays for both round trips.
        setTimeout(() => connection.write(frame(reply.octets)), 2 * roundTripMs);
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, address.toString(), resolve);
  });
}

process.on('message', (message: ToAuthority) => {
  switch (message.kind) {
    case 'start':
      start(message.supply, message.largeZoneNames).catch((error: unknown) => {
        process.stderr.write(`authority: ${String(error)}\n`);
        process.exit(1);
      });
      break;
    case 'round trip':
      roundTripMs = message.ms;
      break;
    case 'count':
      tell({ kind: 'count', queries });
      break;
  }
});
process.on('disconnect', () => process.exit(0));
