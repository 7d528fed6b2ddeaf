/**
 * From the validator's reasons, of which there are many, to the few causes that people can do
 * something about, each with what the owner of the domain and the operator of the mailer should do.
 */
import type { BogusReason, Insecure } from '../dnssec/index.js';

export type Cause =
  | 'signatures expired'
  | 'signatures not yet valid'
  | 'signatures missing'
  | 'signatures wrong'
  | 'keys and DS disagree'
  | 'keys unusable'
  | 'denial broken'
  | 'delegation broken'
  | 'aliases broken'
  | 'too much work'
  | 'trust anchor'
  | 'no server answers'
  | 'not signed'
  | 'signed in vain'
  | 'excepted here'
  | 'no trust anchor';

export interface Advice {
  /** What is the matter, in half a sentence that follows "because". */
  readonly because: string;
  readonly owner: string;
  readonly operator: string;
}

const WAIT =
  'Mail to this domain waits, as it should (RFC 7672 §2.1.1): the records may be forged. Send ' +
  'the letter to the contact of the zone. If the mail cannot wait and the fault is confirmed ' +
  'another way, a negative trust anchor for the zone switches validation off there; take it out again.';

const NOTHING_TO_DO = 'Nothing: mail goes out, with opportunistic TLS and without DANE.';

export const ADVICE: Readonly<Record<Cause, Advice>> = {
  'signatures expired': {
    because: 'signatures of the zone have expired and were not renewed',
    owner:
      'Sign the zone again, and find out why it was not signed in time: a signer that does not ' +
      'run, a secondary that no longer gets the zone, a clock. Watch the expiration from now on.',
    operator: `${WAIT} If many zones are expired, it is the clock of this host: anchorite doctor.`,
  },
  'signatures not yet valid': {
    because: 'signatures of the zone begin in the future',
    owner: 'Set the clock of the signer, and sign the zone again.',
    operator: `${WAIT} If many zones are not valid yet, it is the clock here: anchorite doctor.`,
  },
  'signatures missing': {
    because: 'records come without the signatures that the zone must have',
    owner:
      'Sign the zone completely, and serve it from servers that hand out RRSIG records when DO ' +
      'is set. If it is not to be signed any more: remove the DS record at the registrar first.',
    operator: WAIT,
  },
  'signatures wrong': {
    because: 'signatures do not fit the records or the keys',
    owner:
      'Sign the zone again with the published keys; all servers must have the same version. ' +
      'If the records were changed after signing, let the signer do that.',
    operator: WAIT,
  },
  'keys and DS disagree': {
    because: 'the DS record at the parent fits none of the keys in the zone',
    owner:
      'Have the registrar publish the DS record of the key that signs the DNSKEY records now, or ' +
      'bring back the key that the DS record points to. If DNSSEC was switched off, have the DS ' +
      'record removed.',
    operator: WAIT,
  },
  'keys unusable': {
    because: 'the keys of the zone cannot be used to validate it',
    owner:
      'Publish keys with the Zone Key flag and protocol 3 that are not revoked, sign them with ' +
      'the key that the DS record points to, and remove keys that are not needed.',
    operator: WAIT,
  },
  'denial broken': {
    because: 'the zone does not prove that a name or type is not there',
    owner:
      'Let the signer make the NSEC or NSEC3 chain anew, and serve the zone from servers that ' +
      'hand it out. Without these proofs an attacker could make TLSA records disappear.',
    operator: WAIT,
  },
  'delegation broken': {
    because: 'the parent does not prove what it says about the delegation',
    owner: 'Ask the operator of the zone above; its servers leave out DS records or their denial.',
    operator: WAIT,
  },
  'aliases broken': {
    because: 'CNAME or DNAME records lead nowhere or contradict each other',
    owner: 'Let the aliases end at a name with records, and each name have one CNAME at most.',
    operator: WAIT,
  },
  'too much work': {
    because: 'validating it takes more work than one answer may cost',
    owner: 'Remove surplus keys, DS records and signatures, and use NSEC3 with 0 iterations.',
    operator: WAIT,
  },
  'trust anchor': {
    because: 'the trust anchor here does not fit the keys of the zone',
    owner: 'Nothing, if the zone is the root.',
    operator: 'Check trust-anchor and trust-anchor-file: anchorite doctor.',
  },
  'no server answers': {
    because: 'none of the servers of the zone gives a usable answer',
    owner:
      'Check that every server in the delegation is reachable over UDP and TCP, knows the zone, ' +
      'and answers questions for every type, TLSA included.',
    operator:
      'Mail waits until a server answers. If other zones fail as well, it is the network here: ' +
      'anchorite doctor.',
  },
  'not signed': {
    because: 'the parent proves that the zone has no DS record',
    owner:
      'Sign the zone, and have the registrar publish its DS record; then publish TLSA records.',
    operator: NOTHING_TO_DO,
  },
  'signed in vain': {
    because: 'the zone is signed in a way that counts as not signed',
    owner:
      'Sign with algorithm 13 (or 8, or 15), a DS record with digest type 2, and NSEC or NSEC3 ' +
      'with 0 iterations (RFC 9276, RFC 9904).',
    operator: NOTHING_TO_DO,
  },
  'excepted here': {
    because: 'a negative trust anchor switches validation off here',
    owner: 'Nothing.',
    operator: 'Take the negative trust anchor out as soon as the zone is repaired (RFC 7646 §2).',
  },
  'no trust anchor': {
    because: 'no trust anchor covers it',
    owner: 'Nothing.',
    operator: 'Check trust-anchor and trust-anchor-file: anchorite doctor.',
  },
};

export function causeOfInsecurity(reason: Insecure['reason']): Cause {
  if (reason === 'no DS' || reason === 'opt-out') return 'not signed';
  return reason === 'negative trust anchor' ? 'excepted here' : 'signed in vain';
}

const BY_REASON: Readonly<Partial<Record<BogusReason, Cause>>> = {
  'signature expired': 'signatures expired',
  'keys expired': 'signatures expired',
  'signature not yet valid': 'signatures not yet valid',
  'signature missing': 'signatures missing',
  'no key matches DS': 'keys and DS disagree',
  'no keys': 'keys and DS disagree',
  'keys not signed by secure entry point': 'keys unusable',
  'no zone key': 'keys unusable',
  'no zone key bit': 'keys unusable',
  'key protocol': 'keys unusable',
  'key revoked': 'keys unusable',
  'key malformed': 'keys unusable',
  'key unsupported': 'keys unusable',
  'key set of another name': 'keys unusable',
  'no key matches anchor': 'trust anchor',
  'no anchor for zone': 'trust anchor',
  'DS withheld': 'delegation broken',
  'DS from a wildcard': 'delegation broken',
  'DS from the child': 'delegation broken',
  'SOA of another zone': 'denial broken',
};

/** The rest goes by family; what is left are signatures that are wrong in one way or another. */
export function causeOfBogus(reason: BogusReason): Cause {
  const cause = BY_REASON[reason];
  if (cause !== undefined) return cause;
  if (reason.startsWith('denial')) return 'denial broken';
  if (reason.startsWith('budget')) return 'too much work';
  return /CNAME|DNAME/.test(reason) ? 'aliases broken' : 'signatures wrong';
}
