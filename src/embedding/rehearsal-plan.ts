/** What is rehearsed, and with which settings: small caches, and whatever a mailer asks. */
import type { ValidationPolicy } from '../dnssec/index.js';
import type { Entropy, ResolverConfig } from '../resolver/index.js';

export const REHEARSAL_QUESTIONS: readonly (readonly [
  name: string,
  type: string,
  status: 'secure' | 'insecure',
])[] = [
  ['_25._tcp.mx.one.test', 'TLSA', 'secure'],
  ['two.test', 'MX', 'secure'],
  ['mx.two.test', 'A', 'secure'],
  ['mx.two.test', 'AAAA', 'secure'],
  ['_25._tcp.mx.two.test', 'TLSA', 'secure'],
  ['_25._tcp.mx.plain.test', 'TLSA', 'insecure'],
  ['missing.one.test', 'A', 'secure'],
  ['missing.test', 'A', 'secure'],
];

const config: Omit<ResolverConfig, 'hints'> = {
  minimisation: 'relaxed',
  priming: true,
  // The zones are below a special name, so that they can be nobody's.
  specialNames: false,
  allowLoopbackServers: false,
  hardenGlue: true,
  forgiveInsecureTlsa: false,
  ipv4: true,
  ipv6: true,
  ednsSizeOctets: 1_232,
  nsec3MaxIterations: 50,
  sha1: false,
  hedging: true,
  prefetch: true,
  mailPrefetch: true,
  serveStale: false,
  aggressiveNsec: false,
  randomiseCase: true,
  minimumTtlSeconds: 0,
  maximumTtlSeconds: 86_400,
  cacheSizeOctets: 1_000_000,
  forwarders: [],
  negativeTrustAnchors: [],
  rsaMinimumBits: 1_024,
};

const policy: ValidationPolicy = {
  sha1: false,
  nsec3MaxIterations: 50,
  inceptionSkewSeconds: 60,
  rsaMinimumBits: 1_024,
  rsaMaximumBits: 4_096,
};

export const REHEARSAL_SETTINGS = { config, policy } as const;

/** The same numbers each time: cookies have to be those of the recording. Protects nothing. */
export class RehearsalEntropy implements Entropy {
  #state = 1;

  uint32(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state;
  }

  uint16(): number {
    return this.uint32() >>> 16;
  }

  fill(octets: Uint8Array): void {
    octets.fill(7);
  }
}
