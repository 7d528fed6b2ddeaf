/** What the operating system says when something cannot be sent, in the words of the resolver. */
import type { SendFailure } from '../resolver/index.js';
import { type IpAddress, IpPrefix } from '../wire/index.js';

/** Every error of a socket is the failure of one query, never of the process. */
export function sendFailure(error: unknown): SendFailure {
  const { code } = error as { code?: unknown };
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
    case 'ETIMEDOUT':
      return 'unreachable';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'closed';
    default:
      // EINVAL, EACCES, EPERM, EMFILE, ENOBUFS, EMSGSIZE and what kernels may yet invent.
      return 'send error';
  }
}

const MAPPED = IpPrefix.parse('::ffff:0.0.0.0/96')!;

/**
 * RFC 4291 §2.5.5.2: the kernel would send these by IPv4, past every rule about IPv4 addresses.
 * No server has such an address.
 */
export function mayBeSentTo(address: IpAddress): boolean {
  return !MAPPED.contains(address);
}
