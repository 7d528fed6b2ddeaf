/**
 * The server of Postfix's policy table (socketmap_table(5)) over TCP or a Unix socket. A request is
 * answered before the next one of its connection is read, which is all that Postfix does.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  DANE_LIMITS,
  destinationText,
  type Destination,
  readSocketmapRequest,
  socketmapReply,
} from '../dane/index.js';
import type { AccessList } from '../server/index.js';
import { NetstringReader, netstring } from '../wire/index.js';
import { describeBindError, formatEndpoint } from './daemon.js';
import { decideWith } from './decide-dane.js';
import { asciiRequest } from './domain-text.js';
import type { Driver } from './driver.js';
import { addressOfHost, type ListenAddress } from './listen-udp.js';

export type SocketmapEndpoint =
  ({ readonly kind: 'inet' } & ListenAddress) | { readonly kind: 'unix'; readonly path: string };

export interface SocketmapReport {
  readonly kind: 'policy' | 'internal error';
  readonly sentence: string;
}

export interface SocketmapParts {
  readonly driver: Driver;
  readonly access: AccessList;
  readonly endpoints: readonly SocketmapEndpoint[];
  /** Workers that share the endpoints; who has started them has removed what was stale. */
  readonly processes?: number;
  readonly report: (report: SocketmapReport) => void;
}

export type SocketmapStart =
  | { readonly ok: true; readonly server: SocketmapServer }
  | { readonly ok: false; readonly code: string; readonly sentence: string };

export class SocketmapServer {
  readonly #parts: SocketmapParts;
  readonly #listeners: Server[] = [];
  readonly #connections = new Set<Connection>();
  readonly #endpoints: SocketmapEndpoint[] = [];

  private constructor(parts: SocketmapParts) {
    this.#parts = parts;
  }

  /** All endpoints or none. */
  static async open(parts: SocketmapParts): Promise<SocketmapStart> {
    const server = new SocketmapServer(parts);
    for (const endpoint of parts.endpoints) {
      try {
        await server.#listen(endpoint);
      } catch (error) {
        server.#stopListening();
        const where = endpoint.kind === 'unix' ? endpoint.path : formatEndpoint(endpoint);
        return { ok: false, ...describeBindError(where, error) };
      }
    }
    return { ok: true, server };
  }

  /** With the ports that the system has chosen. */
  get endpoints(): readonly SocketmapEndpoint[] {
    return this.#endpoints;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Ends idle connections at once and the others with their answer, or when time is up. */
  async close(drainMs: number = DANE_LIMITS.socketmapDrainMs.value): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) connection.finish();
    const ended = [...this.#connections].map(({ closed }) => closed);
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, drainMs);
    await Promise.all(ended);
    clearTimeout(timer);
  }

  async #listen(endpoint: SocketmapEndpoint): Promise<void> {
    const { processes = 1 } = this.#parts;
    if (endpoint.kind === 'unix' && processes === 1) await removeStaleSocket(endpoint.path);
    const listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    const options =
      endpoint.kind === 'unix'
        ? // Whoever may enter the folder may ask: the answers are no secret.
          { path: endpoint.path, readableAll: true, writableAll: true }
        : {
            host: endpoint.address.toString(),
            port: endpoint.port,
            ipv6Only: endpoint.address.family === 6,
          };
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(options, () => {
        listener.removeListener('error', reject);
        listener.on('error', () => {});
        resolve();
      });
    });
    this.#listeners.push(listener);
    const bound = listener.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    this.#endpoints.push(endpoint.kind === 'unix' ? endpoint : { ...endpoint, port });
  }

  #stopListening(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.length = 0;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    // A Unix socket has no address; its folder decides who may connect.
    const { remoteAddress } = socket;
    const address = remoteAddress === undefined ? undefined : addressOfHost(remoteAddress);
    const isAdmitted =
      remoteAddress === undefined || (address && this.#parts.access.admits(address));
    const { processes = 1 } = this.#parts;
    const room = Math.ceil(DANE_LIMITS.socketmapConnections.value / processes);
    const isFull = this.#connections.size >= room;
    if (isAdmitted !== true || isFull) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#parts);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
  }
}

class Connection {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #parts: SocketmapParts;
  readonly #reader = new NetstringReader(DANE_LIMITS.socketmapOctets.value);
  readonly #idle: NodeJS.Timeout;
  #deciding: { cancel(): void } | undefined;
  #isBusy = false;
  #isEnding = false;
  #isProceeding = false;

  constructor(socket: Socket, parts: SocketmapParts) {
    this.#socket = socket;
    this.#parts = parts;
    // Only whole requests count as life: a client that trickles octets is let go as well.
    this.#idle = setTimeout(() => this.#expire(), DANE_LIMITS.socketmapIdleMs.value);
    this.#idle.unref();
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#proceed();
    });
    socket.on('drain', () => this.#proceed());
    socket.on('end', () => this.finish());
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        clearTimeout(this.#idle);
        this.#deciding?.cancel();
        resolve();
      });
    });
  }

  /** No more requests; what is being answered still is. */
  finish(): void {
    this.#isEnding = true;
    if (!this.#isBusy) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #expire(): void {
    if (this.#isBusy) this.#idle.refresh();
    else this.destroy();
  }

  #proceed(): void {
    if (this.#isProceeding) return;
    this.#isProceeding = true;
    // A client that does not read its replies is not asked for more requests.
    while (!this.#isBusy && !this.#isEnding && !this.#socket.writableNeedDrain) {
      const octets = this.#reader.next();
      if (octets === undefined) break;
      this.#idle.refresh();
      this.#answer(octets);
    }
    this.#isProceeding = false;
    if (this.#reader.broken) this.destroy();
    else if (this.#isBusy || this.#socket.writableNeedDrain) this.#socket.pause();
    else this.#socket.resume();
  }

  #answer(octets: Uint8Array): void {
    const request = readSocketmapRequest(asciiRequest(octets));
    if (request.kind === 'answered') {
      this.#send(request.reply);
      return;
    }
    const { destination } = request;
    this.#isBusy = true;
    let isOver = false;
    const finish = (reply: string): void => {
      isOver = true;
      this.#deciding = undefined;
      this.#isBusy = false;
      this.#report('policy', destination, reply);
      this.#send(reply);
      if (this.#isEnding) this.#socket.end();
      else this.#proceed();
    };
    const deciding = decideWith(this.#parts.driver, destination, {
      decided: (decision) => finish(socketmapReply(decision)),
      broke: (error) => {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#report('internal error', destination, detail);
        finish('TEMP internal error');
      },
    });
    if (!isOver) this.#deciding = deciding;
  }

  #report(kind: SocketmapReport['kind'], destination: Destination, what: string): void {
    this.#parts.report({ kind, sentence: `policy for ${destinationText(destination)}: ${what}` });
  }

  #send(reply: string): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(netstring(Uint8Array.from(Buffer.from(reply, 'latin1'))));
  }
}

/** What a server that was killed has left behind; one that somebody listens on stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  // Connecting to a file of any other kind is refused as well, and that file is somebody's.
  if (code === 'ECONNREFUSED' && lstatSync(path).isSocket()) unlinkSync(path);
}
