/** How `dane` prints a decision, and what was seen of the servers. */
import {
  type CheckedServer,
  type DaneDecision,
  destinationText,
  type ExchangeDecision,
  nameText,
  postfixLevel,
  shortText,
} from '../dane/index.js';
import { escapeControls } from './log.js';

/** A server as it was found at one address of an exchange. */
export interface LookedAtServer extends CheckedServer {
  readonly exchange: ExchangeDecision;
}

export function daneText(
  decision: DaneDecision,
  servers: readonly LookedAtServer[],
  wasConnected: boolean,
): string {
  const { destination, route, exchanges, sentence, section, outcome } = decision;
  const lines = [
    `${destinationText(destination)}: ${outcome}. ${sentence} (${section})`,
    ...(route.kind === 'MX lookup failed' ? [] : [routeText(route)]),
    `Postfix policy: ${outcome === 'defer' ? 'none now (TEMP)' : (postfixLevel(decision) ?? 'none')}`,
  ];
  for (const exchange of exchanges) {
    lines.push('', ...exchangeLines(exchange));
    const server = servers.find((each) => each.exchange === exchange);
    if (server !== undefined) lines.push(...serverLines(server));
    else if (wasConnected) lines.push('  not connected to: too many exchanges');
  }
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function routeText({ kind, isSecure, why }: DaneDecision['route']): string {
  return `found by ${kind}, ${isSecure ? 'validated' : 'not secure'}: ${why.sentence}`;
}

function exchangeLines(exchange: ExchangeDecision): string[] {
  const { action, preference, addresses, records, referenceNames, baseDomain } = exchange;
  const lines = [
    `${preference} ${nameText(exchange.exchange)}: ${action}`,
    `  ${exchange.sentence} (${exchange.section})`,
  ];
  if (addresses.length > 0) lines.push(`  addresses: ${addresses.join(', ')}`);
  for (const { text, state, reason } of records) {
    lines.push(`  TLSA ${shortText(text)}: ${state}${reason === '' ? '' : `, ${reason}`}`);
  }
  if (baseDomain !== undefined) lines.push(`  SNI: ${nameText(baseDomain)}`);
  if (referenceNames.length > 0) {
    lines.push(`  names for DANE-TA: ${referenceNames.map(nameText).join(', ')}`);
  }
  return lines;
}

const MARKS = { passed: 'pass', failed: 'FAIL', open: '  - ' } as const;

function serverLines({ checks, accepts }: LookedAtServer): string[] {
  const lines = checks.map(({ check, outcome, sentence }) =>
    `  ${MARKS[outcome]} ${check.padEnd(17)} ${sentence}`.trimEnd(),
  );
  const end = accepts ? 'mail would be handed over' : 'mail would not be handed over';
  return [...lines, `  => ${end}`];
}
