/** Domains that work: what a validating resolver meets on a good day. */
import { LAB_ALGORITHMS as ALGORITHM } from './lab-signer.js';
import {
  found,
  hostLines,
  INSECURE,
  mailAnswers,
  mailHostAddress,
  mailLines,
  nameError,
  noData,
  SECURE,
  tlsaData,
} from './mail-zone.js';
import {
  type Expectation,
  type LabDomain,
  NSEC,
  nsec3,
  OPT_OUT,
  type SigningSpec,
  singleKey,
  splitKeys,
  type ZoneSpec,
} from './world-spec.js';

const P256 = ALGORITHM.ECDSAP256SHA256;

type ZoneExtras = Omit<ZoneSpec, 'origin' | 'text'>;

function mailZone(name: string, extras: ZoneExtras, moreLines = ''): ZoneSpec {
  return { origin: `${name}.`, text: mailLines(name) + moreLines, ...extras };
}

function secureDomain(
  name: string,
  shows: string,
  extras: ZoneExtras = {},
  moreLines = '',
  more: readonly Expectation[] = [],
): LabDomain {
  return {
    name,
    shows,
    zones: [mailZone(name, { signing: singleKey(P256), ...extras }, moreLines)],
    expectations: [...mailAnswers(name, SECURE), ...more],
  };
}

const unsupported = { status: 'insecure', reason: 'unsupported algorithm', ede: 1 } as const;

function algorithms(): readonly LabDomain[] {
  const signed = (algorithm: number): ZoneExtras => ({ signing: singleKey(algorithm) });
  const byAlgorithm = (name: string, what: string, algorithm: number): LabDomain => {
    return secureDomain(name, `Signed with ${what}.`, signed(algorithm));
  };
  const off = (name: string, what: string, spec: SigningSpec): LabDomain => ({
    name,
    shows: `Signed with ${what}, which RFC 9905 asks operators to treat as unsupported.`,
    zones: [mailZone(name, { signing: spec })],
    expectations: mailAnswers(name, unsupported),
  });
  return [
    byAlgorithm('rsa.dane', 'RSA-2048 and SHA-256 (8)', ALGORITHM.RSASHA256),
    byAlgorithm('rsasha512.dane', 'RSA-2048 and SHA-512 (10)', ALGORITHM.RSASHA512),
    byAlgorithm('p256.dane', 'ECDSA P-256 (13)', P256),
    byAlgorithm('p384.dane', 'ECDSA P-384 (14)', ALGORITHM.ECDSAP384SHA384),
    byAlgorithm('ed25519.dane', 'Ed25519 (15)', ALGORITHM.ED25519),
    byAlgorithm('ed448.dane', 'Ed448 (16)', ALGORITHM.ED448),
    off('rsasha1.dane', 'RSASHA1 (5)', singleKey(ALGORITHM.RSASHA1)),
    off(
      'nsec3rsasha1.dane',
      'RSASHA1-NSEC3-SHA1 (7)',
      singleKey(ALGORITHM.RSASHA1_NSEC3_SHA1, nsec3()),
    ),
    secureDomain('split.dane', 'A key signing key and a zone signing key.', {
      signing: splitKeys(P256),
    }),
    secureDomain('two-algorithms.dane', 'Signed twice, with P-256 and with Ed25519.', {
      signing: { algorithms: [P256, ALGORITHM.ED25519], keys: 'single', denial: NSEC },
    }),
    secureDomain('sha384-ds.dane', 'A DS record with a SHA-384 digest (4).', {
      signing: { ...singleKey(P256), digestType: 4 },
    }),
  ];
}

