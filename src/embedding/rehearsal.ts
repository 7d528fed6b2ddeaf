/**
 * A daemon that has just started is slow: nothing is compiled yet, and the first questions would
 * pay for that with milliseconds each. So, while nobody asks, it answers recorded questions with a
 * server and a resolver of their own; nothing is sent and nothing is kept. By the way it is a
 * self-test: what was secure must be told as secure on this machine, and what has one wrong bit
 * must be refused.
 */
import { type CryptoProvider, TrustAnchors } from '../dnssec/index.js';
import { ReplyCache } from '../cache/index.js';
import { parseName, parseTrustAnchors } from '../presentation/index.js';
import { type Effect, type Now, Resolver, type ResolverEvent } from '../resolver/index.js';
import {
  type Client,
  CookieJar,
  DEFAULT_NAME_SERVER_CONFIG,
  NameServer,
  type ServerEffect,
} from '../server/index.js';
import {
  decodeMessage,
  IpAddress,
  mailServerQuery,
  Name,
  Rcode,
  typeFromMnemonic,
} from '../wire/index.js';
import { REHEARSAL_QUESTIONS, REHEARSAL_SETTINGS, RehearsalEntropy } from './rehearsal-plan.js';
import { RECORDING } from './rehearsal-recording.js';

/** The question whose answer is played once more with a wrong bit. */
const FORGED = REHEARSAL_QUESTIONS[0];
const HEADER_OCTETS = 12;
const REPLY_CACHE_OCTETS = 20_000;
const CLIENT: Client = { address: IpAddress.parse('127.0.0.1')!, port: 53_053, transport: 'udp' };

export class Rehearsal {
  readonly #crypto: CryptoProvider;
  #resolver: Resolver;
  #server: NameServer<Client>;
  #next = 0;
  #handle = 0;
  #nowMs = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
    this.#resolver = this.#newResolver();
    this.#server = this.#newServer();
  }

  /** Plays the next question. What is wrong with the outcome; undefined when all is well. */
  step(): string | undefined {
    const question = REHEARSAL_QUESTIONS[this.#next];
    if (question === undefined) {
      this.#beginAnew();
      return undefined;
    }
    this.#next++;
    const [name, type, expected] = question;
    return complaint(name, type, expected, this.#ask(name, type, false));
  }

  /** A signature with one wrong bit must not pass. */
  forgery(): string | undefined {
    const [name, type] = FORGED!;
    this.#beginAnew();
    const status = this.#ask(name, type, true);
    this.#beginAnew();
    return complaint(name, type, 'bogus', status);
  }

  #beginAnew(): void {
    this.#resolver = this.#newResolver();
    this.#server = this.#newServer();
    this.#next = 0;
  }

  #newServer(): NameServer<Client> {
    return new NameServer({
      config: DEFAULT_NAME_SERVER_CONFIG,
      cookies: CookieJar.withNewSecret(new RehearsalEntropy()),
      replies: new ReplyCache({ maxOctets: REPLY_CACHE_OCTETS, secret: 0 }),
      newHandle: () => ++this.#handle,
    });
  }

  #newResolver(): Resolver {
    const { config, policy } = REHEARSAL_SETTINGS;
    const { records = [] } = parseTrustAnchors(RECORDING.anchor);
    const rootServer = IpAddress.parse(RECORDING.rootServer)!;
    const resolver = new Resolver({
      config: { ...config, hints: [{ name: Name.root, addresses: [rootServer] }] },
      crypto: this.#crypto,
      entropy: new RehearsalEntropy(),
      anchors: TrustAnchors.from(records, { crypto: this.#crypto, policy }),
    });
    resolver.reporting = false;
    return resolver;
  }

  /** As a mail server asks, and what it is told. */
  #ask(name: string, type: string, isForged: boolean): string {
    const request = mailServerQuery(0, parseName(name)!, typeFromMnemonic(type)!);
    const told = (effects: readonly ServerEffect<Client>[]): string => {
      let status = 'unanswered';
      for (const effect of effects) {
        if (effect.kind === 'reply') status = statusIn(effect.octets);
        else if (effect.kind === 'resolve') status = told(this.#resolve(effect.event, isForged));
      }
      return status;
    };
    return told(this.#server.receive(request, CLIENT, this.#now()));
  }

  #resolve(question: ResolverEvent, isForged: boolean): readonly ServerEffect<Client>[] {
    const events = [question];
    const effects: ServerEffect<Client>[] = [];
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const effect of this.#resolver.handle(event, this.#now())) {
        if (effect.kind === 'send') events.push(recordedReply(effect, isForged));
        else if (effect.kind === 'finished') {
          const { handle, resolution } = effect;
          effects.push(...this.#server.finished(handle, resolution, this.#now()));
        }
      }
    }
    return effects;
  }

  #now(): Now {
    this.#nowMs += 1;
    const { wallSeconds } = RECORDING;
    return { monotonicMs: this.#nowMs, wallSeconds, cacheMs: this.#nowMs };
  }
}

/** RFC 4035 §3.2.3: what the AD bit and the reply code say. */
function statusIn(reply: Uint8Array): string {
  const decoded = decodeMessage(reply);
  if (!decoded.ok) return 'malformed';
  const { rcode, authenticData } = decoded.value;
  if (rcode === Rcode.SERVFAIL) return 'bogus';
  return authenticData ? 'secure' : 'insecure';
}

function complaint(
  name: string,
  type: string,
  expected: string,
  status: string,
): string | undefined {
  if (status === expected) return undefined;
  return `self-test: ${name} ${type} came out ${status}, not ${expected}`;
}

function recordedReply(query: Extract<Effect, { kind: 'send' }>, isForged: boolean): ResolverEvent {
  const { address, octets, queryId } = query;
  const decoded = decodeMessage(octets);
  const question = decoded.ok ? decoded.value.questions[0] : undefined;
  const asked = question?.name.toString().toLowerCase() ?? '';
  const recorded = RECORDING.replies.get(`${address} ${asked} ${question?.type ?? 0}`);
  if (recorded === undefined) return { kind: 'failed', queryId, failure: 'unreachable' };
  const reply = Uint8Array.from(atob(recorded), (letter) => letter.charCodeAt(0));
  reply[0] = octets[0]!;
  reply[1] = octets[1]!;
  const end = HEADER_OCTETS + (question?.name.octets.length ?? 0);
  for (let at = HEADER_OCTETS; at < end; at++) reply[at] = octets[at]!;
  // Near the end of the answer stands the signature, before the OPT record.
  if (isForged && asked.startsWith('_25')) reply[reply.length - 40]! ^= 1;
  return { kind: 'received', queryId, octets: reply };
}
