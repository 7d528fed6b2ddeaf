/**
 * A look-alike of `dns.promises.Resolver` for programs that take one. Its shapes and error codes
 * are Node's; what it cannot say in them, the security of an answer, it says by leaving out what is
 * not to be relied upon.
 */
import { promises } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import type { EmbeddedResolver, QueryResult } from '../embedding/index.js';
import { IpAddress } from '../wire/index.js';
import { codeOf, resolverError } from './node-errors.js';
import { NODE_SHAPES, type NodeShape } from './node-records.js';

export interface NodeTlsaRecord {
  readonly certUsage: number;
  readonly selector: number;
  readonly match: number;
  readonly data: ArrayBuffer;
}

export interface NodeResolverOptions {
  /**
   * Whether `resolveTlsa` also gives records that are not signed. No, unless told: RFC 7672 §2.2
   * lets nobody use them, and Node has no way to tell the difference.
   */
  readonly insecureTlsa?: boolean;
}

/** Node 20 has no `resolveTlsa` of its own. */
export type AdaptedNodeResolver = promises.Resolver & {
  resolveTlsa(hostname: string): Promise<NodeTlsaRecord[]>;
};

export function toNodeResolver(
  resolver: EmbeddedResolver,
  options: NodeResolverOptions = {},
): AdaptedNodeResolver {
  return new NodeResolver(resolver, options) as unknown as AdaptedNodeResolver;
}

interface WithTtl {
  readonly ttl?: boolean;
}

/** RFC 8482: nobody answers ANY in full; these are the types that Node tells apart. */
const ANY_TYPES = ['A', 'AAAA', 'CAA', 'MX', 'NAPTR', 'NS', 'SOA', 'SRV', 'TLSA', 'TXT'];

/** So that `instanceof` holds; all that it does is replaced, hence no types of its methods. */
const Base = promises.Resolver as unknown as new () => object;

class NodeResolver extends Base {
  readonly #resolver: EmbeddedResolver;
  readonly #insecureTlsa: boolean;
  #cancelled = new AbortController();

  constructor(resolver: EmbeddedResolver, { insecureTlsa = false }: NodeResolverOptions) {
    super();
    this.#resolver = resolver;
    this.#insecureTlsa = insecureTlsa;
  }

  /** It asks the authoritative servers itself, so it has none to name. */
  getServers(): string[] {
    return [];
  }

  setServers(): never {
    throw resolverError('ENOTIMP', 'setServers', "see the resolver's option 'forward'");
  }

  setLocalAddress(): never {
    throw resolverError('ENOTIMP', 'setLocalAddress', "see the resolver's option 'queryAddress'");
  }

  cancel(): void {
    this.#cancelled.abort();
    this.#cancelled = new AbortController();
  }

  resolve(hostname: string, rrtype = 'A'): Promise<unknown> {
    if (rrtype === 'ANY') return this.resolveAny(hostname);
    if (!Object.hasOwn(NODE_SHAPES, rrtype)) {
      const message = `The argument 'rrtype' must be a valid record type. Received '${rrtype}'`;
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    if (rrtype !== 'SOA') return this.#list(hostname, rrtype);
    return this.resolveSoa(hostname);
  }

  resolve4(hostname: string, options?: WithTtl): Promise<unknown> {
    return this.#addresses(hostname, 'A', options);
  }

  resolve6(hostname: string, options?: WithTtl): Promise<unknown> {
    return this.#addresses(hostname, 'AAAA', options);
  }

  async resolveAny(hostname: string): Promise<unknown> {
    const results = await Promise.all(
      ANY_TYPES.map(async (type) => ({
        type,
        result: await this.#ask(hostname, type, 'queryAny'),
      })),
    );
    const entries = results.flatMap(({ type, result }) => {
      const failed = codeOf(result);
      if (failed !== undefined) throw resolverError(failed, 'queryAny', hostname, result);
      return this.#shaped(result, type).map(({ value, ttl }) => anyEntry(type, value, ttl));
    });
    const result = results[0]?.result;
    if (entries.length === 0) throw resolverError('ENODATA', 'queryAny', hostname, result);
    return entries;
  }

  resolveCaa(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'CAA');
  }

