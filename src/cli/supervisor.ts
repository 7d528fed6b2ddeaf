/** `workers: N`, as the first process sees it: it starts workers, replaces them, adds them up. */
import cluster, { type Worker } from 'node:cluster';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openJournalFile, unansweredIn } from '../runtime/index.js';
import { CLIENT_LIMITS } from '../server/index.js';
import { EXIT } from './command.js';
import type { Log } from './log.js';
import { processSamples, type Samples, sumOf, WorkerLedger } from './metrics.js';
import {
  COOKIE_SECRET,
  type FromWorker,
  JOURNAL,
  type SentQuestion,
  type ToWorker,
} from './workers.js';

/** A worker that dies at once must not be started a thousand times a second. */
const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 5_000;
/** Workers answer what is open before they end; after that they are ended. */
const STOP_LIMIT_MS = 10_000;
/** The descriptor in the worker: standard streams, the line to the first process, this one. */
const JOURNAL_DESCRIPTOR = 4;
/** What one worker can leave behind; while none becomes ready, the oldest go. */
const MOST_LEFT_BEHIND = 4_096;

export interface WorkersPlan {
  readonly count: number;
  /** The command line that makes a worker: that of the first process. */
  readonly args: readonly string[];
  readonly cookieSecret: Uint8Array;
  /** Whether sockets can be had again when no worker is left; those of systemd cannot. */
  readonly canReopen: boolean;
  readonly log: Log;
}

export class Supervisor {
  /** Settles with an exit status when workers cannot even start. */
  readonly failed: Promise<number>;
  /** Settles with the addresses when all workers answer. */
  readonly ready: Promise<readonly string[]>;
  readonly #plan: WorkersPlan;
  readonly #ready = new Set<Worker>();
  /** Told to end by somebody else; those first in line go when a new one answers. */
  readonly #leaving = new Set<Worker>();
  /** Who has taken the place of a worker that is to end. */
  readonly #heirs = new Map<Worker, Worker>();
  readonly #journals = new Map<Worker, number>();
  readonly #ledger = new WorkerLedger();
  /** Asked what they have counted, and not yet heard. */
  readonly #asked = new Map<Worker, () => void>();
  #count: Promise<Samples> | undefined;
  #leftBehind: SentQuestion[] = [];
  #fail: (status: number) => void = () => {};
  #announce: (addresses: readonly string[]) => void = () => {};
  #announced = false;
  #stopping = false;
  #restMs = SHORTEST_REST_MS;

