/**
 * Which TLSA records count for mail: those that are usable there (RFC 7672 §3.1), and of several
 * digests of the same thing only the strongest (RFC 7671 §9).
 */
import { formatRdata } from '../presentation/index.js';
import { parseTlsa, RRType, type Tlsa } from '../wire/index.js';
import { isPublicKeyInfo, readPublicKeyInfo } from './certificate-layout.js';

/** RFC 7218 §2: the names of the numbers. */
export const TLSA_USAGES = ['PKIX-TA', 'PKIX-EE', 'DANE-TA', 'DANE-EE'] as const;
export const Usage = { PKIX_TA: 0, PKIX_EE: 1, DANE_TA: 2, DANE_EE: 3 } as const;
export const Selector = { CERTIFICATE: 0, PUBLIC_KEY: 1 } as const;

/** A way of matching: one row each, in the registry of RFC 6698 §7.4. */
export interface MatchingRow {
  readonly matchingType: number;
  readonly name: string;
  /** Undefined for the full data. */
  readonly hash: 'sha256' | 'sha512' | undefined;
  readonly digestOctets: number | undefined;
  /** RFC 7671 §9: the greater one is the stronger one. Full data stands outside of the order. */
  readonly strength: number;
}

export const MATCHING_TYPES: readonly MatchingRow[] = [
  { matchingType: 0, name: 'Full', hash: undefined, digestOctets: undefined, strength: 0 },
  { matchingType: 1, name: 'SHA2-256', hash: 'sha256', digestOctets: 32, strength: 1 },
  { matchingType: 2, name: 'SHA2-512', hash: 'sha512', digestOctets: 64, strength: 2 },
];

export function matchingRow(matchingType: number): MatchingRow | undefined {
  return MATCHING_TYPES.find((row) => row.matchingType === matchingType);
}

export interface TlsaJudgement {
  /** As in a zone file: `3 1 1 ABCD…`. */
  readonly text: string;
  /** Undefined when the RDATA is too short to be one. */
  readonly tlsa: Tlsa | undefined;
  /** Only usable records authenticate; superseded ones are passed over for a stronger digest. */
  readonly state: 'usable' | 'unusable' | 'superseded';
  /** Why it does not count; the empty string for usable ones. */
  readonly reason: string;
  readonly section: string;
}

export function judgeTlsaRecords(rdatas: readonly Uint8Array[]): readonly TlsaJudgement[] {
  const judged = rdatas.map(judgeAlone);
  return judged.map((record) => supersede(record, judged));
}

function judgeAlone(rdata: Uint8Array): TlsaJudgement {
  const text = formatRdata(RRType.TLSA, rdata);
  const tlsa = parseTlsa(rdata);
  if (tlsa === undefined) {
    const reason = 'its data is too short for a TLSA record';
    return { text, tlsa, state: 'unusable', reason, section: 'RFC 6698 §2.1' };
  }
  const flaw = whyUnusable(tlsa);
  return flaw === undefined
    ? { text, tlsa, state: 'usable', reason: '', section: 'RFC 7672 §3.1' }
    : { text, tlsa, state: 'unusable', ...flaw };
}

interface Flaw {
  readonly reason: string;
  readonly section: string;
}

function whyUnusable({ usage, selector, matchingType, data }: Tlsa): Flaw | undefined {
  if (usage === Usage.PKIX_TA || usage === Usage.PKIX_EE) {
    // RFC 7672 §3.1.3: between mail servers there is no set of authorities that both trust.
    const reason = `usage ${usage} (${TLSA_USAGES[usage]}) is not for mail servers`;
    return { reason, section: 'RFC 7672 §3.1.3' };
  }
  // RFC 6698 §4.1: what is not understood is unusable, record by record.
  const section = 'RFC 6698 §4.1';
  if (usage > Usage.DANE_EE) return { reason: `nobody knows usage ${usage}`, section };
  if (selector > Selector.PUBLIC_KEY)
    return { reason: `nobody knows selector ${selector}`, section };
  const row = matchingRow(matchingType);
  if (row === undefined) return { reason: `nobody knows matching type ${matchingType}`, section };
  const { name, digestOctets } = row;
  if (digestOctets !== undefined) {
    if (data.length === digestOctets) return undefined;
    const reason = `a ${name} digest has ${digestOctets} octets, this one ${data.length}`;
    return { reason, section: 'RFC 6698 §2.1.3' };
  }
  // Read no more strictly than need be: what counts as unusable is not asked for any more.
  const isWhole =
    selector === Selector.CERTIFICATE
      ? readPublicKeyInfo(data) !== undefined
      : isPublicKeyInfo(data);
  if (isWhole) return undefined;
  const what = selector === Selector.CERTIFICATE ? 'certificate' : 'public key';
  return { reason: `its data is no ${what} in DER`, section: 'RFC 6698 §2.1.4' };
}

/** RFC 7671 §9: for each usage and selector the strongest digest, beside full data. */
function supersede(record: TlsaJudgement, all: readonly TlsaJudgement[]): TlsaJudgement {
  const { tlsa } = record;
  if (record.state !== 'usable' || tlsa === undefined) return record;
  const strength = strengthOf(tlsa);
  if (strength === 0) return record;
  const stronger = all.find(
    (other) =>
      other.state === 'usable' &&
      other.tlsa?.usage === tlsa.usage &&
      other.tlsa.selector === tlsa.selector &&
      strengthOf(other.tlsa) > strength,
  );
  if (stronger?.tlsa === undefined) return record;
  const name = matchingRow(stronger.tlsa.matchingType)?.name;
  const reason = `a record with ${name}, which is stronger, says what counts`;
  return { ...record, state: 'superseded', reason, section: 'RFC 7671 §9' };
}

function strengthOf({ matchingType }: Tlsa): number {
  return matchingRow(matchingType)?.strength ?? 0;
}
