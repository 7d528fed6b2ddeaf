/**
 * Postfix's TLS policy table (socketmap_table(5), smtp_tls_policy_maps) as a view of decisions:
 * requests in, replies out, compatible with the maps `QUERY` and `QUERYwithTLSRPT` of
 * postfix-tlspol.
 */
import { parseName } from '../presentation/index.js';
import { IpAddress } from '../wire/index.js';
import type { DaneDecision, Destination } from './decision.js';
import { nameText } from './lookup.js';
import { DANE_LIMITS } from './limits.js';

export type SocketmapRequest =
  | { readonly kind: 'query'; readonly destination: Destination }
  /** Answered without looking anything up. */
  | { readonly kind: 'answered'; readonly reply: string };

const NOT_FOUND = 'NOTFOUND ';
/** Both get the same: Postfix (3.10 and newer) itself reports what it did with TLSA records. */
const MAPS: readonly string[] = ['query', 'querywithtlsrpt'];
const SMTP_PORT = 25;

export function readSocketmapRequest(octets: Uint8Array): SocketmapRequest {
  const text = String.fromCharCode(...octets.subarray(0, DANE_LIMITS.socketmapOctets.value));
  const space = text.indexOf(' ');
  const map = space < 0 ? text : text.slice(0, space);
  if (!MAPS.includes(map.toLowerCase())) {
    return { kind: 'answered', reply: 'PERM there is no such map here: QUERY or QUERYwithTLSRPT' };
  }
  const destination = space < 0 ? undefined : readDestination(text.slice(space + 1));
  return destination === undefined
    ? { kind: 'answered', reply: NOT_FOUND }
    : { kind: 'query', destination };
}

/**
 * What Postfix calls a next-hop destination: `example.org`, `example.org:587`, `[mx.example.org]`,
 * `[mx.example.org]:587`. Addresses, services by name and the `.example.org` of parent domains have
 * no policy here.
 */
function readDestination(key: string): Destination | undefined {
  const match = /^(?:\[([^\]\s]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/.exec(key.trim());
  if (match === null) return undefined;
  const [, host, domain, portText] = match;
  const text = host ?? domain ?? '';
  const port = portText === undefined ? SMTP_PORT : Number(portText);
  if (port < 1 || port > 0xffff || text.startsWith('.')) return undefined;
  if (IpAddress.parse(text.replace(/^ipv6:/i, '')) !== undefined) return undefined;
  const name = parseName(text);
  if (name === undefined || name.isRoot) return undefined;
  return { name, port, viaMx: host === undefined };
}

/** A security level of Postfix, or none: what smtp_tls_security_level says then holds. */
export type PostfixLevel = 'dane-only' | 'dane' | undefined;

/**
 * `dane-only` where every server can be authenticated and nobody can name others; `dane` where some
 * can, where TLS is a must, or where a look-up failed: with it Postfix goes by the same records,
 * server for server, and does not fall back.
 */
export function postfixLevel({ outcome, route, exchanges }: DaneDecision): PostfixLevel {
  if (outcome !== 'deliver') return undefined;
  const actions = exchanges.map(({ action }) => action).filter((action) => action !== 'skip');
  if (actions.every((action) => action === 'opportunistic')) return undefined;
  const isWhole = route.isSecure && actions.every((action) => action === 'authenticate');
  return isWhole ? 'dane-only' : 'dane';
}

export function socketmapReply(decision: DaneDecision): string {
  if (decision.outcome === 'defer') return `TEMP ${printable(whyDeferred(decision))}`;
  const level = postfixLevel(decision);
  return level === undefined ? NOT_FOUND : `OK ${level}`;
}

function whyDeferred({ sentence, exchanges }: DaneDecision): string {
  const first = exchanges.find(({ action }) => action === 'defer');
  return first === undefined ? sentence : `${sentence} ${first.sentence}`;
}

/** Postfix logs the reason: one line of ASCII, and not too much of it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, DANE_LIMITS.socketmapReasonOctets.value);
}

/** For a log: the destination as Postfix writes it. */
export function destinationText({ name, port, viaMx }: Destination): string {
  const text = viaMx ? nameText(name) : `[${nameText(name)}]`;
  return port === SMTP_PORT ? text : `${text}:${port}`;
}