  resolveCname(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'CNAME');
  }

  resolveMx(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'MX');
  }

  resolveNaptr(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'NAPTR');
  }

  resolveNs(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'NS');
  }

  resolvePtr(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'PTR');
  }

  async resolveSoa(hostname: string): Promise<unknown> {
    const [first] = (await this.#list(hostname, 'SOA')) as unknown[];
    return first;
  }

  resolveSrv(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'SRV');
  }

  resolveTlsa(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'TLSA');
  }

  resolveTxt(hostname: string): Promise<unknown> {
    return this.#list(hostname, 'TXT');
  }

  async reverse(ip: string): Promise<unknown> {
    const name = reverseName(ip);
    if (name !== undefined) return this.#list(name, 'PTR', 'getHostByAddr', ip);
    throw resolverError('EINVAL', 'getHostByAddr', ip);
  }

  async #addresses(hostname: string, type: string, options?: WithTtl | null): Promise<unknown> {
    const found = await this.#found(hostname, type);
    const withTtl = options?.ttl === true;
    return found.map(({ value, ttl }) => (withTtl ? { address: value, ttl } : value));
  }

  async #list(hostname: string, type: string, syscall?: string, told?: string): Promise<unknown> {
    const found = await this.#found(hostname, type, syscall, told);
    return found.map(({ value }) => value);
  }

  async #found(
    hostname: string,
    type: string,
    syscall = shapeOf(type).syscall,
    told = hostname,
  ): Promise<readonly Shaped[]> {
    const result = await this.#ask(hostname, type, syscall);
    const failed = codeOf(result);
    if (failed !== undefined) throw resolverError(failed, syscall, told, result);
    const found = this.#shaped(result, type);
    if (found.length === 0) throw resolverError('ENODATA', syscall, told, result);
    return found;
  }

  #shaped(result: QueryResult, type: string): readonly Shaped[] {
    const { typeValue, of } = shapeOf(type);
    const isWithheld = type === 'TLSA' && !this.#insecureTlsa && result.security !== 'secure';
    const records = isWithheld ? [] : result.answers.filter((each) => each.typeValue === typeValue);
    return records.map((record) => ({ value: of(record), ttl: record.ttlSeconds }));
  }

  async #ask(hostname: string, type: string, syscall: string): Promise<QueryResult> {
    if (typeof hostname !== 'string') {
      const message = 'The "name" argument must be of type string';
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const { signal } = this.#cancelled;
    try {
      return await this.#resolver.query(hostname, type, { signal });
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (signal.aborted) throw resolverError('ECANCELLED', syscall, hostname);
      if (code === 'ERR_INVALID_NAME') throw resolverError('EBADNAME', syscall, hostname);
      throw code === 'ERR_CLOSED' ? resolverError('EDESTRUCTION', syscall, hostname) : error;
    }
  }
}

interface Shaped {
  readonly value: unknown;
  readonly ttl: number;
}

function shapeOf(type: string): NodeShape {
  const shape = NODE_SHAPES[type];
  if (shape === undefined) throw new Error(`no shape for ${type}`);
  return shape;
}

/** What `resolveAny` wraps around values that are no objects. */
function anyEntry(type: string, value: unknown, ttl: number): unknown {
  if (type === 'A' || type === 'AAAA') return { type, address: value, ttl };
  if (type === 'TXT') return { type, entries: value };
  return typeof value === 'string' ? { type, value } : { type, ...(value as object) };
}

/** RFC 1035 §3.5, RFC 3596 §2.5 */
function reverseName(ip: string): string | undefined {
  const octets = IpAddress.parse(ip)?.octets;
  if (octets === undefined) return undefined;
  if (isIPv4(ip)) return `${[...octets].reverse().join('.')}.in-addr.arpa`;
  if (!isIPv6(ip)) return undefined;
  const nibbles = [...octets].flatMap((octet) => [octet >> 4, octet & 15]).reverse();
  return `${nibbles.map((nibble) => nibble.toString(16)).join('.')}.ip6.arpa`;
}
