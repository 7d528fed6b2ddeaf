/**
 * The test bed of Extended DNS Errors (RFC 8914) that Nosyk, Korczyński and Duda published in 2023
 * and extended since, rebuilt from its descriptions: one domain for each misconfiguration, asked
 * for A at the apex or, where denial is broken, for a name that is not there.
 */
import { RRType } from '../wire/index.js';
import { LAB_ALGORITHMS as ALGORITHM } from './lab-signer.js';
import { mailHostAddress } from './mail-zone.js';
import type { ServerBehaviour } from './server-behaviour.js';
import {
  type Expectation,
  type LabDomain,
  nsec3,
  type SigningSpec,
  splitKeys,
  type ZoneSpec,
} from './world-spec.js';
import * as fault from './zone-faults.js';

const A = [RRType.A];
const KEYS = [RRType.DNSKEY];
const HASHES = [RRType.NSEC3];
/** As the original: eight octets of salt. */
const SALTED = nsec3(0, [0x5a, 0x17, 0x0c, 0x9e, 0x21, 0x44, 0xb3, 0x7f]);
const SIGNED = splitKeys(ALGORITHM.ECDSAP256SHA256, SALTED);

type Outcome = Omit<Expectation, 'name' | 'type'>;

const SECURE: Outcome = { rcode: 'NOERROR', status: 'secure', records: 1 };
const FAILED: Outcome = { rcode: 'SERVFAIL', status: 'failed', ede: 22 };

const insecure = (ede?: number): Outcome => {
  return {
    rcode: 'NOERROR',
    status: 'insecure',
    records: 1,
    ...(ede === undefined ? {} : { ede }),
  };
};

const bogus = (ede: number): Outcome => ({ rcode: 'SERVFAIL', status: 'bogus', ede });

interface Case {
  readonly name: string;
  readonly shows: string;
  readonly outcome: Outcome;
  readonly faults?: readonly fault.ZoneFault[];
  /** `null`: not signed. The test bed's usual keys unless told. */
  readonly signing?: SigningSpec | null;
  readonly hasDs?: boolean;
  readonly behaviours?: readonly ServerBehaviour[];
  /** Ask for a name that does not exist instead of the apex. */
  readonly asksNobody?: boolean;
}

const REFUSES: readonly ServerBehaviour[] = [{ kind: 'fixed rcode', rcode: 5 }];

const CONTROL_CASES: readonly Case[] = [
  { name: 'valid', shows: 'Correctly signed.', outcome: SECURE },
  { name: 'unsigned', shows: 'Not signed.', outcome: insecure(), signing: null },
  {
    name: 'allow-query-none',
    shows: 'The server refuses everybody.',
    outcome: FAILED,
    behaviours: REFUSES,
  },
  {
    name: 'allow-query-localhost',
    shows: 'The server refuses all but itself.',
    outcome: FAILED,
    behaviours: REFUSES,
  },
  {
    name: 'not-auth',
    shows: 'The server does not have the zone.',
    outcome: FAILED,
    behaviours: REFUSES,
  },
];

const DS_CASES: readonly Case[] = [
  { name: 'no-ds', shows: 'Signed, but no DS.', outcome: insecure(), hasDs: false },
  {
    name: 'ds-bad-tag',
    shows: 'DS with key tag 0.',
    outcome: bogus(9),
    faults: [fault.dsKeyTag(0)],
  },
  {
    name: 'ds-bad-key-algo',
    shows: 'DS with algorithm 7, which is switched off.',
    outcome: insecure(1),
    faults: [fault.dsAlgorithm(7)],
  },
  {
    name: 'ds-unassigned-key-algo',
    shows: 'DS with algorithm 100.',
    outcome: insecure(1),
    faults: [fault.dsAlgorithm(100)],
  },
  {
    name: 'ds-reserved-key-algo',
    shows: 'DS with algorithm 200.',
    outcome: insecure(1),
    faults: [fault.dsAlgorithm(200)],
  },
  {
    name: 'ds-unassigned-digest-algo',
    shows: 'DS with digest type 100.',
    outcome: insecure(2),
    faults: [fault.dsDigestType(100)],
  },
  {
    name: 'ds-bogus-digest-value',
    shows: 'DS with a wrong digest.',
    outcome: bogus(9),
    faults: [fault.wrongDsDigest()],
  },
];

