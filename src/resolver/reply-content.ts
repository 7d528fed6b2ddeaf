/** From the end of a resolution to what a client is told: statuses, remaining TTLs, errors. */
import { type Security, indeterminate, weakest } from '../dnssec/index.js';
import {
  EdeCode,
  type ExtendedError,
  type Name,
  Rcode,
  type RRset,
  RRType,
} from '../wire/index.js';
import { aliasFromCname } from './aliases.js';
import { heldDenial } from './learned.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import type { HeldRRset, Outcome } from './outcome.js';
import type { AnsweredRRset, Resolution } from './resolution-types.js';

/** RFC 8767 §5. */
const STALE_TTL_SECONDS = 30;

export function resolutionOf(outcome: Outcome, name: Name, machine: Machine): Resolution {
  const { now, config } = machine;
  if (outcome.kind === 'failed') {
    const { errors, unchecked, fromCache, bogus } = outcome;
    return {
      rcode: Rcode.SERVFAIL,
      security: bogus ?? indeterminate(name),
      answer: [],
      authority: [],
      errors: withSentence(errors, outcome.sentence),
      fromCache,
      stale: false,
      ...(unchecked === undefined ? {} : { unchecked }),
    };
  }
  const show = (held: HeldRRset, rrset: RRset): AnsweredRRset => ({
    rrset,
    security: held.security,
    ttlSeconds: outcome.stale
      ? Math.min(config.staleTtlSeconds ?? STALE_TTL_SECONDS, rrset.ttlSeconds)
      : Math.min(
          Math.max(0, Math.ceil((held.expiresAtMs - now.cacheMs) / 1000)),
          held.originalTtlSeconds ?? Number.POSITIVE_INFINITY,
        ),
  });
  const answer = outcome.answer.map((held) => show(held, held.rrset));
  const authority = outcome.authority.map((held) => show(held, held.rrset));
  for (const held of outcome.answer) {
    for (const rrset of held.proof) authority.push(show(held, rrset));
  }
  const resolution: Resolution = {
    rcode: outcome.rcode,
    security: overall(outcome, name),
    answer,
    authority,
    errors: remarks(outcome),
    fromCache: outcome.fromCache,
    stale: outcome.stale,
  };
  return outcome.unanswered === undefined ? resolution : { ...resolution, unanswered: true };
}

/** RFC 4035 §3.2.3: a reply is as secure as the weakest RRset in it. */
function overall(outcome: Extract<Outcome, { kind: 'answered' }>, name: Name): Security {
  let security: Security | undefined = outcome.denial;
  for (const held of outcome.answer) {
    security = security === undefined ? held.security : weakest(security, held.security);
  }
  return security ?? indeterminate(name);
}

/** Extended DNS Errors that go with a good answer: why it is insecure, or that it is stale. */
function remarks(outcome: Extract<Outcome, { kind: 'answered' }>): ExtendedError[] {
  const errors: ExtendedError[] = [...(outcome.unanswered ?? [])];
  const statuses = outcome.answer.map((held) => held.security);
  if (outcome.denial !== undefined) statuses.push(outcome.denial);
  for (const security of statuses) {
    if (security.status !== 'insecure' || security.ede === undefined) continue;
    if (errors.some((error) => error.code === security.ede)) continue;
    errors.push({ code: security.ede, text: security.reason });
  }
  if (outcome.stale) errors.push({ code: EdeCode.STALE_ANSWER, text: '' });
  return errors;
}

function withSentence(errors: readonly ExtendedError[], sentence: string): ExtendedError[] {
  const [first, ...others] = errors;
  if (first === undefined) return [{ code: EdeCode.OTHER, text: sentence }];
  return [{ code: first.code, text: sentence }, ...others];
}

export function failureResolution(
  name: Name,
  errors: readonly ExtendedError[],
  fromCache: boolean,
): Resolution {
  return {
    rcode: Rcode.SERVFAIL,
    security: indeterminate(name),
    answer: [],
    authority: [],
    errors,
    fromCache,
    stale: false,
  };
}

/** RFC 8767: old data rather than none; never where it would have carried the AD bit, nor TLSA. */
export function staleOutcome(
  machine: Machine,
  name: Name,
  type: number,
  /** Undefined: there is no outcome yet. */
  failed: Extract<Outcome, { kind: 'failed' }> | undefined,
): Outcome | undefined {
  if (!machine.config.serveStale || failed?.bogus !== undefined || type === RRType.TLSA) {
    return undefined;
  }
  const answer: HeldRRset[] = [];
  let at = name;
  while (answer.length <= LIMITS.aliases.value) {
    const held = machine.rrsets.getStale(at, type, machine.clock);
    if (held !== undefined) return staleAnswer([...answer, held], Rcode.NOERROR, []);
    const cname = machine.rrsets.getStale(at, RRType.CNAME, machine.clock);
    const alias = cname === undefined ? undefined : aliasFromCname(cname);
    if (alias === undefined) {
      const denial = machine.negatives.getStale(at, type, machine.clock);
      if (denial === undefined) return undefined;
      const { rcode, authority } = heldDenial(denial);
      return staleAnswer(answer, rcode, authority);
    }
    answer.push(...alias.links);
    at = alias.target;
  }
  return undefined;
}

function staleAnswer(
  answer: readonly HeldRRset[],
  rcode: number,
  authority: readonly HeldRRset[],
): Outcome | undefined {
  if ([...answer, ...authority].some(({ security }) => security.status === 'secure')) {
    return undefined;
  }
  return {
    kind: 'answered',
    rcode,
    answer,
    authority,
    denial: authority[0]?.security,
    fromCache: true,
    stale: true,
  };
}
