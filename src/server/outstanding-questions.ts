/**
 * The questions that the resolver is working on, and who waits for each. Clients who ask the same
 * wait together; how many may wait, and who makes room when the table is full, is decided here.
 */
import { InFlight } from '../resolver/index.js';
import type { EdnsOption, IpAddress } from '../wire/index.js';
import type { Client } from './client.js';
import { CLIENT_LIMITS } from './client-limits.js';
import type { ClientQuestion } from './request.js';

export interface Waiter<C extends Client> {
  readonly client: C;
  readonly question: ClientQuestion;
  /** As it came, so that the reply can be kept for its like. */
  readonly request: Uint8Array;
  readonly cookie: EdnsOption | undefined;
  readonly sinceMs: number;
}

export interface Outstanding<C extends Client> {
  readonly handle: number;
  readonly key: string;
  readonly startedMs: number;
  readonly waiters: Waiter<C>[];
}

export type Admission = 'welcome' | 'repeated' | 'address full' | 'question full' | 'all full';

export class OutstandingQuestions<C extends Client> {
  readonly #byKey = new InFlight<string, Outstanding<C>>();
  readonly #byHandle = new InFlight<number, Outstanding<C>>();
  /** Those that may have to make room, oldest first. */
  readonly #displaceable = new InFlight<number, Outstanding<C>>();
  readonly #waitingPerAddress = new Map<string, number>();
  readonly #processes: number;
  #waiting = 0;

  /** `processes`: how many there are beside each other, so that the bounds hold for all of them. */
  constructor(processes = 1) {
    this.#processes = processes;
  }

  get size(): number {
    return this.#byHandle.size;
  }

  sameAs(question: ClientQuestion): Outstanding<C> | undefined {
    return this.#byKey.get(keyOf(question));
  }

  byHandle(handle: number): Outstanding<C> | undefined {
    return this.#byHandle.get(handle);
  }

  /** Whether this client may wait for `same`, or for a question that nobody else waits for. */
  admission(question: ClientQuestion, client: C, same: Outstanding<C> | undefined): Admission {
    if (same !== undefined && isRepeated(same, question, client)) return 'repeated';
    if (this.#waitersAt(client.address) >= this.#share(CLIENT_LIMITS.waitersPerAddress)) {
      return 'address full';
    }
    if (this.#waiting >= this.#share(CLIENT_LIMITS.waiters)) return 'all full';
    // An MTA may well have more processes than that waiting for one popular domain.
    const isCrowded =
      same !== undefined &&
      same.waiters.length >= this.#share(CLIENT_LIMITS.waitersPerQuestion) &&
      !client.address.isLoopback;
    return isCrowded ? 'question full' : 'welcome';
  }

  #share({ value }: { readonly value: number }): number {
    return Math.ceil(value / this.#processes);
  }

  join(same: Outstanding<C>, waiter: Waiter<C>): void {
    same.waiters.push(waiter);
    this.#countWaiter(waiter.client.address, 1);
  }

  start(handle: number, waiter: Waiter<C>): void {
    const outstanding: Outstanding<C> = {
      handle,
      key: keyOf(waiter.question),
      startedMs: waiter.sinceMs,
      waiters: [waiter],
    };
    const guaranteed = this.#byHandle.size - this.#displaceable.size;
    if (guaranteed >= this.#share(CLIENT_LIMITS.guaranteedQuestions)) {
      this.#displaceable.set(handle, outstanding);
    }
    this.#byKey.set(outstanding.key, outstanding);
    this.#byHandle.set(handle, outstanding);
    this.#countWaiter(waiter.client.address, 1);
  }

  end(outstanding: Outstanding<C>): void {
    this.#byKey.delete(outstanding.key);
    this.#byHandle.delete(outstanding.handle);
    this.#displaceable.delete(outstanding.handle);
    for (const { client } of outstanding.waiters) this.#countWaiter(client.address, -1);
  }

  /**
   * Whether another question has room. A full table lets go of the oldest question that may be
   * displaced, if it is old enough; that one comes back as the answer, and is ended.
   */
  makeRoom(nowMs: number): boolean | Outstanding<C> {
    if (this.#byHandle.size < this.#share(CLIENT_LIMITS.outstandingQuestions)) return true;
    const oldest = this.#displaceable.oldest();
    if (oldest === undefined) return false;
    if (nowMs - oldest.startedMs < CLIENT_LIMITS.displaceableAfterMs.value) return false;
    this.end(oldest);
    return oldest;
  }

  /** The client waits no more; returns the questions that nobody waits for now, ended. */
  leave(client: C): Outstanding<C>[] {
    const deserted: Outstanding<C>[] = [];
    for (const outstanding of this.#byHandle.values()) {
      const { waiters } = outstanding;
      for (let at = waiters.length - 1; at >= 0; at--) {
        if (waiters[at]!.client !== client) continue;
        waiters.splice(at, 1);
        this.#countWaiter(client.address, -1);
      }
      if (waiters.length === 0) deserted.push(outstanding);
    }
    for (const outstanding of deserted) this.end(outstanding);
    return deserted;
  }

  #waitersAt(address: IpAddress): number {
    return this.#waitingPerAddress.get(address.key) ?? 0;
  }

  /** Loopback is the machine itself: nobody else can send from there. */
  #countWaiter(address: IpAddress, change: 1 | -1): void {
    this.#waiting += change;
    if (address.isLoopback) return;
    const count = this.#waitersAt(address) + change;
    if (count <= 0) this.#waitingPerAddress.delete(address.key);
    else this.#waitingPerAddress.set(address.key, count);
  }
}

/** Clients who may share one resolution. DO and AD only shape the reply. */
function keyOf({ question, judgesItself, recursionDesired }: ClientQuestion): string {
  const bits = (judgesItself ? 1 : 0) | (recursionDesired ? 2 : 0);
  return question.name.key + String.fromCharCode(question.type, bits);
}

/** A datagram that was sent again, because the reply takes its time, gets one reply only. */
function isRepeated<C extends Client>(
  { waiters }: Outstanding<C>,
  { id }: ClientQuestion,
  { transport, port, address }: C,
): boolean {
  if (transport !== 'udp') return false;
  for (const { client, question } of waiters) {
    if (client.port !== port || question.id !== id || client.transport !== 'udp') continue;
    if (client.address.equals(address)) return true;
  }
  return false;
}
