/**
 * The loop around the resolver: one event at a time goes in, its effects are carried out in order,
 * and one timer wakes the machine when it wants to be woken. Knows how, decides nothing.
 */
import type { Rfc5011State } from '../dnssec/index.js';
import {
  type Effect,
  InFlight,
  LIMITS,
  type Now,
  type Report,
  type Resolution,
  type ResolverEvent,
} from '../resolver/index.js';
import { unresolved } from '../server/index.js';
import { EdeCode } from '../wire/index.js';
import type { Clock } from './clock.js';
import type { OpenUpstream, OutgoingQuery, Upstream } from './upstream.js';

/** The resolver as the driver sees it; tests put other machines in its place. */
export interface Machine {
  handle(event: ResolverEvent, now: Now, presentMs: number): readonly Effect[];
  nextDeadlineMs(): number | undefined;
}

export type QuestionEvent = Extract<ResolverEvent, { kind: 'question' }>;
export type FinishedListener = (resolution: Resolution, now: Now) => void;

export interface DriverParts {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly openUpstream: OpenUpstream;
  readonly report: (report: Report) => void;
  /** RFC 5011: what has to be known again after a restart. */
  readonly keepAnchors?: (state: Rfc5011State) => void;
}

interface Asked {
  readonly finished: FinishedListener;
  readonly giveUpAtMs: number;
}

interface Waiting {
  readonly event: ResolverEvent;
  /** When it came. */
  readonly now: Now;
}

// The resolver ends every question by itself; should it ever not, the asker still gets an end.
const GIVE_UP_MS = LIMITS.questionMs.value + 2_000;
/** After a broken invariant the machine is not woken at once again, lest the two of us spin. */
const REST_AFTER_ERROR_MS = 100;
const MAX_TIMER_MS = 0x7fffffff;
/**
 * Of each turn of the event loop, when others have little to do in it: above all, clients whose
 * answers are in memory are answered between two shares. One event takes up to half of it.
 */
const TURN_MS = 1;
/** And at most, lest two programs that share a thread stretch each other's turns for ever. */
const MOST_OF_A_TURN_MS = 20;

const INTERNAL_ERROR = unresolved([{ code: EdeCode.OTHER, text: 'internal error' }]);
const SHUTTING_DOWN = unresolved([{ code: EdeCode.NOT_READY, text: 'shutting down' }]);

export class Driver {
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #upstream: Upstream;
  readonly #report: (report: Report) => void;
  readonly #keepAnchors: (state: Rfc5011State) => void;
  /** In the order in which they were asked, so the first is the first to give up on. */
  readonly #asked = new InFlight<number, Asked>();
  /** That of the first, or of one before it that has ended. */
  #giveUpAtMs = Number.POSITIVE_INFINITY;
  /** In the order in which they came. */
  readonly #waiting: Waiting[] = [];
  readonly #outdated: (() => void)[] = [];
  #lastHandle = 0;
  #busy = false;
  #turn: NodeJS.Immediate | undefined;
  #turnEndsMs = 0;
  #workedUntilMs = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #restUntilMs = 0;

  constructor({ machine, clock, openUpstream, report, keepAnchors }: DriverParts) {
    this.#machine = machine;
    this.#clock = clock;
    this.#report = apart(report);
    this.#keepAnchors = apart(keepAnchors ?? (() => undefined));
    this.#upstream = openUpstream((event) => this.#take(event, undefined));
  }

  get clock(): Clock {
    return this.#clock;
  }

  get outstandingQuestions(): number {
    return this.#asked.size;
  }

  newHandle(): number {
    this.#lastHandle++;
    return this.#lastHandle;
  }

  /** `listener` hears that replies kept from earlier must not be sent any more. */
  onRepliesOutdated(listener: () => void): void {
    this.#outdated.push(apart(listener));
  }

