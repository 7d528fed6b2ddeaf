/** Errors as Node's resolver makes them: a code, the call and the name, and here also why. */
import type { ExtendedDnsError, QueryResult, Why } from '../embedding/index.js';

/** What the adapted functions reject with. */
export interface ResolverError extends Error {
  /** As of Node: 'ENOTFOUND', 'ENODATA', 'ESERVFAIL'… Bogus answers are 'ESERVFAIL'. */
  readonly code: string;
  readonly syscall: string;
  readonly hostname: string;
  readonly ede: readonly ExtendedDnsError[];
  readonly why?: Why;
}

const CODES: Readonly<Record<string, string>> = {
  FORMERR: 'EFORMERR',
  SERVFAIL: 'ESERVFAIL',
  NXDOMAIN: 'ENOTFOUND',
  NOTIMP: 'ENOTIMP',
  REFUSED: 'EREFUSED',
};

/** Undefined for an answer that may be used, be it empty. */
export function codeOf({ rcode, security }: QueryResult): string | undefined {
  // Data that is proven to be wrong must not look like data that is not there.
  if (security === 'bogus') return 'ESERVFAIL';
  return rcode === 'NOERROR' ? undefined : (CODES[rcode] ?? 'ESERVFAIL');
}

export function resolverError(
  code: string,
  syscall: string,
  hostname: string,
  result?: Pick<QueryResult, 'ede' | 'why'>,
): ResolverError {
  const message = `${syscall} ${code} ${hostname}`;
  const told = { ede: result?.ede ?? [], ...(result === undefined ? {} : { why: result.why }) };
  return Object.assign(new Error(message), { code, syscall, hostname, ...told });
}