function denials(): readonly LabDomain[] {
  const none = (name: string): readonly Expectation[] => [
    nameError(`nobody.${name}`, 'A'),
    noData(`mx.${name}`, 'TXT'),
    // RFC 4592 §2.2.2: an empty non-terminal exists.
    noData(`_tcp.mx.${name}`, 'TLSA'),
    nameError(`_465._tcp.mx.${name}`, 'TLSA'),
  ];
  const hashed = (name: string, shows: string, iterations: number, salt: readonly number[]) => {
    const signing = singleKey(P256, nsec3(iterations, salt));
    return secureDomain(name, shows, { signing }, '', none(name));
  };
  const many = 'iterations51.hashed';
  return [
    secureDomain('nsec.dane', 'Denial of existence with NSEC.', {}, '', none('nsec.dane')),
    hashed(
      'nsec3.hashed',
      'Denial with NSEC3 as RFC 9276 wants it: no salt, no iterations.',
      0,
      [],
    ),
    hashed('salted.hashed', 'NSEC3 with a salt and 10 iterations.', 10, [0xab, 0xcd, 0xef, 0x01]),
    hashed('iterations50.hashed', 'NSEC3 with as many iterations as are accepted.', 50, []),
    {
      name: many,
      shows: 'NSEC3 with one iteration too many: denial is insecure (RFC 9276), data stay secure.',
      zones: [mailZone(many, { signing: singleKey(P256, nsec3(51)) })],
      expectations: [
        ...mailAnswers(many, SECURE),
        {
          name: `nobody.${many}`,
          type: 'A',
          rcode: 'NXDOMAIN',
          status: 'insecure',
          reason: 'NSEC3 iterations',
          ede: 27,
        },
      ],
    },
    {
      name: 'compact.dane',
      shows: 'Compact denial of existence, made on the spot (RFC 9824).',
      zones: [mailZone('compact.dane', { signing: singleKey(P256, { kind: 'compact' }) })],
      expectations: [
        ...mailAnswers('compact.dane', SECURE),
        noData('mx.compact.dane', 'TXT'),
        // RFC 9824 §3.1: NXNAME in the proof says what the response code does not.
        noData('nobody.compact.dane', 'A'),
      ],
    },
    {
      name: 'no-tlsa.dane',
      shows: 'A signed domain without TLSA: DANE does not apply, provably.',
      zones: [
        {
          origin: 'no-tlsa.dane.',
          text: `@ MX 10 mx\n${hostLines('mx', 'no-tlsa.dane')}`,
          signing: singleKey(P256),
        },
      ],
      expectations: [
        found('no-tlsa.dane', 'MX'),
        found('mx.no-tlsa.dane', 'A'),
        nameError('_25._tcp.mx.no-tlsa.dane', 'TLSA'),
      ],
    },
  ];
}

function unsignedDomains(): readonly LabDomain[] {
  const unsigned = (name: string, shows: string, verdict = INSECURE): LabDomain => ({
    name,
    shows,
    zones: [mailZone(name, {})],
    expectations: mailAnswers(name, verdict),
  });
  const optOut = { status: 'insecure', reason: 'opt-out' } as const;
  return [
    unsigned('unsigned.dane', 'Not signed; the parent proves it with NSEC.'),
    unsigned('unsigned.hashed', 'Not signed; the parent proves it with NSEC3.'),
    unsigned('unsigned.optout', 'Not signed; the parent covers it with an opt-out NSEC3.', optOut),
    unsigned('mail.plain', 'Not signed, below a top-level domain that is not signed.'),
    {
      name: 'island.dane',
      shows: 'Signed, but the parent has no DS: an island of security.',
      zones: [mailZone('island.dane', { signing: singleKey(P256), hasDs: false })],
      expectations: mailAnswers('island.dane', INSECURE),
    },
    {
      name: 'island.plain',
      shows: 'Signed, below a top-level domain that is not signed.',
      zones: [mailZone('island.plain', { signing: singleKey(P256) })],
      expectations: mailAnswers('island.plain', INSECURE),
    },
    {
      name: 'signed.optout',
      shows: 'Signed, below an opt-out top-level domain; denial below it carries no opt-out.',
      zones: [mailZone('signed.optout', { signing: singleKey(P256, OPT_OUT) })],
      expectations: [
        ...mailAnswers('signed.optout', SECURE),
        // RFC 5155 §9.2: an opt-out record covers the name, so the denial must not set AD.
        { name: 'nobody.signed.optout', type: 'A', rcode: 'NXDOMAIN', ...optOut },
        noData('mx.signed.optout', 'TXT'),
      ],
    },
  ];
}

