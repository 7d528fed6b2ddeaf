/**
 * The real resolver on the lab's network in virtual time: the clock jumps from event to event and
 * nothing sleeps. Everything that is random comes from one seed, so any run can be repeated.
 */

import type { CryptoProvider } from '../../src/dnssec/index.js';
import { TrustAnchors } from '../../src/dnssec/index.js';
import {
  buildLab,
  type Delivery,
  type Lab,
  labWorld,
  SeededRandom,
  type Weather,
  type World,
} from '../../src/lab/index.js';
import { parseName } from '../../src/presentation/index.js';
import {
  type Effect,
  type Now,
  type Report,
  type Resolution,
  Resolver,
  type ResolverConfig,
  type ResolverEvent,
} from '../../src/resolver/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { labSigner } from '../../src/runtime/lab-signer.js';
import type { Name, ResourceRecord } from '../../src/wire/index.js';
import { typeFromMnemonic } from '../../src/wire/index.js';

export type SendEffect = Extract<Effect, { kind: 'send' }>;

/** Packets that somebody else throws in after seeing (or guessing) that a query was sent. */
export interface Spoofer {
  forge(query: SendEffect, random: SeededRandom): readonly SpoofedPacket[];
}

export interface SpoofedPacket {
  readonly afterMs: number;
  readonly octets: Uint8Array;
}

export interface WorldOptions {
  readonly seed?: number;
  readonly world?: World;
  readonly lab?: Lab;
  readonly weather?: Partial<Weather>;
  readonly config?: Partial<ResolverConfig>;
  readonly spoofer?: Spoofer;
  readonly startSeconds?: number;
  readonly crypto?: CryptoProvider;
  /** Beside the root's. */
  readonly anchors?: (lab: Lab) => readonly ResourceRecord[];
}

export interface AskOptions {
  readonly cd?: boolean;
  readonly rd?: boolean;
}

export interface Asked {
  readonly handle: number;
  readonly name: Name;
  readonly type: number;
  readonly askedMs: number;
  /** Upstream queries that had been sent before. */
  readonly sentBefore: number;
  finishedMs: number | undefined;
  resolution: Resolution | undefined;
}

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly event: ResolverEvent;
}

/** 2026-03-01T00:00:00Z, an arbitrary day. */
const START_SECONDS = 1_772_323_200;

export const DEFAULT_CONFIG: Omit<ResolverConfig, 'hints'> = {
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
};

function anchorsOf(lab: Lab, more: readonly ResourceRecord[]): TrustAnchors {
  return TrustAnchors.from([...lab.rootAnchors(), ...more], {
    crypto: tools.crypto,
    policy: {
      sha1: false,
      nsec3MaxIterations: 50,
      inceptionSkewSeconds: 60,
      rsaMinimumBits: 1_024,
      rsaMaximumBits: 4_096,
    },
  });
}

/** Keys are made once for a whole test file; every world on top of them starts afresh. */
const tools = { signer: labSigner, crypto: new NodeCryptoProvider() };

export function makeLab(world: World = labWorld(), seed = 1): Lab {
  return buildLab({ world, tools, seed });
}

export class SimulatedWorld {
  readonly lab: Lab;
  readonly resolver: Resolver;
  readonly random: SeededRandom;
  readonly reports: Report[] = [];
  readonly sent: SendEffect[] = [];
  readonly questions = new Map<number, Asked>();
  /** Queries that the resolver has not abandoned yet. */
  readonly open = new Map<number, SendEffect>();
  /** Added to the wall clock only: a step of the system time. */
  wallStepSeconds = 0;
  /** How long each event waits for its turn, as it does behind many others. */
  waitingMs = 0;
  readonly #startSeconds: number;
  readonly #spoofer: Spoofer | undefined;
  readonly #queue: Scheduled[] = [];
  #nowMs = 1_000;
  #order = 0;
  #handle = 0;

