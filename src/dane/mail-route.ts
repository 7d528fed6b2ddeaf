/** From a domain to its exchanges: MX, implicit MX, null MX (RFC 5321 §5.1, RFC 7505). */
import { type Name, parseMx } from '../wire/index.js';
import type { Destination, Route } from './decision.js';
import type { LookedUp } from './lookup.js';

export interface Exchange {
  readonly name: Name;
  readonly preference: number;
}

export interface FoundRoute {
  readonly route: Route;
  /** Most preferred first. */
  readonly exchanges: readonly Exchange[];
}

export function routeOf({ name }: Destination, mx: LookedUp): FoundRoute {
  const { isSecure, expandedName: expandedDomain, why, state } = mx;
  const from = { isSecure, expandedDomain, why };
  switch (state) {
    case 'failed':
      return { route: { kind: 'MX lookup failed', ...from }, exchanges: [] };
    case 'no such name':
      return { route: { kind: 'no such domain', ...from }, exchanges: [] };
    case 'no data':
      // RFC 5321 §5.1: without an MX record the domain is its own exchange, of preference 0.
      return {
        route: { kind: 'implicit MX', ...from },
        exchanges: [{ name, preference: 0 }],
      };
    case 'found': {
      const { exchanges, isWhole } = readExchanges(mx.data?.rrset.rdatas ?? []);
      if (exchanges.length > 0) return { route: { kind: 'MX', ...from }, exchanges };
      // RFC 7672 §2.1.2: records that cannot be read are a failure; they say nothing about mail.
      return { route: { kind: isWhole ? 'null MX' : 'MX lookup failed', ...from }, exchanges };
    }
  }
}

interface ReadExchanges {
  readonly exchanges: readonly Exchange[];
  /** Whether every record could be read. */
  readonly isWhole: boolean;
}

function readExchanges(rdatas: readonly Uint8Array[]): ReadExchanges {
  const exchanges = new Map<string, Exchange>();
  const records = rdatas.map(parseMx);
  for (const mx of records) {
    // RFC 7505 §3: the root is no exchange; alone, it says that there is none.
    if (mx === undefined || mx.exchange.isRoot) continue;
    const known = exchanges.get(mx.exchange.key);
    // A host that is named twice is tried once, where it is preferred most.
    if (known !== undefined && known.preference <= mx.preference) continue;
    exchanges.set(mx.exchange.key, { name: mx.exchange, preference: mx.preference });
  }
  // RFC 7672 §2.2.1: DANE changes nothing about the order.
  const inOrder = [...exchanges.values()].sort((a, b) => a.preference - b.preference);
  return { exchanges: inOrder, isWhole: !records.includes(undefined) };
}
