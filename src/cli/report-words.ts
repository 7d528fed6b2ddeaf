/** Finds the words for what the resolver reports. */
import type { Security } from '../dnssec/index.js';
import type { Report } from '../resolver/index.js';
import { typeMnemonic } from '../wire/index.js';
import type { LogEvent } from './log.js';

/** One log line for one report; the walk of a resolution is told at debug. */
export function wordsOf(report: Report): LogEvent {
  switch (report.kind) {
    case 'query sent': {
      const { name, type, address, transport, zone, attempt, hedge } = report;
      const sentence = `asking ${address} over ${transport} for ${name} ${typeMnemonic(type)}`;
      return debug('query', sentence, { zone: zone.toString(), attempt, hedge });
    }
    case 'reply': {
      const { name, type, address, rttMs, sizeOctets, outcome, zone } = report;
      const sentence = `${address} answered ${name} ${typeMnemonic(type)}: ${outcome}`;
      const fields = { zone: zone.toString(), rttMs: rounded(rttMs), sizeOctets };
      return debug('reply', sentence, fields);
    }
    case 'zone cut': {
      const { zone, parent, signed } = report;
      return debug('zone-cut', `${zone} below ${parent} is ${CUT_WORDS[signed] ?? signed}`, {});
    }
    case 'zone keys': {
      const { zone, security, detail } = report;
      return debug('zone-keys', `the keys of ${zone} are ${security}. ${detail}`.trim(), {});
    }
    case 'validated': {
      const { name, type, what, security, server, zone } = report;
      const sentence = `${what} ${name} ${typeMnemonic(type)} is ${statusWords(security)}`;
      return debug('validated', sentence, { zone: zone.toString(), server: server.toString() });
    }
    case 'bogus': {
      const { name, type, security, server } = report;
      const question = `${name} ${typeMnemonic(type)}`;
      if (security.status !== 'bogus') return debug('bogus', question, {});
      const { sentence, section, reason, zone } = security;
      return {
        level: 'warn',
        event: 'bogus',
        sentence: `${question}: ${sentence}`,
        fields: { reason, section, zone: zone.toString(), server: server.toString() },
      };
    }
    case 'no anchor matches':
      return { level: 'error', event: 'no-anchor-matches', sentence: report.sentence };
    case 'trust anchor':
      return { level: 'warn', event: 'trust-anchor', sentence: report.sentence };
    case 'no root server':
      return { level: 'error', event: 'no-root-server', sentence: report.sentence };
    case 'suspicious': {
      const { address, sentence } = report;
      return { level: 'warn', event: 'suspicious', sentence: `${address}: ${sentence}` };
    }
    case 'internal error':
      return { level: 'error', event: 'internal-error', sentence: report.sentence };
  }
}

/** Secure data ends with the first signature of its chain to expire. */
function statusWords(security: Security): string {
  if (security.status === 'insecure') return `insecure: ${security.sentence}`;
  if (security.status !== 'secure') return security.status;
  if (!Number.isFinite(security.validUntilSeconds)) return security.status;
  const until = new Date(security.validUntilSeconds * 1000);
  return `secure, signed until ${until.toISOString().slice(0, 16).replace('T', ' ')}`;
}

/** The parent's word about a child zone, for people. */
export const CUT_WORDS: Readonly<Record<string, string>> = {
  signed: 'signed',
  unsigned: 'not signed',
  'not a cut': 'no zone of its own',
  bogus: 'delegated with a proof that does not hold',
  indeterminate: 'below no trust anchor',
  unreachable: 'unknown: its parent does not answer',
};

function debug(event: string, sentence: string, fields: LogEvent['fields'] & object): LogEvent {
  return { level: 'debug', event, sentence, fields };
}

export function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
