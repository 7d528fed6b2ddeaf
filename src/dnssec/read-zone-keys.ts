/** The keys in a DNSKEY RRset as the zone publishes them: nothing is proven about them yet. */
import {
  type Dnskey,
  isRevoked,
  isZoneKey,
  type Name,
  parseDnskey,
  RRClass,
  type RRset,
  RRType,
} from '../wire/index.js';
import { algorithmIsSupported, judgePublicKey } from './algorithms.js';
import { type Bogus, type BogusReason, bogus } from './bogus-reasons.js';
import { keyTag } from './key-tag.js';
import type { ValidationContext } from './validation-context.js';
import { ZoneKey } from './zone-keys.js';

/** The keys of the RRset, each with what is wrong with it. */
export function readZoneKeys(
  zone: Name,
  dnskeys: RRset,
  ctx: ValidationContext,
): ZoneKey[] | Bogus {
  const { owner, type, rdatas } = dnskeys;
  if (type !== RRType.DNSKEY || dnskeys.class !== RRClass.IN || !owner.equals(zone)) {
    return bogus('key set of another name', { zone, owner, type });
  }
  const { dnskeysPerRRset } = ctx.budget.limits;
  if (rdatas.length > dnskeysPerRRset) {
    const detail = `${rdatas.length}, at most ${dnskeysPerRRset}`;
    return bogus('budget: keys per zone', { zone, detail });
  }
  const keys: ZoneKey[] = [];
  for (const rdata of rdatas) {
    const dnskey = parseDnskey(rdata);
    if (dnskey !== undefined) keys.push(new ZoneKey(dnskey, keyTag(rdata), problemOf(dnskey, ctx)));
  }
  return keys.length === 0 ? bogus('no keys', { zone }) : keys;
}

/** Why a key verifies nothing; undefined for a good one. */
function problemOf(key: Dnskey, ctx: ValidationContext): BogusReason | undefined {
  // RFC 4034 §2.1.1: without this flag it is no key of the zone.
  if (!isZoneKey(key)) return 'no zone key bit';
  // RFC 4034 §2.1.2: any other protocol makes the key invalid.
  if (key.protocol !== 3) return 'key protocol';
  // RFC 5011 §2.1: a revoked key must not be used for validation.
  if (isRevoked(key)) return 'key revoked';
  if (!algorithmIsSupported(key.algorithm, ctx)) return 'key unsupported';
  switch (judgePublicKey(key.algorithm, key.publicKey, ctx)) {
    case 'malformed':
      return 'key malformed';
    case 'unsupported':
      return 'key unsupported';
    case 'good':
      return undefined;
  }
}
