/**
 * Queries over UDP, each from a connected socket of its own on a random port (RFC 5452 §9.2, §10):
 * a forger must guess the port besides the ID, the kernel drops what comes from elsewhere, and the
 * port is closed as soon as nobody waits.
 */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { type Entropy, InFlight } from '../resolver/index.js';
import type { IpAddress } from '../wire/index.js';
import { randomBetween } from './entropy.js';
import { mayBeSentTo, sendFailure } from './send-failures.js';
import type { OutgoingQuery, SocketSettings, UpstreamEvent } from './upstream.js';

const FIRST_PORT = 1_024;
const LAST_PORT = 65_535;
// RoCEv2 and memcached: network cards and filters treat packets of these ports in their own way.
const AVOIDED_PORTS: ReadonlySet<number> = new Set([4_791, 11_211]);
// Each miss means that one of some 64,000 ports is taken; twenty in a row mean something else.
const PORT_TRIES = 20;
/** Four attempts for each of the resolver's 1,000 questions, and a few. */
const MAX_SOCKETS = 4_096;
/**
 * Of replies to one query: as much as the largest datagram. What is heard waits for its turn, and
 * the kernel's buffer is not what bounds it any more.
 */
const MOST_HEARD_OCTETS = 65_536;
/** What a small reply takes beside its octets. */
const HEARING_OCTETS = 1_024;

const IPV4_SOCKET: SocketOptions = { type: 'udp4', lookup: resolveAtOnce };
const IPV6_SOCKET: SocketOptions = { type: 'udp6', ipv6Only: true, lookup: resolveAtOnce };

interface OpenQuery {
  readonly socket: Socket;
  readonly query: OutgoingQuery;
  /** What the query's OPT record advertised (RFC 6891 §6.2.3), or 512. */
  readonly advertisedOctets: number;
  missed: boolean;
  heardOctets: number;
}

export class UpstreamUdp {
  readonly #settings: SocketSettings;
  readonly #deliver: (event: UpstreamEvent) => void;
  readonly #open = new InFlight<number, OpenQuery>();

  constructor(settings: SocketSettings, deliver: (event: UpstreamEvent) => void) {
    this.#settings = settings;
    this.#deliver = deliver;
  }

  get openSockets(): number {
    return this.#open.size;
  }

  send(query: OutgoingQuery): void {
    const { queryId, address } = query;
    if (!mayBeSentTo(address) || this.#open.size >= MAX_SOCKETS) {
      this.#deliver({ kind: 'failed', queryId, failure: 'send error' });
      return;
    }
    const socket = createSocket(address.family === 4 ? IPV4_SOCKET : IPV6_SOCKET);
    const open: OpenQuery = {
      socket,
      query,
      advertisedOctets: advertisedSize(query.octets),
      missed: false,
      heardOctets: 0,
    };
    this.#open.set(queryId, open);
    this.#bind(open, PORT_TRIES);
  }

  abandon(queryId: number): void {
    const open = this.#open.get(queryId);
    if (open === undefined) return;
    this.#open.delete(queryId);
    close(open.socket);
  }

  close(): void {
    for (const { socket } of this.#open.values()) close(socket);
    this.#open.clear();
  }

  /** With a lookup that answers at once, binding, connecting and sending happen in this call. */
  #bind(open: OpenQuery, triesLeft: number): void {
    const { socket, query } = open;
    socket.removeAllListeners();
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.syscall === 'bind' && isPortTrouble(error.code);
      if (isTaken && triesLeft > 1) this.#bind(open, triesLeft - 1);
      else this.#fail(open, error);
    });
    socket.on('message', (octets) => this.#received(open, octets));
    socket.on('listening', () => this.#connectAndSend(open));
    const source = sourceFor(this.#settings.sourceAddresses, query.address);
    try {
      socket.bind({
        port: randomPort(this.#settings.entropy),
        // Workers of a cluster would otherwise share this socket.
        exclusive: true,
        ...(source === undefined ? {} : { address: source.toString() }),
      });
    } catch (error) {
      this.#fail(open, error);
    }
  }

  #connectAndSend(open: OpenQuery): void {
    const { socket, query } = open;
    try {
      // A failure to connect is told on the next turn, by the error event; then the send throws.
      socket.connect(query.port, query.address.toString());
      socket.send(query.octets, (error) => {
        if (error !== null) this.#fail(open, error);
      });
    } catch (error) {
      // Nothing was sent. The error event says why, with a code, if it comes first.
      setImmediate(() => this.#fail(open, error));
    }
  }

  #received(open: OpenQuery, datagram: Uint8Array): void {
    const { query } = open;
    const { queryId } = query;
    if (this.#open.get(queryId) !== open || datagram.length < 2) return;
    const sent = query.octets;
    if (datagram[0] !== sent[0] || datagram[1] !== sent[1]) {
      // RFC 5452 §9.3: the right place and the wrong ID. Once is enough to know.
      if (open.missed) return;
      open.missed = true;
      this.#deliver({ kind: 'near miss', queryId });
      return;
    }
    if (open.heardOctets >= MOST_HEARD_OCTETS) return;
    open.heardOctets += HEARING_OCTETS + datagram.length;
    // A plain array, since slices of a Buffer are views that keep and share its memory.
    const octets = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
    // RFC 9715: more than was asked for may have come in fragments, and these can be forged.
    const oversized = octets.length > open.advertisedOctets;
    this.#deliver({ kind: 'received', queryId, octets, oversized });
  }

  #fail(open: OpenQuery, error: unknown): void {
    const { queryId } = open.query;
    if (this.#open.get(queryId) !== open) return;
    this.#open.delete(queryId);
    close(open.socket);
    this.#deliver({ kind: 'failed', queryId, failure: sendFailure(error) });
  }
}

function isPortTrouble(code: string | undefined): boolean {
  return code === 'EADDRINUSE' || code === 'EACCES';
}

function close(socket: Socket): void {
  socket.removeAllListeners();
  // A socket that is being closed may still report what its last packet met.
  socket.on('error', () => {});
  try {
    socket.close();
  } catch {
    // It was never bound, or is closed: what was wanted.
  }
}

function resolveAtOnce(
  hostname: string,
  family: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, hostname, family === 6 ? 6 : 4);
}

function randomPort(entropy: Entropy): number {
  for (;;) {
    const port = randomBetween(entropy, FIRST_PORT, LAST_PORT);
    if (!AVOIDED_PORTS.has(port)) return port;
  }
}

export function sourceFor(
  sources: readonly IpAddress[],
  destination: IpAddress,
): IpAddress | undefined {
  return sources.find((source) => source.family === destination.family);
}

/** The size that a query of ours advertises: its OPT record is its last, behind one question. */
function advertisedSize(query: Uint8Array): number {
  if (query[10] === 0 && query[11] === 0) return 512;
  let at = 12;
  while (at < query.length && query[at] !== 0) at += 1 + query[at]!;
  // Root octet, type and class of the question, then the root octet and type of OPT.
  at += 1 + 4 + 3;
  return at + 1 < query.length ? (query[at]! << 8) | query[at + 1]! : 512;
}
