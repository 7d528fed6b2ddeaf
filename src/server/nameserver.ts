/**
 * The front of the house, pure: requests in, effects out. It decides who is heard, joins clients who
 * ask the same, hands each distinct question to the resolver once, and turns what comes back into
 * replies. The runtime owns the sockets and the resolver; this room only says what to do.
 */
import { indeterminate } from '../dnssec/index.js';
import type { Now, Resolution, ResolverEvent, Transport } from '../resolver/index.js';
import {
  EdeCode,
  type EdnsOption,
  type ExtendedError,
  type IpAddress,
  Name,
  Rcode,
} from '../wire/index.js';
import { AccessList, mayReplyTo } from './access.js';
import type { CookieJar } from './client-cookie.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { answerReply, anyReply, errorReply, type ReplyCircumstances } from './reply.js';
import { type ClientQuestion, type Refusal, type RequestHead, readRequest } from './request.js';

/** Who asks. Over TCP one value stands for the whole connection. */
export interface Client {
  readonly address: IpAddress;
  readonly port: number;
  readonly transport: Transport;
}

export interface NameServerConfig {
  readonly access: AccessList;
  /** What those get who may not ask. */
  readonly strangers: 'refused' | 'silence';
  /** Answer questions without RD from the cache. */
  readonly cacheSnooping: boolean;
  readonly minimalResponses: boolean;
  /** Say with a report who asked what and got what. */
  readonly reportAnswers: boolean;
}

export const DEFAULT_NAME_SERVER_CONFIG: NameServerConfig = {
  access: AccessList.loopback,
  strangers: 'refused',
  cacheSnooping: false,
  minimalResponses: true,
  reportAnswers: false,
};

export interface NameServerParts {
  readonly config: NameServerConfig;
  readonly cookies: CookieJar;
  /** A handle that nobody else uses with the same resolver. */
  newHandle(): number;
}

export type ServerEffect<C extends Client> =
  | { readonly kind: 'reply'; readonly client: C; readonly octets: Uint8Array }
  /** The client gets nothing for this request. */
  | { readonly kind: 'silence'; readonly client: C; readonly why: SilenceReason }
  | {
      readonly kind: 'resolve';
      readonly event: Extract<ResolverEvent, { kind: 'question' | 'cancelled' }>;
    }
  | { readonly kind: 'report'; readonly report: ServerReport };

export type SilenceReason =
  | 'too short'
  | 'response'
  | 'may not ask'
  | 'port of another service'
  | 'repeated'
  | 'too many waiting';

export type ServerReport =
  | {
      readonly kind: 'answered';
      readonly client: Client;
      readonly name: Name;
      readonly type: number;
      readonly rcode: number;
      readonly security: string;
      readonly authenticData: boolean;
      readonly fromCache: boolean;
      readonly tookMs: number;
      readonly sizeOctets: number;
    }
  | {
      readonly kind: 'displaced';
      readonly name: Name;
      readonly type: number;
      readonly ageMs: number;
    };

interface Waiter<C extends Client> {
  readonly client: C;
  readonly question: ClientQuestion;
  readonly cookie: EdnsOption | undefined;
  readonly sinceMs: number;
}

interface Outstanding<C extends Client> {
  readonly handle: number;
  readonly key: string;
  readonly startedMs: number;
  readonly guaranteed: boolean;
  readonly waiters: Waiter<C>[];
}

const NOTHING: readonly never[] = [];

export class NameServer<C extends Client> {
  readonly #parts: NameServerParts;
  readonly #config: NameServerConfig;
  readonly #byKey = new Map<string, Outstanding<C>>();
  readonly #byHandle = new Map<number, Outstanding<C>>();
  /** Those that may have to make room, oldest first. */
  readonly #displaceable = new Map<number, Outstanding<C>>();
  readonly #waitingPerAddress = new Map<string, number>();
  #waiting = 0;

  constructor(parts: NameServerParts) {
    this.#parts = parts;
    this.#config = parts.config;
  }

  /** Distinct questions that the resolver is working on. */
  get outstandingQuestions(): number {
    return this.#byHandle.size;
  }

  get isIdle(): boolean {
    return this.#byHandle.size === 0;
  }

  /** Whether a connection from there is worth accepting. */
  admits(address: IpAddress): boolean {
    return this.#config.access.admits(address);
  }

