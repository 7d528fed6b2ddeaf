/**
 * What `metrics` shows: facts counted elsewhere, under the names and in the text form that
 * Prometheus reads. Samples of several processes can be added up; all of them are sums.
 */
import type { Assembly } from '../embedding/index.js';
import { type Daemon, RESOLUTION_BOUNDS_SECONDS, type SocketmapServer } from '../runtime/index.js';

/** Value by name and labels, as they stand in the text: `anchorite_requests_total{…}`. */
export type Samples = Readonly<Record<string, number>>;

interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

const METRICS: Readonly<Record<string, Metric>> = {
  anchorite_requests_total: { kind: 'counter', help: 'Messages received from clients.' },
  anchorite_replies_total: { kind: 'counter', help: 'Messages sent to clients.' },
  anchorite_resolutions_total: {
    kind: 'counter',
    help: 'Questions that went to the resolver, by the security of what it found.',
  },
  anchorite_resolution_seconds: {
    kind: 'histogram',
    help: 'Time that the resolver took for them; replies kept from before are not among them.',
  },
  anchorite_upstream_queries_total: {
    kind: 'counter',
    help: 'Queries sent to authoritative servers.',
  },
  anchorite_open_questions: { kind: 'gauge', help: 'Questions that are being resolved.' },
  anchorite_open_queries: { kind: 'gauge', help: 'Queries that wait for authoritative servers.' },
  anchorite_tcp_connections: { kind: 'gauge', help: 'TCP connections of clients.' },
  anchorite_socketmap_connections: { kind: 'gauge', help: 'Connections to the policy table.' },
  anchorite_cached_rrsets: { kind: 'gauge', help: 'RRsets in the cache.' },
  anchorite_cached_bytes: { kind: 'gauge', help: 'Memory of cached RRsets and proofs.' },
  anchorite_workers: { kind: 'gauge', help: 'Processes that answer clients.' },
  anchorite_worker_ends_total: { kind: 'counter', help: 'Workers that ended and were replaced.' },
  process_cpu_seconds_total: { kind: 'counter', help: 'CPU time, user and system.' },
  process_resident_memory_bytes: { kind: 'gauge', help: 'Resident memory.' },
};

export interface Counted {
  readonly assembly: Assembly;
  readonly daemons: readonly Daemon[];
  readonly policies: SocketmapServer;
}

/** What a process that answers clients has counted so far. */
export function samplesOf({ assembly, daemons, policies }: Counted): Samples {
  const samples: Record<string, number> = { ...processSamples(), anchorite_workers: 1 };
  const add = (key: string, value: number): void => {
    samples[key] = (samples[key] ?? 0) + value;
  };
  for (const daemon of daemons) {
    const { counters, resolutions } = daemon;
    add('anchorite_requests_total{transport="udp"}', counters.udpRequests);
    add('anchorite_requests_total{transport="tcp"}', counters.tcpRequests);
    add('anchorite_replies_total', counters.replies);
    add('anchorite_tcp_connections', counters.tcpConnections);
    add('anchorite_open_questions', counters.outstandingQuestions);
    for (const [security, count] of Object.entries(resolutions.bySecurity)) {
      add(`anchorite_resolutions_total{security="${security}"}`, count);
    }
    let upTo = 0;
    for (const [index, bound] of [...RESOLUTION_BOUNDS_SECONDS, '+Inf'].entries()) {
      upTo += resolutions.byTime[index]!;
      add(`anchorite_resolution_seconds_bucket{le="${bound}"}`, upTo);
    }
    add('anchorite_resolution_seconds_sum', resolutions.seconds);
    add('anchorite_resolution_seconds_count', upTo);
  }
  const { resolver } = assembly;
  add('anchorite_upstream_queries_total', resolver.counters.queriesSent);
  add('anchorite_open_queries', resolver.counters.queriesOpen);
  add('anchorite_cached_rrsets', resolver.counters.cachedRRsets);
  add('anchorite_cached_bytes', resolver.counters.cachedOctets);
  add('anchorite_socketmap_connections', policies.connections);
  return samples;
}

export function processSamples(): Samples {
  const { user, system } = process.cpuUsage();
  return {
    process_cpu_seconds_total: (user + system) / 1e6,
    process_resident_memory_bytes: process.memoryUsage.rss(),
  };
}

export function sumOf(...parts: readonly Samples[]): Samples {
  const sum: Record<string, number> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) sum[key] = (sum[key] ?? 0) + value;
  }
  return sum;
}

/** What a process leaves behind: what it has done counts on, what it held does not. */
export function withoutGauges(samples: Samples): Samples {
  const kept = Object.entries(samples).filter(([key]) => METRICS[familyOf(key)]?.kind !== 'gauge');
  return Object.fromEntries(kept);
}

/** The text format of Prometheus, version 0.0.4; families in the order of the table. */
export function metricsText(samples: Samples): string {
  const keys = Object.keys(samples);
  const lines: string[] = [];
  for (const [family, { kind, help }] of Object.entries(METRICS)) {
    const members = keys.filter((key) => familyOf(key) === family);
    if (members.length === 0) continue;
    lines.push(`# HELP ${family} ${help}`, `# TYPE ${family} ${kind}`);
    for (const key of members) lines.push(`${key} ${samples[key]}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The three parts of a histogram have names of their own. */
function familyOf(key: string): string {
  const name = key.replace(/\{.*/, '');
  const whole = name.replace(/_(bucket|sum|count)$/, '');
  return METRICS[whole]?.kind === 'histogram' ? whole : name;
}

/** What workers have counted, those that are no more included: no counter ever falls. */
export class WorkerLedger {
  readonly #last = new Map<number, Samples>();
  #left: Samples = {};
  #ends = 0;

  heard(worker: number, samples: Samples): void {
    this.#last.set(worker, samples);
  }

  /** What it was last heard to have counted stays. */
  ended(worker: number): void {
    this.#ends++;
    this.#left = sumOf(this.#left, withoutGauges(this.#last.get(worker) ?? {}));
    this.#last.delete(worker);
  }

  get sum(): Samples {
    return sumOf({ anchorite_worker_ends_total: this.#ends }, this.#left, ...this.#last.values());
  }
}
