/** Which replies may be given again to those who ask the same, and for how long. */
import type { ReplyCache } from '../cache/index.js';
import { type Security, weakest } from '../dnssec/index.js';
import type { Now, Resolution, Transport } from '../resolver/index.js';
import { type Cookie, RRType } from '../wire/index.js';
import { CLIENT_LIMITS } from './client-limits.js';
import {
  REPLY_COOKIE_OCTETS,
  replyWithoutCookie,
  withCookie,
  withoutCookie,
} from './cookie-apart.js';
import type { ClientQuestion } from './request.js';

/** The resolver refreshes what is asked for in the last tenth of its life: it must hear of it. */
const LEFT_TO_RESOLVER = 0.1;
/** After a mail exchange it warms what an MTA asks next, so it hears of each of them often. */
const MAIL_EXCHANGE_MS = 5_000;

export class KeptReplies {
  readonly #replies: ReplyCache;

  constructor(replies: ReplyCache) {
    this.#replies = replies;
  }

  recall(request: Uint8Array, transport: Transport, now: Now): Uint8Array | undefined {
    const overTcp = transport === 'tcp';
    const limit = overTcp ? CLIENT_LIMITS.tcpMessageOctets : CLIENT_LIMITS.udpPayloadOctets;
    return this.#replies.get(request, limit.value, overTcp, now);
  }

  /** For a request with a cookie; `cookieFor` makes what goes into the reply. */
  recallWithCookie(
    request: Uint8Array,
    transport: Transport,
    now: Now,
    cookieFor: (cookie: Cookie) => Uint8Array,
  ): Uint8Array | undefined {
    const apart = withoutCookie(request);
    if (apart === undefined) return undefined;
    const overTcp = transport === 'tcp';
    const limit = overTcp ? CLIENT_LIMITS.tcpMessageOctets : CLIENT_LIMITS.udpPayloadOctets;
    const room = limit.value - REPLY_COOKIE_OCTETS;
    const kept = this.#replies.get(apart.request, room, overTcp, now);
    return kept === undefined ? undefined : withCookie(kept, cookieFor(apart.cookie));
  }

  keep(
    request: Uint8Array,
    question: ClientQuestion,
    octets: Uint8Array,
    resolution: Resolution,
    now: Now,
  ): void {
    // What CD=1 brought, nobody else gets (RFC 4035 §4.7); stale data are a makeshift.
    if (question.judgesItself || resolution.unchecked !== undefined || resolution.stale) return;
    // Asked again soon (RFC 9520), whatever the TTLs of the aliases on the way.
    if (resolution.unanswered === true) return;
    const facts = {
      security: weakestOf(resolution),
      notAfterMs: now.cacheMs + keepMs(question, resolution),
    };
    const apart = question.cookie === undefined ? undefined : withoutCookie(request);
    if (apart === undefined) {
      this.#replies.put(request, octets, facts, now);
      return;
    }
    const bare = replyWithoutCookie(octets);
    if (bare !== undefined) this.#replies.put(apart.request, bare, facts, now);
  }
}

function keepMs({ question }: ClientQuestion, { answer }: Resolution): number {
  let least = question.type === RRType.MX ? MAIL_EXCHANGE_MS : Number.POSITIVE_INFINITY;
  for (const { rrset, ttlSeconds } of answer) {
    least = Math.min(least, (ttlSeconds - rrset.ttlSeconds * LEFT_TO_RESOLVER) * 1000);
  }
  return least;
}

/** Of everything that went into the reply; among secure parts that which ends first. */
function weakestOf({ security, answer, authority }: Resolution): Security {
  let least = security;
  for (const part of answer) least = weakest(least, part.security);
  for (const part of authority) least = weakest(least, part.security);
  return least;
}
