/** A stub resolver: asks over UDP as Postfix does (RD, AD, DO) and takes the time. */
import { createSocket, type Socket } from 'node:dgram';
import { parseName } from '../src/presentation/index.js';
import {
  decodeMessage,
  groupRRsets,
  mailServerQuery,
  typeFromMnemonic,
} from '../src/wire/index.js';
import { HOST } from './subjects.js';

export interface Reply {
  readonly ms: number;
  readonly rcode: number;
  readonly authenticData: boolean;
  readonly answers: number;
}

interface Waiting {
  readonly sentMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly timer: NodeJS.Timeout;
}

export type Question = readonly [name: string, type: string];

const PATIENCE_MS = 10_000;
const TIMED_OUT = -1;

export function queryFor(id: number, [name, type]: Question): Uint8Array {
  return mailServerQuery(id, parseName(name)!, typeFromMnemonic(type)!);
}

export class Client {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (octets) => this.#received(octets));
    socket.on('error', () => {});
  }

  static async open(address: string, port: number): Promise<Client> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    await new Promise<void>((resolve) => socket.connect(port, address, resolve));
    return new Client(socket);
  }

  static to(port: number): Promise<Client> {
    return Client.open(HOST, port);
  }

  ask(name: string, type: string): Promise<Reply> {
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const id = this.#lastId;
    const query = queryFor(id, [name, type]);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        resolve({ ms: PATIENCE_MS, rcode: TIMED_OUT, authenticData: false, answers: 0 });
      }, PATIENCE_MS);
      this.#waiting.set(id, { sentMs: performance.now(), resolve, timer });
      this.#socket.send(query);
    });
  }

  /** Asks everything with so many questions open at a time. */
  async askAll(
    questions: readonly Question[],
    atOnce: number,
    answered: (reply: Reply, index: number) => void = () => {},
  ): Promise<void> {
    let next = 0;
    const work = async () => {
      while (next < questions.length) {
        const index = next++;
        const [name, type] = questions[index]!;
        answered(await this.ask(name, type), index);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  close(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#socket.close();
  }

  #received(octets: Uint8Array): void {
    const now = performance.now();
    const decoded = decodeMessage(octets);
    if (!decoded.ok) return;
    const { id, rcode, authenticData, answer } = decoded.value;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    const answers = groupRRsets(answer).length;
    waiting.resolve({ ms: now - waiting.sentMs, rcode, authenticData, answers });
  }
}