  /** One datagram or one TCP message. */
  receive(octets: Uint8Array, client: C, now: Now): readonly ServerEffect<C>[] {
    const isUdp = client.transport === 'udp';
    if (isUdp && !mayReplyTo(client.port, false)) return silence(client, 'port of another service');
    const request = readRequest(octets, this.#config);
    if (request.kind === 'silence') return silence(client, request.why);
    if (!this.#config.access.admits(client.address)) return this.#turnAway(request, client);
    switch (request.kind) {
      case 'refusal':
        if (isUdp && !mayReplyTo(client.port, true)) {
          return silence(client, 'port of another service');
        }
        return this.#refuse(request, client, now);
      case 'cookie':
        return this.#say(request.head, Rcode.NOERROR, [], client, now);
      case 'any': {
        const cookie = this.#cookieFor(request.question, client, now);
        return [reply(client, anyReply(request.question, this.#circumstances(client, cookie)))];
      }
      case 'question':
        return this.#ask(request.question, client, now);
    }
  }

  /** The resolver is done with a question. */
  finished(handle: number, resolution: Resolution, now: Now): readonly ServerEffect<C>[] {
    const outstanding = this.#byHandle.get(handle);
    if (outstanding === undefined) return NOTHING;
    this.#forget(outstanding);
    return this.#answer(outstanding, resolution, now);
  }

  /** The client's connection is gone; what nobody else waits for is not worth resolving. */
  gone(client: C): readonly ServerEffect<C>[] {
    const effects: ServerEffect<C>[] = [];
    for (const outstanding of [...this.#byHandle.values()]) {
      const { waiters, handle } = outstanding;
      const before = waiters.length;
      for (let at = before - 1; at >= 0; at--) {
        if (waiters[at]!.client !== client) continue;
        waiters.splice(at, 1);
        this.#countWaiter(client.address, -1);
      }
      if (waiters.length > 0 || before === 0) continue;
      this.#forget(outstanding);
      effects.push({ kind: 'resolve', event: { kind: 'cancelled', handle } });
    }
    return effects;
  }

  // --- questions ---

  #ask(question: ClientQuestion, client: C, now: Now): readonly ServerEffect<C>[] {
    const key = keyOf(question);
    const known = this.#byKey.get(key);
    if (known !== undefined && isRepeated(known, question, client)) {
      return silence(client, 'repeated');
    }
    if (this.#waitersAt(client.address) >= CLIENT_LIMITS.waitersPerAddress.value) {
      // The address may be forged, and then its owner wants none of this.
      return silence(client, 'too many waiting');
    }
    const cookie = this.#cookieFor(question, client, now);
    const waiter: Waiter<C> = { client, question, cookie, sinceMs: now.monotonicMs };
    if (this.#waiting >= CLIENT_LIMITS.waiters.value) {
      return this.#say(question, Rcode.SERVFAIL, TOO_MANY_QUESTIONS, client, now);
    }
    if (known !== undefined) {
      // An MTA may well have more processes than that waiting for one popular domain.
      const isFull = known.waiters.length >= CLIENT_LIMITS.waitersPerQuestion.value;
      if (isFull && !client.address.isLoopback) {
        return this.#say(question, Rcode.SERVFAIL, TOO_MANY_WAITING, client, now);
      }
      known.waiters.push(waiter);
      this.#countWaiter(client.address, 1);
      return NOTHING;
    }
    const effects: ServerEffect<C>[] = [];
    if (!this.#makeRoom(effects, now)) {
      return this.#say(question, Rcode.SERVFAIL, TOO_MANY_QUESTIONS, client, now);
    }
    const outstanding = this.#remember(key, waiter, now);
    const { name, type } = question.question;
    const { checkingDisabled, recursionDesired } = question;
    const { handle } = outstanding;
    effects.push({
      kind: 'resolve',
      event: { kind: 'question', handle, name, type, checkingDisabled, recursionDesired },
    });
    return effects;
  }

  #remember(key: string, waiter: Waiter<C>, now: Now): Outstanding<C> {
    const outstanding: Outstanding<C> = {
      handle: this.#parts.newHandle(),
      key,
      startedMs: now.monotonicMs,
      guaranteed: this.#guaranteedCount() < CLIENT_LIMITS.guaranteedQuestions.value,
      waiters: [waiter],
    };
    this.#byKey.set(key, outstanding);
    this.#byHandle.set(outstanding.handle, outstanding);
    if (!outstanding.guaranteed) this.#displaceable.set(outstanding.handle, outstanding);
    this.#countWaiter(waiter.client.address, 1);
    return outstanding;
  }

  #guaranteedCount(): number {
    return this.#byHandle.size - this.#displaceable.size;
  }

  #forget(outstanding: Outstanding<C>): void {
    this.#byKey.delete(outstanding.key);
    this.#byHandle.delete(outstanding.handle);
    this.#displaceable.delete(outstanding.handle);
    for (const { client } of outstanding.waiters) this.#countWaiter(client.address, -1);
  }

  /** A full table lets go of the oldest question that may be displaced, if it is old enough. */
  #makeRoom(effects: ServerEffect<C>[], now: Now): boolean {
    if (this.#byHandle.size < CLIENT_LIMITS.outstandingQuestions.value) return true;
    const [oldest] = this.#displaceable.values();
    if (oldest === undefined) return false;
    const ageMs = now.monotonicMs - oldest.startedMs;
    if (ageMs < CLIENT_LIMITS.displaceableAfterMs.value) return false;
    this.#forget(oldest);
    const { handle, waiters } = oldest;
    effects.push({ kind: 'resolve', event: { kind: 'cancelled', handle } });
    effects.push(...this.#answer(oldest, unresolved(TOO_MANY_QUESTIONS), now));
    const question = waiters[0]?.question.question;
    if (question !== undefined) {
      const { name, type } = question;
      effects.push({ kind: 'report', report: { kind: 'displaced', name, type, ageMs } });
    }
    return true;
  }

  #waitersAt(address: IpAddress): number {
    return this.#waitingPerAddress.get(address.key) ?? 0;
  }

  /** Loopback is the machine itself: nobody else can send from there. */
  #countWaiter(address: IpAddress, change: 1 | -1): void {
    this.#waiting += change;
    if (address.isLoopback) return;
    const count = this.#waitersAt(address) + change;
    if (count <= 0) this.#waitingPerAddress.delete(address.key);
    else this.#waitingPerAddress.set(address.key, count);
  }

  // --- replies ---

  #answer(
    { waiters }: Outstanding<C>,
    resolution: Resolution,
    now: Now,
  ): readonly ServerEffect<C>[] {
    const effects: ServerEffect<C>[] = [];
    for (const { client, question, cookie, sinceMs } of waiters) {
      const built = answerReply(question, resolution, now, this.#circumstances(client, cookie));
      effects.push(reply(client, built.octets));
      if (!this.#config.reportAnswers) continue;
      const { name, type } = question.question;
      effects.push({
        kind: 'report',
        report: {
          kind: 'answered',
          client,
          name,
          type,
          rcode: built.rcode,
          security: resolution.security.status,
          authenticData: built.authenticData,
          fromCache: resolution.fromCache,
          tookMs: now.monotonicMs - sinceMs,
          sizeOctets: built.octets.length,
        },
      });
    }
    return effects;
  }

  #refuse(refusal: Refusal, client: C, now: Now): readonly ServerEffect<C>[] {
    return this.#say(refusal.head, refusal.rcode, refusal.errors, client, now);
  }

  #say(
    head: RequestHead,
    rcode: number,
    errors: readonly ExtendedError[],
    client: C,
    now: Now,
  ): readonly ServerEffect<C>[] {
    const circumstances = this.#circumstances(client, this.#cookieFor(head, client, now));
    return [reply(client, errorReply(head, rcode, errors, circumstances))];
  }

