/**
 * The server put together: sockets that hear clients, the front that decides about them, and the
 * driver that resolves. UDP is bound first and TCP last, so whoever can connect can ask.
 */
import type { ReplyCache } from '../cache/index.js';
import type { Now, Resolution } from '../resolver/index.js';
import {
  type CookieJar,
  NameServer,
  type NameServerConfig,
  type ServerEffect,
  type ServerReport,
} from '../server/index.js';
import type { Clock } from './clock.js';
import type { Driver } from './driver.js';
import { type TcpClient, TcpClientPool, TcpListener } from './listen-tcp.js';
import { type ListenAddress, UdpClient, UdpListener } from './listen-udp.js';
import type { LostQuestion, QuestionJournal } from './question-journal.js';

export interface DaemonParts {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly cookies: CookieJar;
  readonly config: NameServerConfig;
  /** Replies to requests that come again; without it every request goes the long way. */
  readonly replies?: ReplyCache;
  readonly listen: readonly ListenAddress[];
  /** Processes that serve beside this one and itself; bounds hold for all of them together. */
  readonly processes?: number;
  /** Keeps what is not yet answered for the case that this process dies. */
  readonly journal?: QuestionJournal;
  readonly report: (report: DaemonReport) => void;
}

export type DaemonReport = ServerReport;

export type DaemonStart =
  | { readonly ok: true; readonly daemon: Daemon }
  | { readonly ok: false; readonly code: string; readonly sentence: string };

type AnyClient = UdpClient | TcpClient;

/** How often another pair of ports is tried when the system was to choose. */
const PORT_PAIR_TRIES = 8;
const DRAIN_MS = 3_000;
/** For replies that are written, but not yet taken by the client's side. */
const FLUSH_MS = 250;

export interface DaemonCounters {
  readonly udpRequests: number;
  readonly tcpRequests: number;
  readonly replies: number;
  readonly tcpConnections: number;
  readonly outstandingQuestions: number;
}

/** Bounds of the counters by time; the last counter is for what took longer. */
export const RESOLUTION_BOUNDS_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
] as const;

