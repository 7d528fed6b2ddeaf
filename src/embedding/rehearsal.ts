/**
 * A daemon that has just started is slow: nothing is compiled yet, and the first questions would
 * pay for that with milliseconds each. So, while nobody asks, it resolves recorded questions with a
 * resolver of their own; nothing is sent and nothing is kept. By the way it is a self-test: what
 * was secure must be secure on this machine, and bogus as soon as one bit is wrong.
 */
import { type CryptoProvider, TrustAnchors } from '../dnssec/index.js';
import { parseName, parseTrustAnchors } from '../presentation/index.js';
import { type Effect, type Now, Resolver, type ResolverEvent } from '../resolver/index.js';
import { decodeMessage, IpAddress, Name, typeFromMnemonic } from '../wire/index.js';
import { REHEARSAL_QUESTIONS, REHEARSAL_SETTINGS, RehearsalEntropy } from './rehearsal-plan.js';
import { RECORDING } from './rehearsal-recording.js';

/** The question whose answer is played once more with a wrong bit. */
const FORGED = REHEARSAL_QUESTIONS[0];
const HEADER_OCTETS = 12;

export class Rehearsal {
  readonly #crypto: CryptoProvider;
  #resolver: Resolver;
  #next = 0;
  #handle = 0;
  #nowMs = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
    this.#resolver = this.#newResolver();
  }

  /** Plays the next question. What is wrong with the outcome; undefined when all is well. */
  step(): string | undefined {
    const question = REHEARSAL_QUESTIONS[this.#next];
    if (question === undefined) {
      this.#resolver = this.#newResolver();
      this.#next = 0;
      return undefined;
    }
    this.#next++;
    const [name, type, expected] = question;
    return complaint(name, type, expected, this.#resolve(name, type, false));
  }

  /** A signature with one wrong bit must not pass. */
  forgery(): string | undefined {
    const [name, type] = FORGED!;
    this.#resolver = this.#newResolver();
    const status = this.#resolve(name, type, true);
    this.#resolver = this.#newResolver();
    this.#next = 0;
    return complaint(name, type, 'bogus', status);
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

  #resolve(name: string, type: string, isForged: boolean): string {
    const events: ResolverEvent[] = [
      {
        kind: 'question',
        handle: ++this.#handle,
        name: parseName(name)!,
        type: typeFromMnemonic(type)!,
        checkingDisabled: false,
        recursionDesired: true,
      },
    ];
    let status = 'unanswered';
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const effect of this.#resolver.handle(event, this.#now())) {
        if (effect.kind === 'finished') status = effect.resolution.security.status;
        else if (effect.kind === 'send') events.push(recordedReply(effect, isForged));
      }
    }
    return status;
  }

  #now(): Now {
    this.#nowMs += 1;
    const { wallSeconds } = RECORDING;
    return { monotonicMs: this.#nowMs, wallSeconds, cacheMs: this.#nowMs };
  }
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
