/**
 * Every way in which validation can fail: a closed table. A row is the rule that was broken (its
 * RFC section), the Extended DNS Error for the client, and the sentence for the operator.
 */
import { EdeCode, type Name, typeMnemonic } from '../wire/index.js';
import { type BogusReasonRow, row } from './bogus-reason-row.js';
import { DENIAL_REASONS } from './denial-reasons.js';

export interface BogusFacts {
  /** The zone whose keys, or whose delegation, were to prove the data. */
  readonly zone: Name;
  readonly owner?: Name;
  readonly type?: number;
  /** A few more words, such as a key tag or a time; names from packets only in escaped form. */
  readonly detail?: string;
}

const { DNSSEC_BOGUS, DNSKEY_MISSING, RRSIGS_MISSING } = EdeCode;

const ROWS = {
  // Signatures over an RRset.
  'signature missing': row(
    'RFC 4035 §2.2',
    RRSIGS_MISSING,
    (what, zone) => `${what} has no signature, but ${zone} is a signed zone.`,
  ),
  'signature malformed': row(
    'RFC 4034 §3.1',
    DNSSEC_BOGUS,
    (what) => `No signature of ${what} has the form of one.`,
  ),
  'signature of another type': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what) => `The signature beside ${what} covers another type.`,
  ),
  'class is not IN': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what) => `${what} is not of class IN, which no chain of trust here covers.`,
  ),
  'owner outside zone': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what, zone) => `${what} does not lie in ${zone}, whose keys were to prove it.`,
  ),
  'signer is another zone': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what, zone, detail) => `${what} is signed in the name of ${detail}, not of its zone ${zone}.`,
  ),
  'labels above owner': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what) => `The signature of ${what} counts more labels than its name has.`,
  ),
  'labels below signer': row(
    'RFC 4034 §3.1.3',
    DNSSEC_BOGUS,
    (what, zone) =>
      `The signature of ${what} counts fewer labels than ${zone} has, as if for a wildcard ` +
      'above the zone.',
  ),
  'wildcard DNAME': row(
    'RFC 4592 §4.4',
    DNSSEC_BOGUS,
    (what) => `${what} was made from a wildcard, which a DNAME must not be.`,
  ),
  'DS from the child': row(
    'RFC 4034 §5',
    DNSSEC_BOGUS,
    (what, zone) => `${what} is signed by ${zone} itself; only its parent may state it.`,
  ),
  'signature expires before inception': row(
    'RFC 4034 §3.1.5',
    EdeCode.SIGNATURE_EXPIRED_BEFORE_VALID,
    (what, _zone, detail) => `The signature of ${what} expires before it begins (${detail}).`,
  ),
  'signature expired': row(
    'RFC 4035 §5.3.1',
    EdeCode.SIGNATURE_EXPIRED,
    (what, _zone, detail) => `The signature of ${what} has expired (${detail}).`,
  ),
  'signature not yet valid': row(
    'RFC 4035 §5.3.1',
    EdeCode.SIGNATURE_NOT_YET_VALID,
    (what, _zone, detail) => `The signature of ${what} is not valid yet (${detail}).`,
  ),
  'no such key': row(
    'RFC 4035 §5.3.1',
    DNSKEY_MISSING,
    (what, zone, detail) => `${what} is signed by a key that ${zone} does not have (${detail}).`,
  ),
  'no zone key bit': row(
    'RFC 4035 §5.3.1',
    EdeCode.NO_ZONE_KEY_BIT_SET,
    (what, _zone, detail) => `The key that signed ${what} is no zone key (${detail}).`,
  ),
  'key protocol': row(
    'RFC 4034 §2.1.2',
    DNSKEY_MISSING,
    (what, _zone, detail) => `The key that signed ${what} is not for DNSSEC (${detail}).`,
  ),
  'key revoked': row(
    'RFC 5011 §2.1',
    DNSKEY_MISSING,
    (what, _zone, detail) => `The key that signed ${what} has been revoked (${detail}).`,
  ),
  'key malformed': row(
    'RFC 4034 §2.1.4',
    DNSSEC_BOGUS,
    (what, _zone, detail) => `The key that signed ${what} cannot be read (${detail}).`,
  ),
  'key unsupported': row(
    'RFC 4035 §5.3.1',
    DNSSEC_BOGUS,
    (what, _zone, detail) =>
      `${what} is signed only by keys that are not supported here (${detail}).`,
  ),
  'signature does not verify': row(
    'RFC 4035 §5.3.3',
    DNSSEC_BOGUS,
    (what, _zone, detail) => `The signature of ${what} is wrong (${detail}).`,
  ),

  'keys expired': row(
    'RFC 4035 §5.3.3',
    EdeCode.SIGNATURE_EXPIRED,
    (what, zone) => `The keys of ${zone} that were to prove ${what} are proven no longer.`,
  ),

  // DNSKEY RRsets.
  'no keys': row(
    'RFC 4035 §5.2',
    DNSKEY_MISSING,
    (_what, zone) => `${zone} has a DS record but no DNSKEY record.`,
  ),
  'key set of another name': row(
    'RFC 4035 §5.2',
    DNSSEC_BOGUS,
    (what, zone) => `${what} is not the DNSKEY RRset of ${zone}.`,
  ),
  'no zone key': row(
    'RFC 4034 §2.1.1',
    EdeCode.NO_ZONE_KEY_BIT_SET,
    (_what, zone) => `None of the keys of ${zone} has the Zone Key flag.`,
  ),
  'no key matches DS': row(
    'RFC 4035 §5.2',
    DNSKEY_MISSING,
    (_what, zone, detail) => `No key of ${zone} matches its DS records (${detail}).`,
  ),
  'no key matches anchor': row(
    'RFC 4035 §5',
    DNSKEY_MISSING,
    (_what, zone, detail) => `No key of ${zone} matches the trust anchors for it (${detail}).`,
  ),
  'no anchor for zone': row(
    'RFC 4035 §5',
    DNSKEY_MISSING,
    (_what, zone) => `There is no trust anchor for ${zone}.`,
  ),
  'keys not signed by secure entry point': row(
    'RFC 4035 §5.2',
    RRSIGS_MISSING,
    (_what, zone, detail) =>
      `No key that the DS records or trust anchors of ${zone} point to has signed its keys ` +
      `(${detail}).`,
  ),

  // Limits: RFC 4035 §5.3.3 lets a resolver bound its work; here that is bogus, never insecure.
  'budget: records per RRset': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (what, _zone, detail) => `${what} has more records than are validated here (${detail}).`,
  ),
  'budget: keys per zone': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (_what, zone, detail) => `${zone} has more keys than are looked at here (${detail}).`,
  ),
  'budget: signatures per RRset': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (what, _zone, detail) =>
      `${what} has more signatures than are tried here (${detail}), and none of these is good.`,
  ),
  'budget: keys per tag': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (what, zone, detail) =>
      `${zone} has more keys of one tag than are tried here (${detail}), none good for ${what}.`,
  ),
  'budget: DS records': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (_what, zone, detail) => `${zone} has more DS records than are tried here (${detail}).`,
  ),
  'budget: DS mismatches': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (_what, zone, detail) => `Too many DS records of ${zone} match no key (${detail}).`,
  ),
  'budget: signature checks': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (what) => `Answering took more signature checks than are allowed; ${what} was left unproven.`,
  ),
  'budget: failed signature checks': row(
    'RFC 4035 §5.5',
    DNSSEC_BOGUS,
    (what) => `Too many signatures on the way to the answer were wrong; ${what} was left unproven.`,
  ),
  'budget: NSEC3 records': row(
    'RFC 9276 §3.2',
    DNSSEC_BOGUS,
    (what, zone) => `The denial for ${what} in ${zone} has more NSEC3 records than are looked at.`,
  ),
  'budget: NSEC3 hashes': row(
    'RFC 9276 §3.2',
    DNSSEC_BOGUS,
    (what, zone) => `The denial for ${what} in ${zone} costs more hashing than is allowed.`,
  ),

  // Denial of existence, delegations, redirections.
  ...DENIAL_REASONS,
} as const satisfies Record<string, BogusReasonRow>;