  constructor(options: WorldOptions = {}) {
    const seed = options.seed ?? 1;
    this.random = new SeededRandom(seed);
    this.lab = options.lab ?? makeLab(options.world, seed);
    Object.assign(this.lab.network.weather, options.weather);
    this.#startSeconds = options.startSeconds ?? START_SECONDS;
    this.#spoofer = options.spoofer;
    this.resolver = new Resolver({
      config: { ...DEFAULT_CONFIG, hints: this.lab.rootServers, ...options.config },
      crypto: options.crypto ?? tools.crypto,
      entropy: this.random,
      anchors: anchorsOf(this.lab, options.anchors?.(this.lab) ?? []),
    });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get now(): Now {
    const seconds = this.#startSeconds + this.#nowMs / 1_000;
    return {
      monotonicMs: this.#nowMs,
      wallSeconds: Math.floor(seconds) + this.wallStepSeconds,
      cacheMs: this.#nowMs,
    };
  }

  /** As the daemon does when it is ready. */
  start(): void {
    this.#handleEvent({ kind: 'started' });
    this.#handleEvent({ kind: 'tick' });
  }

  /** Asks now; the answer comes while the world runs. */
  ask(name: string, type: string, options: AskOptions = {}): Asked {
    const question: Asked = {
      handle: ++this.#handle,
      name: nameOf(name),
      type: typeFromMnemonic(type)!,
      askedMs: this.#nowMs,
      sentBefore: this.sent.length,
      finishedMs: undefined,
      resolution: undefined,
    };
    this.questions.set(question.handle, question);
    this.#handleEvent({
      kind: 'question',
      handle: question.handle,
      name: question.name,
      type: question.type,
      checkingDisabled: options.cd === true,
      recursionDesired: options.rd !== false,
    });
    return question;
  }

  /** Asks and runs until that answer is there. */
  resolve(name: string, type: string, options: AskOptions = {}): Resolution {
    const question = this.ask(name, type, options);
    this.runUntil(() => question.resolution !== undefined);
    if (question.resolution === undefined) {
      throw new Error(`no end to ${name} ${type} (seed ${this.random.seed})`);
    }
    return question.resolution;
  }

  /** Runs until nothing is in flight and nobody waits: late deliveries and timers included. */
  settle(maxMs = 60_000): void {
    this.runUntil(() => this.#queue.length === 0 && this.open.size === 0, maxMs);
  }

  runUntil(done: () => boolean, maxMs = 60_000): void {
    const endMs = this.#nowMs + maxMs;
    while (!done()) {
      const deadline = this.resolver.nextDeadlineMs();
      const delivery = this.#queue[0]?.atMs;
      const next = Math.min(
        deadline ?? Number.POSITIVE_INFINITY,
        delivery ?? Number.POSITIVE_INFINITY,
      );
      if (next > endMs) return;
      this.#nowMs = Math.max(this.#nowMs, next);
      if (delivery !== undefined && delivery <= next) this.#deliver(this.#queue.shift()!);
      else this.#handleEvent({ kind: 'tick' });
    }
  }

  /** Lets virtual time pass; timers that fall due on the way fire. */
  sleep(ms: number): void {
    const untilMs = this.#nowMs + ms;
    this.runUntil(() => false, ms);
    this.#nowMs = untilMs;
    this.#handleEvent({ kind: 'tick' });
  }

  #deliver({ event }: Scheduled): void {
    // Once abandoned, the socket is closed and the packet meets nobody.
    if ('queryId' in event && !this.open.has(event.queryId)) return;
    this.#handleEvent(event);
  }

  #handleEvent(event: ResolverEvent): void {
    const presentMs = this.#nowMs + this.waitingMs;
    for (const effect of this.resolver.handle(event, this.now, presentMs)) this.#act(effect);
  }

  #act(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.sent.push(effect);
        this.open.set(effect.queryId, effect);
        this.#transmit(effect);
        break;
      case 'abandon':
        this.open.delete(effect.queryId);
        break;
      case 'finished': {
        const question = this.questions.get(effect.handle)!;
        question.finishedMs = this.#nowMs;
        question.resolution = effect.resolution;
        break;
      }
      case 'report':
        this.reports.push(effect.report);
        break;
    }
  }

  #transmit(query: SendEffect): void {
    const { address, transport, octets, queryId } = query;
    for (const { afterMs, octets: forged } of this.#spoofer?.forge(query, this.random) ?? []) {
      this.#schedule(afterMs, receivedEvent(query, forged));
    }
    const deliveries = this.lab.network.send(address, transport, octets, this.now.wallSeconds);
    for (const delivery of deliveries) {
      this.#schedule(delivery.afterMs, eventOf(query, queryId, delivery));
    }
  }

  #schedule(afterMs: number, event: ResolverEvent): void {
    const scheduled = { atMs: this.#nowMs + this.waitingMs + afterMs, order: this.#order++, event };
    let at = this.#queue.length;
    while (at > 0 && isLater(this.#queue[at - 1]!, scheduled)) at--;
    this.#queue.splice(at, 0, scheduled);
  }
}

function isLater(a: Scheduled, b: Scheduled): boolean {
  return a.atMs > b.atMs || (a.atMs === b.atMs && a.order > b.order);
}

function eventOf(query: SendEffect, queryId: number, { what }: Delivery): ResolverEvent {
  if (what.kind === 'failed') return { kind: 'failed', queryId, failure: what.failure };
  return receivedEvent(query, what.octets);
}

/** What the runtime does with a datagram from the right peer: only the ID and QR are looked at. */
function receivedEvent({ queryId, octets: sent }: SendEffect, octets: Uint8Array): ResolverEvent {
  const sameId = octets[0] === sent[0] && octets[1] === sent[1];
  if (!sameId || ((octets[2] ?? 0) & 0x80) === 0) return { kind: 'near miss', queryId };
  return { kind: 'received', queryId, octets };
}

export function nameOf(text: string): Name {
  const name = parseName(text);
  if (name === undefined) throw new Error(`not a name: ${text}`);
  return name;
}