const SIGNATURE_CASES: readonly Case[] = [
  {
    name: 'rrsig-exp-all',
    shows: 'All signatures expired.',
    outcome: bogus(7),
    faults: [fault.expired()],
  },
  {
    name: 'rrsig-exp-a',
    shows: 'Signature of A expired.',
    outcome: bogus(7),
    faults: [fault.expired(A)],
  },
  {
    name: 'rrsig-not-yet-all',
    shows: 'All signatures in the future.',
    outcome: bogus(8),
    faults: [fault.notYetValid()],
  },
  {
    name: 'rrsig-not-yet-a',
    shows: 'Signature of A in the future.',
    outcome: bogus(8),
    faults: [fault.notYetValid(A)],
  },
  {
    name: 'rrsig-exp-before-all',
    shows: 'All signatures end before they begin.',
    outcome: bogus(25),
    faults: [fault.expiredBeforeInception()],
  },
  {
    name: 'rrsig-exp-before-a',
    shows: 'Signature of A ends before it begins.',
    outcome: bogus(25),
    faults: [fault.expiredBeforeInception(A)],
  },
  {
    name: 'rrsig-no-all',
    shows: 'No signatures.',
    outcome: bogus(10),
    faults: [fault.missingSignatures()],
  },
  {
    name: 'rrsig-no-a',
    shows: 'No signature of A.',
    outcome: bogus(10),
    faults: [fault.missingSignatures(A)],
  },
  {
    name: 'no-rrsig-ksk',
    shows: 'The KSK has not signed the keys.',
    outcome: bogus(10),
    faults: [fault.missingSignatures(KEYS, 'KSK')],
  },
  {
    name: 'no-rrsig-dnskey',
    shows: 'Nobody has signed the keys.',
    outcome: bogus(10),
    faults: [fault.missingSignatures(KEYS)],
  },
  {
    name: 'bad-rrsig-ksk',
    shows: "The KSK's signature over the keys is wrong.",
    outcome: bogus(6),
    faults: [fault.corruptSignatures(KEYS, 'KSK')],
  },
  {
    name: 'bad-rrsig-dnskey',
    shows: 'Both signatures over the keys are wrong.',
    outcome: bogus(6),
    faults: [fault.corruptSignatures(KEYS)],
  },
];

function denialCase(name: string, shows: string, ede: number, made: fault.ZoneFault): Case {
  return { name, shows, outcome: bogus(ede), faults: [made], asksNobody: true };
}

const DENIAL_CASES: readonly Case[] = [
  // The owner is not the hash of any ancestor, so the proof is missing before it is wrong.
  denialCase('bad-nsec3-hash', 'NSEC3 owners altered.', 12, fault.wrongNsec3Owner()),
  denialCase('bad-nsec3-next', 'NSEC3 next owners altered.', 6, fault.wrongNsec3Next()),
  denialCase('bad-nsec3-rrsig', 'Signatures over NSEC3 wrong.', 6, fault.corruptSignatures(HASHES)),
  denialCase(
    'nsec3-rrsig-missing',
    'No signatures over NSEC3.',
    10,
    fault.missingSignatures(HASHES),
  ),
  denialCase('nsec3-missing', 'NSEC3 records missing.', 12, fault.missingDenial()),
  // Their server finds no usable chain then, and sends no proof.
  denialCase('bad-nsec3param-salt', 'NSEC3PARAM with another salt.', 12, fault.missingDenial()),
  denialCase('nsec3param-missing', 'NSEC3PARAM missing.', 12, fault.missingDenial()),
  denialCase('no-nsec3param-nsec3', 'NSEC3PARAM and NSEC3 missing.', 12, fault.missingDenial()),
];

