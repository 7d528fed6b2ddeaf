/**
 * The whole decision for a destination (RFC 7672), as a generator: it yields look-ups that it needs
 * next, gets their resolutions, and returns the decision. It waits for nothing and knows no clock,
 * so a test drives it in a loop, and the runtime drives it with a resolver.
 */
import type { Resolution } from '../resolver/index.js';
import { type Name, RRType } from '../wire/index.js';
import type { DaneDecision, Destination, ExchangeDecision, Route } from './decision.js';
import {
  ADDRESS_TYPES,
  judgeTlsa,
  type Located,
  locate,
  nextHopNames,
  tlsaNameOf,
  uncounted,
  withoutRoom,
  withoutTlsa,
} from './exchange-decision.js';
import { DANE_LIMITS } from './limits.js';
import { failureText, type Lookup, type LookedUp, nameText, readResolution } from './lookup.js';
import { type Exchange, type FoundRoute, routeOf } from './mail-route.js';

/** All look-ups of one `yield` may be made at once; resolutions come back in the same order. */
export type Deciding<T> = Generator<readonly Lookup[], T, readonly Resolution[]>;

export function* decideDane(destination: Destination): Deciding<DaneDecision> {
  const mx = destination.viaMx ? (yield* lookUp([mxLookup(destination)]))[0] : undefined;
  const ttls: number[] = [];
  if (mx !== undefined) ttls.push(ttlOf(mx));
  const found = mx === undefined ? undefined : routeOf(destination, mx);
  if (found !== undefined && mx !== undefined && found.exchanges.length === 0) {
    return withoutExchanges(destination, found.route, mx);
  }
  const exchanges = found?.exchanges ?? [{ name: destination.name, preference: 0 }];
  const { value: limit } = DANE_LIMITS.exchanges;
  const decisions = yield* decideExchanges(destination, exchanges.slice(0, limit), found, ttls);
  const route = found?.route ?? hostRoute(destination, decisions);
  for (const exchange of exchanges.slice(limit)) {
    const sentence = `${nameText(exchange.name)}: not looked at, only the first ${limit} exchanges are.`;
    if (mx !== undefined) decisions.push(uncounted(exchange, sentence, mx));
  }
  return conclude(destination, route, decisions, ttls);
}

function mxLookup({ name }: Destination): Lookup {
  return { name, type: RRType.MX };
}

/** RFC 7672 §2.2.2: nothing stands between a host that is named and its addresses. */
function hostRoute({ name }: Destination, [decision]: readonly ExchangeDecision[]): Route {
  if (decision === undefined) throw new Error('a host was decided about without a decision');
  return { kind: 'host', isSecure: true, expandedDomain: name, why: decision.why };
}

function* lookUp(lookups: readonly Lookup[]): Deciding<readonly LookedUp[]> {
  if (lookups.length === 0) return [];
  const resolutions = yield lookups;
  return lookups.map((lookup, index) => {
    const resolution = resolutions[index];
    if (resolution === undefined) throw new Error('a look-up was not answered');
    return readResolution(lookup, resolution);
  });
}

/** Step by step for all exchanges together: addresses, then TLSA at each base domain in turn. */
function* decideExchanges(
  destination: Destination,
  exchanges: readonly Exchange[],
  found: FoundRoute | undefined,
  ttls: number[],
): Deciding<ExchangeDecision[]> {
  const names = found === undefined ? [destination.name] : nextHopNames(destination, found.route);
  const lookups = exchanges.flatMap(({ name }) => ADDRESS_TYPES.map((type) => ({ name, type })));
  const addresses = yield* lookUp(lookups);
  const decisions: (ExchangeDecision | undefined)[] = [];
  const open = new Map<number, Located>();
  exchanges.forEach((exchange, index) => {
    const mine = addresses.slice(index * ADDRESS_TYPES.length, (index + 1) * ADDRESS_TYPES.length);
    const step = locate(exchange, mine);
    ttls.push(...mine.map(ttlOf));
    if ('decision' in step) decisions[index] = step.decision;
    else open.set(index, step.located);
  });
  for (let round = 0; open.size > 0; round++) {
    const asked = [...open].map(([index, located]) => askTlsa(index, located, round, destination));
    const answers = yield* lookUp(asked.flatMap(({ lookup }) => lookup ?? []));
    let next = 0;
    for (const { index, located, baseDomain, lookup } of asked) {
      const answer = lookup === undefined ? undefined : answers[next++];
      const judged = answer && judgeTlsa(located, baseDomain, answer, names);
      if (answer !== undefined) ttls.push(ttlOf(answer));
      const isLast = round + 1 >= located.baseDomains.length;
      // RFC 7672 §2.2.3: what has no records there may have them at the next base domain.
      if (judged === undefined && !isLast) continue;
      const decision =
        judged ?? (answer === undefined ? withoutRoom(located) : withoutTlsa(located, answer));
      decisions[index] = decision;
      open.delete(index);
    }
  }
  return decisions.filter((decision) => decision !== undefined);
}