function shapes(): readonly LabDomain[] {
  const odd = 'odd.dane';
  const deep = 'corp.deep.dane';
  return [
    secureDomain('co-hosted.dane', 'On the servers of its parent: no referral is ever seen.', {
      servers: [{ name: 'ns1.dane.' }],
    }),
    {
      name: 'deep.dane',
      shows: 'A zone cut two labels further down, with an empty non-terminal between.',
      zones: [
        mailZone('deep.dane', { signing: singleKey(P256) }),
        mailZone(`mail.${deep}`, { signing: singleKey(P256, nsec3()) }),
      ],
      expectations: [...mailAnswers(`mail.${deep}`, SECURE), noData(deep, 'A')],
    },
    secureDomain('hoster.dane', 'Its name server also serves hosted.dane.'),
    secureDomain('hosted.dane', 'A delegation without glue: its server is ns1.hoster.dane.', {
      servers: [{ name: 'ns1.hoster.dane.' }],
    }),
    secureDomain('hosted-by-plain.dane', 'Its server lives in an unsigned domain; that is fine.', {
      servers: [{ name: 'ns1.mail.plain.' }],
    }),
    bigAnswers(),
    otherServices(),
    {
      name: odd,
      shows: 'Labels with dots, spaces, zeros and high octets, which are all legal.',
      zones: [
        {
          origin: `${odd}.`,
          text: [
            'a\\.b TXT "dot in a label"',
            'a.b TXT "two labels"',
            '\\000\\032\\255 TXT "octets"',
            'MiXeD TXT "case"',
          ].join('\n'),
          signing: singleKey(P256),
        },
      ],
      expectations: [
        found(`a\\.b.${odd}`, 'TXT'),
        found(`a.b.${odd}`, 'TXT'),
        found(`\\000\\032\\255.${odd}`, 'TXT'),
        found(`mixed.${odd}`, 'TXT'),
      ],
    },
    secureDomain('short-lived.dane', 'Signatures live for a minute, TTLs for an hour.', {
      signing: { ...singleKey(P256), lifetimeSeconds: 60 },
    }),
  ];
}

function otherServices(): LabDomain {
  return {
    name: 'services.dane',
    shows: 'Record types that programs ask for beside those of mail.',
    zones: [
      {
        origin: 'services.dane.',
        text: [
          '@ CAA 0 issue "ca.test"',
          '@ CAA 128 iodef "mailto:a@services.dane"',
          '@ NAPTR 10 20 "S" "SIPS+D2T" "" _sips._tcp.services.dane.',
          '_imap._tcp SRV 5 6 143 mx.p256.dane.',
          'ptr PTR mx.p256.dane.',
        ].join('\n'),
        signing: singleKey(P256),
      },
    ],
    expectations: [
      found('services.dane', 'CAA', 2),
      found('services.dane', 'NAPTR'),
      found('_imap._tcp.services.dane', 'SRV'),
      found('ptr.services.dane', 'PTR'),
    ],
  };
}

function bigAnswers(): LabDomain {
  const big = 'big.dane';
  const lines = [`@ MX 10 mx\n${hostLines('mx', big)}`];
  for (let at = 0; at < 30; at++) lines.push(`_25._tcp.mx TLSA ${tlsaData(`${at}.${big}`)}\n`);
  for (let at = 0; at < 90; at++) lines.push(`many A ${mailHostAddress(`${at}.${big}`)}\n`);
  return {
    name: big,
    shows: 'Thirty TLSA records, ninety addresses: answers that do not fit into a datagram.',
    zones: [{ origin: `${big}.`, text: lines.join(''), signing: singleKey(P256) }],
    expectations: [
      found(big, 'MX'),
      found(`_25._tcp.mx.${big}`, 'TLSA', 30),
      found(`many.${big}`, 'A', 90),
    ],
  };
}

export function soundDomains(): readonly LabDomain[] {
  return [...algorithms(), ...denials(), ...unsignedDomains(), ...shapes()];
}
