/** Domains that are signed wrongly: the ways that mail gets lost, or worse, not lost. */
import { RRType } from '../wire/index.js';
import { LAB_ALGORITHMS } from './lab-signer.js';
import { bogus, mailAnswers, mailFails, mailLines, SECURE, tlsaData } from './mail-zone.js';
import {
  type Expectation,
  type LabDomain,
  nsec3,
  type SigningSpec,
  singleKey,
  splitKeys,
} from './world-spec.js';
import * as fault from './zone-faults.js';

const P256 = LAB_ALGORITHMS.ECDSAP256SHA256;
const ALL_TLSA = [RRType.TLSA];
const KEYS = [RRType.DNSKEY];

function domain(
  name: string,
  shows: string,
  faults: readonly fault.ZoneFault[],
  expectations: readonly Expectation[],
  signing: SigningSpec = splitKeys(P256),
): LabDomain {
  return {
    name,
    shows,
    zones: [{ origin: `${name}.`, text: mailLines(name), signing, faults }],
    expectations,
  };
}

/** Nothing in the zone can be believed. */
function allBogus(
  name: string,
  shows: string,
  faults: readonly fault.ZoneFault[],
  reason: string,
  ede: number,
  signing?: SigningSpec,
): LabDomain {
  return domain(name, shows, faults, mailFails(name, bogus(reason, ede)), signing);
}

/** Only the TLSA RRset is broken: the case that DANE stands or falls with. */
function tlsaBogus(
  name: string,
  shows: string,
  made: fault.ZoneFault,
  reason: string,
  ede: number,
): LabDomain {
  return domain(
    name,
    shows,
    [made],
    [
      ...mailAnswers(name, SECURE).filter(({ type }) => type !== 'TLSA'),
      { name: `_25._tcp.mx.${name}`, type: 'TLSA', rcode: 'SERVFAIL', ...bogus(reason, ede) },
    ],
  );
}

/** What is there is fine, what is not there cannot be proven. */
function denialBogus(
  name: string,
  shows: string,
  faults: readonly fault.ZoneFault[],
  reason: string,
  ede: number,
  signing: SigningSpec,
): LabDomain {
  const failing = bogus(reason, ede);
  return domain(
    name,
    shows,
    faults,
    [
      ...mailAnswers(name, SECURE),
      { name: `nobody.${name}`, type: 'A', rcode: 'SERVFAIL', ...failing },
      { name: `mx.${name}`, type: 'TXT', rcode: 'SERVFAIL', ...failing },
    ],
    signing,
  );
}

function times(): readonly LabDomain[] {
  return [
    allBogus(
      'expired.broken',
      'All signatures have expired.',
      [fault.expired()],
      'signature expired',
      7,
    ),
    tlsaBogus(
      'expired-tlsa.broken',
      'Only the signature of TLSA has expired.',
      fault.expired(ALL_TLSA),
      'signature expired',
      7,
    ),
    allBogus(
      'future.broken',
      'All signatures begin in two months.',
      [fault.notYetValid()],
      'signature not yet valid',
      8,
    ),
    tlsaBogus(
      'future-tlsa.broken',
      'Only the signature of TLSA is not valid yet.',
      fault.notYetValid(ALL_TLSA),
      'signature not yet valid',
      8,
    ),
    allBogus(
      'backwards.broken',
      'All signatures end before they begin.',
      [fault.expiredBeforeInception()],
      'signature expires before inception',
      25,
    ),
  ];
}

function signatures(): readonly LabDomain[] {
  return [
    allBogus(
      'unsigned-but-ds.broken',
      'A DS at the parent, no signatures in the zone.',
      [fault.missingSignatures()],
      'signature missing',
      10,
    ),
    tlsaBogus(
      'missing-tlsa.broken',
      'TLSA has no signature.',
      fault.missingSignatures(ALL_TLSA),
      'signature missing',
      10,
    ),
    allBogus(
      'bad-keys.broken',
      'The signature over the keys is wrong.',
      [fault.corruptSignatures(KEYS)],
      'signature does not verify',
      6,
    ),
    tlsaBogus(
      'bad-tlsa.broken',
      'The signature over TLSA is wrong.',
      fault.corruptSignatures(ALL_TLSA),
      'signature does not verify',
      6,
    ),
    tlsaBogus(
      'downgrade.broken',
      'TLSA is signed with an algorithm that nobody knows: not a way to become insecure.',
      fault.signatureAlgorithm(200, ALL_TLSA),
      'no such key',
      9,
    ),
    allBogus(
      'stranger.broken',
      'The keys are signed by the ZSK only, which no DS points to.',
      [fault.missingSignatures(KEYS, 'KSK')],
      'keys not signed by secure entry point',
      10,
    ),
    allBogus(
      'keytrap.broken',
      'Sixty keys of one tag and wrong signatures (CVE-2023-50387).',
      [fault.corruptSignatures(KEYS)],
      'budget: keys per zone',
      6,
      { ...singleKey(P256), decoyKeys: 60, decoySignatures: 30 },
    ),
  ];
}