interface AskedTlsa {
  readonly index: number;
  readonly located: Located;
  readonly baseDomain: Name;
  readonly lookup: Lookup | undefined;
}

function askTlsa(index: number, located: Located, round: number, { port }: Destination): AskedTlsa {
  const baseDomain = located.baseDomains[round] ?? located.exchange.name;
  const name = tlsaNameOf(baseDomain, port);
  const lookup = name === undefined ? undefined : { name, type: RRType.TLSA };
  return { index, located, baseDomain, lookup };
}

/** What failed must not be remembered. */
function ttlOf({ state, ttlSeconds }: LookedUp): number {
  return state === 'failed' ? 0 : ttlSeconds;
}

function withoutExchanges(destination: Destination, route: Route, mx: LookedUp): DaneDecision {
  const domain = nameText(destination.name);
  const base = { destination, route, exchanges: [], ttlSeconds: ttlOf(mx) };
  if (route.kind === 'MX lookup failed') {
    const why = mx.state === 'failed' ? failureText(mx) : 'its MX records cannot be read';
    const sentence = `Mail for ${domain} has to wait: ${why}.`;
    const section = 'RFC 7672 §2.1.2';
    return { ...base, outcome: 'defer', sentence, section, ttlSeconds: 0 };
  }
  if (route.kind === 'null MX') {
    const sentence = `${domain} takes no mail: its only MX record is the root (null MX).`;
    return { ...base, outcome: 'refuse', sentence, section: 'RFC 7505 §3' };
  }
  const proof = route.isSecure ? ' (proven)' : '';
  const sentence = `There is no domain ${domain}${proof}.`;
  return { ...base, outcome: 'refuse', sentence, section: 'RFC 5321 §5.1' };
}

function conclude(
  destination: Destination,
  route: Route,
  exchanges: readonly ExchangeDecision[],
  ttls: readonly number[],
): DaneDecision {
  const domain = nameText(destination.name);
  const actions = new Set(exchanges.map(({ action }) => action));
  const base = {
    destination,
    route,
    exchanges,
    ttlSeconds: ttls.length > 0 ? Math.min(...ttls) : 0,
  };
  const can = (['authenticate', 'encrypt', 'opportunistic'] as const).filter((action) =>
    actions.has(action),
  );
  if (can.length === 0 && actions.has('defer')) {
    const sentence = `Mail for ${domain} has to wait: no exchange can be used now.`;
    return { ...base, outcome: 'defer', sentence, section: 'RFC 7672 §2.1.2' };
  }
  if (can.length === 0) {
    const sentence = `Mail for ${domain} cannot be delivered: no exchange has an address.`;
    return { ...base, outcome: 'refuse', sentence, section: 'RFC 5321 §5.1' };
  }
  const sentence = deliverText(domain, route, exchanges, can);
  return { ...base, outcome: 'deliver', sentence, section: 'RFC 7672 §2.2' };
}

function deliverText(
  domain: string,
  route: Route,
  exchanges: readonly ExchangeDecision[],
  can: readonly string[],
): string {
  const count = exchanges.filter(({ action }) => action === 'authenticate').length;
  const text =
    count === 0
      ? `DANE authenticates no server of ${domain}.`
      : count === exchanges.length && can.length === 1
        ? `DANE authenticates every server of ${domain}.`
        : `DANE authenticates ${count} of ${exchanges.length} servers of ${domain}.`;
  // RFC 7672 §2.2.1: hosts found by an insecure MX may still be held to their TLSA records.
  const caution =
    route.isSecure || count === 0
      ? ''
      : ` But the ${route.kind === 'MX' ? 'MX records are' : 'absence of MX records is'} not ` +
        `signed, so an attacker can name other servers: ${route.why.sentence}`;
  return text + caution;
}
