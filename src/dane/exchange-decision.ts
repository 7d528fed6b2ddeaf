/**
 * One exchange, from its addresses to what a mailer has to do there (RFC 7672 §2.2.2, §2.2.3).
 * Each step says what it must know next, or decides.
 */
import { addressOfRdata, type IpAddress, type Name, RRType } from '../wire/index.js';
import type { Destination, ExchangeAction, ExchangeDecision, Route } from './decision.js';
import { failureText, type LookedUp, nameText } from './lookup.js';
import type { Exchange } from './mail-route.js';
import { judgeTlsaRecords, type TlsaJudgement } from './tlsa-records.js';

/** What is known of an exchange once its addresses have been looked up. */
export interface Located {
  readonly exchange: Exchange;
  readonly addresses: readonly IpAddress[];
  readonly expandedName: Name;
  /** The look-up whose security counts. */
  readonly by: LookedUp;
  /** RFC 7672 §2.2.3: where TLSA records may be, in the order in which they are looked for. */
  readonly baseDomains: readonly Name[];
}

/** A decision, or where to look next. */
export type Step = { readonly decision: ExchangeDecision } | { readonly located: Located };

export function locate(exchange: Exchange, lookups: readonly LookedUp[]): Step {
  const found = lookups.filter(({ state }) => state === 'found');
  const failed = lookups.find(({ state }) => state === 'failed');
  const [first = failed ?? lookups[0]] = found.filter(({ isSecure }) => isSecure).concat(found);
  if (first === undefined) throw new Error('an exchange was located without a look-up');
  const { name } = exchange;
  const bare: Located = {
    exchange,
    addresses: found.flatMap(addressesOf),
    expandedName: first.expandedName,
    by: first,
    baseDomains: [],
  };
  const exchangeText = nameText(name);
  if (found.length === 0 && failed !== undefined) {
    // RFC 7672 §2.1.2: what cannot be looked up cannot be reached.
    const sentence = `${exchangeText}: not now; ${failureText(failed)}.`;
    const section = 'RFC 7672 §2.1.2';
    return { decision: decide(bare, 'defer', 'address lookup failed', sentence, section) };
  }
  if (found.length === 0) {
    const proof = first.isSecure ? ' (proven)' : '';
    const sentence = `${exchangeText}: cannot be reached; it has neither A nor AAAA records${proof}.`;
    return { decision: decide(bare, 'skip', 'no address', sentence, 'RFC 5321 §5.1') };
  }
  const baseDomains = baseDomainsOf(name, first);
  if (baseDomains.length > 0) return { located: { ...bare, baseDomains } };
  // RFC 7672 §2.2.2: where addresses are insecure, TLSA records are not even asked for.
  const where = first.expandedName.equals(name)
    ? ''
    : ` (it leads to ${nameText(first.expandedName)})`;
  const sentence =
    `${exchangeText}: DANE does not apply, since its addresses are not signed${where}: ` +
    `${first.why.sentence} TLS is used if the server offers it.`;
  return {
    decision: decide(bare, 'opportunistic', 'address insecure', sentence, 'RFC 7672 §2.2.2'),
  };
}

/**
 * RFC 7672 §2.2.2: behind a secure chain of aliases the last name comes first, then the original
 * one. RFC 7672 §2.1.3: when the chain is insecure further on, a first link that is secure still
 * lets the original name speak for itself.
 */
function baseDomainsOf(
  name: Name,
  { isSecure, isFirstLinkSecure, expandedName }: LookedUp,
): Name[] {
  if (isSecure) return expandedName.equals(name) ? [name] : [expandedName, name];
  return isFirstLinkSecure ? [name] : [];
}

function addressesOf({ data }: LookedUp): IpAddress[] {
  if (data === undefined) return [];
  const { type, rdatas } = data.rrset;
  return rdatas.map((rdata) => addressOfRdata(type, rdata)).filter((each) => each !== undefined);
}

