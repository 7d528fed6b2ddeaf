/**
 * What a look at a server itself adds to a decision: each thing that DANE for mail depends on, one
 * after the other, with the outcome. DNS first, then STARTTLS, then what the records say.
 */
import type { CertificateTools } from './certificate-tools.js';
import type { DaneDecision, ExchangeDecision } from './decision.js';
import { nameText } from './lookup.js';
import { shortText } from './exchange-decision.js';
import {
  type ChainAttempt,
  type ChainVerdict,
  unmatchedKinds,
  verifyChain,
} from './verify-chain.js';

/** RFC 8314 §7.3: where TLS comes first and SMTP inside of it, without STARTTLS. */
export const IMPLICIT_TLS_PORT = 465;

/** What a connection to a server brought to light. */
export type ServerSeen =
  | {
      readonly reached: 'TLS';
      readonly isImplicit: boolean;
      readonly address: string;
      readonly protocol: string;
      /** As presented, in DER. */
      readonly certificates: readonly Uint8Array[];
    }
  | {
      /** How far it got; `connection` where TLS should have been next, without STARTTLS. */
      readonly reached: 'nothing' | 'connection' | 'SMTP' | 'STARTTLS';
      readonly address: string;
      readonly sentence: string;
    };

export type CheckName =
  | 'MX'
  | 'addresses'
  | 'TLSA'
  | 'connection'
  | 'STARTTLS'
  | 'TLS'
  | 'certificate usage'
  | 'selector'
  | 'matching type'
  | 'certificate data'
  | 'every kind'
  | 'names'
  | 'dates and path';

export interface ServerCheck {
  readonly check: CheckName;
  /** `open`: does not apply, or could not be looked at. */
  readonly outcome: 'passed' | 'failed' | 'open';
  readonly sentence: string;
}

export interface CheckedServer {
  readonly checks: readonly ServerCheck[];
  /** Whether a mailer that does DANE would hand mail over. */
  readonly accepts: boolean;
}

export function checkServer(
  decision: DaneDecision,
  exchange: ExchangeDecision,
  seen: ServerSeen,
  nowSeconds: number,
  tools: CertificateTools,
): CheckedServer {
  const checks = [...checkNames(decision, exchange), ...checkConnection(seen)];
  const { action, records, referenceNames } = exchange;
  const hasTls = seen.reached === 'TLS';
  if (action !== 'authenticate' || !hasTls) {
    // Without records to check by, TLS is all that can be asked for, and not even that always.
    const speaks = hasTls || seen.reached === 'SMTP' || seen.reached === 'STARTTLS';
    const accepts = action === 'opportunistic' ? speaks : hasTls;
    return { checks, accepts: accepts && action !== 'authenticate' && action !== 'defer' };
  }
  const presented = { certificates: seen.certificates, nowSeconds };
  const verdict = verifyChain(records, presented, referenceNames, tools);
  const kinds = verdict.ok ? unmatchedKinds(records, presented, referenceNames, tools) : [];
  const each = verdict.ok ? [checkKinds(kinds)] : [];
  return { checks: [...checks, ...checkVerdict(verdict), ...each], accepts: verdict.ok };
}

/** For the domain's owner: this client accepts the server, others might not (RFC 7671 §8). */
function checkKinds(unmatched: readonly string[]): ServerCheck {
  const check = 'every kind';
  if (unmatched.length === 0) {
    const sentence =
      'each combination of usage, selector and matching type has a record that matches';
    return { check, outcome: 'passed', sentence };
  }
  const kinds = unmatched.join(', nor of ');
  const sentence =
    `no record of the kind ${kinds} matches this server; clients that support no other kind ` +
    'refuse it (RFC 7671 §8)';
  return { check, outcome: 'failed', sentence };
}

