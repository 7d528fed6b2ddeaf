/**
 * Speaks SMTP (RFC 5321) as far as STARTTLS (RFC 3207), or TLS and then SMTP where that is the
 * custom (RFC 8314 §3.3), to see which certificates a server has.
 * Bounded in time and octets; hands over no mail and believes nothing that it is shown.
 */
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { connect as connectTls, TLSSocket } from 'node:tls';
import { DANE_LIMITS, type ServerSeen } from '../dane/index.js';
import { presentedCertificates } from './presented-chain.js';

export interface ProbedServer {
  readonly host: string;
  readonly port: number;
  /** RFC 7672 §8.1: sent as SNI; a name that is none, or an address, is left out. */
  readonly serverName: string;
  /** RFC 8314 §3.3: TLS from the first octet on. */
  readonly isImplicitTls: boolean;
}

export async function probeSmtp(server: ProbedServer): Promise<ServerSeen> {
  const address = `${server.host} port ${server.port}`;
  const conversation = new Conversation(server);
  const isImplicit = server.isImplicitTls;
  let reached: 'nothing' | 'connection' | 'SMTP' | 'STARTTLS' = 'nothing';
  try {
    await conversation.open();
    if (isImplicit) {
      reached = 'connection';
      const tls = await conversation.tlsFirst();
      await conversation.expect(220, 'a greeting');
      return { reached: 'TLS', isImplicit, address, ...endOf(tls) };
    }
    await conversation.expect(220, 'a greeting');
    reached = 'SMTP';
    const lines = await conversation.command(`EHLO ${hostname()}`, 250, 'an answer to EHLO');
    if (!lines.some((line) => /^STARTTLS$/i.test(line.trim()))) {
      return { reached, address, sentence: 'the server does not offer STARTTLS' };
    }
    await conversation.command('STARTTLS', 220, 'an answer to STARTTLS');
    reached = 'STARTTLS';
    const tls = await conversation.startTls();
    return { reached: 'TLS', isImplicit, address, ...endOf(tls) };
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    return { reached, address, sentence };
  } finally {
    conversation.close();
  }
}

function endOf(tls: TLSSocket) {
  const protocol = tls.getProtocol() ?? 'TLS';
  const certificates = presentedCertificates(tls);
  tls.end('QUIT\r\n');
  return { protocol, certificates };
}

class Conversation {
  readonly #server: ProbedServer;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #tls: TLSSocket | undefined;
  /** Loaded only where it is needed: a daemon does not probe, and would hold it for nothing. */
  #connectTls: typeof connectTls | undefined;
  #text = '';
  #octets = 0;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(server: ProbedServer) {
    this.#server = server;
    this.#socket = connect({ host: server.host, port: server.port });
    const { value: limitMs } = DANE_LIMITS.smtpMs;
    this.#timer = setTimeout(
      () => this.#fail(new Error(`nothing came of it within ${limitMs / 1000} s`)),
      limitMs,
    );
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  async open(): Promise<void> {
    let connected = false;
    this.#socket.once('connect', () => {
      connected = true;
      this.#wake();
    });
    const loading = import('node:tls');
    await this.#until(() => connected);
    if (!this.#server.isImplicitTls) this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#connectTls = (await loading).connect;
  }

  /** SMTP goes on inside. */
  async tlsFirst(): Promise<TLSSocket> {
    const tls = await this.#handshake();
    tls.on('data', (chunk: Buffer) => this.#take(chunk));
    return tls;
  }

  async command(line: string, code: number, what: string): Promise<readonly string[]> {
    this.#socket.write(`${line}\r\n`);
    return this.expect(code, what);
  }

  /** RFC 5321 §4.2.1: lines of one code, the last of which has a space behind it. */
  async expect(code: number, what: string): Promise<readonly string[]> {
    let reply: RegExpExecArray | null = null;
    await this.#until(() => {
      reply = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(this.#text);
      return reply !== null;
    });
    const [text = ''] = reply ?? [];
    this.#text = this.#text.slice(text.length);
    const lines = text.trimEnd().split(/\r?\n/);
    if (!text.startsWith(String(code))) {
      throw new Error(`the server gave '${printable(lines[0] ?? '')}' instead of ${what}`);
    }
    return lines.map((line) => line.slice(4));
  }

  /** RFC 3207 §4: what came in the clear after the go-ahead is not part of the TLS conversation. */
  async startTls(): Promise<TLSSocket> {
    if (this.#text !== '') throw new Error('the server sent text in the clear before TLS');
    this.#socket.removeAllListeners('data');
    return this.#handshake();
  }

  async #handshake(): Promise<TLSSocket> {
    const { serverName } = this.#server;
    const tls = this.#connectTls!({
      socket: this.#socket,
      ...(serverName === '' ? {} : { servername: serverName }),
      // The records decide about the certificate, not the authorities of this machine.
      rejectUnauthorized: false,
      // RFC 7672 §3.1.2: what the server has not sent must not be filled in from here either.
      ca: [],
    });
    this.#tls = tls;
    let isSecure = false;
    tls.once('secureConnect', () => {
      isSecure = true;
      this.#wake();
    });
    tls.on('error', (error) => this.#fail(error));
    await this.#until(() => isSecure);
    return tls;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#tls?.destroySoon();
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), CLOSE_MS).unref();
  }

  #take(chunk: Buffer): void {
    this.#octets += chunk.length;
    if (this.#octets > DANE_LIMITS.smtpOctets.value) {
      this.#fail(new Error('the server talks too much'));
      return;
    }
    this.#text += chunk.toString('latin1');
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  #until(isThere: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (isThere()) resolve();
        else if (this.#failure !== undefined) reject(this.#failure);
        else return;
        this.#wake = () => {};
      };
      this.#wake = look;
      look();
    });
  }
}

const CLOSE_MS = 500;

/** A line of a stranger, for a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
