/**
 * The guard of `npm run bench -- --check`: work that is counted, not timed, so that no noise can
 * move it. Each case is played in virtual time against the lab by a resolver of its own, and what
 * it cost is held against the committed budget.
 */
import type { CryptoProvider, DigestName, ImportedKey } from '../src/dnssec/index.js';
import { octetKey } from '../src/wire/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { tlsa } from './bench-world.js';
import { makeLab, SimulatedWorld } from '../test/support/simulated-world.js';

/** What one case costs; all of it counted. */
export interface Work {
  /** Waiting, in tenths of a round trip. */
  readonly tenthsOfRoundTrips: number;
  readonly queries: number;
  readonly octetsSent: number;
  readonly octetsReceived: number;
  readonly signatureChecks: number;
  /** The same signature over the same data once more: a comparison for the daemon's provider. */
  readonly repeatedChecks: number;
  readonly keyImports: number;
  readonly digests: number;
  /** SHA-1 rounds for NSEC3, iterations included. */
  readonly nsec3Rounds: number;
}

export type Budget = Readonly<Record<string, Work>>;

const ROUND_TRIP_MS = 100;

/** Forwards to OpenSSL and counts; a fresh one for each case, so that no key is known yet. */
class CountingCrypto implements CryptoProvider {
  readonly name = 'counting';
  readonly #provider = new NodeCryptoProvider();
  readonly #keys = new Set<string>();
  readonly #checked = new Set<string>();
  signatureChecks = 0;
  repeatedChecks = 0;
  digests = 0;
  nsec3Rounds = 0;

  /** Distinct ones: the provider keeps what it has imported. */
  get keyImports(): number {
    return this.#keys.size;
  }

  supports(algorithm: number): boolean {
    return this.#provider.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    this.#keys.add(octetKey(publicKey));
    return this.#provider.importKey(algorithm, publicKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    this.signatureChecks++;
    const check = octetKey(signature) + octetKey(data);
    if (this.#checked.has(check)) this.repeatedChecks++;
    this.#checked.add(check);
    return this.#provider.verify(algorithm, key, data, signature);
  }

  digest(hash: DigestName, data: Uint8Array): Uint8Array {
    this.digests++;
    return this.#provider.digest(hash, data);
  }

  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    this.nsec3Rounds += iterations + 1;
    return this.#provider.nsec3Hash(name, salt, iterations);
  }
}

type Question = readonly [name: string, type: string];

interface Case {
  readonly title: string;
  /** Asked before anything is counted. */
  readonly before: readonly Question[];
  /** Asked one after the other, each when the one before is answered. */
  readonly questions: readonly Question[];
  readonly status: string;
  readonly mailPrefetch?: boolean;
}

const mailer = (domain: string): readonly Question[] => [
  [domain, 'MX'],
  [`mx.${domain}`, 'A'],
  [`mx.${domain}`, 'AAAA'],
  tlsa(domain),
];
/** With the top-level domain in memory, as it nearly always is. */
const below = (tld: string): readonly Question[] => [[`warm-up.${tld}`, 'A']];

const CASES: readonly Case[] = [
  {
    title: 'first question after the start',
    before: [],
    questions: [tlsa('p256.dane')],
    status: 'secure',
  },
  ...['p256', 'rsa', 'ed25519', 'split', 'two-algorithms'].map((domain) => ({
    title: `cold secure TLSA, ${domain}`,
    before: below('dane'),
    questions: [tlsa(`${domain}.dane`)],
    status: 'secure',
  })),
  {
    title: 'cold insecure TLSA, NSEC',
    before: below('dane'),
    questions: [tlsa('unsigned.dane')],
    status: 'insecure',
  },
  {
    title: 'cold insecure TLSA, opt-out',
    before: below('optout'),
    questions: [tlsa('unsigned.optout')],
    status: 'insecure',
  },
  {
    title: 'cold bogus TLSA, DS of another key',
    before: below('broken'),
    questions: [tlsa('wrong-ds.broken')],
    status: 'bogus',
  },
  {
    title: 'cold denial, NSEC',
    before: below('dane'),
    questions: [['nobody.nsec.dane', 'A']],
    status: 'secure',
  },
  {
    title: 'cold denial, NSEC3 with 50 iterations',
    before: below('hashed'),
    questions: [['nobody.iterations50.hashed', 'A']],
    status: 'secure',
  },
  {
    title: 'cold MX, A, AAAA, TLSA with prefetch',
    before: below('dane'),
    questions: mailer('p256.dane'),
    status: 'secure',
    mailPrefetch: true,
  },
  {
    title: 'another name of a zone that is known',
    before: mailer('p256.dane'),
    questions: [['p256.dane', 'TXT']],
    status: 'secure',
  },
  {
    title: 'the same again',
    before: mailer('p256.dane'),
    questions: mailer('p256.dane'),
    status: 'secure',
  },
];