function checkNames({ route }: DaneDecision, exchange: ExchangeDecision): ServerCheck[] {
  const { reason, why, tlsaName, sentence } = exchange;
  const hasSecureAddress = !['address insecure', 'address lookup failed', 'no address'].includes(
    reason,
  );
  const mx: ServerCheck = {
    check: 'MX',
    outcome: route.kind === 'host' ? 'open' : route.isSecure ? 'passed' : 'failed',
    sentence: route.kind === 'host' ? 'no MX look-up was made' : route.why.sentence,
  };
  const addresses: ServerCheck = {
    check: 'addresses',
    outcome: hasSecureAddress ? 'passed' : 'failed',
    sentence: hasSecureAddress ? 'validated, or behind a validated alias' : why.sentence,
  };
  if (!hasSecureAddress) return [mx, addresses];
  const isThere = reason === 'TLSA usable' || reason === 'TLSA unusable';
  const isNone = reason === 'no TLSA' || reason === 'name too long';
  const where = tlsaName === undefined ? '' : ` at ${nameText(tlsaName)}`;
  const tlsa: ServerCheck = {
    check: 'TLSA',
    outcome: isThere ? 'passed' : isNone ? 'open' : 'failed',
    sentence: isThere ? `${exchange.records.length} validated${where}` : sentence,
  };
  return [mx, addresses, tlsa];
}

function checkConnection(seen: ServerSeen): ServerCheck[] {
  if (seen.reached === 'nothing') {
    return [{ check: 'connection', outcome: 'failed', sentence: seen.sentence }];
  }
  const isBare = seen.reached === 'connection';
  const connection: ServerCheck = {
    check: 'connection',
    outcome: 'passed',
    sentence: `${seen.address} ${isBare ? 'accepts connections' : 'speaks SMTP'}`,
  };
  if (isBare) return [connection, { check: 'TLS', outcome: 'failed', sentence: seen.sentence }];
  if (seen.reached === 'SMTP') {
    return [connection, { check: 'STARTTLS', outcome: 'failed', sentence: seen.sentence }];
  }
  const startTls: ServerCheck = { check: 'STARTTLS', outcome: 'passed', sentence: 'offered' };
  const tls: ServerCheck =
    seen.reached === 'TLS'
      ? { check: 'TLS', outcome: 'passed', sentence: seen.protocol }
      : { check: 'TLS', outcome: 'failed', sentence: seen.sentence };
  const isImplicit = seen.reached === 'TLS' && seen.isImplicit;
  return isImplicit ? [connection, tls] : [connection, startTls, tls];
}

const FIELDS = ['certificate usage', 'selector', 'matching type', 'certificate data'] as const;

/** One row for each field of a record, and for what a DANE-TA authority asks beside. */
function checkVerdict(verdict: ChainVerdict): ServerCheck[] {
  if (verdict.ok) {
    const sentence = `${shortText(verdict.record.text)}: ${verdict.sentence}`;
    const fields = FIELDS.map((check) => ({ check, outcome: 'passed' as const, sentence }));
    if (verdict.name === undefined) return fields;
    const names = { check: 'names', outcome: 'passed', sentence: nameText(verdict.name) } as const;
    const path = {
      check: 'dates and path',
      outcome: 'passed',
      sentence: verdict.sentence,
    } as const;
    return [...fields, names, path];
  }
  const attempt = closest(verdict.attempts);
  if (attempt === undefined) {
    return [{ check: 'certificate data', outcome: 'failed', sentence: verdict.sentence }];
  }
  const sentence = `${shortText(attempt.record.text)}: ${attempt.sentence}`;
  if (attempt.code !== 'no match') {
    const fields = FIELDS.map((check) => ({ check, outcome: 'passed' as const, sentence: '' }));
    const check = attempt.code === 'name mismatch' ? 'names' : 'dates and path';
    return [...fields, { check, outcome: 'failed', sentence }];
  }
  const { mistakes } = attempt;
  return FIELDS.map((check) => {
    const isWrong = check === 'certificate data' ? mistakes.length === 0 : mistakes.includes(check);
    // Data that belong to nothing the server has leave the other fields undecided.
    const outcome = isWrong ? 'failed' : mistakes.length === 0 ? 'open' : 'passed';
    return { check, outcome, sentence: isWrong ? sentence : '' };
  });
}

/** What came furthest; of those, the one whose mistake is known. */
function closest(attempts: readonly ChainAttempt[]): ChainAttempt | undefined {
  return (
    attempts.find(({ code }) => code !== 'no match') ??
    attempts.find(({ mistakes }) => mistakes.length > 0) ??
    attempts[0]
  );
}