const KEY_CASES: readonly Case[] = [
  {
    name: 'no-zsk',
    shows: 'ZSK removed after signing.',
    outcome: bogus(6),
    faults: [fault.missingKey('ZSK')],
  },
  {
    name: 'bad-zsk',
    shows: 'ZSK altered after signing.',
    outcome: bogus(6),
    faults: [fault.corruptKey('ZSK')],
  },
  {
    name: 'no-ksk',
    shows: 'KSK removed after signing.',
    outcome: bogus(9),
    faults: [fault.missingKey('KSK')],
  },
  {
    name: 'bad-ksk',
    shows: 'KSK altered after signing.',
    outcome: bogus(9),
    faults: [fault.corruptKey('KSK')],
  },
  {
    name: 'no-dnskey',
    shows: 'No DNSKEY at all.',
    outcome: bogus(9),
    faults: [fault.missingKey('all')],
  },
  {
    name: 'no-dnskey-256',
    shows: 'ZSK without Zone Key flag.',
    outcome: bogus(6),
    faults: [fault.keyFlags('ZSK', 0)],
  },
  {
    name: 'no-dnskey-257',
    shows: 'KSK without Zone Key flag.',
    outcome: bogus(9),
    faults: [fault.keyFlags('KSK', 0)],
  },
  {
    name: 'no-dnskey-256-257',
    shows: 'No key with Zone Key flag.',
    outcome: bogus(11),
    faults: [fault.keyFlags('all', 0)],
  },
  {
    name: 'bad-zsk-algo',
    shows: 'ZSK with algorithm 7.',
    outcome: bogus(6),
    faults: [fault.keyAlgorithm('ZSK', 7)],
  },
  {
    name: 'unassigned-zsk-algo',
    shows: 'ZSK with algorithm 100.',
    outcome: bogus(6),
    faults: [fault.keyAlgorithm('ZSK', 100)],
  },
  {
    name: 'reserved-zsk-algo',
    shows: 'ZSK with algorithm 200.',
    outcome: bogus(6),
    faults: [fault.keyAlgorithm('ZSK', 200)],
  },
  {
    name: 'bad-ksk-algo',
    shows: 'KSK with algorithm 7.',
    outcome: bogus(9),
    faults: [fault.keyAlgorithm('KSK', 7)],
  },
  {
    name: 'unassigned-ksk-algo',
    shows: 'KSK with algorithm 100.',
    outcome: bogus(9),
    faults: [fault.keyAlgorithm('KSK', 100)],
  },
  {
    name: 'reserved-ksk-algo',
    shows: 'KSK with algorithm 200.',
    outcome: bogus(9),
    faults: [fault.keyAlgorithm('KSK', 200)],
  },
];

function algorithmCase(name: string, algorithm: number, outcome: Outcome): Case {
  const signing = splitKeys(algorithm, SALTED);
  return { name, shows: `Signed with algorithm ${algorithm}.`, outcome, signing };
}

const ALGORITHM_CASES: readonly Case[] = [
  algorithmCase('rsamd5', 1, insecure(1)),
  algorithmCase('dsa', 3, insecure(1)),
  algorithmCase('dsa-nsec3-sha1', 6, insecure(1)),
  algorithmCase('rsasha1', ALGORITHM.RSASHA1, insecure(1)),
  algorithmCase('rsasha1-nsec3-sha1', ALGORITHM.RSASHA1_NSEC3_SHA1, insecure(1)),
  algorithmCase('rsasha256', ALGORITHM.RSASHA256, SECURE),
  algorithmCase('rsasha512', ALGORITHM.RSASHA512, SECURE),
  algorithmCase('ecdsap256sha256', ALGORITHM.ECDSAP256SHA256, SECURE),
  algorithmCase('ecdsap384sha384', ALGORITHM.ECDSAP384SHA384, SECURE),
  algorithmCase('ed25519', ALGORITHM.ED25519, SECURE),
  algorithmCase('ed448', ALGORITHM.ED448, SECURE),
];

const ITERATIONS = [0, 1, 50, 51, 100, 101, 150, 151, 200, 500, 1000, 1500, 2000, 2500];
const ACCEPTED_ITERATIONS = 50;

function iterationCase(iterations: number): Case {
  const accepted = iterations <= ACCEPTED_ITERATIONS;
  return {
    name: `nsec3-iter-${iterations}`,
    shows: `NSEC3 with ${iterations} iterations.`,
    outcome: accepted
      ? { rcode: 'NXDOMAIN', status: 'secure' }
      : { rcode: 'NXDOMAIN', status: 'insecure', reason: 'NSEC3 iterations', ede: 27 },
    signing: splitKeys(ALGORITHM.ECDSAP256SHA256, nsec3(iterations)),
    asksNobody: true,
  };
}