function keys(): readonly LabDomain[] {
  return [
    allBogus(
      'wrong-ds.broken',
      'The DS digest belongs to no key.',
      [fault.wrongDsDigest()],
      'no key matches DS',
      9,
    ),
    allBogus(
      'wrong-tag.broken',
      'The DS names a key tag that is not there.',
      [fault.dsKeyTag(1)],
      'no key matches DS',
      9,
    ),
    allBogus(
      'no-keys.broken',
      'The zone has a DS and no DNSKEY.',
      [fault.missingKey('all')],
      'no keys',
      9,
    ),
    allBogus(
      'no-ksk.broken',
      'The key that the DS points to is gone.',
      [fault.missingKey('KSK')],
      'no key matches DS',
      9,
    ),
    allBogus(
      'no-zone-bit.broken',
      'The keys lack the Zone Key flag.',
      [fault.keyFlags('all', 0)],
      'no zone key',
      11,
    ),
    allBogus(
      'revoked.broken',
      'The key that the DS points to is revoked (RFC 5011).',
      [fault.revokedKey('KSK')],
      'key revoked',
      9,
    ),
    allBogus(
      'protocol.broken',
      'DNSKEY protocol 2, where only 3 is allowed.',
      [fault.keyProtocol(2)],
      'key protocol',
      9,
    ),
    domain(
      'unknown-algorithm.broken',
      'The DS names algorithm 200 only: the zone counts as unsigned.',
      [fault.dsAlgorithm(200)],
      mailAnswers('unknown-algorithm.broken', {
        status: 'insecure',
        reason: 'unsupported algorithm',
        ede: 1,
      }),
    ),
    domain(
      'unknown-digest.broken',
      'The DS has digest type 200 only: the zone counts as unsigned.',
      [fault.dsDigestType(200)],
      mailAnswers('unknown-digest.broken', {
        status: 'insecure',
        reason: 'unsupported digest',
        ede: 2,
      }),
    ),
    domain(
      'sha1-ds.broken',
      'The only DS has a SHA-1 digest, which RFC 9905 asks operators to treat as unsupported.',
      [],
      mailAnswers('sha1-ds.broken', { status: 'insecure', reason: 'unsupported digest', ede: 2 }),
      { ...splitKeys(P256), digestType: 1 },
    ),
  ];
}

function denials(): readonly LabDomain[] {
  const hashed = splitKeys(P256, nsec3());
  const plain = splitKeys(P256);
  return [
    denialBogus(
      'no-denial.broken',
      'NSEC records are left out.',
      [fault.missingDenial()],
      'denial missing',
      12,
      plain,
    ),
    denialBogus(
      'no-nsec3.broken',
      'NSEC3 records are left out.',
      [fault.missingDenial()],
      'denial missing',
      12,
      hashed,
    ),
    denialBogus(
      'bad-nsec.broken',
      'Signatures over NSEC are wrong.',
      [fault.corruptSignatures([RRType.NSEC])],
      'signature does not verify',
      6,
      plain,
    ),
    denialBogus(
      'bad-nsec3.broken',
      'Signatures over NSEC3 are wrong.',
      [fault.corruptSignatures([RRType.NSEC3])],
      'signature does not verify',
      6,
      hashed,
    ),
    denialBogus(
      'unsigned-nsec3.broken',
      'NSEC3 records have no signatures.',
      [fault.missingSignatures([RRType.NSEC3])],
      'signature missing',
      10,
      hashed,
    ),
    {
      name: 'wildcard.broken',
      shows: 'TLSA from a wildcard without the proof that nothing is nearer.',
      zones: [
        {
          origin: 'wildcard.broken.',
          text: `*._tcp.mx TLSA ${tlsaData('wildcard.broken')}\n`,
          signing: plain,
          faults: [fault.missingDenial()],
        },
      ],
      expectations: [
        {
          name: '_25._tcp.mx.wildcard.broken',
          type: 'TLSA',
          rcode: 'SERVFAIL',
          ...bogus('denial missing', 12),
        },
      ],
    },
  ];
}

function loops(): LabDomain {
  return {
    name: 'loop.broken',
    shows: 'Two CNAME records that point to each other.',
    zones: [{ origin: 'loop.broken.', text: 'a CNAME b\nb CNAME a\n', signing: splitKeys(P256) }],
    expectations: [{ name: 'a.loop.broken', type: 'A', rcode: 'SERVFAIL', status: 'failed' }],
  };
}

export function brokenDomains(): readonly LabDomain[] {
  return [...times(), ...signatures(), ...keys(), ...denials(), loops()];
}
