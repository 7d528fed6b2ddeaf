/**
 * A `lookup` function for net, tls, http, dgram and whatever else takes one. It cannot say how
 * secure an address is; it protects by turning a bogus answer into an error.
 */
import { ADDRCONFIG, type LookupAddress, type LookupOptions, V4MAPPED } from 'node:dns';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { EmbeddedResolver, QueryResult } from '../embedding/index.js';
import { codeOf, resolverError } from './node-errors.js';

export type LookupCallback = (error: Error | null, address: string, family: number) => void;
export type LookupAllCallback = (error: Error | null, addresses: LookupAddress[]) => void;

/** What net, tls and http call with options, and dgram with a family in their place. */
export interface LookupFunction {
  (hostname: string, options: LookupOptions & { all: true }, callback: LookupAllCallback): void;
  (hostname: string, options: LookupOptions, callback: LookupCallback): void;
  (hostname: string, family: number, callback: LookupCallback): void;
  (hostname: string, callback: LookupCallback): void;
}

export function toLookup(resolver: EmbeddedResolver): LookupFunction {
  const lookup = (
    hostname: string,
    given: LookupOptions | number | LookupCallback | null | undefined,
    last?: LookupCallback | LookupAllCallback,
  ): void => {
    const callback = (typeof given === 'function' ? given : last) as LookupCallback &
      LookupAllCallback;
    if (typeof callback !== 'function') {
      const message = 'The "callback" argument must be of type function';
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const options = readOptions(typeof given === 'function' ? undefined : given);
    find(resolver, hostname, options).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) callback(null, addresses);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, options.all ? ([] as never) : ('' as never), 0),
    );
  };
  return lookup as LookupFunction;
}

interface Wanted {
  readonly family: 0 | 4 | 6;
  readonly all: boolean;
  readonly hints: number;
  readonly order: 'ipv4first' | 'ipv6first' | 'verbatim';
}

function readOptions(given: LookupOptions | number | null | undefined): Wanted {
  const options = typeof given === 'number' ? { family: given } : (given ?? {});
  const { family = 0, all = false, hints = 0, verbatim } = options;
  const { order = verbatim === false ? 'ipv4first' : 'verbatim' } = options as {
    order?: Wanted['order'];
  };
  const number = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
  if (number !== 0 && number !== 4 && number !== 6) {
    const message = `The property 'options.family' must be one of: 0, 4, 6. Received ${number}`;
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  return { family: number, all, hints, order };
}

async function find(
  resolver: EmbeddedResolver,
  hostname: string,
  wanted: Wanted,
): Promise<LookupAddress[]> {
  const literal = isIP(hostname);
  if (literal !== 0) return [{ address: hostname, family: literal }];
  const { family, hints, order } = wanted;
  const mayMap = family === 6 && (hints & V4MAPPED) !== 0;
  const [four, six] = await Promise.all([
    family === 6 && !mayMap ? undefined : ask(resolver, hostname, 'A'),
    family === 4 ? undefined : ask(resolver, hostname, 'AAAA'),
  ]);
  const a = addressesOf(four, 4);
  const aaaa = addressesOf(six, 6);
  const mapped = mayMap && aaaa.length === 0 ? a.map(asMapped) : aaaa;
  const found = family === 4 ? a : family === 6 ? mapped : inOrder(a, aaaa, order);
  const usable = (hints & ADDRCONFIG) === 0 ? found : reachable(found);
  if (usable.length > 0) return usable;
  // Half an answer is none when the other half is bogus: what is absent may just be hidden.
  const failures = [four, six]
    .filter((result) => result !== undefined)
    .map((result) => {
      return { result, code: codeOf(result) };
    });
  const worst = failures.find(({ code }) => code !== undefined && code !== 'ENOTFOUND');
  const { code = 'ENOTFOUND', result } = worst ?? failures[0] ?? {};
  throw resolverError(worst === undefined ? 'ENOTFOUND' : code, 'getaddrinfo', hostname, result);
}

async function ask(
  resolver: EmbeddedResolver,
  hostname: string,
  type: string,
): Promise<QueryResult> {
  try {
    return await resolver.query(hostname, type);
  } catch (error) {
    const isName = (error as { code?: unknown }).code === 'ERR_INVALID_NAME';
    throw isName ? resolverError('ENOTFOUND', 'getaddrinfo', hostname) : error;
  }
}

function addressesOf(result: QueryResult | undefined, family: 4 | 6): LookupAddress[] {
  if (result === undefined || codeOf(result) !== undefined) return [];
  return result.answers.flatMap((record) =>
    'address' in record ? [{ address: record.address, family }] : [],
  );
}

/** RFC 6724 §6 prefers IPv6 where there is a choice, and so does 'verbatim' here. */
function inOrder(
  four: readonly LookupAddress[],
  six: readonly LookupAddress[],
  order: Wanted['order'],
): LookupAddress[] {
  return order === 'ipv4first' ? [...four, ...six] : [...six, ...four];
}

function asMapped({ address }: LookupAddress): LookupAddress {
  return { address: `::ffff:${address}`, family: 6 };
}

/** RFC 3493 §6.1, AI_ADDRCONFIG: no addresses of a family that this machine has none of. */
function reachable(found: readonly LookupAddress[]): LookupAddress[] {
  const families = new Set(
    Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .filter(({ internal }) => !internal)
      .map(({ family }) => (family === 'IPv6' ? 6 : 4)),
  );
  const usable = found.filter(({ family }) => families.has(family as 4 | 6));
  // A machine with nothing but its loopback still reaches itself.
  return usable.length > 0 ? usable : [...found];
}
