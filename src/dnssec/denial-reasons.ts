/** Ways in which a proof of absence, a proof of no DS or a redirection can fail: one row each. */
import { EdeCode } from '../wire/index.js';
import { type BogusReasonRow, row } from './bogus-reason-row.js';

const { DNSSEC_BOGUS, NSEC_MISSING } = EdeCode;

export const DENIAL_REASONS = {
  // A piece of the proof is not there.
  'denial missing': row(
    'RFC 4035 §5.4',
    NSEC_MISSING,
    (what, zone) => `${zone} sent no proof that ${what} does not exist.`,
  ),
  'denial: name not covered': row(
    'RFC 4035 §5.4',
    NSEC_MISSING,
    (what, zone) => `No NSEC record from ${zone} matches or covers the name of ${what}.`,
  ),
  'denial: wildcard not covered': row(
    'RFC 4035 §5.4',
    NSEC_MISSING,
    (what, zone) => `${zone} did not prove that no wildcard stands for ${what}.`,
  ),
  'denial: no closest encloser': row(
    'RFC 5155 §8.3',
    NSEC_MISSING,
    (what, zone) => `No NSEC3 record from ${zone} matches an ancestor of ${what}.`,
  ),
  'denial: next closer not covered': row(
    'RFC 5155 §8.3',
    NSEC_MISSING,
    (what, zone) => `No NSEC3 record from ${zone} covers the next closer name of ${what}.`,
  ),
  'denial: proves something else': row(
    'RFC 4035 §5.4',
    DNSSEC_BOGUS,
    (what, zone, detail) =>
      `The reply code for ${what} and the proof from ${zone} differ${detail}.`,
  ),

  // A record says the contrary, or must not be used for this.
  'denial: type exists': row(
    'RFC 4035 §5.4',
    DNSSEC_BOGUS,
    (what, zone) => `The denial that ${zone} sent says that ${what} does exist.`,
  ),
  'denial: alias exists': row(
    'RFC 6840 §4.3',
    DNSSEC_BOGUS,
    (what, zone) =>
      `The denial that ${zone} sent for ${what} says that there is a CNAME, which is missing.`,
  ),
  'denial: above a zone cut': row(
    'RFC 6840 §4.1',
    DNSSEC_BOGUS,
    (what, zone) =>
      `The denial that ${zone} sent for ${what} is from above a zone cut, where other rules apply.`,
  ),
  'denial: above a DNAME': row(
    'RFC 6840 §4.1',
    DNSSEC_BOGUS,
    (what, zone) =>
      `The denial that ${zone} sent for ${what} is from a name with a DNAME, which redirects it.`,
  ),
  'denial: from the child': row(
    'RFC 6840 §4.4',
    DNSSEC_BOGUS,
    (what) =>
      `The denial of ${what} comes from the child zone; only the parent knows of DS records.`,
  ),
  'denial: closer match exists': row(
    'RFC 4035 §5.3.4',
    DNSSEC_BOGUS,
    (what, zone) => `${what} came from a wildcard, but ${zone} has a name that is a closer match.`,
  ),
  'denial: from a wildcard': row(
    'RFC 4592 §4.7',
    DNSSEC_BOGUS,
    (what, zone) => `The denial of ${what} in ${zone} was itself made from a wildcard.`,
  ),
  'denial: malformed': row(
    'RFC 4034 §4.1',
    DNSSEC_BOGUS,
    (what, zone) => `A record in the denial of ${what} by ${zone} does not have the form of one.`,
  ),
  'denial: next name outside zone': row(
    'RFC 4034 §4.1.1',
    DNSSEC_BOGUS,
    (what, zone) => `The NSEC record for ${what} leads out of its zone ${zone}.`,
  ),
  'denial: NSEC3 owner': row(
    'RFC 5155 §3',
    DNSSEC_BOGUS,
    (what, zone) =>
      `An NSEC3 record in the denial of ${what} is not named by a hash right below ${zone}.`,
  ),
  'denial: NSEC3 hash algorithm': row(
    'RFC 5155 §8.1',
    DNSSEC_BOGUS,
    (what, zone) => `The NSEC3 records of ${zone} for ${what} use an unknown hash algorithm.`,
  ),
  'denial: NSEC3 flags': row(
    'RFC 5155 §8.2',
    DNSSEC_BOGUS,
    (what, zone) => `The NSEC3 records of ${zone} for ${what} have unknown flags.`,
  ),
  'denial: NSEC3 parameters differ': row(
    'RFC 5155 §8.2',
    DNSSEC_BOGUS,
    (what, zone) => `The NSEC3 records of ${zone} for ${what} differ in their parameters.`,
  ),
  'SOA of another zone': row(
    'RFC 2308 §2',
    DNSSEC_BOGUS,
    (what, zone) => `The denial of ${what} carries the SOA record of a zone other than ${zone}.`,
  ),

  // Delegations.
  'DS withheld': row(
    'RFC 4035 §5.2',
    DNSSEC_BOGUS,
    (what, zone) => `${zone} proves that ${what} exists, and does not send it.`,
  ),
  'DS from a wildcard': row(
    'RFC 4592 §4.6',
    DNSSEC_BOGUS,
    (what) => `${what} was made from a wildcard, which cannot vouch for a zone.`,
  ),

  // Redirections.
  'DNAME not single': row(
    'RFC 6672 §2.4',
    DNSSEC_BOGUS,
    (what) => `${what} has more than one record, or none that can be read.`,
  ),
  'DNAME does not apply': row(
    'RFC 6672 §2.2',
    DNSSEC_BOGUS,
    (what, _zone, detail) => `${what} does not redirect ${detail}, which is not below it.`,
  ),
  'CNAME differs from DNAME': row(
    'RFC 6672 §5.3.1',
    DNSSEC_BOGUS,
    (what, zone) => `${what} is not what the DNAME record at ${zone} makes of the name.`,
  ),
} as const satisfies Record<string, BogusReasonRow>;
