/**
 * The servers of the benchmark's zones: a program of its own, so that its work is not counted. It
 * listens on every IPv4 address of the lab (all of them local to the network namespace) and answers
 * each datagram exactly one round trip later, because nothing else delays packets there. All that
 * can be asked is signed beforehand: signing would be time that no real server takes.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { buildLab, type Lab } from '../src/lab/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import { formatRecord, parseName } from '../src/presentation/index.js';
import {
  buildQuery,
  frame,
  type IpAddress,
  Name,
  RRClass,
  RRType,
  TcpDeframer,
} from '../src/wire/index.js';
import { benchWorld, domainName, KINDS, type Supply, TLD } from './bench-world.js';
import { Delay } from './delay.js';
import { mailZones } from './mail-trace.js';
import { type Answer, NsdServers } from './nsd.js';

export type ToAuthority =
  | ({ readonly kind: 'start' } & AuthorityZones)
  | { readonly kind: 'round trip'; readonly ms: number }
  /** The share of UDP exchanges of which either packet gets lost. */
  | { readonly kind: 'loss'; readonly share: number }
  | { readonly kind: 'count' };

export interface AuthorityZones {
  readonly supply: Supply;
  readonly largeZoneNames: number;
  /** Also the zones of the mail trace: far too many to make all keys beforehand. */
  readonly mail: boolean;
  /** Who answers, behind the delay: the lab itself, or NSD. */
  readonly backend: 'lab' | 'nsd';
}

export type FromAuthority =
  | { readonly kind: 'keys' | 'zones'; readonly done: number; readonly of: number }
  | { readonly kind: 'ready'; readonly hints: string; readonly anchor: string }
  | { readonly kind: 'count'; readonly queries: number };

const PORT = 53;

let roundTripMs = 0;
let lossShare = 0;
let queries = 0;
const delay = new Delay();
let stopBackend = (): Promise<void> => Promise.resolve();

function tell(message: FromAuthority): void {
  process.send?.(message);
}

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

async function start({ supply, largeZoneNames, mail, backend }: AuthorityZones): Promise<void> {
  const { zones, domains } = benchWorld(supply, largeZoneNames);
  const lab = buildLab({
    world: { zones: mail ? [...zones, ...mailZones()] : zones, domains },
    tools: { signer: labSigner, crypto: new NodeCryptoProvider() },
  });
  for (const { done, of } of mail ? [] : lab.makeKeys()) {
    if (done % 16 === 0 || done === of) tell({ kind: 'keys', done, of });
  }
  const answer = backend === 'nsd' ? await answerOfNsd(lab) : answerOf(lab);
  if (backend === 'lab') rehearse(lab, supply);
  for (const server of lab.servers.values()) {
    for (const address of server.addresses) {
      if (address.family === 6) continue;
      await listenUdp(answer, address);
      await listenTcp(answer, address);
    }
  }
  tell({ kind: 'ready', hints: hintsText(lab), anchor: anchorText(lab) });
}

async function answerOfNsd(lab: Lab): Promise<Answer> {
  const servers = await NsdServers.start(lab, (done, of) => tell({ kind: 'zones', done, of }));
  stopBackend = () => servers.stop();
  return servers.answer;
}

function answerOf(lab: Lab): Answer {
  return (address, transport, query, reply) => {
    const said = lab.network.answer(address, transport, query, nowSeconds());
    if (said?.kind === 'reply') reply(said.octets);
  };
}

/** Gives every answer of every domain once. */
function rehearse(lab: Lab, supply: Supply): void {
  const parent = addressOf(lab, `ns1.${TLD}`);
  for (const type of [RRType.DNSKEY, RRType.SOA]) ask(lab, parent, TLD, type);
  ask(lab, lab.rootServers[0]!.addresses[0]!, '.', RRType.DNSKEY);
  ask(lab, lab.rootServers[0]!.addresses[0]!, TLD, RRType.NS);
  for (const kind of KINDS) {
    for (let index = 0; index < supply[kind]; index++) {
      const domain = domainName(kind, index);
      const address = addressOf(lab, `ns1.${domain}`);
      ask(lab, parent, domain, RRType.NS);
      ask(lab, address, domain, RRType.DNSKEY);
      ask(lab, address, `_25._tcp.mx.${domain}`, RRType.TLSA);
      ask(lab, address, domain, RRType.MX);
      ask(lab, address, `mx.${domain}`, RRType.A);
      ask(lab, address, `mx.${domain}`, RRType.AAAA);
    }
  }
}

function addressOf(lab: Lab, server: string): IpAddress {
  return lab.servers.get(parseName(server)!.key)!.addresses[0]!;
}

function ask(lab: Lab, address: IpAddress, name: string, type: number): void {
  const query = buildQuery({
    id: 0,
    name: name === '.' ? Name.root : parseName(name)!,
    type,
    class: RRClass.IN,
    recursionDesired: false,
    edns: { udpSizeOctets: 1_232, dnssecOk: true },
  });
  lab.network.answer(address, 'udp', query, nowSeconds());
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

function listenUdp(answer: Answer, address: IpAddress): Promise<void> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (query, peer) => {
    const dueMs = performance.now() + roundTripMs;
    queries++;
    if (lossShare > 0 && Math.random() < lossShare) return;
    answer(address, 'udp', query, (octets) => {
      const send = () => socket.send(octets, peer.port, peer.address);
      if (roundTripMs === 0) send();
      else delay.until(dueMs, send);
    });
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(PORT, address.toString(), resolve);
  });
}

function listenTcp(answer: Answer, address: IpAddress): Promise<void> {
  const server: Server = createServer((connection) => {
    const deframer = new TcpDeframer();
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk) => {
      for (const query of deframer.push(chunk)) {
        queries++;
        answer(address, 'tcp', query, (octets) => {
          // The handshake was not delayed, so the answer pays for both round trips.
          setTimeout(() => connection.write(frame(octets)), 2 * roundTripMs);
        });
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
      start(message).catch((error: unknown) => {
        process.stderr.write(`authority: ${String(error)}\n`);
        void stopBackend().then(() => process.exit(1));
      });
      break;
    case 'round trip':
      roundTripMs = message.ms;
      break;
    case 'loss':
      lossShare = message.share;
      break;
    case 'count':
      tell({ kind: 'count', queries });
      break;
  }
});
process.on('disconnect', () => {
  void stopBackend().then(() => process.exit(0));
});
