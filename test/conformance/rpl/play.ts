/** Plays a scenario against the real core: the loop of section 8 of the format's description. */
import { TrustAnchors } from '../../../src/dnssec/index.js';
import { SeededRandom } from '../../../src/lab/index.js';
import {
  type Effect,
  type Now,
  Resolver,
  type ResolverEvent,
} from '../../../src/resolver/index.js';
import { NodeCryptoProvider } from '../../../src/runtime/crypto.js';
import {
  AccessList,
  type Client,
  CookieJar,
  DEFAULT_NAME_SERVER_CONFIG,
  NameServer,
  type ServerEffect,
} from '../../../src/server/index.js';
import { decodeMessage, IpAddress, type Message } from '../../../src/wire/index.js';
import { Autotrust } from './autotrust.js';
import { FakeSha1Provider } from './fake-sha1.js';
import { Macros, OutOfRange } from './macros.js';
import { answerDiffers, type Level } from './differences.js';
import { queryFits, queryOctets, replyOctets, unknownWord } from './packets.js';
import type { Entry, Scenario, Step } from './scenario-file.js';
import { dateOf, type ScenarioSettings, settingsOf } from './settings.js';

export type Played =
  | { readonly pass: true }
  | { readonly pass: false; readonly reason: string; readonly skipped: boolean };

interface Pending {
  readonly queryId: number;
  readonly address: string;
  readonly port: number;
  readonly transport: string;
  readonly message: Message;
}

interface Answer {
  readonly client: string;
  readonly transport: string;
  readonly octets: Uint8Array;
}

const MAX_ROUNDS = 5_000;
/** Lenient network: how often our own timers may run while an answer is awaited. */
const MAX_TIMEOUTS = 400;
const START_MS = 1_000;

const realCrypto = new NodeCryptoProvider();

export function play(scenario: Scenario, level: Level, trace?: (line: string) => void): Played {
  const strange = strangeness(scenario);
  if (strange !== undefined) return { pass: false, reason: strange, skipped: true };
  const read = settingsOf(scenario);
  if (!read.ok) return { pass: false, reason: read.why, skipped: true };
  try {
    new Player(scenario, read.settings, level, trace ?? (() => {})).run();
    return { pass: true };
  } catch (error) {
    if (!(error instanceof Failure || error instanceof OutOfRange)) throw error;
    return { pass: false, reason: error.message, skipped: false };
  }
}

class Failure extends Error {}

/** What the scenario asks for that the format does not have. */
function strangeness({ ranges, steps }: Scenario): string | undefined {
  const entries = [...ranges.flatMap((range) => range.entries), ...steps.map(({ entry }) => entry)];
  for (const entry of entries) {
    const word = entry && unknownWord(entry);
    if (word !== undefined) return `the word ${word} is not known`;
  }
  let last = Number.NEGATIVE_INFINITY;
  for (const { number, type, entry } of steps) {
    if (!(number > last)) return `step ${number} does not come after step ${last}`;
    last = number;
    if (NEEDS_ENTRY.has(type) && entry === undefined) return `step ${number} has no entry`;
  }
  return undefined;
}

const NEEDS_ENTRY = new Set(['QUERY', 'CHECK_ANSWER', 'CHECK_OUT_QUERY', 'REPLY']);

class Player {
  readonly #scenario: Scenario;
  readonly #settings: ScenarioSettings;
  readonly #level: Level;
  readonly #trace: (line: string) => void;
  readonly #resolver: Resolver;
  readonly #server: NameServer<Client>;
  readonly #autotrust: Autotrust | undefined;
  readonly #macros: Macros;
  readonly #pending: Pending[] = [];
  readonly #answers: Answer[] = [];
  /** Where signature times are not to be looked at: a day on which they hold. */
  readonly #goodDay: number;
  #at = 0;
  #clockMs = 0;
  /** By how much the clock was set back: the cache's time never goes back (src/resolver/now.ts). */
  #setBackMs = 0;
  #monotonicMs = 0;
  #handle = 0;

