/**
 * Every published attack on answers, caches, proofs and time of the shared research, and who plays
 * it here: operators of the attacker, and tests by file (below `test/`) and title. A test holds the
 * table against both.
 */
export interface Played {
  /** What it is, in a few words. */
  readonly what: string;
  /** Names of operators, or their beginnings. */
  readonly operators?: readonly string[];
  readonly tests?: readonly (readonly [file: string, title: string])[];
}

export const PLAYED: Readonly<Record<string, Played>> = {
  // A.2: injected inside an accepted answer.
  I1: { what: 'records out of bailiwick', operators: ['I1'] },
  I2: {
    what: "a forwarder's word about other zones (MaginotDNS)",
    tests: [['verdict-fuzz/verdict-fuzz', 'I2: a forwarder speaks for its zone, and for no other']],
  },
  I3: { what: 'promiscuous NS', operators: ['I3'] },
  I4: { what: 'other records in the authority section', operators: ['I4'] },
  I5: {
    what: 'null and self-pointing glue',
    operators: ['I5'],
    tests: [['simulation/bounds', 'forbidden glue is never asked']],
  },
  I6: { what: 'unsigned and sibling glue', operators: ['I6'] },
  I7: { what: 'stuffed chains', operators: ['I7'] },
  I8: { what: 'a DNAME above', operators: ['I8'] },
  I9: {
    what: 'odd octets in labels',
    operators: ['I9'],
    tests: [['simulation/forgery', 'I9: a label with a dot in it is not two labels']],
  },
  I10: { what: 'another class', operators: ['I10'] },
  I11: { what: 'data that nobody asked for', operators: ['I11', 'other data instead'] },
  I12: { what: 'glue over data', operators: ['I6', 'I4'] },
  I13: {
    what: 'NOTIFY, UPDATE and their kin',
    tests: [['server/requests', 'requests that are answered on the spot']],
  },
  // A.3: life times.
  G1: {
    what: 'ghost domains',
    operators: ['G1'],
    tests: [
      ['simulation/bounds', "G1: a delegation that was taken back ends with the parent's TTL"],
    ],
  },
  G2: {
    what: 'stale data gain nothing',
    tests: [['simulation/stale', 'what was secure fails instead']],
  },
  G3: {
    what: 'floods',
    tests: [['cache/rrset-bounds', 'G3: a flood keeps the bound, and what is in use stays']],
  },
  G4: {
    what: 'water torture',
    tests: [
      [
        'cache/aggressive-cache',
        'G4: a flood of random names below a signed zone asks almost nothing',
      ],
    ],
  },
  G5: {
    what: 'failures that the attacker makes last',
    tests: [
      ['cache/failure-cache', 'G5: one forged failure costs 5 s; recovery starts afresh'],
      ['verdict-fuzz/verdict-fuzz', 'once found: forged replies led away from an island for ever'],
    ],
  },
  G6: { what: 'TTLs at the edges', operators: ['G6 long lives', 'G6 odd TTLs', 'short lives'] },
  // A.4: wrong proofs.
  F1: { what: 'signer is no ancestor', operators: ['F1'] },
  F2: { what: 'labels below the signer', operators: ['F2'] },
  F3: { what: 'wildcards without proof', operators: ['F3'] },
  F4: { what: 'next name outside the zone', operators: ['F4'] },
  F5: { what: 'NSEC3 of a child', operators: ['F5'] },
  F6: { what: 'denied from above the cut', operators: ['F6'] },
  F7: { what: 'DS denied by the child or beside the point', operators: ['F7'] },
  F8: { what: 'opt-out', operators: ['F8'] },
  F9: { what: 'ends of the chain, pieces of proofs', operators: ['F9'] },
  F10: { what: 'empty non-terminals under another rcode', operators: ['F10'] },
  F11: { what: 'no data without a match', operators: ['F11'] },
  F12: { what: 'unsigned proofs beside signed ones', operators: ['F12'] },
  F13: { what: 'keys of another name', operators: ['F13'] },
  F14: { what: 'keys that no DS matches', operators: ['F14'] },
  F15: { what: 'revoked and unfit keys', operators: ['F15'] },
  F16: { what: 'CNAME against DNAME', operators: ['F16'] },
  F17: { what: 'an alias at DS and DNSKEY', operators: ['F17'] },
  F18: {
    what: 'bogus data by another door',
    tests: [
      ['simulation/forgery', 'F18: what a client with CD got is not what others get'],
      ['verdict-fuzz/verdict-fuzz', 'the checker sees what is wrong with a reply'],
    ],
  },
  F19: {
    what: 'a wrong AD bit',
    tests: [['verdict-fuzz/verdict-fuzz', 'the checker sees what is wrong with a reply']],
  },
  F20: {
    what: 'around an island',
    operators: ['F20'],
    tests: [['simulation/adversary-anchors', 'an island of security below an unsigned zone']],
  },
  F21: { what: 'bit maps and parameters', operators: ['F21'] },
  F22: { what: 'the SOA of another zone', operators: ['F22'] },
  F23: {
    what: 'canonical form',
    operators: ['re-ordered', 'doubled', 'letter case', 'letter case of the signer'],
  },
  // A.5: downgrade and time.
  D1: { what: 'unsupported algorithms and digests', operators: ['D1'] },
  D2: { what: 'signatures of another algorithm', operators: ['D2'] },
  D3: { what: 'iterations', operators: ['D3'] },
  D4: { what: 'stripping', operators: ['D4'] },
  D5: { what: 'spoofed insecure delegations', operators: ['D5'] },
  D6: {
    what: 'time',
    operators: ['D6'],
    tests: [['simulation/bounds', 'a clock that is wrong makes answers fail, never weaker']],
  },
  D7: { what: 'exhaustion', operators: ['D7'] },
  D8: {
    what: 'TLSA alone withheld',
    operators: ['D8'],
    tests: [['simulation/bounds', 'D8: TLSA is never "not there" while its look-up fails']],
  },
  D9: {
    what: "the root's keys roll",
    tests: [['dnssec/rfc5011', 'on: the new key signs, the old one is revoked and removed']],
  },
};