export const CASE_COUNT = CASES.length;

export function countWork(progress: (done: number, of: number, what: string) => void): Budget {
  const lab = makeLab();
  const counted: Record<string, Work> = {};
  for (const [index, one] of CASES.entries()) {
    counted[one.title] = play(one, lab);
    progress(index + 1, CASES.length, one.title);
  }
  return counted;
}

function play(one: Case, lab: ReturnType<typeof makeLab>): Work {
  const crypto = new CountingCrypto();
  const world = new SimulatedWorld({
    lab,
    crypto,
    weather: { roundTripMs: ROUND_TRIP_MS },
    config: { mailPrefetch: one.mailPrefetch ?? false, aggressiveNsec: false },
  });
  for (const [name, type] of one.before) {
    world.resolve(name, type);
    world.settle();
  }
  const sentBefore = world.sent.length;
  const reportsBefore = world.reports.length;
  const { signatureChecks, repeatedChecks, keyImports, digests, nsec3Rounds } = crypto;
  const startMs = world.nowMs;
  for (const [name, type] of one.questions) {
    const { status } = world.resolve(name, type).security;
    if (status !== one.status) throw new Error(`${name} ${type}: ${status}, not ${one.status}`);
  }
  const waitedMs = world.nowMs - startMs;
  world.settle();
  const sent = world.sent.slice(sentBefore);
  let octetsReceived = 0;
  for (const report of world.reports.slice(reportsBefore)) {
    if (report.kind === 'reply') octetsReceived += report.sizeOctets;
  }
  return {
    tenthsOfRoundTrips: Math.round((10 * waitedMs) / ROUND_TRIP_MS),
    queries: sent.length,
    octetsSent: sent.reduce((sum, { octets }) => sum + octets.length, 0),
    octetsReceived,
    signatureChecks: crypto.signatureChecks - signatureChecks,
    repeatedChecks: crypto.repeatedChecks - repeatedChecks,
    keyImports: crypto.keyImports - keyImports,
    digests: crypto.digests - digests,
    nsec3Rounds: crypto.nsec3Rounds - nsec3Rounds,
  };
}

/** One sentence for each figure that grew, and for each case that only one side knows. */
export function overspent(counted: Budget, budget: Budget): string[] {
  const found: string[] = [];
  for (const [title, work] of Object.entries(counted)) {
    const allowed = budget[title];
    if (allowed === undefined) {
      found.push(`${title}: not in the budget`);
      continue;
    }
    for (const [what, is] of Object.entries(work) as [keyof Work, number][]) {
      if (is > allowed[what]) found.push(`${title}: ${what} ${is}, the budget is ${allowed[what]}`);
    }
  }
  for (const title of Object.keys(budget)) {
    if (counted[title] === undefined) found.push(`${title}: in the budget, but not counted`);
  }
  return found;
}

/** How many figures are below their budget, which should then be lowered. */
export function underspent(counted: Budget, budget: Budget): number {
  let count = 0;
  for (const [title, work] of Object.entries(counted)) {
    for (const [what, is] of Object.entries(work) as [keyof Work, number][]) {
      if (is < (budget[title]?.[what] ?? 0)) count++;
    }
  }
  return count;
}
