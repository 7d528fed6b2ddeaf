/**
 * The clients' side of a life: requests go through the real front, with its cache of whole replies,
 * to the resolver and back, so that flags and what is kept for others are judged as well.
 */
import { ReplyCache } from '../../src/cache/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import {
  type Client,
  CookieJar,
  DEFAULT_NAME_SERVER_CONFIG,
  NameServer,
  type ServerEffect,
} from '../../src/server/index.js';
import {
  decodeMessage,
  EDNS_FLAG_DO,
  encodeMessage,
  IpAddress,
  type Message,
  Opcode,
  RRClass,
  typeFromMnemonic,
} from '../../src/wire/index.js';
import { type Asked, nameOf, type SimulatedWorld } from '../support/simulated-world.js';
import type { QuestionPlan } from './plan.js';

const REPLY_CACHE_OCTETS = 256 * 1024;
const LOOPBACK = IpAddress.parse('127.0.0.1')!;
const FIRST_PORT = 20_000;

export interface Errand {
  readonly question: QuestionPlan;
  reply: Message | undefined;
  /** Undefined when the reply was kept, or somebody else's question brought it. */
  resolution: Resolution | undefined;
  /** When the reply came: what is true then. */
  answeredSeconds: number;
}

/** Each client asks once; the port tells which one it was. */
interface Caller extends Client {
  readonly errand: Errand;
}

export class Clerk {
  readonly #world: SimulatedWorld;
  readonly #server: NameServer<Caller>;
  readonly #open = new Map<number, Asked>();
  #callers = 0;
  #handle = 0;

  constructor(world: SimulatedWorld) {
    this.#world = world;
    this.#server = new NameServer({
      replies: new ReplyCache({ maxOctets: REPLY_CACHE_OCTETS, secret: 1 }),
      config: DEFAULT_NAME_SERVER_CONFIG,
      cookies: new CookieJar(new Uint8Array(16)),
      newHandle: () => this.#handle,
    });
  }

  /** Asks now; the reply comes while the world runs. */
  send(question: QuestionPlan): Errand {
    const errand: Errand = {
      question,
      reply: undefined,
      resolution: undefined,
      answeredSeconds: 0,
    };
    const port = FIRST_PORT + this.#callers++;
    const caller: Caller = { address: LOOPBACK, port, transport: 'tcp', errand };
    this.#handle++;
    this.#act(this.#server.receive(requestOf(question), caller, this.#world.now), errand);
    return errand;
  }

  /** Until all of them have their reply. */
  await(errands: readonly Errand[]): void {
    const isDone = (): boolean => {
      this.#collect();
      return errands.every(({ reply }) => reply !== undefined);
    };
    this.#world.runUntil(isDone);
    if (!isDone()) throw new Error(`no end to ${errands[0]!.question.name}`);
  }

  #collect(): void {
    for (const [handle, { resolution }] of this.#open) {
      if (resolution === undefined) continue;
      this.#open.delete(handle);
      this.#act(this.#server.finished(handle, resolution, this.#world.now), undefined, resolution);
    }
  }

  #act(
    effects: readonly ServerEffect<Caller>[],
    asking: Errand | undefined,
    resolution?: Resolution,
  ): void {
    for (const effect of effects) {
      if (effect.kind === 'reply') {
        const { errand } = effect.client;
        const decoded = decodeMessage(effect.octets);
        if (!decoded.ok) throw new Error(`a reply that is malformed: ${decoded.fault.reason}`);
        errand.reply = decoded.value;
        errand.resolution = resolution;
        errand.answeredSeconds = this.#world.now.wallSeconds;
      } else if (effect.kind === 'resolve' && effect.event.kind === 'question') {
        const { name, type, cd } = asking!.question;
        this.#open.set(effect.event.handle, this.#world.ask(name, type, { cd: cd === true }));
      } else if (effect.kind === 'report' && effect.report.kind === 'internal error') {
        throw new Error(effect.report.sentence);
      }
    }
  }
}

function requestOf({ name, type, cd, dnssecOk, wantsAd }: QuestionPlan): Uint8Array {
  const edns = {
    udpSizeOctets: 1_232,
    version: 0,
    dnssecOk: dnssecOk === true,
    flags: dnssecOk === true ? EDNS_FLAG_DO : 0,
    options: [],
  };
  return encodeMessage(
    {
      id: 4_711,
      opcode: Opcode.QUERY,
      rcode: 0,
      isResponse: false,
      recursionDesired: true,
      authenticData: wantsAd === true,
      checkingDisabled: cd === true,
      questions: [{ name: nameOf(name), type: typeFromMnemonic(type)!, class: RRClass.IN }],
      edns,
    },
    { maxOctets: 65_535 },
  );
}