  constructor(plan: WorkersPlan) {
    this.#plan = plan;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.ready = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  startAll(): void {
    for (let count = 0; count < this.#plan.count; count++) this.#start();
  }

  async stopAll(): Promise<void> {
    this.#stopping = true;
    const workers = [...this.#journals.keys()];
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers) send(worker, { kind: 'stop' });
    const timer = setTimeout(() => {
      for (const worker of this.#journals.keys()) {
        const sentence = `worker ${worker.process.pid} did not end in time and was killed`;
        this.#plan.log.write({ level: 'warn', event: 'worker', sentence });
        worker.process.kill('SIGKILL');
      }
    }, STOP_LIMIT_MS);
    await Promise.all(ends);
    clearTimeout(timer);
  }

  /** What all workers and this process have counted; of one that is too busy, what it said last. */
  samples(): Promise<Samples> {
    this.#count ??= this.#countAll().finally(() => {
      this.#count = undefined;
    });
    return this.#count;
  }

  async #countAll(): Promise<Samples> {
    const answers = [...this.#ready].map((worker) => {
      const answer = new Promise<void>((resolve) => this.#asked.set(worker, resolve));
      send(worker, { kind: 'count' });
      return answer;
    });
    const patience = new Promise((resolve) => {
      setTimeout(resolve, CLIENT_LIMITS.metricsWorkerMs.value).unref();
    });
    await Promise.race([Promise.all(answers), patience]);
    return sumOf(processSamples(), this.#ledger.sum);
  }

  #start(): void {
    const file = openJournalFile();
    const exec = fileURLToPath(new URL('./main.js', import.meta.url));
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc', file ?? 'ignore'] as const;
    cluster.setupPrimary({ exec, args: [...this.#plan.args], stdio: [...stdio] });
    const worker = cluster.fork({
      [COOKIE_SECRET]: Buffer.from(this.#plan.cookieSecret).toString('base64'),
      ...(file === undefined ? {} : { [JOURNAL]: `${JOURNAL_DESCRIPTOR}` }),
    });
    this.#journals.set(worker, file ?? -1);
    worker.on('message', (message: FromWorker) => this.#heard(worker, message));
    worker.on('exit', (code, signal) => this.#ended(worker, code, signal));
    worker.on('error', (error) => this.#notStarted(worker, error));
  }

  /** The machine has no memory, process or descriptor left: no exit will be heard of. */
  #notStarted(worker: Worker, error: Error): void {
    if (worker.process.pid !== undefined) return;
    this.#collect(worker);
    const sentence = `a worker cannot be started now: ${error.message}`;
    this.#plan.log.write({ level: 'error', event: 'worker', sentence });
    if (this.#stopping) return;
    if (this.#announced) this.#replace();
    else this.#fail(EXIT.failure);
  }

  #heard(worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady(worker, message.addresses);
        break;
      case 'counted':
        this.#ledger.heard(worker.id, message.samples);
        this.#asked.get(worker)?.();
        this.#asked.delete(worker);
        break;
      case 'leaving':
        this.#leaving.add(worker);
        if (!this.#stopping) this.#start();
    }
  }

  #isReady(worker: Worker, addresses: readonly string[]): void {
    // Before it listens to us, what it was told is lost.
    if (this.#stopping) send(worker, { kind: 'stop' });
    this.#ready.add(worker);
    this.#restMs = SHORTEST_REST_MS;
    this.#handOnTo(worker);
    const [relieved] = this.#leaving;
    if (relieved !== undefined) {
      this.#leaving.delete(relieved);
      this.#ready.delete(relieved);
      this.#heirs.set(relieved, worker);
      send(relieved, { kind: 'stop' });
    }
    if (this.#announced || this.#ready.size < this.#plan.count) return;
    this.#announced = true;
    this.#announce(addresses);
  }

  #ended(worker: Worker, code: number, signal: string | null): void {
    this.#ready.delete(worker);
    this.#ledger.ended(worker.id);
    this.#asked.get(worker)?.();
    this.#asked.delete(worker);
    const open = this.#collect(worker);
    if (this.#stopping) return;
    if (!this.#announced && signal === null) {
      // It has said why: a wrong setting or an address that is taken is wrong for all of them.
      this.#fail(code);
      return;
    }
    const { pid } = worker.process;
    const heir = this.#heirs.get(worker);
    const hasHeir = this.#leaving.delete(worker) || this.#heirs.delete(worker);
    // One that answers already would never ask for what was left behind.
    if (heir !== undefined && this.#ready.has(heir)) this.#handOnTo(heir);
    const taken = open === 0 ? '' : ` and gets the ${open} questions that it had open`;
    if (hasHeir && code === 0) {
      const rest = open === 0 ? 'has answered all it had heard' : `another one is there${taken}`;
      const sentence = `worker ${pid} was told to end and ${rest}`;
      this.#plan.log.write({ level: 'info', event: 'worker', sentence });
      return;
    }
    const how = signal === null ? `with status ${code}` : `by ${signal}`;
    const sentence = `worker ${pid} ended ${how}; another one takes its place${taken}`;
    this.#plan.log.write({ level: 'error', event: 'worker', sentence });
    if (!hasHeir) this.#replace();
  }

  #handOnTo(worker: Worker): void {
    if (this.#leftBehind.length === 0) return;
    send(worker, { kind: 'take over', questions: this.#leftBehind });
    this.#leftBehind = [];
  }

  #replace(): void {
    if (!this.#plan.canReopen && this.#journals.size === 0) {
      // The runtime closes what nobody shares; systemd still has it, and starts us anew.
      this.#fail(EXIT.failure);
      return;
    }
    setTimeout(() => {
      if (!this.#stopping) this.#start();
    }, this.#restMs);
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  }

  /**
   * The new worker gets what the dead one had not answered. Not those that answer still: should one
   * of these questions be what has killed it, it kills nobody else; and no journal notes it again.
   */
  #collect(worker: Worker): number {
    const file = this.#journals.get(worker) ?? -1;
    this.#journals.delete(worker);
    if (file < 0) return 0;
    const lost = this.#stopping ? [] : unansweredIn(file);
    closeSync(file);
    for (const { octets, ...where } of lost) {
      this.#leftBehind.push({ ...where, base64: Buffer.from(octets).toString('base64') });
    }
    this.#leftBehind = this.#leftBehind.slice(-MOST_LEFT_BEHIND);
    return lost.length;
  }
}

function send(worker: Worker, message: ToWorker): void {
  // A line that breaks just now belongs to a worker whose end is about to be heard of.
  if (worker.isConnected()) worker.send(message, () => {});
}
