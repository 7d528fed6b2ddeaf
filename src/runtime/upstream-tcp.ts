/**
 * Queries over TCP (RFC 7766): connections are kept for a while, several queries share one, and
 * replies come in any order. A server that closes a kept connection just as a query goes out is not
 * at fault, so such a query is sent once more on a new connection.
 */
import { createConnection, type Socket } from 'node:net';
import type { SendFailure } from '../resolver/index.js';
import { frame, TcpDeframer } from '../wire/index.js';
import { mayBeSentTo, sendFailure } from './send-failures.js';
import type { OutgoingQuery, SocketSettings, UpstreamEvent } from './upstream.js';
import { sourceFor } from './upstream-udp.js';

export interface UpstreamTcpLimits {
  readonly connections: number;
  readonly queriesPerConnection: number;
  readonly inFlightPerConnection: number;
  readonly idleMs: number;
}

/** Authorities that all truncate and then stall must not take every descriptor there is. */
export const UPSTREAM_TCP_LIMITS: UpstreamTcpLimits = {
  connections: 64,
  queriesPerConnection: 200,
  inFlightPerConnection: 32,
  idleMs: 10_000,
};

interface PendingQuery {
  readonly query: OutgoingQuery;
  readonly messageId: number;
  /** Sent before on a connection that was closed under it. */
  readonly resent: boolean;
}

interface Connection {
  readonly key: string;
  readonly socket: Socket;
  readonly deframer: TcpDeframer;
  readonly pending: Map<number, PendingQuery>;
  sent: number;
  answered: number;
  /** Nothing new goes out on it: it is used up, suspect or closing. */
  retired: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

export class UpstreamTcp {
  readonly #settings: SocketSettings;
  readonly #deliver: (event: UpstreamEvent) => void;
  readonly #limits: UpstreamTcpLimits;
  readonly #connections = new Set<Connection>();
  /** Connections of one server, newest last. */
  readonly #byServer = new Map<string, Connection[]>();
  readonly #byQuery = new Map<number, Connection>();

  constructor(
    settings: SocketSettings,
    deliver: (event: UpstreamEvent) => void,
    limits: UpstreamTcpLimits = UPSTREAM_TCP_LIMITS,
  ) {
    this.#settings = settings;
    this.#deliver = deliver;
    this.#limits = limits;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  send(query: OutgoingQuery): void {
    this.#send(query, false);
  }

  abandon(queryId: number): void {
    const connection = this.#byQuery.get(queryId);
    if (connection === undefined) return;
    this.#byQuery.delete(queryId);
    for (const [messageId, pending] of connection.pending) {
      if (pending.query.queryId === queryId) connection.pending.delete(messageId);
    }
    // A reply that may still come must not meet another query with the same ID, and a connection
    // on which one reply is overdue is a bad place for more.
    connection.retired = true;
    if (connection.pending.size === 0) this.#close(connection);
  }

