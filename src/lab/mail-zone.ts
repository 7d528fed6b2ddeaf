/** Records of a mail domain, the same in every zone so that only what is special stands out. */
import { asciiOctets, hexText } from './octets.js';
import { SeededRandom } from './seeded-random.js';
import type { Expectation } from './world-spec.js';

/** FNV-1a: the same name gets the same addresses and certificate in every run. */
function stableNumber(text: string): number {
  let hash = 0x811c9dc5;
  for (const octet of asciiOctets(text)) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash;
}

/** Unicast space that nobody announces (11.0.0.0/8); the lab's packets stay in the process. */
export function mailHostAddress(host: string): string {
  const number = stableNumber(host);
  return `11.25.${(number >>> 8) & 0xff}.${number & 0xff || 1}`;
}

/** Global unicast space that IANA has not given to anyone (3000::/4). */
export function mailHostAddress6(host: string): string {
  return `3025::${(stableNumber(host) >>> 16).toString(16)}:25`;
}

/** Certificate association data `3 1 1` of a certificate that nobody has. */
export function tlsaData(host: string): string {
  const digest = new Uint8Array(32);
  new SeededRandom(stableNumber(host)).fill(digest);
  return `3 1 1 ${hexText(digest)}`;
}

export function hostLines(host: string, domain: string): string {
  const name = `${host}.${domain}`;
  return `${host} A ${mailHostAddress(name)}\n${host} AAAA ${mailHostAddress6(name)}\n`;
}

export function tlsaLine(host: string, domain: string): string {
  return `_25._tcp.${host} TLSA ${tlsaData(`${host}.${domain}`)}\n`;
}

/** MX, A, AAAA and TLSA: everything that DANE for mail needs. */
export function mailLines(domain: string): string {
  return `@ MX 10 mx\n${hostLines('mx', domain)}${tlsaLine('mx', domain)}`;
}

type Verdict = Omit<Expectation, 'name' | 'type' | 'rcode' | 'records'>;

const answer = (name: string, type: string, records: number, verdict: Verdict): Expectation => {
  return { name, type, rcode: 'NOERROR', records, ...verdict };
};

/** The four look-ups of an MTA, all with data and all with one verdict. */
export function mailAnswers(domain: string, verdict: Verdict): readonly Expectation[] {
  return [
    answer(domain, 'MX', 1, verdict),
    answer(`mx.${domain}`, 'A', 1, verdict),
    answer(`mx.${domain}`, 'AAAA', 1, verdict),
    answer(`_25._tcp.mx.${domain}`, 'TLSA', 1, verdict),
  ];
}

/** The same when nothing of the domain can be had. */
export function mailFails(domain: string, verdict: Verdict): readonly Expectation[] {
  return mailAnswers(domain, verdict).map(({ name, type }) => {
    return { name, type, rcode: 'SERVFAIL', ...verdict };
  });
}

export const SECURE: Verdict = { status: 'secure' };
export const INSECURE: Verdict = { status: 'insecure', reason: 'no DS' };

export function bogus(reason: string, ede: number): Verdict {
  return { status: 'bogus', reason, ede };
}

// What a correctly signed zone says about one name.

export const noData = (name: string, type: string): Expectation => {
  return { name, type, rcode: 'NOERROR', records: 0, ...SECURE };
};

export const nameError = (name: string, type: string): Expectation => {
  return { name, type, rcode: 'NXDOMAIN', ...SECURE };
};

export const found = (name: string, type: string, records = 1): Expectation => {
  return { name, type, rcode: 'NOERROR', records, ...SECURE };
};
