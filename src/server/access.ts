/** Who may ask. By default the machine itself and nobody else. */
import { type IpAddress, IpPrefix } from '../wire/index.js';

export class AccessList {
  readonly #allowed: readonly IpPrefix[];

  constructor(allowed: readonly IpPrefix[]) {
    this.#allowed = allowed;
  }

  /** 127.0.0.0/8 and ::1. */
  static readonly loopback: AccessList = new AccessList([
    IpPrefix.parse('127.0.0.0/8')!,
    IpPrefix.parse('::1/128')!,
  ]);

  admits(address: IpAddress): boolean {
    // RFC 4291 §2.5.5.2: an IPv4 client on an IPv6 socket is judged by its IPv4 address.
    const plain = address.unmapped();
    for (const prefix of this.#allowed) if (prefix.contains(plain)) return true;
    return false;
  }
}

// Services that answer whatever they are sent; a reply to them would go back and forth for ever.
const ECHOING_PORTS: ReadonlySet<number> = new Set([
  0, // reserved: nobody can listen there
  7, // echo
  9, // discard: no reply is wanted
  13, // daytime
  17, // quote of the day
  19, // chargen
  37, // time
]);

// Other servers: an ordinary answer ends the exchange, an error may be answered by an error.
const SERVER_PORTS: ReadonlySet<number> = new Set([53, 464]);

/** Loops of error messages (CVE-2024-2169): which ports get which replies over UDP. */
export function mayReplyTo(port: number, isError: boolean): boolean {
  return !ECHOING_PORTS.has(port) && !(isError && SERVER_PORTS.has(port));
}
