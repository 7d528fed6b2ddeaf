/**
 * Server cookies for clients (RFC 7873, RFC 9018): proof that a client has received a reply of ours
 * at the address it claims. They are handed out, recognised and renewed, and not demanded: nothing
 * here is larger than its question by enough to need that.
 */
import type { Entropy } from '../resolver/index.js';
import {
  CLIENT_COOKIE_OCTETS,
  type Cookie,
  cookieOption,
  type EdnsOption,
  type IpAddress,
} from '../wire/index.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { SIP_KEY_OCTETS, sipHash24 } from './sip-hash.js';

// RFC 9018 §4: version, three reserved octets, four of time stamp, eight of hash.
const SERVER_COOKIE_OCTETS = 16;
const VERSION = 1;

export interface CookieCheck {
  /** The client has shown a cookie that we gave to this address within the last hour. */
  readonly recognised: boolean;
  /** What goes into the reply: the client's cookie with a server cookie of ours. */
  readonly option: EdnsOption;
}

export class CookieJar {
  readonly #secret: Uint8Array;

  /** Servers that share a secret recognise each other's cookies (RFC 9018 §5). */
  constructor(secret: Uint8Array) {
    this.#secret = secret.slice(0, SIP_KEY_OCTETS);
  }

  static withNewSecret(entropy: Entropy): CookieJar {
    const secret = new Uint8Array(SIP_KEY_OCTETS);
    entropy.fill(secret);
    return new CookieJar(secret);
  }

  check(cookie: Cookie, address: IpAddress, wallSeconds: number): CookieCheck {
    const { client, server } = cookie;
    const ageSeconds =
      server === undefined ? undefined : this.#age(client, server, address, wallSeconds);
    if (server === undefined || ageSeconds === undefined) {
      return { recognised: false, option: this.#fresh(client, address, wallSeconds) };
    }
    // RFC 9018 §4.3: a cookie past half of its life is replaced; a young one is kept.
    const keep = ageSeconds <= CLIENT_LIMITS.cookieRenewSeconds.value;
    const option = keep ? cookieOption(client, server) : this.#fresh(client, address, wallSeconds);
    return { recognised: true, option };
  }

  /** Seconds since we made this cookie; undefined when it is not ours, too old or too new. */
  #age(
    client: Uint8Array,
    server: Uint8Array,
    address: IpAddress,
    wallSeconds: number,
  ): number | undefined {
    if (server.length !== SERVER_COOKIE_OCTETS || server[0] !== VERSION) return undefined;
    const stamp = (server[4]! << 24) | (server[5]! << 16) | (server[6]! << 8) | server[7]!;
    // RFC 9018 §4.3: serial number arithmetic (RFC 1982), as the stamp has 32 bits.
    const age = (wallSeconds - stamp) | 0;
    if (age > CLIENT_LIMITS.cookieLifeSeconds.value) return undefined;
    if (-age > CLIENT_LIMITS.cookieSkewSeconds.value) return undefined;
    const expected = this.#hash(client, server, address);
    let difference = 0;
    for (let at = 0; at < expected.length; at++) difference |= expected[at]! ^ server[8 + at]!;
    return difference === 0 ? age : undefined;
  }

  #fresh(client: Uint8Array, address: IpAddress, wallSeconds: number): EdnsOption {
    const server = new Uint8Array(SERVER_COOKIE_OCTETS);
    server[0] = VERSION;
    server[4] = wallSeconds >>> 24;
    server[5] = wallSeconds >>> 16;
    server[6] = wallSeconds >>> 8;
    server[7] = wallSeconds;
    server.set(this.#hash(client, server, address), 8);
    return cookieOption(client, server);
  }

  /** RFC 9018 §4.4: client cookie, version, reserved, time stamp, client address. */
  #hash(client: Uint8Array, server: Uint8Array, address: IpAddress): Uint8Array {
    const { octets } = address;
    const data = new Uint8Array(CLIENT_COOKIE_OCTETS + 8 + octets.length);
    data.set(client);
    for (let at = 0; at < 8; at++) data[CLIENT_COOKIE_OCTETS + at] = server[at]!;
    data.set(octets, CLIENT_COOKIE_OCTETS + 8);
    return sipHash24(this.#secret, data);
  }
}