  close(): void {
    for (const connection of [...this.#connections]) this.#close(connection);
    this.#byQuery.clear();
  }

  #send(query: OutgoingQuery, resent: boolean): void {
    const { queryId, address, octets } = query;
    const connection = mayBeSentTo(address) ? this.#connectionFor(query) : undefined;
    if (connection === undefined) {
      this.#deliver({ kind: 'failed', queryId, failure: 'send error' });
      return;
    }
    const messageId = (octets[0]! << 8) | octets[1]!;
    connection.pending.set(messageId, { query, messageId, resent });
    this.#byQuery.set(queryId, connection);
    connection.sent++;
    if (connection.sent >= this.#limits.queriesPerConnection) connection.retired = true;
    clearTimeout(connection.idleTimer);
    connection.idleTimer = undefined;
    // RFC 7766 §8: length and message in one write.
    connection.socket.write(frame(octets));
    connection.socket.ref();
  }

  #connectionFor(query: OutgoingQuery): Connection | undefined {
    const { address, port, octets } = query;
    const key = address.key + String.fromCharCode(port);
    const messageId = (octets[0]! << 8) | octets[1]!;
    for (const connection of this.#byServer.get(key) ?? []) {
      const { retired, pending } = connection;
      if (!retired && pending.size < this.#limits.inFlightPerConnection && !pending.has(messageId))
        return connection;
    }
    if (this.#connections.size >= this.#limits.connections && !this.#closeIdle()) return undefined;
    return this.#connect(key, query);
  }

  /** Makes room by closing the connection that has been idle longest. */
  #closeIdle(): boolean {
    for (const connection of this.#connections) {
      if (connection.pending.size > 0) continue;
      this.#close(connection);
      return true;
    }
    return false;
  }

  #connect(key: string, { address, port }: OutgoingQuery): Connection | undefined {
    const source = sourceFor(this.#settings.sourceAddresses, address);
    let socket: Socket;
    try {
      socket = createConnection({
        host: address.toString(),
        port,
        family: address.family,
        noDelay: true,
        autoSelectFamily: false,
        ...(source === undefined ? {} : { localAddress: source.toString() }),
      });
    } catch {
      return undefined;
    }
    const connection: Connection = {
      key,
      socket,
      deframer: new TcpDeframer(),
      pending: new Map(),
      sent: 0,
      answered: 0,
      retired: false,
      idleTimer: undefined,
    };
    this.#connections.add(connection);
    const siblings = this.#byServer.get(key);
    if (siblings === undefined) this.#byServer.set(key, [connection]);
    else siblings.push(connection);
    socket.on('data', (chunk) => this.#received(connection, chunk));
    socket.on('error', (error) => this.#lost(connection, sendFailure(error)));
    socket.on('close', () => this.#lost(connection, 'closed'));
    return connection;
  }

  #received(connection: Connection, chunk: Uint8Array): void {
    const { deframer, pending } = connection;
    for (const octets of deframer.push(chunk)) {
      const messageId = (octets[0]! << 8) | octets[1]!;
      const answered = pending.get(messageId);
      // Over TCP nobody guesses IDs: an unknown one is a server's mistake, and may be ignored.
      if (answered === undefined) continue;
      pending.delete(messageId);
      const { queryId } = answered.query;
      this.#byQuery.delete(queryId);
      connection.answered++;
      this.#deliver({ kind: 'received', queryId, octets });
    }
    if (deframer.broken) {
      this.#lost(connection, 'closed');
      return;
    }
    if (pending.size === 0) this.#rest(connection);
  }

  #rest(connection: Connection): void {
    if (!this.#connections.has(connection)) return;
    if (connection.retired) {
      this.#close(connection);
      return;
    }
    // Idle connections stand at the end, in the order in which they became idle.
    this.#connections.delete(connection);
    this.#connections.add(connection);
    connection.idleTimer ??= setTimeout(() => this.#close(connection), this.#limits.idleMs);
    // Neither may keep the process alive: an idle connection is only a convenience.
    connection.idleTimer.unref();
    connection.socket.unref();
  }

  #lost(connection: Connection, failure: SendFailure): void {
    if (!this.#connections.has(connection)) return;
    const orphans = [...connection.pending.values()];
    // RFC 7766 §6.2.4: after at least one reply, a close means that the server has ended an idle
    // connection; it has not seen these queries.
    const wasKept = connection.answered > 0;
    this.#close(connection);
    for (const { query, resent } of orphans) {
      this.#byQuery.delete(query.queryId);
      if (wasKept && !resent) this.#send(query, true);
      else this.#deliver({ kind: 'failed', queryId: query.queryId, failure });
    }
  }

  #close(connection: Connection): void {
    const { key, socket } = connection;
    connection.retired = true;
    connection.pending.clear();
    clearTimeout(connection.idleTimer);
    this.#connections.delete(connection);
    const siblings = (this.#byServer.get(key) ?? []).filter((other) => other !== connection);
    if (siblings.length === 0) this.#byServer.delete(key);
    else this.#byServer.set(key, siblings);
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.destroy();
  }
}
