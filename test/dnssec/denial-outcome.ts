/** One word for a verdict, so that tests read as tables. */
import {
  delegationFromReferral,
  isInsecure,
  isSecure,
  validateNegative,
  validateWildcardAnswer,
} from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import type { DenialZone } from './denial-zone.js';
import { type ContextOptions, context } from './signed-zone.js';

export type Claim = readonly [
  kind: 'name error' | 'no data',
  name: string,
  type: keyof typeof RRType,
];

/** 'secure no data', 'insecure opt-out name error', 'bogus: …'; '(compact)' for RFC 9824. */
export function negative(
  zone: DenialZone,
  [kind, asked, type]: Claim,
  denial: readonly RRset[],
  options: ContextOptions = {},
): string {
  const claim = { name: zone.name(asked), type: RRType[type], kind };
  const sets = denial.some((set) => set.type === RRType.SOA) ? denial : [zone.soa, ...denial];
  const verdict = validateNegative(claim, sets, zone.keys, context(options));
  if ('status' in verdict) return `bogus: ${verdict.reason}`;
  const { security, kind: proven, compactNameError } = verdict;
  const compact = compactNameError ? ' (compact)' : '';
  if (isSecure(security)) return `secure ${proven}${compact}`;
  return isInsecure(security) ? `insecure ${security.reason} ${proven}${compact}` : 'unproven';
}

/** 'unsigned no DS', 'not a delegation', 'not a delegation (name error)', 'signed' and the like. */
export function cut(
  zone: DenialZone,
  child: string,
  sets: readonly RRset[],
  options: ContextOptions = {},
): string {
  const verdict = delegationFromReferral(zone.name(child), sets, zone.keys, context(options));
  if ('status' in verdict) return `bogus: ${verdict.reason}`;
  if (verdict.kind === 'unsigned') {
    return isInsecure(verdict.security) ? `unsigned ${verdict.security.reason}` : 'unproven';
  }
  if (verdict.kind === 'not a delegation') {
    if (!isSecure(verdict.security)) return 'unproven';
    return verdict.nameError ? 'not a delegation (name error)' : 'not a delegation';
  }
  return verdict.kind;
}

export function wildcard(
  zone: DenialZone,
  asked: string,
  encloser: string,
  sets: readonly RRset[],
  options: ContextOptions = {},
): string {
  const verdict = validateWildcardAnswer(
    zone.name(asked),
    RRType.MX,
    zone.name(encloser),
    sets,
    zone.keys,
    context(options),
  );
  if (verdict.status === 'bogus') return `bogus: ${verdict.reason}`;
  if (isSecure(verdict)) return 'secure';
  return isInsecure(verdict) ? `insecure ${verdict.reason}` : 'unproven';
}