  constructor(
    scenario: Scenario,
    settings: ScenarioSettings,
    level: Level,
    trace: (line: string) => void,
  ) {
    this.#scenario = scenario;
    this.#settings = settings;
    this.#level = level;
    this.#trace = trace;
    this.#goodDay = settings.ignoreTimes ? dayOfSignatures(scenario) : 0;
    this.#setTheClock();
    const crypto = settings.fakeSha1 ? new FakeSha1Provider(realCrypto) : realCrypto;
    const entropy = new SeededRandom(1);
    const { config } = settings;
    const policy = {
      sha1: config.sha1,
      nsec3MaxIterations: config.nsec3MaxIterations,
      inceptionSkewSeconds: 60,
      rsaMinimumBits: config.rsaMinimumBits,
      rsaMaximumBits: 4096,
    };
    const id = settings.autotrustId;
    this.#autotrust =
      id === undefined
        ? undefined
        : new Autotrust(scenario.autotrust.get(id) ?? [], {
            crypto,
            policy,
            nowSeconds: this.#now.wallSeconds,
          });
    this.#resolver = new Resolver({
      config,
      crypto,
      entropy,
      anchors: TrustAnchors.from(settings.anchors, { crypto, policy }),
      ...(this.#autotrust === undefined
        ? {}
        : { maintained: { states: this.#autotrust.states, fixed: settings.anchors } }),
    });
    this.#server = new NameServer<Client>({
      config: {
        ...DEFAULT_NAME_SERVER_CONFIG,
        access: new AccessList(settings.allowed),
        minimalResponses: settings.minimalResponses,
        cacheSnooping: settings.cacheSnooping,
      },
      cookies: CookieJar.withNewSecret(entropy),
      newHandle: () => ++this.#handle,
    });
    this.#macros = new Macros({
      time: () => this.#clockMs / 1000,
      timeout: () => {
        const next = this.#resolver.nextDeadlineMs();
        return next === undefined ? 0 : Math.floor((next - this.#monotonicMs) / 1000);
      },
    });
  }

  run(): void {
    const { steps } = this.#scenario;
    this.#event({ kind: 'tick' });
    // What the resolver begins by itself waits a moment, so that the first client need not.
    this.#monotonicMs += START_MS;
    this.#event({ kind: 'tick' });
    let timeouts = 0;
    for (let round = 0; ; round++) {
      const step = steps[this.#at];
      if (step === undefined) break;
      if (round >= MAX_ROUNDS) throw new Failure(`step ${step.number}: it goes on and on`);
      if (this.#outgoing(step) || this.#checked(step) || this.#delivered(step)) continue;
      if (step.type === 'CHECK_ANSWER') {
        timeouts++;
        if (timeouts > MAX_TIMEOUTS || !this.#letTimePass()) {
          throw new Failure(`step ${step.number}: no answer came`);
        }
        continue;
      }
      this.#at++;
      this.#carryOut(step);
    }
    if (this.#answers.length > 0) throw new Failure('an answer is left that no step expects');
  }

  /** Scenarios begin in 1970 and jump to their day first: our resolver is started on that day. */
  #setTheClock(): void {
    for (const step of this.#scenario.steps) {
      if (step.type !== 'TIME_PASSES' || !step.text.startsWith('ELAPSE')) return;
      this.#clockMs += Number(step.text.replace(/^ELAPSE\s*/, '')) * 1000;
      this.#at++;
    }
  }

  get #now(): Now {
    const dateSeconds = this.#settings.ignoreTimes ? this.#goodDay : this.#settings.dateSeconds;
    return {
      monotonicMs: this.#monotonicMs,
      wallSeconds: dateSeconds ?? Math.floor(this.#clockMs / 1000),
      cacheMs: this.#clockMs + this.#setBackMs,
    };
  }

  // --- the loop's alternatives ---

  #outgoing(step: Step): boolean {
    if (step.type !== 'CHECK_OUT_QUERY') return false;
    const fitting = this.#pending.find(
      (pending) =>
        queryFits(step.entry!, pending.message, pending.transport) &&
        (step.address === undefined || isAt(step.address, pending)),
    );
    if (fitting === undefined) return false;
    this.#at++;
    if (step.entry!.adjust.includes('copy_id')) this.#deliver(fitting, step.entry!);
    return true;
  }

  #checked(step: Step): boolean {
    if (step.type !== 'CHECK_ANSWER' || this.#answers.length === 0) return false;
    let difference = 'no answer for that client';
    for (const [index, answer] of this.#answers.entries()) {
      if (step.address !== undefined && clientAddress(step).toString() !== answer.client) continue;
      const found = answerDiffers(step.entry!, answer.octets, answer.transport, this.#level);
      if (found === undefined) {
        this.#answers.splice(index, 1);
        this.#at++;
        return true;
      }
      difference = found;
    }
    throw new Failure(`step ${step.number}: ${difference}`);
  }

  #delivered(step: Step): boolean {
    for (const pending of this.#pending) {
      const entry = this.#canned(pending, step.number);
      if (entry === undefined) continue;
      this.#deliver(pending, entry);
      return true;
    }
    return false;
  }

  #canned(pending: Pending, number: number): Entry | undefined {
    const { ranges } = this.#scenario;
    for (let at = ranges.length - 1; at >= 0; at--) {
      const range = ranges[at]!;
      if (number < range.first || number > range.last) continue;
      if (range.address !== undefined && !isAt(range.address, pending)) continue;
      for (const entry of range.entries) {
        if (queryFits(entry, pending.message, pending.transport)) return entry;
      }
    }
    return undefined;
  }

  #letTimePass(): boolean {
    const next = this.#resolver.nextDeadlineMs();
    if (next === undefined) return false;
    this.#monotonicMs = Math.max(this.#monotonicMs, next);
    this.#event({ kind: 'tick' });
    return true;
  }

  // --- steps ---

  #carryOut(step: Step): void {
    switch (step.type) {
      case 'QUERY':
        this.#ask(step);
        return;
      case 'REPLY': {
        const [newest] = this.#pending;
        if (newest === undefined) throw new Failure(`step ${step.number}: nothing to reply to`);
        this.#deliver(newest, step.entry!);
        return;
      }
      case 'TIME_PASSES': {
        const words = step.text.replace(/^(ELAPSE|EVAL)\s*/, '');
        const seconds = Number(this.#macros.expand(words));
        this.#clockMs += seconds * 1000;
        if (seconds < 0) this.#setBackMs -= seconds * 1000;
        // Queries on their way never time out by the clock, whatever time passes.
        if (this.#pending.length === 0) this.#monotonicMs += Math.max(0, seconds * 1000);
        this.#event({ kind: 'tick' });
        return;
      }
      case 'ASSIGN': {
        const [, name = '', text = ''] = /^(\S+)\s*=\s*(.*)$/.exec(step.text) ?? [];
        this.#macros.assign(name, text);
        return;
      }
      case 'CHECK_AUTOTRUST': {
        const difference = this.#autotrust?.differs(
          (step.file ?? []).map((line) => this.#macros.expand(line)),
        );
        if (difference !== undefined) throw new Failure(`step ${step.number}: ${difference}`);
        return;
      }
      case 'TIMEOUT':
      case 'ERROR':
        this.#lose(step);
        return;
      case 'TRAFFIC':
      case 'NOTHING':
      case 'INFRA_RTT':
        return;
      case 'CHECK_OUT_QUERY':
        throw new Failure(`step ${step.number}: the expected query was not sent`);
      default:
        throw new Failure(`step ${step.number}: ${step.type} is not offered`);
    }
  }

  /** The newest query comes to nothing: by a closed connection, or by waiting until it is over. */
  #lose(step: Step): void {
    const [newest] = this.#pending;
    if (newest === undefined) throw new Failure(`step ${step.number}: no query to lose`);
    if (step.type === 'ERROR') {
      this.#event({ kind: 'failed', queryId: newest.queryId, failure: 'closed' });
      return;
    }
    for (let round = 0; round < MAX_TIMEOUTS && this.#pending.includes(newest); round++) {
      if (!this.#letTimePass()) return;
    }
  }

  #ask(step: Step): void {
    const entry = step.entry!;
    const octets = queryOctets(entry);
    const client: Client = {
      address: clientAddress(step),
      port: 40_000 + step.number,
      transport: entry.match.includes('TCP') ? 'tcp' : 'udp',
    };
    this.#serve(this.#server.receive(octets, client, this.#now));
  }

  #serve(effects: readonly ServerEffect<Client>[]): void {
    for (const effect of effects) {
      if (effect.kind === 'reply') {
        const { address, transport } = effect.client;
        this.#answers.push({ client: address.toString(), transport, octets: effect.octets });
      } else if (effect.kind === 'resolve') this.#event(effect.event);
    }
  }

  // --- the machine ---

  #deliver(pending: Pending, entry: Entry): void {
    const octets = replyOctets(entry, pending.message);
    this.#trace(`  reply from ${pending.address}: ${describe(pending.message)}`);
    this.#event({ kind: 'received', queryId: pending.queryId, octets });
    // A reply is delivered once, whatever the machine makes of it.
    const at = this.#pending.indexOf(pending);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  #event(event: ResolverEvent): void {
    for (const effect of this.#resolver.handle(event, this.#now)) this.#act(effect);
  }

  #act(effect: Effect): void {
    switch (effect.kind) {
      case 'send': {
        const decoded = decodeMessage(effect.octets);
        if (!decoded.ok) throw new Failure('a malformed query was sent');
        const address = effect.address.toString();
        const { queryId, transport, port } = effect;
        this.#trace(`  query to ${address} over ${transport}: ${describe(decoded.value)}`);
        this.#pending.unshift({ queryId, address, port, transport, message: decoded.value });
        return;
      }
      case 'abandon': {
        const at = this.#pending.findIndex(({ queryId }) => queryId === effect.queryId);
        if (at >= 0) this.#pending.splice(at, 1);
        return;
      }
      case 'finished':
        this.#serve(this.#server.finished(effect.handle, effect.resolution, this.#now));
        return;
      case 'anchor state':
        this.#autotrust?.update(effect.state);
        return;
      case 'report':
        if (effect.report.kind === 'bogus' || effect.report.kind === 'zone keys') {
          const { kind, security } = effect.report;
          const said = typeof security === 'string' ? security : `${security.status}`;
          const sentence =
            typeof security === 'object' && 'sentence' in security ? security.sentence : '';
          this.#trace(`  ${kind}: ${said} ${sentence}`);
        }
    }
  }
}

