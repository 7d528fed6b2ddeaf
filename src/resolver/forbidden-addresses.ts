/**
 * Addresses that no referral may make us ask: sending there would reach this host, its neighbours
 * or nobody (IANA special-purpose registries, RFC 6890). Configured hints and forwarders are the
 * operator's word and exempt.
 */
import { type IpAddress, IpPrefix } from '../wire/index.js';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** `this host`, and what reaches many: never a server, whatever the settings. */
const UNSPECIFIED = ['0.0.0.0/8', '224.0.0.0/4', '255.255.255.255/32', '::/128', 'ff00::/8'];

const SPECIAL = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '168.63.129.16/32',
  '2001:db8::/32',
  '2001::/23',
  '2002::/16',
  '3fff::/20',
];

const prefixes = (texts: readonly string[]): IpPrefix[] =>
  texts.map((text) => IpPrefix.parse(text)!);
const loopback = prefixes(LOOPBACK);
const unspecified = prefixes(UNSPECIFIED);
const special = prefixes(SPECIAL);
/** RFC 4291 §2.4: only 2000::/3 is global unicast; mapped, NAT64 and local ones lie outside it. */
const globalUnicast6 = IpPrefix.parse('2000::/3')!;

/** True when a server address that came from the network must not be asked. */
export function isForbidden(
  address: IpAddress,
  allowLoopback: boolean,
  allowSpecial = false,
): boolean {
  if (loopback.some((prefix) => address.isIn(prefix))) return !allowLoopback;
  if (unspecified.some((prefix) => address.isIn(prefix))) return true;
  if (allowSpecial) return false;
  if (address.family === 6 && !address.isIn(globalUnicast6)) return true;
  return special.some((prefix) => address.isIn(prefix));
}