  /** `finished` is called exactly once, perhaps before this returns; never after `cancel`. */
  ask(event: QuestionEvent, finished: FinishedListener, now: Now = this.#clock.now()): void {
    if (this.#closed) {
      finished(SHUTTING_DOWN, now);
      return;
    }
    const giveUpAtMs = now.monotonicMs + GIVE_UP_MS;
    if (this.#asked.size === 0) this.#giveUpAtMs = giveUpAtMs;
    this.#asked.set(event.handle, { finished, giveUpAtMs });
    this.#take(event, now);
  }

  /** Lets the machine prepare for its first question. */
  start(): void {
    this.#take({ kind: 'started' }, undefined);
  }

  cancel(handle: number): void {
    if (this.#asked.delete(handle)) this.#take({ kind: 'cancelled', handle }, undefined);
  }

  /** Everyone who still waits is told; then nothing more is sent or received. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    const now = this.#clock.now();
    for (const handle of [...this.#asked.keys()]) this.#finish(handle, SHUTTING_DOWN, now);
    this.#upstream.close();
  }

  /**
   * Events are dealt with at once or in a later turn, in the order in which they came. They keep
   * the instant at which they came: a reply that waits here is not late.
   */
  #take(event: ResolverEvent, now: Now | undefined): void {
    if (this.#closed) return;
    const instant = now ?? this.#clock.now();
    this.#waiting.push({ event, now: instant });
    // Effects can cause events at once; these wait until the present one is dealt with.
    if (this.#busy) return;
    if (this.#turn === undefined) this.#beginTurn(instant.monotonicMs, TURN_MS);
    if (instant.monotonicMs < this.#turnEndsMs) this.#work(instant.monotonicMs);
  }

  #beginTurn(startMs: number, lastsMs: number): void {
    this.#turnEndsMs = startMs + lastsMs;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      if (this.#waiting.length === 0) return;
      const nowMs = this.#clock.monotonicMs();
      // As much as all others had of the last turn: beside a busy program, too, work gets done.
      const othersMs = Math.min(nowMs - this.#workedUntilMs, MOST_OF_A_TURN_MS);
      this.#beginTurn(nowMs, Math.max(TURN_MS, othersMs));
      this.#work(nowMs);
    });
  }

  /** Deals with events until none is left or the turn is over. */
  #work(startMs: number): void {
    this.#busy = true;
    let nowMs = startMs;
    do {
      const { event, now } = this.#waiting.shift()!;
      // Who asked has gone before his question was begun.
      if (event.kind === 'question' && !this.#asked.has(event.handle)) continue;
      this.#handle(event, now, nowMs);
      // What can be done while replies are awaited is due when the queries are out.
      if (event.kind !== 'tick' && this.#nextDeadlineMs() <= now.monotonicMs) {
        this.#waiting.unshift({ event: { kind: 'tick' }, now });
      }
      nowMs = this.#clock.monotonicMs();
    } while (this.#waiting.length > 0 && nowMs < this.#turnEndsMs && !this.#closed);
    this.#busy = false;
    this.#workedUntilMs = nowMs;
    this.#setTimer(nowMs);
  }

  #handle(event: ResolverEvent, now: Now, presentMs: number): void {
    let effects: readonly Effect[];
    try {
      effects = this.#machine.handle(event, now, presentMs);
    } catch (error) {
      this.#broken(event, error, now);
      return;
    }
    for (const effect of effects) {
      if (this.#closed) return;
      this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#send(effect);
        break;
      case 'abandon':
        this.#upstream.abandon(effect.queryId);
        break;
      case 'finished':
        this.#finish(effect.handle, effect.resolution, this.#clock.now());
        break;
      case 'anchor state':
        this.#keepAnchors(effect.state);
        break;
      case 'replies outdated':
        for (const listener of this.#outdated) listener();
        break;
      case 'report':
        this.#report(effect.report);
    }
  }

  #send(query: OutgoingQuery): void {
    try {
      this.#upstream.send(query);
    } catch (error) {
      // A socket that cannot even be made is a dead server, not a dead resolver.
      this.#report({ kind: 'internal error', sentence: `sending failed: ${describe(error)}` });
      const { queryId } = query;
      this.#take({ kind: 'failed', queryId, failure: 'send error' }, undefined);
    }
  }

  #finish(handle: number, resolution: Resolution, now: Now): void {
    const asked = this.#asked.get(handle);
    if (asked === undefined) return;
    this.#asked.delete(handle);
    try {
      asked.finished(resolution, now);
    } catch (error) {
      this.#report({ kind: 'internal error', sentence: `replying failed: ${describe(error)}` });
    }
  }

  /** A broken invariant fails the question it belongs to, and no other. */
  #broken(event: ResolverEvent, error: unknown, now: Now): void {
    const sentence = `handling '${event.kind}' failed: ${describe(error)}`;
    this.#report({ kind: 'internal error', sentence });
    this.#restUntilMs = now.monotonicMs + REST_AFTER_ERROR_MS;
    if (event.kind === 'question') this.#finish(event.handle, INTERNAL_ERROR, now);
  }

  // --- the timer ---

  #setTimer(nowMs: number): void {
    if (this.#closed) return;
    const wakeAtMs = this.#wakeAtMs();
    // A timer that fires too early is harmless, and cheaper than setting it anew each time.
    if (this.#timer !== undefined && this.#timerAtMs <= wakeAtMs) {
      this.#holdProcess(this.#timer);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = wakeAtMs;
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(Math.ceil(wakeAtMs - nowMs), 0), MAX_TIMER_MS);
    // Replies that have come meanwhile are read first, lest they be taken for late.
    this.#timer = setTimeout(() => setImmediate(() => this.#wake()), delayMs);
    this.#holdProcess(this.#timer);
  }

  #wakeAtMs(): number {
    const machineMs = this.#nextDeadlineMs();
    const giveUpMs = this.#asked.size === 0 ? Number.POSITIVE_INFINITY : this.#giveUpAtMs;
    return Math.max(Math.min(machineMs, giveUpMs), this.#restUntilMs);
  }

  #noteOldest(): void {
    this.#giveUpAtMs = this.#asked.oldest()?.giveUpAtMs ?? Number.POSITIVE_INFINITY;
  }

  #nextDeadlineMs(): number {
    return this.#machine.nextDeadlineMs() ?? Number.POSITIVE_INFINITY;
  }

  /** Housekeeping may wait for ever; a question may not. */
  #holdProcess(timer: NodeJS.Timeout): void {
    if (this.#asked.size === 0) timer.unref();
    else timer.ref();
  }

  #wake(): void {
    // Since this timer fired, an event may have set another one.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.#noteOldest();
    // Events that wait bring what is due by then, and the next timer; until then nobody is late.
    if (this.#waiting.length > 0) return;
    const now = this.#clock.now();
    for (const [handle, { giveUpAtMs }] of this.#asked.entries()) {
      if (giveUpAtMs > now.monotonicMs) break;
      this.#report({ kind: 'internal error', sentence: 'a question was never ended' });
      this.#finish(handle, INTERNAL_ERROR, now);
      this.#noteOldest();
      this.#take({ kind: 'cancelled', handle }, now);
    }
    this.#take({ kind: 'tick' }, now);
  }
}

/** What a listener throws is told to its owner, where nothing of ours is under way. */
function apart<Told extends readonly unknown[]>(
  listener: (...told: Told) => void,
): (...told: Told) => void {
  return (...told) => {
    try {
      listener(...told);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
