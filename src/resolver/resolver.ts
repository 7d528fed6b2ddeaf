/**
 * The resolver as one machine: events and the time in, effects out. It joins equal questions,
 * starts and bounds resolutions, and keeps what failed from being asked again too soon.
 */
import { indeterminate } from '../dnssec/index.js';
import { EdeCode, Name, Rcode, RRType } from '../wire/index.js';
import { AddressLookups } from './address-lookups.js';
import { AnchorMaintenance } from './anchor-maintenance.js';
import { leadsNowhere } from './aliases.js';
import { AnswerValidation } from './answer-validation.js';
import { lookUp } from './cached-lookup.js';
import { ChainOfTrust } from './chain-of-trust.js';
import type { Timer } from './deadlines.js';
import { DelegationSearch } from './delegation-search.js';
import { ConfiguredCuts } from './configured-cuts.js';
import { Effort } from './effort.js';
import { Exchange } from './exchange.js';
import type { ExchangeOutcome } from './exchange-types.js';
import { InFlight } from './in-flight.js';
import { LookAhead } from './look-ahead.js';
import { LIMITS } from './limits.js';
import { Machine, type ResolverParts } from './machine.js';
import type { Now } from './now.js';
import type { HeldRRset, Outcome } from './outcome.js';
import { Probes } from './probe.js';
import { failureResolution, resolutionOf, staleOutcome } from './reply-content.js';
import { Resolution, type ResolutionServices } from './resolution.js';
import type { Effect, Resolution as Result, ResolverEvent } from './resolution-types.js';
import { RootPriming } from './root-priming.js';
import { RootReach } from './root-reach.js';
import { specialResolution } from './special-answers.js';
import { isForgiven } from './unanswered-tlsa.js';
import { UncheckedAliases } from './unchecked-aliases.js';
import type { ZoneCut } from './zone-cut.js';

/** RFC 8767 §5, client response timer: data past their TTL, if there are any, are due then. */
const CLIENT_PATIENCE_MS = 1_800;

interface Task {
  readonly key: string;
  readonly resolution: Resolution;
  readonly handles: Set<number>;
  /** It goes on with an alias, at the expense of the question that came to it. */
  readonly isLink: boolean;
  timer: Timer | undefined;
}

interface NewTask {
  readonly key: string;
  readonly name: Name;
  readonly type: number;
  readonly skipCache?: boolean;
  readonly background?: boolean;
  /** The task whose aliases led here, and whose means are used up first. */
  readonly after?: Task;
}

export class Resolver {
  readonly #machine: Machine;
  readonly #services: ResolutionServices;
  readonly #lookups: AddressLookups;
  readonly #chain: ChainOfTrust;
  readonly #searches: DelegationSearch;
  readonly #priming: RootPriming;
  readonly #lookAhead: LookAhead;
  readonly #tasks = new InFlight<string, Task>();
  readonly #taskOfHandle = new InFlight<number, Task>();
  readonly #uncheckedAliases = new UncheckedAliases();
  readonly #maintenance: AnchorMaintenance | undefined;
  readonly #configured: ConfiguredCuts;
  readonly #rootReach: RootReach;

