/** DANE decisions and the check of certificates, as a mailer's program reads them. */
import type { X509Certificate } from 'node:crypto';
import {
  type ChainVerdict,
  type DaneDecision,
  type ExchangeAction,
  type ExchangeDecision,
  type ExchangeReason,
  judgeTlsaRecords,
  nameText,
  type RouteKind,
  type TlsaJudgement,
  verifyChain as verifyChainOf,
} from '../dane/index.js';
import type { Why } from '../resolver/index.js';
import { certificateTools, readDomain } from '../runtime/index.js';
import { concatOctets, plainOctets } from '../wire/index.js';

export type { ExchangeAction, ExchangeReason, RouteKind };

/** What to do with mail for a domain. Names are in lower case, without a final dot. */
export interface DaneResult {
  readonly domain: string;
  readonly port: number;
  /** Try the exchanges in order; give the mail back; or keep it and ask again later. */
  readonly outcome: 'deliver' | 'refuse' | 'defer';
  /** For people: the whole in one sentence. */
  readonly sentence: string;
  readonly section: string;
  /** How the exchanges were found, and whether that was validated. */
  readonly route: DaneRoute;
  /** Most preferred first; of equal preference in no order. */
  readonly exchanges: readonly DaneExchange[];
  /** How long the decision holds; 0 when a look-up failed. */
  readonly ttlSeconds: number;
}

export interface DaneRoute {
  readonly kind: RouteKind;
  readonly secure: boolean;
  readonly why: Why;
}

export interface DaneExchange {
  readonly exchange: string;
  readonly preference: number;
  readonly action: ExchangeAction;
  /** Stable, for programs. */
  readonly reason: ExchangeReason;
  /** For people: names the exchange, the records and, where something failed, zone and server. */
  readonly sentence: string;
  readonly section: string;
  readonly addresses: readonly string[];
  /** RFC 7672 §2.2.3: to be sent as SNI; absent where DANE does not apply. */
  readonly serverName?: string;
  /** Owner of the TLSA records. */
  readonly tlsaName?: string;
  readonly records: readonly DaneTlsa[];
  /** Names that a certificate below a DANE-TA authority may have. */
  readonly referenceNames: readonly string[];
  /** The look-up that decided. */
  readonly why: Why;
}

/** What a TLSA record says (RFC 6698 §2.1). */
export interface TlsaFields {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

export interface DaneTlsa extends TlsaFields {
  readonly text: string;
  /** `superseded`: a stronger digest of the same kind says what counts (RFC 7671 §9). */
  readonly state: 'usable' | 'unusable' | 'superseded';
  /** Why it does not count; empty for usable ones. */
  readonly reason: string;
  readonly section: string;
}

/** Whether a server's certificates are those that its records speak of. */
export type ChainResult =
  | {
      readonly ok: true;
      /** The record that matched, as text. */
      readonly record: string;
      /** Of the matching certificate, 0 being the server's; absent when it was not sent. */
      readonly depth?: number;
      /** The reference name in the certificate; absent for DANE-EE, which asks for none. */
      readonly name?: string;
      readonly sentence: string;
      readonly section: string;
    }
  | {
      readonly ok: false;
      /** Stable: 'no match', 'name mismatch', 'expired', 'authority missing'… */
      readonly code: string;
      readonly sentence: string;
      readonly section: string;
      /** Why each usable record did not match. */
      readonly attempts: readonly { readonly record: string; readonly sentence: string }[];
    };

export function daneResultOf(decision: DaneDecision): DaneResult {
  const { destination, outcome, sentence, section, route, exchanges, ttlSeconds } = decision;
  return {
    domain: nameText(destination.name),
    port: destination.port,
    outcome,
    sentence,
    section,
    route: { kind: route.kind, secure: route.isSecure, why: route.why },
    exchanges: exchanges.map(exchangeOf),
    ttlSeconds,
  };
}

function exchangeOf(decision: ExchangeDecision): DaneExchange {
  const { baseDomain, tlsaName } = decision;
  return {
    exchange: nameText(decision.exchange),
    preference: decision.preference,
    action: decision.action,
    reason: decision.reason,
    sentence: decision.sentence,
    section: decision.section,
    addresses: decision.addresses.map(String),
    ...(baseDomain === undefined ? {} : { serverName: nameText(baseDomain) }),
    ...(tlsaName === undefined ? {} : { tlsaName: nameText(tlsaName) }),
    records: decision.records.map(tlsaOf),
    referenceNames: decision.referenceNames.map(nameText),
    why: decision.why,
  };
}

function tlsaOf({ text, tlsa, state, reason, section }: TlsaJudgement): DaneTlsa {
  // What is too short to be a record comes out as one that nobody can use.
  const none = { usage: 255, selector: 255, matchingType: 255, data: new Uint8Array(0) };
  const { usage, selector, matchingType, data } = tlsa ?? none;
  return { usage, selector, matchingType, data, text, state, reason, section };
}

export interface VerifyChainOptions {
  /** Seconds since 1970; now, unless told. */
  readonly nowSeconds?: number;
}

/**
 * Checks the certificates that a server presented (its own first) against TLSA records (RFC 7671
 * §5, RFC 7672 §3). Names are those of `referenceNames`; only DANE-TA looks at them.
 */
export function verifyChain(
  records: readonly TlsaFields[],
  chain: readonly (Uint8Array | X509Certificate)[],
  names: readonly string[],
  { nowSeconds = Math.floor(Date.now() / 1000) }: VerifyChainOptions = {},
): ChainResult {
  const rdatas = records.map(({ usage, selector, matchingType, data }) =>
    concatOctets(Uint8Array.of(usage, selector, matchingType), plainOctets(data)),
  );
  const certificates = chain.map((each) =>
    plainOctets(each instanceof Uint8Array ? each : each.raw),
  );
  const referenceNames = names.map((name) => readDomain(name)).filter((name) => name !== undefined);
  const presented = { certificates, nowSeconds };
  return chainResultOf(
    verifyChainOf(judgeTlsaRecords(rdatas), presented, referenceNames, certificateTools),
  );
}

function chainResultOf(verdict: ChainVerdict): ChainResult {
  const { sentence, section } = verdict;
  if (!verdict.ok) {
    const { code } = verdict;
    const attempts = verdict.attempts.map((attempt) => {
      return { record: attempt.record.text, sentence: attempt.sentence };
    });
    return { ok: false, code, sentence, section, attempts };
  }
  const { depth, name } = verdict;
  return {
    ok: true,
    record: verdict.record.text,
    ...(depth === undefined ? {} : { depth }),
    ...(name === undefined ? {} : { name: nameText(name) }),
    sentence,
    section,
  };
}