export type BogusReason = keyof typeof ROWS;

export const BOGUS_REASONS: Readonly<Record<BogusReason, BogusReasonRow>> = ROWS;

/** RFC 4033 §5: there should be a chain of trust, and it fails; the data must not be used. */
export interface Bogus {
  readonly status: 'bogus';
  readonly reason: BogusReason;
  readonly section: string;
  /** RFC 8914 code. */
  readonly ede: number;
  readonly sentence: string;
  readonly zone: Name;
  readonly owner?: Name;
  readonly type?: number;
  /** The server that sent the data; filled in by the resolver. */
  readonly server?: string;
}

export function bogus(reason: BogusReason, facts: BogusFacts): Bogus {
  const { zone, owner, type, detail = '' } = facts;
  const { section, ede, sentence } = BOGUS_REASONS[reason];
  return {
    status: 'bogus',
    reason,
    section,
    ede,
    sentence: sentence(nameRRset(facts), zone.toString(), detail),
    zone,
    ...(owner === undefined ? {} : { owner }),
    ...(type === undefined ? {} : { type }),
  };
}

function nameRRset({ owner, type }: BogusFacts): string {
  if (owner === undefined) return 'the data';
  return type === undefined ? owner.toString() : `${owner.toString()} ${typeMnemonic(type)}`;
}