/** Glue that must never be asked: the address of the only server. */
const GLUE: readonly (readonly [name: string, type: 'A' | 'AAAA', address: string])[] = [
  ['v6-mapped', 'AAAA', '::ffff:1.2.3.4'],
  ['v6-unspecified', 'AAAA', '::'],
  ['v4-hex', 'AAAA', 'c000:201::'],
  ['v6-link-local', 'AAAA', 'fe80::a:b:c:d'],
  ['v6-localhost', 'AAAA', '::1'],
  ['v6-mapped-dep', 'AAAA', '::1.2.3.4'],
  ['v6-doc', 'AAAA', '2001:db8::1'],
  ['v6-unique-local', 'AAAA', 'fc05::20:1'],
  ['v6-nat64', 'AAAA', '64:ff9b::1.2.3.4'],
  ['v6-multicast', 'AAAA', 'ff02::16'],
  ['v4-private-10', 'A', '10.0.0.1'],
  ['v4-private-172', 'A', '172.16.0.1'],
  ['v4-private-192', 'A', '192.168.0.1'],
  ['v4-this-host', 'A', '0.0.0.0'],
  ['v4-loopback', 'A', '127.0.0.1'],
  ['v4-link-local', 'A', '169.254.0.1'],
  ['v4-doc', 'A', '198.51.100.0'],
  ['v4-reserved', 'A', '240.0.0.1'],
];

/** RCODEs that an unsigned zone's server gives to everything, with what a client then sees. */
const RCODES: readonly (readonly [name: string, rcode: number, seen: Expectation['rcode']])[] = [
  ['noerror', 0, 'NOERROR'],
  ['formerr', 1, 'SERVFAIL'],
  ['servfail', 2, 'SERVFAIL'],
  ['nxdomain', 3, 'NXDOMAIN'],
  ['notimp', 4, 'SERVFAIL'],
  ['refused', 5, 'SERVFAIL'],
  ['yxdomain', 6, 'SERVFAIL'],
  ['yxrrset', 7, 'SERVFAIL'],
  ['nxrrset', 8, 'SERVFAIL'],
  ['notauth', 9, 'SERVFAIL'],
  ['notzone', 10, 'SERVFAIL'],
];

function rcodeCase([name, rcode, seen]: (typeof RCODES)[number]): Case {
  const failed = seen === 'SERVFAIL';
  return {
    name: `rcode-${name}`,
    shows: `The server answers everything with RCODE ${rcode}.`,
    outcome: failed ? { rcode: seen, status: 'failed' } : { rcode: seen, status: 'insecure' },
    signing: null,
    behaviours: [{ kind: 'fixed rcode', rcode }],
  };
}

const PASSED_ON = [...Array(31).keys(), 10_000, 50_000];

function passedOnCase(code: number): Case {
  return {
    name: `ede-${code}`,
    shows: `The server attaches Extended DNS Error ${code}, which says nothing about us.`,
    outcome: insecure(),
    signing: null,
    behaviours: [{ kind: 'extended error', code, text: 'inserted on purpose' }],
  };
}

function caseDomain(made: Case): LabDomain {
  const name = `${made.name}.ede`;
  const zone: ZoneSpec = {
    origin: `${name}.`,
    text: `@ A ${mailHostAddress(name)}\n`,
    faults: made.faults ?? [],
    servers: [{ name: `ns1.${name}.`, behaviours: made.behaviours ?? [] }],
    hasDs: made.hasDs ?? true,
    ...(made.signing === null ? {} : { signing: made.signing ?? SIGNED }),
  };
  const asked = made.asksNobody === true ? `nobody4711.${name}` : name;
  return {
    name,
    shows: made.shows,
    zones: [zone],
    expectations: [{ name: asked, type: 'A', ...made.outcome }],
  };
}

function glueDomain([label, type, address]: (typeof GLUE)[number]): LabDomain {
  return {
    name: `${label}.ede`,
    shows: `The only server is at ${address}, where no resolver may send anything.`,
    zones: [],
    linesInParent: `${label} NS ns1.${label}\nns1.${label} ${type} ${address}\n`,
    expectations: [{ name: `${label}.ede`, type: 'A', ...FAILED }],
  };
}

export function extendedErrorDomains(): readonly LabDomain[] {
  const cases = [
    ...CONTROL_CASES,
    ...DS_CASES,
    ...SIGNATURE_CASES,
    ...DENIAL_CASES,
    ...KEY_CASES,
    ...ALGORITHM_CASES,
    ...ITERATIONS.map(iterationCase),
    ...RCODES.map(rcodeCase),
    ...PASSED_ON.map(passedOnCase),
  ];
  return [...cases.map(caseDomain), ...GLUE.map(glueDomain)];
}
