/** From a scenario's configuration to ours. Keys that nobody handles are errors, never skipped. */
import { parseName, parseMasterFile } from '../../../src/presentation/index.js';
import type { ResolverConfig } from '../../../src/resolver/index.js';
import { IpAddress, type Name, type ResourceRecord, RRType } from '../../../src/wire/index.js';
import type { Scenario } from './scenario-file.js';

export interface ScenarioSettings {
  readonly config: ResolverConfig;
  readonly anchors: readonly ResourceRecord[];
  readonly fakeSha1: boolean;
  /** Undefined: signatures are judged by the scenario's clock. */
  readonly dateSeconds: number | undefined;
  readonly ignoreTimes: boolean;
  readonly minimalResponses: boolean;
  readonly cacheSnooping: boolean;
  readonly autotrustId: string | undefined;
}

export type Settings =
  | { readonly ok: true; readonly settings: ScenarioSettings }
  | { readonly ok: false; readonly why: string };

/** Without influence here: logging, sizes, and look-ups that we make only when they are needed. */
const IGNORED = new Set([
  'verbosity',
  'log-servfail',
  'val-log-level',
  'directory',
  'target-fetch-policy',
  'trust-anchor-signaling',
  'rrset-roundrobin',
  'iter-scrub-promiscuous',
  'outbound-msg-retry',
  'discard-timeout',
  'harden-referral-path',
  'harden-glue',
  'harden-unknown-additional',
  'rrset-cache-size',
  'msg-cache-size',
  'key-cache-size',
  'neg-cache-size',
  'ede',
  'ede-serve-expired',
  'harden-below-nxdomain',
  'max-query-restarts',
  'max-global-quota',
  'local-zone',
  'log-queries',
  'log-replies',
  'num-threads',
  'use-caps-for-id',
  'val-sig-skew-min',
  'val-sig-skew-max',
  'val-clean-additional',
  'cache-min-negative-ttl',
  'hide-identity',
  'hide-version',
  'unwanted-reply-threshold',
  'infra-cache-min-rtt',
  'do-not-query-localhost',
  'val-bogus-ttl',
  'prefetch-key',
  'stub-prime',
  'permit-small-holddown',
  'do-nat64',
  'iter-scrub-ns',
  'iter-scrub-cname',
  'max-sent-count',
  'log-time-ascii',
  'harden-algo-downgrade',
  'harden-dnssec-stripped',
]);

const NOT_OFFERED = new Set(['auth-zone', 'rpz', 'view', 'python', 'dynlib', 'cachedb', 'dnstap']);

