/** The settings that a library's user has: those of docs/configuration.md, in camel case. */

export interface ResolverOptions {
  /** DS or DNSKEY records in zone-file text; an empty list switches validation off. */
  readonly trustAnchor?: string | readonly string[];
  readonly trustAnchorFile?: string;
  readonly negativeTrustAnchor?: string | readonly string[];
  readonly rfc5011?: boolean;
  readonly stateDir?: string;
  readonly sha1?: boolean;
  readonly rsaMinimumBits?: number;
  readonly nsec3MaxIterations?: number;
  /** `system`, an instant, or an offset; for tests with recorded zones. */
  readonly clock?: string;
  readonly rootHints?: string;
  /** Addresses, with or without a port. */
  readonly forward?: string | readonly string[];
  readonly queryAddress?: string | readonly string[];
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly qnameMinimisation?: 'strict' | 'relaxed' | 'off';
  readonly priming?: boolean;
  readonly specialNames?: boolean;
  readonly allowLoopbackServers?: boolean;
  readonly hardenGlue?: boolean;
  readonly randomiseCase?: boolean;
  readonly hedging?: boolean;
  readonly forgiveInsecureTlsa?: boolean;
  readonly ednsSize?: number;
  /** Octets, or text such as `64M`. */
  readonly cacheSize?: number | string;
  /** Seconds, or text such as `1h`. */
  readonly minTtl?: number | string;
  readonly maxTtl?: number | string;
  readonly aggressiveNsec?: boolean;
  readonly prefetch?: boolean;
  readonly mailPrefetch?: boolean;
  readonly serveStale?: boolean;
  /** Milliseconds; 0: expired records at once. */
  readonly serveStaleAfter?: number;
  readonly serveStaleFor?: number | string;
  readonly serveStaleTtl?: number | string;
  readonly crypto?: 'auto' | 'node' | 'noble';
  /** Hears, in a sentence, what an operator should know: anchors left out, servers out of reach. */
  readonly onWarning?: (sentence: string) => void;
}

/** Settings of the daemon that mean nothing to a library. */
export const DAEMON_SETTINGS: readonly string[] = [
  'listen',
  'listen-secure-only',
  'allow',
  'socketmap',
  'metrics',
  'minimal-responses',
  'workers',
  'log-level',
  'log-format',
  'log-queries',
];
