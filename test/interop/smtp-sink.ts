// The receiving side of the Postfix run: one process that plays every mail host of the world.
// It accepts any message, and writes one line of JSON for each to standard output, after the line
// `ready`.
//   node smtp-sink.js CERTIFICATE_FOLDER

import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { type MailHost, MailHosts } from './mail-hosts.js';

/** What the Postfix run reads back. */
export interface Delivered {
  readonly host: string;
  readonly recipients: readonly string[];
  /** The protocol, as TLSv1.3, or the empty string without TLS. */
  readonly tls: string;
  readonly subject: string;
}

/** A conversation that goes on, over TLS, after STARTTLS. */
class Session {
  readonly #host: MailHost;
  readonly #context: ReturnType<typeof createSecureContext>;
  #socket: Socket;
  #pending = '';
  #message: string[] | undefined;
  #recipients: string[] = [];

  constructor(socket: Socket, host: MailHost, context: ReturnType<typeof createSecureContext>) {
    this.#host = host;
    this.#context = context;
    this.#socket = socket;
    this.#listen();
    this.#say('220 sink ESMTP');
  }

  #listen(): void {
    // A client that leaves in the middle, as Postfix does when it distrusts us, is no fault.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
  }

  #say(...lines: string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''));
  }

  #read(text: string): void {
    this.#pending += text;
    for (;;) {
      const end = this.#pending.indexOf('\r\n');
      if (end < 0) return;
      const line = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end + 2);
      if (this.#message === undefined) this.#command(line);
      else this.#messageLine(line);
    }
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    switch (verb) {
      case 'EHLO':
        if (this.#host.startTls && !this.#isSecure()) this.#say('250-sink', '250 STARTTLS');
        else this.#say('250 sink');
        return;
      case 'STAR':
        this.#startTls();
        return;
      case 'RCPT':
        this.#recipients.push(/<([^>]*)>/.exec(line)?.[1] ?? line);
        this.#say('250 ok');
        return;
      case 'DATA':
        this.#message = [];
        this.#say('354 go ahead');
        return;
      case 'QUIT':
        this.#say('221 bye');
        this.#socket.end();
        return;
      default:
        this.#say('250 ok');
    }
  }

  #messageLine(line: string): void {
    if (line !== '.') {
      this.#message?.push(line);
      return;
    }
    const subject = this.#message?.find((each) => each.startsWith('Subject: ')) ?? '';
    const delivered: Delivered = {
      host: this.#host.id,
      recipients: this.#recipients,
      tls: this.#socket instanceof TLSSocket ? (this.#socket.getProtocol() ?? '') : '',
      subject: subject.slice('Subject: '.length),
    };
    process.stdout.write(`${JSON.stringify(delivered)}\n`);
    this.#message = undefined;
    this.#recipients = [];
    this.#say('250 accepted');
  }

  #isSecure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  #startTls(): void {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    this.#say('220 go ahead');
    // RFC 3207 §4.2: what was said before TLS is forgotten.
    this.#pending = '';
    this.#recipients = [];
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext: this.#context });
    this.#listen();
  }
}

const mail = await MailHosts.prepare(process.argv[2]!);
const listening: Promise<void>[] = [];
for (const host of mail.all) {
  const secureContext = createSecureContext({
    cert: readFileSync(mail.certificateFile(host.id)),
    key: readFileSync(mail.keyFile(host.id)),
  });
  for (const address of [host.ipv4, host.ipv6]) {
    const server = createServer((socket) => new Session(socket, host, secureContext));
    listening.push(new Promise((resolve) => server.listen(25, address, resolve)));
  }
}
await Promise.all(listening);
console.log('ready');
