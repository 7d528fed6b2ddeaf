/** The resolver's view of a Config: all but the hints, which stand in a file. */
import type { ResolverConfig } from '../resolver/index.js';
import type { Config } from './config.js';

export type ResolverSettings = Omit<ResolverConfig, 'hints'>;

export function resolverSettings(config: Config): ResolverSettings {
  return {
    minimisation: config.qnameMinimisation,
    priming: config.priming,
    specialNames: config.specialNames,
    allowLoopbackServers: config.allowLoopbackServers,
    hardenGlue: config.hardenGlue,
    ipv4: config.ipv4,
    ipv6: config.ipv6,
    ednsSizeOctets: config.ednsSizeOctets,
    nsec3MaxIterations: config.nsec3MaxIterations,
    sha1: config.sha1,
    hedging: config.hedging,
    prefetch: config.prefetch,
    mailPrefetch: config.mailPrefetch,
    serveStale: config.serveStale,
    staleAfterMs: config.staleAfterMs,
    staleMaximumMs: config.staleMaximumSeconds * 1000,
    staleTtlSeconds: config.staleTtlSeconds,
    aggressiveNsec: config.aggressiveNsec,
    forgiveInsecureTlsa: config.forgiveInsecureTlsa,
    randomiseCase: config.randomiseCase,
    minimumTtlSeconds: config.minTtlSeconds,
    maximumTtlSeconds: config.maxTtlSeconds,
    cacheSizeOctets: config.cacheSizeOctets,
    forwarders: config.forward,
    negativeTrustAnchors: config.negativeTrustAnchors,
    rsaMinimumBits: config.rsaMinimumBits,
  };
}
