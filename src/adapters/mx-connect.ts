/**
 * The resolver for mx-connect (npm): its options, in its words, and the check of certificates that
 * its own verifier leaves out. Make one for each delivery: all of its calls see one snapshot.
 */
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type ChainResult,
  type DaneExchange,
  type EmbeddedResolver,
  verifyChain,
} from '../embedding/index.js';
import { presentedCertificates } from '../runtime/index.js';
import { resolverError } from './node-errors.js';
import { toNodeResolver } from './node-resolver.js';

export interface MxConnectOptions {
  /** The domain that the mail is for: certificates below a DANE-TA authority may have its name. */
  readonly domain?: string;
  /** 25 unless told. */
  readonly port?: number;
  /**
   * What to do where no TLSA record is usable. RFC 7672 §2.2 wants TLS without authentication,
   * which mx-connect cannot be told: 'refuse' lets it refuse the host, 'opportunistic' hides the
   * records.
   */
  readonly unusable?: 'refuse' | 'opportunistic';
}

/** A record in the words of mx-connect. */
export interface MxConnectTlsa {
  readonly usage: number;
  readonly selector: number;
  readonly mtype: number;
  readonly cert: Buffer;
}

export interface MxConnectAdapter {
  readonly dnsOptions: {
    resolveRecords(domain: string, type: string): Promise<unknown[]>;
  };
  readonly dane: {
    readonly enabled: true;
    resolveTlsa(name: string): Promise<MxConnectTlsa[]>;
    checkDnssecSecure(hostname: string): Promise<{ readonly secure: boolean }>;
  };
  /** The name to send as SNI (RFC 7672 §8.1). */
  serverName(hostname: string): Promise<string>;
  /**
   * To be asked after the handshake, before anything is handed over: the whole check of RFC 7672,
   * names and path of DANE-TA included. Where DANE asks for nothing, all is well.
   */
  verifyPeer(hostname: string, socket: TLSSocket): Promise<ChainResult | undefined>;
}

export function toMxConnect(
  resolver: EmbeddedResolver,
  { domain, port = 25, unusable = 'refuse' }: MxConnectOptions = {},
): MxConnectAdapter {
  const node = toNodeResolver(resolver);
  const hosts = new Map<string, Promise<DaneExchange>>();
  const records = new Map<string, Promise<unknown[]>>();

  const decisionFor = (hostname: string): Promise<DaneExchange> => {
    const key = hostname.toLowerCase();
    const decision = hosts.get(key) ?? decide(resolver, key, port);
    hosts.set(key, decision);
    return decision;
  };

  /**
   * RFC 7672 §3.2.2: mx-connect asks for hosts; only here is known whom the mail is for. The
   * domain's name counts only if its MX records, which have led to the host, are signed.
   */
  const namesVia = async (mailDomain: string, hostname: string) => {
    const { exchanges } = await resolver.daneForDomain(mailDomain, { port });
    return exchanges.find(({ exchange }) => exchange === hostname.toLowerCase())?.referenceNames;
  };

  return {
    dnsOptions: {
      resolveRecords(domain, type) {
        const key = `${domain} ${type}`.toLowerCase();
        const answer = records.get(key) ?? (node.resolve(domain, type) as Promise<unknown[]>);
        records.set(key, answer);
        return answer;
      },
    },
    dane: {
      enabled: true,
      async checkDnssecSecure(hostname) {
        // RFC 7672 §2.2: to an address DANE does not apply.
        if (isIP(hostname) !== 0) return { secure: false };
        const { action, reason } = await decisionFor(hostname);
        // Told here, a failure is a failure of this host, and never 'not secure'.
        return { secure: action !== 'skip' && reason !== 'address insecure' };
      },
      async resolveTlsa(name) {
        const exchange = await decisionFor(hostOf(name, port));
        const isHidden = exchange.action === 'encrypt' && unusable === 'opportunistic';
        const counted = exchange.records.filter(
          ({ state }) => exchange.action === 'encrypt' || state === 'usable',
        );
        return isHidden ? [] : counted.map(inItsWords);
      },
    },
    async serverName(hostname) {
      if (isIP(hostname) !== 0) return hostname;
      return (await decisionFor(hostname)).serverName ?? hostname;
    },
    async verifyPeer(hostname, socket) {
      if (isIP(hostname) !== 0) return undefined;
      const { action, records: tlsa, referenceNames } = await decisionFor(hostname);
      if (action !== 'authenticate') return undefined;
      const names = domain === undefined ? referenceNames : await namesVia(domain, hostname);
      return verifyChain(tlsa, presentedCertificates(socket), names ?? referenceNames);
    },
  };
}

/** Throws, as mx-connect wants it, what makes the host unusable for now. */
async function decide(
  resolver: EmbeddedResolver,
  hostname: string,
  port: number,
): Promise<DaneExchange> {
  const { exchanges } = await resolver.daneForDomain(hostname, { port, isHost: true });
  const [exchange] = exchanges;
  if (exchange === undefined) throw new Error(`no decision about ${hostname}`);
  if (exchange.action !== 'defer') return exchange;
  const failed = resolverError('ESERVFAIL', 'queryTlsa', hostname, { ede: [], why: exchange.why });
  throw Object.assign(failed, { message: exchange.sentence });
}

function hostOf(name: string, port: number): string {
  const prefix = `_${port}._tcp.`;
  if (name.toLowerCase().startsWith(prefix)) return name.slice(prefix.length);
  throw resolverError('EBADNAME', 'queryTlsa', name);
}

function inItsWords({ usage, selector, matchingType, data }: DaneExchange['records'][number]) {
  return { usage, selector, mtype: matchingType, cert: Buffer.from(data) };
}
