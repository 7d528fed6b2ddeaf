/** From a scenario's configuration to ours. Keys that nobody handles are errors, never skipped. */
import { parseName, parseMasterFile } from '../../../src/presentation/index.js';
import type { ResolverConfig } from '../../../src/resolver/index.js';
import {
  IpAddress,
  IpPrefix,
  type Name,
  type ResourceRecord,
  RRType,
} from '../../../src/wire/index.js';
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
  /** Clients that are answered: the machine itself, and whom the scenario lets in. */
  readonly allowed: readonly IpPrefix[];
}

export type Settings =
  | { readonly ok: true; readonly settings: ScenarioSettings }
  | { readonly ok: false; readonly why: string };

/** Without influence here: logging, sizes, and look-ups that we make only when they are needed. */
const IGNORED = new Set(
  `verbosity log-servfail log-local-actions log-queries log-replies log-time-ascii val-log-level
  use-syslog logfile directory chroot username pidfile interface port num-threads statistics-interval
  extended-statistics target-fetch-policy fetch-policy trust-anchor-signaling rrset-roundrobin
  iter-scrub-promiscuous iter-scrub-ns iter-scrub-cname outbound-msg-retry discard-timeout
  harden-referral-path harden-unknown-additional harden-short-bufsize harden-large-queries
  harden-below-nxdomain harden-algo-downgrade harden-dnssec-stripped disable-dnssec-lame-check
  rrset-cache-size msg-cache-size key-cache-size neg-cache-size infra-cache-numhosts infra-host-ttl
  infra-cache-min-rtt infra-cache-max-rtt infra-keep-probing unknown-server-time-limit
  num-queries-per-thread jostle-timeout outgoing-range max-query-restarts max-global-quota
  max-sent-count use-caps-for-id caps-exempt val-sig-skew-min val-sig-skew-max val-clean-additional
  val-bogus-ttl ede ede-serve-expired hide-identity hide-version unwanted-reply-threshold
  do-not-query-localhost prefetch-key stub-prime prefer-ip4 prefer-ip6 do-udp do-tcp deny-any
  root-key-sentinel fast-server-num fast-server-permil low-rtt low-rtt-permil udp-connect`.split(
    /\s+/,
  ),
);

/** Known, and offered with one value only: any other is a feature that we do not have. */
const ONLY: Readonly<Record<string, string>> = {
  'do-nat64': 'no',
  'permit-small-holddown': 'no',
  'cache-min-negative-ttl': '0',
  'val-permissive-mode': 'no',
  'ignore-cd-flag': 'no',
  'serve-expired-ttl-reset': 'no',
  'block-a': 'no',
  ratelimit: '0',
  'ip-ratelimit': '0',
};

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
  readonly #allowed: IpPrefix[] = [IpPrefix.parse('127.0.0.0/8')!, IpPrefix.parse('::1/128')!];

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
      allowed: this.#allowed,
    };
  }

  #zone(name: string, settings: readonly (readonly [string, string])[]): string | undefined {
    let zone = '.';
    const servers: { readonly address: IpAddress; readonly port: number }[] = [];
    for (const [key, value] of settings) {
      if (key === 'name') zone = value;
      else if (key.endsWith('-addr')) {
        const [text = '', port = '53'] = value.split('@');
        const address = IpAddress.parse(text);
        if (address === undefined) return `${key}: ${value}`;
        servers.push({ address, port: Number(port) });
      } else if (key !== 'stub-prime') return `${key} is not offered`;
    }
    const parsed = parseName(zone);
    if (parsed === undefined) return `${name}: ${zone} is no name`;
    if (!parsed.isRoot) {
      const forwarding = name === 'forward-zone';
      this.#config.configuredZones = [
        ...(this.#config.configuredZones ?? []),
        { zone: parsed, servers, forwarding },
      ];
    } else if (name === 'forward-zone') {
      this.#config.forwarders = servers;
    } else {
      const root = parseName('K.ROOT-SERVERS.NET.')!;
      const addresses = servers.map(({ address }) => address);
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
        return this.#insecure(value);
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
        return this.#access(value);
      case 'local-zone':
        return value.endsWith(' nodefault') ? undefined : `local-zone ${value} is not offered`;
      case 'harden-glue':
        this.#config.hardenGlue = on;
        return undefined;
      case 'edns-buffer-size':
        this.#config.ednsSizeOctets = Number(value);
        return undefined;
      case 'cache-max-negative-ttl':
        return Number(value) >= 3_600 ? undefined : `${key} ${value} is not offered`;
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
        this.#config.staleMaximumMs = Number(value) * 1000 || Number.POSITIVE_INFINITY;
        return undefined;
      default:
        if (IGNORED.has(key) || ONLY[key] === value) return undefined;
        return ONLY[key] === undefined
          ? `setting ${key} is not offered`
          : `${key} ${value} is not offered`;
    }
  }

  #insecure(text: string): string | undefined {
    const name = parseName(text);
    if (name === undefined) return `domain-insecure: ${text} is no name`;
    this.#negative.push(name);
    return undefined;
  }

  #access(value: string): string | undefined {
    const [block = '', action = ''] = value.split(/\s+/);
    const whole = block.includes(':') ? 128 : 32;
    const prefix = IpPrefix.parse(block.includes('/') ? block : `${block}/${whole}`);
    if (prefix === undefined || !action.startsWith('allow'))
      return `access ${value} is not offered`;
    if (action === 'allow_snoop') this.#snooping = true;
    this.#allowed.push(prefix);
    return undefined;
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