/** What one TLSA answer decides; undefined when the next base domain has to be looked at. */
export function judgeTlsa(
  located: Located,
  baseDomain: Name,
  tlsa: LookedUp,
  names: readonly Name[],
): ExchangeDecision | undefined {
  const exchangeText = nameText(located.exchange.name);
  const at = { ...located, by: tlsa };
  const base = { baseDomain, tlsaName: tlsa.lookup.name };
  if (tlsa.state === 'failed') {
    // RFC 7672 §2.2: never to be mistaken for a server without TLSA records.
    const sentence = `${exchangeText}: not now; ${failureText(tlsa)}.`;
    const found = decide(at, 'defer', 'TLSA lookup failed', sentence, 'RFC 7672 §2.1.2');
    return { ...found, ...base };
  }
  if (tlsa.state !== 'found' || !tlsa.isSecure) return undefined;
  const records = judgeTlsaRecords(tlsa.data?.rrset.rdatas ?? []);
  const usable = records.filter(({ state }) => state === 'usable');
  const where = nameText(tlsa.lookup.name);
  if (usable.length === 0) {
    const sentence =
      `${exchangeText}: TLS is a must, but the certificate is not checked: no TLSA record of ` +
      `${where} is usable (${records.map(flawText).join('; ')}).`;
    const found = decide(at, 'encrypt', 'TLSA unusable', sentence, 'RFC 7672 §2.2');
    return { ...found, ...base, records };
  }
  const sentence =
    `${exchangeText}: TLS is a must, and the certificate has to match ` +
    `${countText(usable.length)} of ${where}: ${usable.map(({ text }) => shortText(text)).join(', ')}.`;
  const found = decide(at, 'authenticate', 'TLSA usable', sentence, 'RFC 7672 §2.2');
  return { ...found, ...base, records, referenceNames: distinct([baseDomain, ...names]) };
}

/** All base domains were looked at, and none has TLSA records that count. */
export function withoutTlsa(located: Located, last: LookedUp): ExchangeDecision {
  const exchangeText = nameText(located.exchange.name);
  const at = { ...located, by: last };
  const where = nameText(last.lookup.name);
  const tail = 'DANE does not apply. TLS is used if the server offers it.';
  if (last.state === 'found') {
    const sentence =
      `${exchangeText}: the TLSA records of ${where} do not count, since they are not signed: ` +
      `${last.why.sentence} ${tail}`;
    return decide(at, 'opportunistic', 'TLSA insecure', sentence, 'RFC 7672 §2.2');
  }
  const proof = last.isSecure ? 'proven to be absent' : 'absent';
  const sentence = `${exchangeText}: TLSA records are ${proof} at ${where}; ${tail}`;
  return decide(at, 'opportunistic', 'no TLSA', sentence, 'RFC 7672 §2.2');
}

/**
 * RFC 1035 §2.3.4: a name that leaves no room for `_25._tcp.` cannot have TLSA records; nothing
 * proves that better than its length, and nobody can have taken any away.
 */
export function withoutRoom(located: Located): ExchangeDecision {
  const sentence =
    `${nameText(located.exchange.name)}: the name is too long to have TLSA records; DANE does ` +
    'not apply. TLS is used if the server offers it.';
  return decide(located, 'opportunistic', 'name too long', sentence, 'RFC 7672 §2.2.3');
}

/** Beyond the limit: never got as far as a look-up. */
export function uncounted(exchange: Exchange, sentence: string, by: LookedUp): ExchangeDecision {
  const { name } = exchange;
  const located = { exchange, addresses: [], expandedName: name, by, baseDomains: [] };
  return decide(located, 'defer', 'too many exchanges', sentence, 'RFC 7672 §2.1.2');
}

/**
 * RFC 7672 §3.2.2: beside the base domain, the domain that mail is for, and its secure alias. An MX
 * that is not signed may have been written by anybody: then nothing but the base domain counts.
 */
export function nextHopNames({ name }: Destination, route: Route): readonly Name[] {
  if (route.kind !== 'MX') return [name];
  return route.isSecure ? [name, route.expandedDomain] : [];
}

function decide(
  { exchange, addresses, expandedName, by }: Located,
  action: ExchangeAction,
  reason: ExchangeDecision['reason'],
  sentence: string,
  section: string,
): ExchangeDecision {
  return {
    exchange: exchange.name,
    preference: exchange.preference,
    action,
    reason,
    sentence,
    section,
    addresses,
    expandedName,
    baseDomain: undefined,
    tlsaName: undefined,
    records: [],
    referenceNames: [],
    why: by.why,
  };
}

function distinct(names: readonly Name[]): readonly Name[] {
  return [...new Map(names.map((name) => [name.key, name])).values()];
}

function flawText({ text, reason }: TlsaJudgement): string {
  return `${shortText(text)}: ${reason}`;
}

/** Enough of a digest to find the record by. */
export function shortText(text: string): string {
  return text.replace(/([0-9A-Fa-f]{16})[0-9A-Fa-f]+$/, '$1…');
}

function countText(count: number): string {
  return count === 1 ? 'the TLSA record' : `one of the ${count} TLSA records`;
}

/** RFC 6698 §3: `_25._tcp.` before the base domain; undefined when that is too long for a name. */
export function tlsaNameOf(baseDomain: Name, port: number): Name | undefined {
  return baseDomain.prepend(label('_tcp'))?.prepend(label(`_${port}`));
}

function label(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export const ADDRESS_TYPES: readonly number[] = [RRType.A, RRType.AAAA];