export function settingsOf(scenario: Scenario): Settings {
  const state = new Collector();
  for (const clause of scenario.clauses) {
    if (NOT_OFFERED.has(clause.name)) return { ok: false, why: `${clause.name} is not offered` };
    const problem = state.clause(clause.name, clause.settings, scenario);
    if (problem !== undefined) return { ok: false, why: problem };
  }
  return { ok: true, settings: state.finish() };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Collector {
  readonly #config: Mutable<ResolverConfig> = {
    configuredZones: [],
    minimisation: 'relaxed',
    priming: true,
    specialNames: false,
    allowLoopbackServers: true,
    allowSpecialServers: true,
    hardenGlue: true,
    ipv4: true,
    ipv6: true,
    ednsSizeOctets: 1_232,
    nsec3MaxIterations: 150,
    sha1: true,
    hedging: false,
    prefetch: false,
    mailPrefetch: false,
    serveStale: false,
    aggressiveNsec: true,
    forgiveInsecureTlsa: true,
    randomiseCase: false,
    minimumTtlSeconds: 0,
    maximumTtlSeconds: 86_400,
    cacheSizeOctets: 16 * 1024 * 1024,
    hints: [],
    forwarders: [],
    negativeTrustAnchors: [],
    rsaMinimumBits: 256,
  };
  readonly #anchors: ResourceRecord[] = [];
  readonly #negative: Name[] = [];
  #fakeSha1 = false;
  #date: number | undefined;
  #ignoreTimes = false;
  #minimal = true;
  #snooping = false;
  #autotrust: string | undefined;
  #validates = true;

  clause(
    name: string,
    settings: readonly (readonly [string, string])[],
    scenario: Scenario,
  ): string | undefined {
    if (name === 'stub-zone' || name === 'forward-zone') return this.#zone(name, settings);
    if (name === 'remote-control') return undefined;
    for (const [key, value] of settings) {
      const problem = this.#server(key, value, scenario);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  finish(): ScenarioSettings {
    this.#config.negativeTrustAnchors = this.#negative;
    return {
      config: this.#config,
      anchors: this.#validates ? this.#anchors : [],
      fakeSha1: this.#fakeSha1,
      dateSeconds: this.#date,
      ignoreTimes: this.#ignoreTimes,
      minimalResponses: this.#minimal,
      cacheSnooping: this.#snooping,
      autotrustId: this.#autotrust,
    };
  }

  #zone(name: string, settings: readonly (readonly [string, string])[]): string | undefined {
    let zone = '.';
    const addresses: IpAddress[] = [];
    for (const [key, value] of settings) {
      if (key === 'name') zone = value;
      else if (key.endsWith('-addr')) {
        const address = IpAddress.parse(value.split('@')[0]!);
        if (address === undefined) return `${key}: ${value}`;
        addresses.push(address);
      } else if (key !== 'stub-prime') return `${key} is not offered`;
    }
    const servers = addresses.map((address) => ({ address, port: 53 }));
    if (zone !== '.') {
      const forwarding = name === 'forward-zone';
      this.#config.configuredZones = [
        ...(this.#config.configuredZones ?? []),
        { zone: parseName(zone)!, servers, forwarding },
      ];
    } else if (name === 'forward-zone') {
      this.#config.forwarders = servers;
    } else {
      const root = parseName('K.ROOT-SERVERS.NET.')!;
      this.#config.hints = [{ name: root, addresses }];
    }
    return undefined;
  }

  #server(key: string, value: string, scenario: Scenario): string | undefined {
    const on = value === 'yes';
    switch (key) {
      case 'trust-anchor':
        return this.#anchor(value);
      case 'auto-trust-anchor-file':
        this.#autotrust = value;
        return undefined;
      case 'root-hints':
        return this.#rootHints(scenario.files.get(value) ?? []);
      case 'val-override-date':
        this.#ignoreTimes = value === '-1';
        this.#date = value === '-1' || value === '0' || value === '' ? undefined : dateOf(value);
        return undefined;
      case 'fake-sha1':
        this.#fakeSha1 = on;
        return undefined;
      case 'domain-insecure':
        this.#negative.push(parseName(value)!);
        return undefined;
      case 'qname-minimisation':
        this.#config.minimisation = on ? 'relaxed' : 'off';
        return undefined;
      case 'minimal-responses':
        this.#minimal = on;
        return undefined;
      case 'module-config':
        this.#validates = value.includes('validator');
        return /^(validator )?iterator$/.test(value) ? undefined : `modules ${value}`;
      case 'access-control':
        if (value.includes('allow_snoop')) this.#snooping = true;
        return undefined;
      case 'serve-expired':
        this.#config.serveStale = on;
        return undefined;
      case 'aggressive-nsec':
        this.#config.aggressiveNsec = on;
        return undefined;
      case 'prefetch':
        this.#config.prefetch = on;
        return undefined;
      // Ours: no other resolver has it. What else the scenarios say, they say in Unbound's words.
      case 'mail-prefetch':
        this.#config.mailPrefetch = on;
        return undefined;
      case 'cache-max-ttl':
        this.#config.maximumTtlSeconds = Number(value);
        return undefined;
      case 'cache-min-ttl':
        this.#config.minimumTtlSeconds = Number(value);
        return undefined;
      case 'do-ip6':
        this.#config.ipv6 = on;
        return undefined;
      case 'do-ip4':
        this.#config.ipv4 = on;
        return undefined;
      case 'val-nsec3-keysize-iterations':
        this.#config.nsec3MaxIterations = Math.min(150, Number(value.split(/\s+/)[1]));
        return undefined;
      case 'serve-expired-client-timeout':
        this.#config.staleAfterMs = Number(value);
        return undefined;
      case 'serve-expired-reply-ttl':
        this.#config.staleTtlSeconds = Number(value);
        return undefined;
      case 'serve-expired-ttl':
      case 'serve-expired-ttl-reset':
        return undefined;
      default:
        return IGNORED.has(key) ? undefined : `setting ${key} is not offered`;
    }
  }

  #anchor(text: string): string | undefined {
    const parsed = parseMasterFile(text, { defaultTtlSeconds: 3600 });
    if (parsed.error !== undefined) return `trust-anchor: ${parsed.error.message}`;
    this.#anchors.push(...parsed.records);
    return undefined;
  }

  #rootHints(lines: readonly string[]): string | undefined {
    const parsed = parseMasterFile(lines.join('\n'), { defaultTtlSeconds: 3600 });
    if (parsed.error !== undefined) return `root-hints: ${parsed.error.message}`;
    this.#config.hints = parsed.records
      .filter((record) => record.type === RRType.A || record.type === RRType.AAAA)
      .map((record) => ({ name: record.owner, addresses: [IpAddress.fromOctets(record.rdata)!] }));
    return undefined;
  }
}

/** `YYYYMMDDHHMMSS`, UTC. */
export function dateOf(text: string): number {
  const part = (from: number, length: number): number => Number(text.slice(from, from + length));
  return (
    Date.UTC(part(0, 4), part(4, 2) - 1, part(6, 2), part(8, 2), part(10, 2), part(12, 2)) / 1000
  );
}
