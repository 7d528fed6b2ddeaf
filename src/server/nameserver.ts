/**
 * The front of the house, pure: requests in, effects out. It decides who is heard, joins clients
 * who ask the same, hands each distinct question to the resolver once, and turns what comes back
 * into replies. The runtime owns the sockets and the resolver; this room only says what to do.
 */
import type { ReplyCache } from '../cache/index.js';
import { indeterminate } from '../dnssec/index.js';
import type { Now, Resolution } from '../resolver/index.js';
import {
  EdeCode,
  type EdnsOption,
  type ExtendedError,
  type IpAddress,
  Name,
  Rcode,
} from '../wire/index.js';
import { AccessList, mayReplyTo } from './access.js';
import type { Client, ServerEffect, ServerReport, SilenceReason } from './client.js';
import type { CookieJar } from './client-cookie.js';
import { KeptReplies } from './kept-replies.js';
import { type Outstanding, OutstandingQuestions, type Waiter } from './outstanding-questions.js';
import {
  answerReply,
  anyReply,
  type BuiltReply,
  errorReply,
  type ReplyCircumstances,
} from './reply.js';
import { type ClientQuestion, type Request, type RequestHead, readRequest } from './request.js';

export interface NameServerConfig {
  readonly access: AccessList;
  /** What those get who may not ask. */
  readonly strangers: 'refused' | 'silence';
  /** Answer questions without RD from the cache. */
  readonly cacheSnooping: boolean;
  /** For clients that cannot see AD: tell TLSA records and their like only when validated. */
  readonly secureOnly: boolean;
  readonly minimalResponses: boolean;
  /** Say with a report who asked what and got what. */
  readonly reportAnswers: boolean;
}

export const DEFAULT_NAME_SERVER_CONFIG: NameServerConfig = {
  access: AccessList.loopback,
  strangers: 'refused',
  cacheSnooping: false,
  secureOnly: false,
  minimalResponses: true,
  reportAnswers: false,
};

export interface NameServerParts {
  readonly config: NameServerConfig;
  readonly cookies: CookieJar;
  /** This front's own replies to requests that come again; without it all go the long way. */
  readonly replies?: ReplyCache | undefined;
  /** Processes that serve beside each other; the bounds hold for all of them together. */
  readonly processes?: number | undefined;
  /** A handle that nobody else uses with the same resolver. */
  newHandle(): number;
}

const NOTHING: readonly never[] = [];

export class NameServer<C extends Client> {
  readonly #parts: NameServerParts;
  readonly #config: NameServerConfig;
  readonly #kept: KeptReplies | undefined;
  readonly #outstanding: OutstandingQuestions<C>;

  constructor(parts: NameServerParts) {
    const { config, replies } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#outstanding = new OutstandingQuestions(parts.processes);
    // Who wants to know of every answer must not have any given behind his back.
    const keeps = replies !== undefined && !config.reportAnswers;
    this.#kept = keeps ? new KeptReplies(replies) : undefined;
  }

  /** Distinct questions that the resolver is working on. */
  get outstandingQuestions(): number {
    return this.#outstanding.size;
  }

  get isIdle(): boolean {
    return this.#outstanding.size === 0;
  }

  /** Whether a connection from there is worth accepting. */
  admits(address: IpAddress): boolean {
    return this.#config.access.admits(address);
  }