  constructor(parts: ResolverParts) {
    const machine = new Machine(parts);
    this.#machine = machine;
    this.#rootReach = new RootReach(machine);
    const ask: ResolutionServices['ask'] = (...asked) => this.#ask(...asked);
    this.#chain = new ChainOfTrust(machine, {
      ask: (cut, name, type, effort, deliver) => this.#ask(cut, name, type, effort, deliver, []),
      delegationOf: (zone, effort) => this.#searches.of(zone, effort),
    });
    const validation = new AnswerValidation(machine, this.#chain, (zone, effort) =>
      this.#searches.of(zone, effort),
    );
    this.#services = {
      machine,
      validation,
      anticipateMail: (set) => this.#lookAhead.exchangesOf(set),
      ask,
      probe: (...asked) => probes.probe(...asked),
      anticipateKeys: (cut, effort) => {
        this.#chain.trustOf(cut, effort);
      },
      renewKeys: (zone) => this.#chain.renewKeys(zone),
      startingCut: (name, type) => this.#startingCut(name, type),
    };
    const probes = new Probes(this.#services, validation);
    this.#lookups = new AddressLookups(this.#services);
    this.#searches = new DelegationSearch(this.#services);
    if (parts.maintained !== undefined) {
      const withdraw = (sentence: string): void => this.#withdraw(sentence);
      this.#maintenance = new AnchorMaintenance(this.#services, parts.maintained, withdraw);
    }
    this.#configured = new ConfiguredCuts(machine);
    this.#priming = new RootPriming(this.#services, validation);
    this.#lookAhead = new LookAhead(machine, (name, type, skipCache) =>
      this.#startBackground(name, type, skipCache),
    );
  }

  /**
   * Takes one event at one instant; returns what is to be done about it, in order. Where events
   * wait for their turn, `now` is when this one came, and `presentMs` when its queries go out.
   */
  handle(event: ResolverEvent, now: Now, presentMs = now.monotonicMs): readonly Effect[] {
    const machine = this.#machine;
    machine.now = now;
    machine.presentMs = presentMs;
    this.#maintenance?.startOnce();
    machine.deadlines.fireDue(now.monotonicMs);
    switch (event.kind) {
      case 'question':
        this.#question(event);
        break;
      case 'received': {
        const attempt = machine.attempt(event.queryId);
        attempt?.exchange.received(attempt, event.octets, event.oversized === true);
        break;
      }
      case 'failed': {
        const attempt = machine.attempt(event.queryId);
        attempt?.exchange.failed(attempt, event.failure);
        break;
      }
      case 'near miss': {
        const attempt = machine.attempt(event.queryId);
        attempt?.exchange.nearMiss(attempt);
        break;
      }
      case 'cancelled':
        this.#cancel(event.handle);
        break;
      case 'started':
        // RFC 9609 §3: the cache is empty, and so far nobody waits.
        this.#startingCut(Name.root, RRType.NS);
        break;
      case 'tick':
        break;
    }
    return machine.takeEffects();
  }

  /** When `handle` must be called next, in monotonic milliseconds, if nothing happens before. */
  nextDeadlineMs(): number | undefined {
    return this.#machine.deadlines.nextMs();
  }

  /** For metrics and for tests of the bounds. */
  get counters(): {
    readonly questionsInFlight: number;
    readonly queriesOpen: number;
    readonly queriesSent: number;
    readonly cachedRRsets: number;
    readonly cachedOctets: number;
  } {
    const { rrsets, negatives, openQueries, queriesSent } = this.#machine;
    return {
      questionsInFlight: this.#tasks.size,
      queriesOpen: openQueries,
      queriesSent,
      cachedRRsets: rrsets.count,
      cachedOctets: rrsets.sizeOctets + negatives.sizeOctets,
    };
  }

  /** Without anybody listening, reports cost nothing. */
  set reporting(on: boolean) {
    this.#machine.reporting = on;
  }

  // --- questions of clients ---

  #question(event: Extract<ResolverEvent, { kind: 'question' }>): void {
    const { name, type, handle } = event;
    const machine = this.#machine;
    const immediate =
      (machine.config.specialNames ? specialResolution(name, type) : undefined) ??
      (event.checkingDisabled ? undefined : this.#knownFailure(name, type)) ??
      this.#staleAtOnce(name, type) ??
      (event.recursionDesired ? undefined : this.#fromMemoryOnly(name, type));
    if (immediate !== undefined) {
      machine.effect({ kind: 'finished', handle, resolution: immediate });
      return;
    }
    if (event.checkingDisabled) {
      this.#uncheckedAliases.begin(handle, name, type, machine.now.monotonicMs);
    }
    this.#enter(name, type, handle);
  }

  /** Joins the question that is under way, or starts it. */
  #enter(name: Name, type: number, handle: number, after?: Task): void {
    const common = this.#runningKey(name, type);
    // Who comes by an alias brings what is left of his question; nobody else has to do with that.
    const isLink = after !== undefined && !this.#tasks.has(common);
    const key = isLink ? `${common} after ${after.key}` : common;
    const running = this.#tasks.get(key);
    if (running !== undefined) {
      if (running.handles.size >= LIMITS.waitersPerQuestion.value) {
        this.#refuse(handle, name);
        return;
      }
      if (running.handles.size === 0) this.#limitPatience(running);
      this.#wait(running, handle);
      return;
    }
    if (this.#tasks.size >= LIMITS.outstandingQuestions.value) {
      this.#refuse(handle, name);
      return;
    }
    this.#startTask({ key, name, type, ...(isLink ? { after } : {}) }, handle);
  }

  /** Where there is still an answer in memory, nobody waits for its renewal, which may fail. */
  #runningKey(name: Name, type: number): string {
    const renewal = renewalKey(name, type);
    const isNeeded = this.#tasks.has(renewal) && lookUp(this.#machine, name, type) === undefined;
    return isNeeded ? renewal : taskKey(name, type);
  }

  #refuse(handle: number, name: Name): void {
    const sentence = 'too many questions at once';
    const errors = [{ code: EdeCode.OTHER, text: sentence }];
    const resolution = failureResolution(name, errors, false);
    this.#uncheckedAliases.forget(handle);
    this.#machine.effect({ kind: 'finished', handle, resolution });
  }

  /** Data past their TTL, where the operator lets no client wait; they are renewed beside. */
  #staleAtOnce(name: Name, type: number): Result | undefined {
    const machine = this.#machine;
    if (!machine.config.serveStale || machine.config.staleAfterMs !== 0) return undefined;
    if (lookUp(machine, name, type) !== undefined) return undefined;
    const stale = staleOutcome(machine, name, type, undefined);
    if (stale === undefined) return undefined;
    const isRunning = this.#tasks.has(taskKey(name, type));
    if (!isRunning && this.#tasks.size < LIMITS.outstandingQuestions.value) {
      this.#startTask({ key: taskKey(name, type), name, type }, undefined);
    }
    return resolutionOf(stale, name, machine);
  }

  /** RFC 1034 §5.3.3 without step 2: what is not here is not asked for. */
  #fromMemoryOnly(name: Name, type: number): Result {
    const machine = this.#machine;
    const answer: HeldRRset[] = [];
    let at = name;
    while (answer.length <= LIMITS.aliases.value) {
      const hit = lookUp(machine, at, type);
      if (hit === undefined) break;
      if (hit.kind === 'alias') {
        answer.push(...hit.alias.links);
        const isTheEnd = leadsNowhere(hit.alias, at);
        at = hit.alias.target;
        // RFC 6672 §3.1: the CNAME made from a DNAME is itself what a CNAME question asks for.
        if (type !== RRType.CNAME && !isTheEnd) continue;
      }
      const denial = hit.kind === 'denial' ? hit.denial : undefined;
      if (hit.kind === 'data') answer.push(hit.held);
      const outcome: Outcome = {
        kind: 'answered',
        rcode: denial?.rcode ?? Rcode.NOERROR,
        answer,
        authority: denial?.authority ?? [],
        denial: denial?.security,
        fromCache: true,
        stale: false,
      };
      return resolutionOf(outcome, name, machine);
    }
    const errors = [{ code: EdeCode.NOT_AUTHORITATIVE, text: 'recursion was not asked for' }];
    return { ...failureResolution(name, errors, true), rcode: Rcode.REFUSED };
  }

  /** RFC 9520 §3.2: a failure is remembered for a few seconds. */
  #knownFailure(name: Name, type: number): Result | undefined {
    const machine = this.#machine;
    const failure = machine.failures.get(name, type, machine.clock);
    if (failure === undefined || this.#tasks.has(taskKey(name, type))) return undefined;
    const { security, sentence } = failure;
    // No failure to the client: the resolution comes by it, perhaps behind aliases.
    if (isForgiven(security)) return undefined;
    const errors = [...failure.errors, { code: EdeCode.CACHED_ERROR, text: '' }];
    const outcome: Outcome = {
      kind: 'failed',
      bogus: security.status === 'bogus' ? security : undefined,
      errors,
      sentence,
      unchecked: undefined,
      fromCache: true,
    };
    // RFC 8767 §5: also between one attempt to refresh and the next.
    const shown = staleOutcome(machine, name, type, outcome) ?? outcome;
    return resolutionOf(shown, name, machine);
  }

  #startTask(
    { key, name, type, skipCache = false, background = false, after }: NewTask,
    handle: number | undefined,
  ): void {
    const machine = this.#machine;
    const { workLimits, now } = machine;
    // One budget for all links: KeyTrap (CVE-2023-50387) would be paid for at each of them.
    const effort = after?.resolution.effort ?? new Effort(workLimits, now.monotonicMs, background);
    const handles = new Set<number>();
    const resolution = new Resolution(
      this.#services,
      { name, type, effort, purpose: purposeFor(type), lineage: [], skipCache },
      (outcome) => this.#finished(task, outcome),
    );
    const task: Task = { key, resolution, handles, isLink: after !== undefined, timer: undefined };
    this.#tasks.set(key, task);
    if (handle !== undefined) this.#wait(task, handle);
    try {
      resolution.start();
    } catch (error) {
      // A broken invariant fails this question, loudly, and no other.
      machine.report({ kind: 'internal error', sentence: String(error) });
      resolution.stop('internal error');
    }
    if (resolution.isFinished) return;
    const timer = machine.deadlines.schedule(effort.deadlineMs, () => {
      resolution.stop(`no answer within ${LIMITS.questionMs.value} ms`);
    });
    task.timer = timer;
    if (handle !== undefined) this.#limitPatience(task);
  }

  #wait(task: Task, handle: number): void {
    task.handles.add(handle);
    this.#taskOfHandle.set(handle, task);
    // It may have begun ahead of the question; now it fails like any other.
    task.resolution.effort.awaited();
  }

  /** RFC 8767 §5: counted from when the first client began to wait. */
  #limitPatience(task: Task): void {
    const machine = this.#machine;
    if (!machine.config.serveStale) return;
    const { name, type } = task.resolution;
    const patienceMs = machine.config.staleAfterMs ?? CLIENT_PATIENCE_MS;
    machine.deadlines.schedule(machine.now.monotonicMs + patienceMs, () => {
      if (this.#tasks.get(task.key) !== task) return;
      const stale = staleOutcome(machine, name, type, undefined);
      if (stale !== undefined) this.#tell(task, stale);
    });
  }

  #startBackground(name: Name, type: number, skipCache: boolean): void {
    if (this.#tasks.has(taskKey(name, type)) || this.#tasks.has(renewalKey(name, type))) return;
    if (this.#tasks.size >= LIMITS.outstandingQuestions.value / 2) return;
    const machine = this.#machine;
    if (machine.failures.get(name, type, machine.clock) !== undefined) return;
    const key = skipCache ? renewalKey(name, type) : taskKey(name, type);
    this.#startTask({ key, name, type, skipCache, background: true }, undefined);
  }

  #finished(task: Task, outcome: Outcome): void {
    const machine = this.#machine;
    const { name, type, effort } = task.resolution;
    this.#tasks.delete(task.key);
    task.timer?.cancel();
    let shown = outcome;
    if (outcome.kind === 'failed') {
      if (effort.background) this.#lookAhead.failed(name, type, outcome);
      else if (!task.isLink || !effort.hasRunOut) {
        machine.failures.put(
          name,
          type,
          {
            security: outcome.bogus ?? indeterminate(name),
            errors: outcome.errors,
            sentence: outcome.sentence,
          },
          machine.clock,
        );
      }
      shown = staleOutcome(machine, name, type, outcome) ?? outcome;
    } else if (!outcome.fromCache) this.#lookAhead.recovered(name, type);
    this.#tell(task, shown);
    if (!effort.background) this.#lookAhead.after(name, type, outcome);
  }

  #tell(task: Task, outcome: Outcome): void {
    if (task.handles.size === 0) return;
    const machine = this.#machine;
    const { name, type } = task.resolution;
    const resolution = resolutionOf(outcome, name, machine);
    const handles = [...task.handles];
    task.handles.clear();
    for (const handle of handles) {
      this.#taskOfHandle.delete(handle);
      const target = this.#uncheckedAliases.next(handle, resolution, machine.now.monotonicMs);
      if (target !== undefined) {
        this.#enter(target, type, handle, task);
        continue;
      }
      const whole = this.#uncheckedAliases.finish(handle, resolution);
      machine.effect({ kind: 'finished', handle, resolution: whole });
    }
  }

  #cancel(handle: number): void {
    this.#uncheckedAliases.forget(handle);
    // The work goes on, within its bounds: the next to ask will be glad of it.
    this.#taskOfHandle.get(handle)?.handles.delete(handle);
    this.#taskOfHandle.delete(handle);
  }

  /** Questions under way may rest on what is not trusted any more: they fail. */
  #withdraw(sentence: string): void {
    for (const { resolution } of [...this.#tasks.values()]) resolution.stop(sentence);
    this.#machine.forgetWhatWasProven();
  }

  // --- services ---

  #ask(
    cut: ZoneCut,
    name: Name,
    type: number,
    effort: Effort,
    deliver: (outcome: ExchangeOutcome) => void,
    lineage: readonly string[],
  ): Exchange {
    const machine = this.#machine;
    const exchange = new Exchange({
      machine,
      cut,
      name,
      type,
      effort,
      lookUpAddresses: (asking) => this.#lookups.startFor(asking, lineage),
      // A forwarder's silence may be that of the servers it asks.
      watch:
        cut.zone.isRoot && !cut.forwarding ? (giveUp) => this.#rootReach.watch(giveUp) : undefined,
      deliver: (outcome) => {
        if (cut.zone.isRoot) {
          // A forwarder that answers with an error tells about this name, not about all others.
          const isThere = cut.forwarding && exchange.wasAnswered;
          if (outcome.kind === 'reply' || !isThere) {
            const isAwaited = !effort.background || this.#taskOfHandle.size > 0;
            this.#rootReach.note(outcome, effort, isAwaited);
          }
        } else if (outcome.kind === 'failed' && effort.spent === undefined) {
          // Next time the parent is asked again: the delegation may have changed.
          machine.cuts.remove(cut);
        }
        deliver(outcome);
      },
    });
    if (cut.zone.isRoot && this.#rootReach.isPaused) exchange.giveUp();
    else exchange.start();
    return exchange;
  }

  #startingCut(name: Name, type: number): ZoneCut {
    const machine = this.#machine;
    const from = type === RRType.DS ? name.parent() : name;
    const known = machine.cuts.closest(from, machine.clock);
    const configured = this.#configured.closest(from);
    if (configured !== undefined && !(known?.zone.isBelow(configured.zone) === true)) {
      return configured;
    }
    if (known !== undefined) return known;
    this.#priming.startWhenDue();
    return this.#priming.rootFromHints();
  }
}

function taskKey(name: Name, type: number): string {
  return name.key + String.fromCharCode(type);
}

function renewalKey(name: Name, type: number): string {
  return `${taskKey(name, type)} renewal`;
}

/** RFC 4035 §2.2: RRSIG records are not signed themselves; there is nothing to judge them by. */
function purposeFor(type: number): 'answer' | 'unjudged' {
  return type === RRType.RRSIG || type === RRType.SIG ? 'unjudged' : 'answer';
}
