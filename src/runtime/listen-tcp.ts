/** Sockets that hear clients over TCP (RFC 7766). What a connection may do, `TcpSession` knows. */
import { createServer, type Server, type Socket } from 'node:net';
import { CLIENT_LIMITS, type Client, TcpSession } from '../server/index.js';
import { frame, type IpAddress } from '../wire/index.js';
import type { Clock } from './clock.js';
import { addressOfHost, type ListenAddress } from './listen-udp.js';

export interface TcpHandler {
  /** Whether a connection from there is worth having. */
  admits(address: IpAddress): boolean;
  received(octets: Uint8Array, client: TcpClient): void;
  /** The connection is gone; replies to it go nowhere. */
  gone(client: TcpClient): void;
}

/** One connection. */
export class TcpClient implements Client {
  readonly transport = 'tcp';
  readonly address: IpAddress;
  readonly port: number;
  readonly session: TcpSession;
  readonly socket: Socket;
  /** The client has said that nothing more will come. */
  ended = false;
  /** Messages are being taken; a reply given meanwhile must not start over. */
  proceeding = false;
  #writing = 0;
  readonly #clock: Clock;
  readonly #afterReply: (client: TcpClient) => void;

  constructor(
    socket: Socket,
    address: IpAddress,
    clock: Clock,
    afterReply: (client: TcpClient) => void,
  ) {
    this.socket = socket;
    this.address = address;
    this.port = socket.remotePort ?? 0;
    this.session = new TcpSession(clock.monotonicMs());
    this.#clock = clock;
    this.#afterReply = afterReply;
  }

  reply(octets: Uint8Array): void {
    if (this.socket.destroyed) return;
    this.#writing++;
    this.session.replyWritten(this.#clock.monotonicMs());
    // RFC 7766 §8: length and message in one write.
    this.socket.write(frame(octets), () => {
      this.#writing--;
      this.session.replyTaken(this.#clock.monotonicMs(), this.#writing === 0);
      this.#afterReply(this);
    });
  }

  /** The message that was received last is not answered. */
  skip(): void {
    this.session.skipped();
    this.#afterReply(this);
  }
}

// Well below the shortest patience, so that it ends within a fourth of a second.
const SWEEP_MS = 250;

export class TcpListener {
  readonly local: ListenAddress;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #handler: TcpHandler;
  readonly #pool: TcpClientPool;

  private constructor(
    server: Server,
    local: ListenAddress,
    clock: Clock,
    handler: TcpHandler,
    pool: TcpClientPool,
  ) {
    this.local = local;
    this.#server = server;
    this.#clock = clock;
    this.#handler = handler;
    this.#pool = pool;
    server.on('connection', (socket) => this.#accept(socket));
    // EMFILE and its like on accept: that client has bad luck, the next one may have better.
    server.on('error', () => {});
  }

  /** Several listeners share one pool, and with it the bounds on connections. */
  static open(
    { address, port, inherited }: ListenAddress,
    clock: Clock,
    handler: TcpHandler,
    pool: TcpClientPool,
  ): Promise<TcpListener> {
    // Half-open: who has sent all questions and says so still gets the answers.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const fd = inherited?.tcp;
      const options = { host: address.toString(), port, ipv6Only: address.family === 6 };
      server.listen(fd === undefined ? options : { fd }, () => {
        server.removeAllListeners('error');
        const bound = server.address();
        const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
        resolve(new TcpListener(server, { address, port: boundPort }, clock, handler, pool));
      });
    });
  }

  /** No new connections; those that exist go on until their pool is closed. */
  stopAccepting(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    const address = addressOfHost(socket.remoteAddress ?? '');
    if (address === undefined || !this.#handler.admits(address) || !this.#pool.hasRoom(address)) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const client = new TcpClient(socket, address, this.#clock, (after) => this.#proceed(after));
    this.#pool.add(client);
    socket.on('data', (chunk) => {
      client.session.push(chunk);
      this.#proceed(client);
    });
    socket.on('end', () => {
      client.ended = true;
      this.#proceed(client);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#pool.remove(client);
      this.#handler.gone(client);
    });
  }

  /** Takes messages as long as the session gives any; then reading stops or goes on. */
  #proceed(client: TcpClient): void {
    const { session, socket } = client;
    if (client.proceeding) return;
    client.proceeding = true;
    for (;;) {
      const octets = session.next(this.#clock.monotonicMs());
      if (octets === undefined) break;
      this.#handler.received(octets, client);
    }
    client.proceeding = false;
    if (socket.destroyed) return;
    if (session.broken) {
      socket.destroy();
    } else if (client.ended && session.isIdle) {
      // What is held can only be a part of a message that will never be whole.
      socket.end();
    } else if (session.wantsReading) {
      socket.resume();
    } else {
      socket.pause();
    }
  }
}

/** All connections of a server, however many addresses it listens on. */
export class TcpClientPool {
  readonly #clients = new Set<TcpClient>();
  readonly #clock: Clock;
  readonly #processes: number;
  #sweep: NodeJS.Timeout | undefined;

  constructor(clock: Clock, processes = 1) {
    this.#clock = clock;
    this.#processes = processes;
  }

  get size(): number {
    return this.#clients.size;
  }

  get heldOctets(): number {
    let octets = 0;
    for (const { session, socket } of this.#clients) {
      octets += session.heldOctets + socket.writableLength;
    }
    return octets;
  }

  /** A full pool lets go of the connection that has been idle longest. */
  hasRoom(address: IpAddress): boolean {
    if (!address.isLoopback) {
      let siblings = 0;
      for (const client of this.#clients) if (client.address.equals(address)) siblings++;
      if (siblings >= this.#share(CLIENT_LIMITS.tcpConnectionsPerAddress)) return false;
    }
    if (this.#clients.size < this.#share(CLIENT_LIMITS.tcpConnections)) return true;
    let idlest: TcpClient | undefined;
    for (const client of this.#clients) {
      if (!client.session.isIdle) continue;
      const since = client.session.lastProgressMs;
      if (idlest === undefined || since < idlest.session.lastProgressMs) idlest = client;
    }
    if (idlest === undefined) return false;
    this.remove(idlest);
    idlest.socket.destroy();
    return true;
  }

  #share({ value }: { readonly value: number }): number {
    return Math.ceil(value / this.#processes);
  }

  add(client: TcpClient): void {
    this.#clients.add(client);
    // Queries that have come meanwhile are read first, lest they be taken for late.
    const sweep = (): unknown => setImmediate(() => this.#closeOverdue());
    this.#sweep ??= setInterval(sweep, SWEEP_MS).unref();
  }

  remove(client: TcpClient): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  /** Idle connections end at once, the others as soon as their replies are out. */
  closeGently(): void {
    for (const client of [...this.#clients]) {
      if (client.session.isIdle) client.socket.end();
      else client.ended = true;
    }
  }

  closeAll(): void {
    for (const client of [...this.#clients]) client.socket.destroy();
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #closeOverdue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const client of [...this.#clients]) {
      const deadlineMs = client.session.deadlineMs();
      if (deadlineMs !== undefined && deadlineMs <= nowMs) client.socket.destroy();
    }
  }
}