  /** One datagram or one TCP message. */
  receive(octets: Uint8Array, client: C, now: Now): readonly ServerEffect<C>[] {
    const { address, port, transport } = client;
    if (transport === 'udp' && !mayReplyTo(port, false)) {
      return silence(client, 'port of another service');
    }
    const isAdmitted = this.#config.access.admits(address);
    const recalled = isAdmitted ? this.#recall(octets, client, now) : undefined;
    if (recalled !== undefined) return [reply(client, recalled)];
    const request = readRequest(octets, this.#config);
    if (request.kind === 'silence') return silence(client, request.why);
    if (!isAdmitted) return this.#turnAway(request, client);
    switch (request.kind) {
      case 'refusal':
        if (transport === 'udp' && !mayReplyTo(port, true)) {
          return silence(client, 'port of another service');
        }
        return this.#say(request.head, request.rcode, request.errors, client, now);
      case 'cookie':
        return this.#say(request.head, Rcode.NOERROR, [], client, now);
      case 'any': {
        const cookie = this.#cookieFor(request.question, client, now);
        return [reply(client, anyReply(request.question, this.#circumstances(client, cookie)))];
      }
      case 'question':
        return this.#ask(request.question, octets, client, now);
    }
  }

  #recall(octets: Uint8Array, { address, transport }: C, now: Now): Uint8Array | undefined {
    const kept = this.#kept;
    return (
      kept?.recall(octets, transport, now) ??
      kept?.recallWithCookie(octets, transport, now, (cookie) => {
        return this.#parts.cookies.check(cookie, address, now.wallSeconds).option.data;
      })
    );
  }

  /** The resolver is done with a question. */
  finished(handle: number, resolution: Resolution, now: Now): readonly ServerEffect<C>[] {
    const outstanding = this.#outstanding.byHandle(handle);
    if (outstanding === undefined) return NOTHING;
    this.#outstanding.end(outstanding);
    return this.#answer(outstanding, resolution, now);
  }

  /** The client's connection is gone; what nobody else waits for is not worth resolving. */
  gone(client: C): readonly ServerEffect<C>[] {
    return this.#outstanding.leave(client).map(({ handle }) => cancel(handle));
  }

  // --- questions ---

  #ask(
    question: ClientQuestion,
    request: Uint8Array,
    client: C,
    now: Now,
  ): readonly ServerEffect<C>[] {
    const same = this.#outstanding.sameAs(question);
    const cookie = this.#cookieFor(question, client, now);
    const waiter: Waiter<C> = { client, question, request, cookie, sinceMs: now.monotonicMs };
    switch (this.#outstanding.admission(question, client, same)) {
      case 'repeated':
        return silence(client, 'repeated');
      case 'address full':
        // The address may be forged, and then its owner wants none of this.
        return silence(client, 'too many waiting');
      case 'question full':
        return this.#say(question, Rcode.SERVFAIL, TOO_MANY_WAITING, client, now);
      case 'all full':
        return this.#say(question, Rcode.SERVFAIL, TOO_MANY_QUESTIONS, client, now);
      case 'welcome':
        if (same === undefined) return this.#resolve(waiter, now);
        this.#outstanding.join(same, waiter);
        return NOTHING;
    }
  }

  #resolve(waiter: Waiter<C>, now: Now): readonly ServerEffect<C>[] {
    const { question, client } = waiter;
    const room = this.#outstanding.makeRoom(now.monotonicMs);
    if (room === false) return this.#say(question, Rcode.SERVFAIL, TOO_MANY_QUESTIONS, client, now);
    const handle = this.#parts.newHandle();
    this.#outstanding.start(handle, waiter);
    const { name, type } = question.question;
    const { judgesItself, recursionDesired } = question;
    const event = {
      kind: 'question',
      handle,
      name,
      type,
      checkingDisabled: judgesItself,
      recursionDesired,
    } as const;
    const displaced = room === true ? NOTHING : this.#displace(room, now);
    return [...displaced, { kind: 'resolve', event }];
  }

  #displace(outstanding: Outstanding<C>, now: Now): readonly ServerEffect<C>[] {
    const { handle, waiters, startedMs } = outstanding;
    const { name, type } = waiters[0]!.question.question;
    const ageMs = now.monotonicMs - startedMs;
    return [
      cancel(handle),
      ...this.#answer(outstanding, unresolved(TOO_MANY_QUESTIONS), now),
      { kind: 'report', report: { kind: 'displaced', name, type, ageMs } },
    ];
  }

  // --- replies ---

  #answer(
    { waiters }: Outstanding<C>,
    resolution: Resolution,
    now: Now,
  ): readonly ServerEffect<C>[] {
    const effects: ServerEffect<C>[] = [];
    for (const waiter of waiters) {
      const { client, question, request, cookie } = waiter;
      const circumstances = this.#circumstances(client, cookie);
      try {
        const built = answerReply(question, resolution, now, circumstances);
        this.#kept?.keep(request, question, built.octets, resolution, now);
        effects.push(reply(client, built.octets));
        if (this.#config.reportAnswers) {
          effects.push({ kind: 'report', report: reportOf(waiter, built, resolution, now) });
        }
      } catch (error) {
        // A broken invariant costs this reply and no other, and both sides are told.
        const sentence = `a reply could not be made: ${String(error)}`;
        effects.push({ kind: 'report', report: { kind: 'internal error', sentence } });
        const octets = errorReply(question, Rcode.SERVFAIL, INTERNAL_ERROR, circumstances);
        effects.push(reply(client, octets));
      }
    }
    return effects;
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

  /** Not an octet more than was sent, so that nobody can use us to enlarge a flood. */
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
      secureOnly: this.#config.secureOnly,
    };
  }

  #cookieFor(head: RequestHead, client: C, now: Now): EdnsOption | undefined {
    if (head.cookie === undefined) return undefined;
    return this.#parts.cookies.check(head.cookie, client.address, now.wallSeconds).option;
  }
}

const TOO_MANY_QUESTIONS: readonly ExtendedError[] = [
  { code: EdeCode.OTHER, text: 'too many questions at once' },
];
const TOO_MANY_WAITING: readonly ExtendedError[] = [
  { code: EdeCode.OTHER, text: 'too many clients ask the same' },
];
const INTERNAL_ERROR: readonly ExtendedError[] = [{ code: EdeCode.OTHER, text: 'internal error' }];

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

function reportOf<C extends Client>(
  { client, question, sinceMs }: Waiter<C>,
  { rcode, authenticData, octets }: BuiltReply,
  { security, fromCache }: Resolution,
  now: Now,
): ServerReport {
  const { name, type } = question.question;
  return {
    kind: 'answered',
    client,
    name,
    type,
    rcode,
    security: security.status,
    authenticData,
    fromCache,
    tookMs: now.monotonicMs - sinceMs,
    sizeOctets: octets.length,
  };
}

function reply<C extends Client>(client: C, octets: Uint8Array): ServerEffect<C> {
  return { kind: 'reply', client, octets };
}

function cancel<C extends Client>(handle: number): ServerEffect<C> {
  return { kind: 'resolve', event: { kind: 'cancelled', handle } };
}

function silence<C extends Client>(client: C, why: SilenceReason): readonly ServerEffect<C>[] {
  return [{ kind: 'silence', client, why }];
}