/** The instant at which most signatures of the scenario's servers are valid. */
function dayOfSignatures(scenario: Scenario): number {
  const spans = scenario.ranges
    .flatMap(({ entries }) => entries)
    .flatMap(({ sections }) => [...sections.ANSWER, ...sections.AUTHORITY])
    .flatMap((line) => {
      const [, until, from] = /\sRRSIG\s.*?\s(\d{14})\s+(\d{14})\s/.exec(line) ?? [];
      return from === undefined ? [] : [{ from: dateOf(from), until: dateOf(until!) }];
    });
  const valid = (at: number): number =>
    spans.filter(({ from, until }) => from <= at && at <= until).length;
  return spans.map(({ from }) => from).sort((a, b) => valid(b) - valid(a))[0] ?? 0;
}

function describe(message: Message): string {
  const [question] = message.questions;
  return question === undefined ? '(no question)' : `${question.name} type ${question.type}`;
}

function clientAddress({ number, address = '127.0.0.1' }: Step): IpAddress {
  const parsed = IpAddress.parse(address);
  if (parsed === undefined) throw new Failure(`step ${number}: ${address} is no address`);
  return parsed;
}

/** `ip` or `ip@port`; 53 when no port is named. */
function isAt(place: string, { address, port }: Pending): boolean {
  const [ip = '', number = '53'] = place.split('@');
  return Number(number) === port && (ip === address || IpAddress.parse(ip)?.toString() === address);
}