  /** Not a bit more than was sent, so that nobody can use us to enlarge a flood. */
  #turnAway(request: Exclude<Request, { kind: 'silence' }>, client: C): readonly ServerEffect<C>[] {
    const isQuiet =
      this.#config.strangers === 'silence' ||
      (client.transport === 'udp' && !mayReplyTo(client.port, true));
    if (isQuiet) return silence(client, 'may not ask');
    const head =
      request.kind === 'refusal' || request.kind === 'cookie' ? request.head : request.question;
    const circumstances = { ...this.#circumstances(client, undefined), recursionAvailable: false };
    return [reply(client, errorReply(head, Rcode.REFUSED, [], circumstances))];
  }

  #circumstances(client: C, cookie: EdnsOption | undefined): ReplyCircumstances {
    return {
      transport: client.transport,
      recursionAvailable: true,
      cookie,
      minimalResponses: this.#config.minimalResponses,
    };
  }

  #cookieFor(head: RequestHead, client: C, now: Now): EdnsOption | undefined {
    if (head.cookie === undefined) return undefined;
    return this.#parts.cookies.check(head.cookie, client.address, now.wallSeconds).option;
  }
}

type Request = ReturnType<typeof readRequest>;

const TOO_MANY_QUESTIONS: readonly ExtendedError[] = [
  { code: EdeCode.OTHER, text: 'too many questions at once' },
];
const TOO_MANY_WAITING: readonly ExtendedError[] = [
  { code: EdeCode.OTHER, text: 'too many clients ask the same' },
];

/** A question that ends without the resolver having had its say. */
export function unresolved(errors: readonly ExtendedError[]): Resolution {
  return {
    rcode: Rcode.SERVFAIL,
    security: indeterminate(Name.root),
    answer: [],
    authority: [],
    errors,
    fromCache: false,
    stale: false,
  };
}

/** Clients who may share one resolution. DO and AD only shape the reply. */
function keyOf({ question, checkingDisabled, recursionDesired }: ClientQuestion): string {
  const bits = (checkingDisabled ? 1 : 0) | (recursionDesired ? 2 : 0);
  return question.name.key + String.fromCharCode(question.type, bits);
}

/** A datagram that was sent again, because the reply takes its time, gets one reply only. */
function isRepeated<C extends Client>(
  { waiters }: Outstanding<C>,
  { id }: ClientQuestion,
  { transport, port, address }: C,
): boolean {
  if (transport !== 'udp') return false;
  for (const { client, question } of waiters) {
    if (client.port !== port || question.id !== id || client.transport !== 'udp') continue;
    if (client.address.equals(address)) return true;
  }
  return false;
}

function reply<C extends Client>(client: C, octets: Uint8Array): ServerEffect<C> {
  return { kind: 'reply', client, octets };
}

function silence<C extends Client>(client: C, why: SilenceReason): readonly ServerEffect<C>[] {
  return [{ kind: 'silence', client, why }];
}