/** Questions that went to the resolver. */
export interface ResolutionCounters {
  readonly bySecurity: Readonly<Record<Resolution['security']['status'], number>>;
  readonly byTime: readonly number[];
  readonly seconds: number;
}

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #server: NameServer<AnyClient>;
  readonly #pool: TcpClientPool;
  #udp: UdpListener[] = [];
  #tcp: TcpListener[] = [];
  #draining = false;
  #whenIdle: (() => void) | undefined;
  #udpRequests = 0;
  #tcpRequests = 0;
  #replies = 0;
  readonly #bySecurity = { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 };
  readonly #byTime = Array.from({ length: RESOLUTION_BOUNDS_SECONDS.length + 1 }, () => 0);
  #resolvedMs = 0;

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    const { config, cookies, replies, driver, processes } = parts;
    const newHandle = (): number => driver.newHandle();
    this.#server = new NameServer({ config, cookies, replies, processes, newHandle });
    this.#pool = new TcpClientPool(parts.clock, processes);
    driver.onRepliesOutdated(() => replies?.clear());
  }

  /** All addresses or none: a mail host that hears half of its questions is hard to diagnose. */
  static async open(parts: DaemonParts): Promise<DaemonStart> {
    const daemon = new Daemon(parts);
    let current: ListenAddress | undefined;
    try {
      for (let tries = 1; ; tries++) {
        try {
          for (current of parts.listen) await daemon.#openUdp(current);
          for (current of daemon.addresses) await daemon.#openTcp(current);
          return { ok: true, daemon };
        } catch (error) {
          daemon.#closeListeners();
          const mayRetry = parts.listen.some(({ port }) => port === 0) && isTaken(error);
          if (!mayRetry || tries >= PORT_PAIR_TRIES) throw error;
        }
      }
    } catch (error) {
      daemon.#closeListeners();
      const where = current === undefined ? undefined : formatEndpoint(current);
      return { ok: false, ...describeBindError(where, error) };
    }
  }

  /** With the ports that the system has chosen. */
  get addresses(): readonly ListenAddress[] {
    return this.#udp.map(({ local }) => local);
  }

  get counters(): DaemonCounters {
    return {
      udpRequests: this.#udpRequests,
      tcpRequests: this.#tcpRequests,
      replies: this.#replies,
      tcpConnections: this.#pool.size,
      outstandingQuestions: this.#server.outstandingQuestions,
    };
  }

  get resolutions(): ResolutionCounters {
    const bySecurity = this.#bySecurity;
    return { bySecurity, byTime: this.#byTime, seconds: this.#resolvedMs / 1_000 };
  }

  /** Octets held for TCP clients: parts of messages, and replies they have not read. */
  get tcpHeldOctets(): number {
    return this.#pool.heldOctets;
  }

  /** Hears nothing new, answers what was asked, and closes. */
  async close(drainMs = DRAIN_MS): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    for (const listener of this.#udp) listener.stopReceiving();
    for (const listener of this.#tcp) listener.stopAccepting();
    this.#pool.closeGently();
    if (!this.#server.isIdle) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, drainMs);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#pool.closeGently();
    if (this.#pool.size > 0) await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    this.#pool.closeAll();
    this.#closeListeners();
  }

  /** Answers a question that another process has heard at the same address and left behind. */
  takeOver({ listener: index, host, port, octets }: LostQuestion): void {
    const listener = this.#udp[index];
    const client = listener === undefined ? undefined : UdpClient.at(listener, host, port);
    if (client !== undefined) this.#received(octets, client);
  }

  async #openUdp(address: ListenAddress): Promise<void> {
    const { journal } = this.#parts;
    const index = this.#udp.length;
    const listener = await UdpListener.open(address, (octets, client) => {
      this.#udpRequests++;
      this.#received(octets, client);
      if (journal !== undefined && !client.settled) journal.note(index, octets, client);
    });
    this.#udp.push(listener);
  }

  async #openTcp(address: ListenAddress): Promise<void> {
    const handler = {
      admits: (from: TcpClient['address']) => !this.#draining && this.#server.admits(from),
      received: (octets: Uint8Array, client: TcpClient) => {
        if (this.#draining) {
          client.skip();
          return;
        }
        this.#tcpRequests++;
        this.#received(octets, client);
      },
      gone: (client: TcpClient) => {
        if (client.session.isIdle) return;
        this.#perform(this.#server.gone(client), this.#parts.clock.now());
      },
    };
    this.#tcp.push(await TcpListener.open(address, this.#parts.clock, handler, this.#pool));
  }

  #closeListeners(): void {
    for (const listener of this.#udp) listener.close();
    for (const listener of this.#tcp) listener.stopAccepting();
    this.#udp = [];
    this.#tcp = [];
  }

  /** A broken invariant costs one reply, not the server. */
  #received(octets: Uint8Array, client: AnyClient): void {
    const now = this.#parts.clock.now();
    let effects: readonly ServerEffect<AnyClient>[];
    try {
      effects = this.#server.receive(octets, client, now);
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const sentence = `a request from ${client.address} broke the server: ${detail}`;
      this.#parts.report({ kind: 'internal error', sentence });
      client.skip();
      return;
    }
    this.#perform(effects, now);
  }

  #perform(effects: readonly ServerEffect<AnyClient>[], now: Now): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'reply':
          this.#replies++;
          effect.client.reply(effect.octets);
          break;
        case 'silence':
          effect.client.skip();
          break;
        case 'resolve':
          this.#resolve(effect.event, now);
          break;
        case 'report':
          this.#parts.report(effect.report);
      }
    }
  }

  #resolve(event: Extract<ServerEffect<AnyClient>, { kind: 'resolve' }>['event'], now: Now): void {
    const { driver } = this.#parts;
    if (event.kind === 'cancelled') {
      driver.cancel(event.handle);
      return;
    }
    const { handle } = event;
    driver.ask(
      event,
      (resolution, then) => {
        this.#count(resolution, then.monotonicMs - now.monotonicMs);
        this.#perform(this.#server.finished(handle, resolution, then), then);
        if (this.#server.isIdle) this.#whenIdle?.();
      },
      now,
    );
  }

  #count({ security }: Resolution, tookMs: number): void {
    this.#bySecurity[security.status]++;
    this.#resolvedMs += tookMs;
    const index = RESOLUTION_BOUNDS_SECONDS.findIndex((bound) => tookMs <= 1_000 * bound);
    this.#byTime[index < 0 ? RESOLUTION_BOUNDS_SECONDS.length : index]!++;
  }
}

function isTaken(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'EADDRINUSE';
}

const BIND_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EACCES: 'ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine does not speak that version of IP',
};

/** A sentence for an operator about an address that cannot be listened on. */
export function describeBindError(
  where: string | undefined,
  error: unknown,
): { code: string; sentence: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'string' ? code : 'unknown';
  const place = where === undefined ? '' : ` on ${where}`;
  return { code: name, sentence: `cannot listen${place}: ${BIND_ERRORS[name] ?? String(message)}` };
}

export function formatEndpoint({ address, port }: ListenAddress): string {
  return address.family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
