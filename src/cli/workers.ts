/**
 * `workers: N`, as a worker sees it: one of several processes behind the same sockets, which
 * node:cluster hands out. Each has its own resolver and cache; the first process (supervisor.ts)
 * only starts them, hears of them and ends them.
 */
import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { WorkerCount } from '../config/index.js';
import type { LostQuestion } from '../runtime/index.js';
import type { Samples } from './metrics.js';

/** What a worker tells the first process. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly addresses: readonly string[] }
  | { readonly kind: 'counted'; readonly samples: Samples }
  /** It has been told to end by somebody else, and waits for another one to take its place. */
  | { readonly kind: 'leaving' };

/** What the first process tells a worker. */
export type ToWorker =
  | { readonly kind: 'stop' }
  | { readonly kind: 'count' }
  /** Heard by a worker that is dead; octets as base64, as messages are JSON. */
  | { readonly kind: 'take over'; readonly questions: readonly SentQuestion[] };

export type SentQuestion = Omit<LostQuestion, 'octets'> & { readonly base64: string };

/** What all workers are given alike, in their environment. */
export const COOKIE_SECRET = 'ANCHORITE_COOKIE_SECRET';
export const JOURNAL = 'ANCHORITE_JOURNAL';

export function workerProcesses(setting: WorkerCount): number {
  return setting === 'auto' ? availableParallelism() : setting;
}

export function isWorker(): boolean {
  return cluster.isWorker;
}

/** So that a client's cookie is known to whichever of the workers hears it (RFC 9018 §5). */
export function sharedCookieSecret(): Uint8Array | undefined {
  const secret = cluster.isWorker ? process.env[COOKIE_SECRET] : undefined;
  return secret === undefined ? undefined : Uint8Array.from(Buffer.from(secret, 'base64'));
}

/** The descriptor of the file for questions that are not yet answered. */
export function journalFile(): number | undefined {
  const file = cluster.isWorker ? process.env[JOURNAL] : undefined;
  return file === undefined ? undefined : Number(file);
}

export interface WorkerDuties {
  readonly samples: () => Samples;
  readonly takeOver: (question: LostQuestion) => void;
}

/**
 * Says that this worker answers, and does what the first process wants. Settles when the worker is
 * to end: the first process wants it or is no longer there. Who sends SIGTERM to a worker gets a
 * new one in its place, and until that answers this one does.
 */
export function work(addresses: readonly string[], duties: WorkerDuties): Promise<void> {
  // A terminal sends these to all processes; the first one decides for all.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  return new Promise((resolve) => {
    process.on('message', (message: ToWorker) => {
      switch (message.kind) {
        case 'stop':
          resolve();
          break;
        case 'count':
          tell({ kind: 'counted', samples: duties.samples() });
          break;
        case 'take over':
          for (const { base64, ...where } of message.questions) {
            duties.takeOver({ ...where, octets: Uint8Array.from(Buffer.from(base64, 'base64')) });
          }
      }
    });
    process.on('disconnect', () => resolve());
    process.once('SIGTERM', () => {
      tell({ kind: 'leaving' });
      process.on('SIGTERM', () => resolve());
    });
    tell({ kind: 'ready', addresses });
  });
}

/** The last that is heard of a worker that ends as it should. */
export function tellLast(samples: Samples): Promise<void> {
  if (!process.connected) return Promise.resolve();
  return new Promise((resolve) => {
    process.send?.({ kind: 'counted', samples } satisfies FromWorker, () => resolve());
  });
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Its line to the first process keeps a worker alive, and cutting it would lose the status. */
export function endWorker(status: number): void {
  if (cluster.isWorker) process.exit(status);
}
