/**
 * What the resolver itself costs, without sockets: the time spent inside `Resolver.handle` for a
 * cold, secure TLSA, with the servers' answers handed in as octets.
 */
import { TrustAnchors } from '../src/dnssec/index.js';
import { buildLab, type Lab, SeededRandom } from '../src/lab/index.js';
import { parseName } from '../src/presentation/index.js';
import { type Effect, Resolver, type ResolverEvent } from '../src/resolver/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import { typeFromMnemonic } from '../src/wire/index.js';
import { benchWorld, domainName, type Kind, NO_DOMAINS, TLD } from './bench-world.js';
import { median } from './statistics.js';

export interface CoreFigure {
  readonly name: string;
  /** Inside `handle`, signature checks included. */
  readonly microseconds: number;
  /** Of that: in the crypto provider. */
  readonly cryptoMicroseconds: number;
  readonly signatureChecks: number;
}

/** Forwards to a provider and takes the time. */
class MeteredCrypto extends NodeCryptoProvider {
  spentMs = 0;
  checks = 0;

  override verify(...args: Parameters<NodeCryptoProvider['verify']>): boolean {
    const before = performance.now();
    const good = super.verify(...args);
    this.spentMs += performance.now() - before;
    this.checks++;
    return good;
  }

  override importKey(...args: Parameters<NodeCryptoProvider['importKey']>) {
    const before = performance.now();
    const key = super.importKey(...args);
    this.spentMs += performance.now() - before;
    return key;
  }
}

const CONFIG = {
  minimisation: 'relaxed',
  priming: true,
  specialNames: true,
  allowLoopbackServers: false,
  hardenGlue: true,
  ipv4: true,
  ipv6: true,
  ednsSizeOctets: 1_232,
  nsec3MaxIterations: 50,
  sha1: false,
  hedging: true,
  prefetch: true,
  mailPrefetch: true,
  serveStale: false,
  aggressiveNsec: true,
  forgiveInsecureTlsa: true,
  randomiseCase: true,
  minimumTtlSeconds: 0,
  maximumTtlSeconds: 86_400,
  cacheSizeOctets: 64 * 1024 * 1024,
  forwarders: [],
  negativeTrustAnchors: [],
  rsaMinimumBits: 1_024,
  rsaMaximumBits: 4_096,
} as const;

/** Hears before and after everything that the resolver does. */
export interface Meter {
  readonly start: () => void;
  readonly stop: () => void;
}

const NO_METER: Meter = { start: () => undefined, stop: () => undefined };

/** The resolver on the lab, with no time passing: every reply is there at once. */
export class CoreLoop {
  readonly crypto = new MeteredCrypto();
  readonly #lab: Lab;
  readonly #resolver: Resolver;
  readonly #wallSeconds = Math.floor(Date.now() / 1_000);
  readonly #meter: Meter;
  #handle = 0;
  #nowMs = 0;
  spentMs = 0;

  constructor(lab: Lab, meter = NO_METER) {
    this.#lab = lab;
    this.#meter = meter;
    const anchors = TrustAnchors.from(lab.rootAnchors(), {
      crypto: this.crypto,
      policy: {
        sha1: false,
        nsec3MaxIterations: 50,
        inceptionSkewSeconds: 60,
        rsaMinimumBits: 1_024,
        rsaMaximumBits: 4_096,
      },
    });
    this.#resolver = new Resolver({
      config: { ...CONFIG, hints: lab.rootServers },
      crypto: this.crypto,
      entropy: new SeededRandom(1),
      anchors,
    });
    this.#resolver.reporting = false;
  }

  resolve(name: string, type: string): string {
    const events: ResolverEvent[] = [
      {
        kind: 'question',
        handle: ++this.#handle,
        name: parseName(name)!,
        type: typeFromMnemonic(type)!,
        checkingDisabled: false,
        recursionDesired: true,
      },
    ];
    let status = 'unanswered';
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const effect of this.#take(event)) {
        if (effect.kind === 'finished') status = effect.resolution.security.status;
        if (effect.kind === 'send') events.push(this.#reply(effect));
      }
    }
    return status;
  }

  #take(event: ResolverEvent): readonly Effect[] {
    this.#nowMs += 0.5;
    const now = {
      monotonicMs: this.#nowMs,
      wallSeconds: this.#wallSeconds,
      cacheMs: this.#nowMs,
    };
    const before = performance.now();
    this.#meter.start();
    const effects = this.#resolver.handle(event, now);
    this.#meter.stop();
    this.spentMs += performance.now() - before;
    return effects;
  }

  #reply(query: Extract<Effect, { kind: 'send' }>): ResolverEvent {
    const { address, transport, octets, queryId } = query;
    const reply = this.#lab.network.answer(address, transport, octets, this.#wallSeconds);
    if (reply?.kind !== 'reply') return { kind: 'failed', queryId, failure: 'unreachable' };
    return { kind: 'received', queryId, octets: reply.octets };
  }
}

const KINDS: readonly (readonly [Kind, string, string])[] = [
  ['p256', 'P-256', 'secure'],
  ['rsa', 'RSA-2048', 'secure'],
  ['ed25519', 'Ed25519', 'secure'],
  ['unsigned', 'not signed', 'insecure'],
];

export function coreBench(
  samples: number,
  progress: (done: number, of: number, what: string) => void,
): readonly CoreFigure[] {
  const supply = {
    ...NO_DOMAINS,
    p256: 4 * samples,
    rsa: samples,
    ed25519: samples,
    unsigned: samples,
  };
  const lab = buildLab({
    world: benchWorld(supply, 0),
    tools: { signer: labSigner, crypto: new NodeCryptoProvider() },
  });
  for (const { done, of } of lab.makeKeys()) progress(done, of, 'keys');
  const loop = new CoreLoop(lab);
  // The program warms up as in a long-running daemon.
  for (let index = samples; index < 4 * samples; index++) {
    loop.resolve(`_25._tcp.mx.${domainName('p256', index)}`, 'TLSA');
  }
  loop.resolve(`nothing.${TLD}`, 'A');
  return KINDS.map(([kind, name, expected]) => {
    const times: number[] = [];
    const { crypto } = loop;
    const spentBefore = crypto.spentMs;
    const checksBefore = crypto.checks;
    for (let index = 0; index < samples; index++) {
      const before = loop.spentMs;
      const status = loop.resolve(`_25._tcp.mx.${domainName(kind, index)}`, 'TLSA');
      if (status !== expected) throw new Error(`${name}: ${status}`);
      times.push(1_000 * (loop.spentMs - before));
      progress(index + 1, samples, `the resolver alone, ${name}`);
    }
    return {
      name,
      microseconds: median(times),
      cryptoMicroseconds: (1_000 * (crypto.spentMs - spentBefore)) / samples,
      signatureChecks: (crypto.checks - checksBefore) / samples,
    };
  });
}
