/**
 * Trust anchors that follow the zone's own key rolls: RFC 5011, as a pure table. A DNSKEY RRset and
 * the time go in, the next state and what happened come out; fetching and keeping are for others.
 */
import {
  DNSKEY_FLAG_REVOKE,
  type Dnskey,
  type Ds,
  equalOctets,
  isRevoked,
  isSep,
  type Name,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
} from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import type { CryptoProvider } from './crypto-provider.js';
import { digestIsSupported, digestMatches } from './digests.js';
import { keyTag } from './key-tag.js';
import { readZoneKeys } from './read-zone-keys.js';
import type { Anchor } from './trust-anchors.js';
import type { ValidationContext } from './validation-context.js';
import { expirationOf, type GoodSignature, verifySignatures } from './verify-signatures.js';
import { ZoneKey } from './zone-keys.js';

/** RFC 5011 §4.3. A key in state START is one that is not in the table. */
export type KeyState = 'START' | 'ADDPEND' | 'VALID' | 'MISSING' | 'REVOKED' | 'REMOVED';

/** RFC 5011 §4.2; MissTime is ours: a key that never comes back is given up after a year. */
export type KeyEvent =
  'NewKey' | 'KeyPres' | 'KeyRem' | 'AddTime' | 'RemTime' | 'RevBit' | 'MissTime';

/** RFC 5011 §4.1, its table; what is not in it does not happen. */
const NEXT_STATE: Readonly<Record<KeyState, Partial<Record<KeyEvent, KeyState>>>> = {
  START: { NewKey: 'ADDPEND' },
  // A revoked key was in the hands of whoever revoked it: RFC 5011 §2.1 forbids any later use.
  ADDPEND: { KeyRem: 'START', AddTime: 'VALID', RevBit: 'REVOKED' },
  VALID: { KeyRem: 'MISSING', RevBit: 'REVOKED' },
  MISSING: { KeyPres: 'VALID', RevBit: 'REVOKED', MissTime: 'REMOVED' },
  REVOKED: { RemTime: 'REMOVED' },
  REMOVED: {},
};

const HOUR = 3_600;
const DAY = 86_400;
const ADD_HOLD_DOWN_SECONDS = 30 * DAY; // RFC 5011 §2.4.1
const REMOVE_HOLD_DOWN_SECONDS = 30 * DAY; // RFC 5011 §2.4.2
const KEEP_MISSING_SECONDS = 366 * DAY;
/** Keys that never come back need not be remembered for ever; the oldest are forgotten. */
const MAX_REMOVED_KEYS = 32;

export interface TrackedKey {
  /** As published before any revocation. */
  readonly key: Dnskey;
  readonly tag: number;
  readonly state: Exclude<KeyState, 'START'>;
  /** When it came into this state. */
  readonly sinceSeconds: number;
  /** When a validated set last had it. */
  readonly seenSeconds: number;
  /** ADDPEND only: when the hold-down ends. */
  readonly acceptSeconds: number;
}

/** One trust point. */
export interface Rfc5011State {
  readonly zone: Name;
  readonly keys: readonly TrackedKey[];
  /** Configured anchors whose keys have not been seen yet; trusted like VALID keys. */
  readonly ds: readonly Ds[];
  /** From the last validated set; 0 when there was none. */
  readonly originalTtlSeconds: number;
  readonly expirationSeconds: number;
}

export type Rfc5011Event =
  | {
      readonly kind: 'key';
      readonly tag: number;
      readonly event: KeyEvent | 'configured' | 'not followed';
      readonly from: KeyState;
      readonly to: KeyState;
    }
  /** No trusted key has signed the set: nothing was learned from it, revocations apart. */
  | { readonly kind: 'set refused'; readonly security: Bogus }
  /** Every anchor is gone. */
  | { readonly kind: 'no anchor left'; readonly sentence: string };

export interface Rfc5011Observation {
  readonly state: Rfc5011State;
  readonly events: readonly Rfc5011Event[];
  /** Seconds from now until the next look. */
  readonly nextProbeSeconds: number;
}

export function initialState(anchor: Anchor, nowSeconds: number): Rfc5011State {
  return {
    zone: anchor.zone,
    keys: anchor.dnskeys.map((key) => tracked(key, 'VALID', nowSeconds)),
    ds: anchor.ds,
    originalTtlSeconds: 0,
    expirationSeconds: 0,
  };
}

/**
 * Anchors that the operator configured beside a state from a file: those the state does not know
 * are trusted, also a key in its hold-down. What was revoked or removed stays so.
 */
export function adoptAnchor(
  state: Rfc5011State,
  anchor: Anchor,
  nowSeconds: number,
  crypto: CryptoProvider,
): Rfc5011State {
  const { zone } = state;
  const isVouchedFor = ({ key }: TrackedKey): boolean =>
    anchor.dnskeys.some((one) => equalOctets(one.rdata, key.rdata)) ||
    anchor.ds.some((one) => matchesDs(one, zone, key, crypto));
  const keys = state.keys.map((known) =>
    known.state === 'ADDPEND' && isVouchedFor(known)
      ? tracked(known.key, 'VALID', nowSeconds)
      : known,
  );
  for (const key of anchor.dnskeys) {
    const isKnown = keys.some((known) => equalOctets(known.key.rdata, key.rdata));
    if (!isKnown) keys.push(tracked(key, 'VALID', nowSeconds));
  }
  const ds = [...state.ds];
  for (const one of anchor.ds) {
    const isOfKnownKey = keys.some((known) => matchesDs(one, zone, known.key, crypto));
    if (!isOfKnownKey && !ds.some((known) => sameDs(known, one))) ds.push(one);
  }
  return { ...state, keys, ds };
}

/**
 * RFC 5011 §5: every anchor that there was is revoked, each by its own signature, and so the trust
 * point is gone: its zone is what the trust point above makes of it, or insecure. Not so the root:
 * there is nothing above it, and without it nothing at all would be validated. That is for the
 * operator to decide.
 */
export function isDeleted(state: Rfc5011State): boolean {
  const hasAnchor = state.ds.length > 0 || state.keys.some(isTrusted);
  return !hasAnchor && !state.zone.isRoot && state.keys.some((key) => key.state === 'REVOKED');
}

/**
 * What validation has to start from: the keys in VALID and MISSING (RFC 5011 §4.3), and configured
 * ones not seen yet. Empty for a deleted trust point only; when others have no anchor left, a DS
 * record that no key can have keeps them closed.
 */
export function trustedRecords(state: Rfc5011State): ResourceRecord[] {
  const common = { owner: state.zone, class: RRClass.IN, ttlSeconds: 0 };
  const records: ResourceRecord[] = [];
  for (const { key } of state.keys.filter(isTrusted)) {
    records.push({ ...common, type: RRType.DNSKEY, rdata: key.rdata });
  }
  for (const ds of state.ds) records.push({ ...common, type: RRType.DS, rdata: dsRdata(ds) });
  if (records.length > 0 || isDeleted(state)) return records;
  return [{ ...common, type: RRType.DS, rdata: dsRdata(DS_OF_NO_KEY) }];
}

/** Algorithm and digest type are supported everywhere, so it is not left out as unknown. */
const DS_OF_NO_KEY: Ds = { keyTag: 0, algorithm: 13, digestType: 2, digest: new Uint8Array(32) };

/** Seconds until a probe that failed, or brought no valid set, is repeated. */
export function retryAfter(state: Rfc5011State, nowSeconds: number): number {
  // RFC 5011 §2.3, retryTime.
  return interval(state, nowSeconds, DAY, 10);
}

/** RFC 5011 §2.3: a part of TTL and signature lifetime, an hour at least. */
function interval(
  { originalTtlSeconds, expirationSeconds }: Rfc5011State,
  nowSeconds: number,
  mostSeconds: number,
  part: number,
): number {
  if (originalTtlSeconds === 0) return HOUR;
  const left = Math.max(0, expirationSeconds - nowSeconds);
  const wanted = Math.min(mostSeconds, originalTtlSeconds / part, left / part);
  return Math.floor(Math.max(HOUR, wanted));
}

/** Takes in a DNSKEY RRset as received: it is validated here, with the trusted keys alone. */
export function observe(
  state: Rfc5011State,
  dnskeys: RRset,
  ctx: ValidationContext,
): Rfc5011Observation {
  const now = ctx.nowSeconds;
  const events: Rfc5011Event[] = [];
  const published = readZoneKeys(state.zone, dnskeys, ctx);
  if ('status' in published) {
    events.push({ kind: 'set refused', security: published });
    return finish(state, events, retryAfter(state, now));
  }
  let next = seekRevocations(state, published, dnskeys, ctx, events);
  const outcome = validate(next, published, dnskeys, ctx);
  if (outcome.status === 'bogus') {
    events.push({ kind: 'set refused', security: outcome });
    return finish(next, events, retryAfter(next, now));
  }
  const { rrsig } = outcome;
  next = {
    ...recognise(next, published, ctx, events),
    originalTtlSeconds: rrsig.originalTtlSeconds,
    expirationSeconds: expirationOf(rrsig, now),
  };
  next = introduce(next, state, published, now, events);
  next = leaveToZone(next, published, now, events);
  next = updateKnown(next, published, now, events);
  next = addNew(next, published, now, events);
  // RFC 5011 §2.3, queryInterval.
  return finish(next, events, interval(next, now, 15 * DAY, 2));
}

function finish(
  state: Rfc5011State,
  events: Rfc5011Event[],
  nextProbeSeconds: number,
): Rfc5011Observation {
  if (!state.keys.some(isTrusted) && state.ds.length === 0) {
    const zone = state.zone.toString();
    const consequence = isDeleted(state)
      ? 'It is no trust point any more, and what is below it is not validated by it,'
      : 'Nothing below it can be validated';
    const sentence =
      `No trust anchor for ${zone} is left: every key was revoked or removed. ` +
      `${consequence} until a new anchor is configured.`;
    events.push({ kind: 'no anchor left', sentence });
  }
  return { state, events, nextProbeSeconds };
}

/**
 * RFC 5011 §2.1: a key is revoked by a set that has it with the REVOKE bit and that it has signed
 * itself. Its holder may do that alone; nobody else can.
 */
function seekRevocations(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  dnskeys: RRset,
  ctx: ValidationContext,
  events: Rfc5011Event[],
): Rfc5011State {
  let { keys, ds } = state;
  for (const { dnskey, tag } of published) {
    if (!isRevoked(dnskey)) continue;
    const before = withoutRevokeBit(dnskey);
    const known = keys.find(({ key }) => equalOctets(key.rdata, before.rdata));
    const vouching = ds.filter((one) => matchesDs(one, state.zone, before, ctx.crypto));
    if (known === undefined && vouching.length === 0) continue;
    if (known !== undefined && NEXT_STATE[known.state].RevBit === undefined) continue;
    // The one use that is left to it: its own signature over this set.
    const itself = new ZoneKey(dnskey, tag, undefined);
    if (verifySignatures(dnskeys, state.zone, [itself], ctx).status === 'bogus') continue;
    const from = known?.state ?? 'VALID';
    const revoked = tracked(before, 'REVOKED', ctx.nowSeconds);
    events.push({ kind: 'key', tag: revoked.tag, event: 'RevBit', from, to: 'REVOKED' });
    keys = [...keys.filter((other) => other !== known), revoked];
    ds = ds.filter((one) => !vouching.includes(one));
  }
  return { ...state, keys, ds };
}

/** RFC 5011 §2.2, §4: only sets signed by a trusted key that is in them teach anything. */
function validate(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  dnskeys: RRset,
  ctx: ValidationContext,
): GoodSignature | Bogus {
  const { zone } = state;
  const trusted = published.filter((key) => isTrustedHere(state, key.dnskey, ctx));
  if (trusted.length === 0) {
    const tags = state.keys.filter(isTrusted).map(({ tag }) => tag);
    const detail = `key tag ${[...tags, ...state.ds.map((ds) => ds.keyTag)].join(', ')}`;
    return bogus('no key matches anchor', { zone, detail });
  }
  return verifySignatures(dnskeys, zone, trusted, ctx);
}

function isTrustedHere(state: Rfc5011State, key: Dnskey, ctx: ValidationContext): boolean {
  const known = state.keys.find((candidate) => equalOctets(candidate.key.rdata, key.rdata));
  if (known !== undefined && isTrusted(known)) return true;
  // What was revoked or removed is not trusted again by way of a DS record.
  if (known !== undefined && known.state !== 'ADDPEND') return false;
  return state.ds.some(
    (ds) =>
      digestIsSupported(ds.digestType, ctx.policy) && matchesDs(ds, state.zone, key, ctx.crypto),
  );
}

/** Puts keys into the table that configured DS records vouch for. */
function recognise(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  ctx: ValidationContext,
  events: Rfc5011Event[],
): Rfc5011State {
  let { keys, ds } = state;
  for (const { dnskey, tag, problem } of published) {
    const vouching = ds.filter((one) => matchesDs(one, state.zone, dnskey, ctx.crypto));
    if (vouching.length === 0 || problem !== undefined) continue;
    ds = ds.filter((one) => !vouching.includes(one));
    const known = keys.find(({ key }) => equalOctets(key.rdata, dnskey.rdata));
    if (known !== undefined && known.state !== 'ADDPEND') continue;
    const from = known?.state ?? 'START';
    events.push({ kind: 'key', tag, event: 'configured', from, to: 'VALID' });
    const valid = tracked(dnskey, 'VALID', ctx.nowSeconds);
    keys = [...keys.filter((other) => other !== known), valid];
  }
  return { ...state, keys, ds };
}

/**
 * Where the operator has configured nothing but keys without the SEP bit, there is no trust anchor
 * in the sense of RFC 5011 yet. The first set that such a key validates brings them: they are the
 * operator's choice, made by way of that key, and no news that would have to wait.
 */
function introduce(
  state: Rfc5011State,
  before: Rfc5011State,
  published: readonly ZoneKey[],
  now: number,
  events: Rfc5011Event[],
): Rfc5011State {
  const isFirst = before.originalTtlSeconds === 0 && before.ds.length === 0;
  const wasIntroducedOnly = before.keys.every(
    ({ key, state: keyState }) => keyState === 'VALID' && !isSep(key),
  );
  if (!isFirst || !wasIntroducedOnly) return state;
  const keys = [...state.keys];
  for (const { dnskey, tag, problem } of published) {
    if (problem !== undefined || !isSep(dnskey)) continue;
    if (keys.some(({ key }) => equalOctets(key.rdata, dnskey.rdata))) continue;
    events.push({ kind: 'key', tag, event: 'configured', from: 'START', to: 'VALID' });
    keys.push(tracked(dnskey, 'VALID', now));
  }
  return { ...state, keys };
}

/**
 * RFC 5011 §2.2 follows keys with the SEP bit. A configured key without it has served its purpose
 * once a followed key is in force: the zone rolls it without notice, and as a missing key it would
 * stay trusted for a year. It is remembered, as a revoked one is, or the configuration would bring
 * it back with every start, long after the zone has rolled it.
 */
function leaveToZone(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  now: number,
  events: Rfc5011Event[],
): Rfc5011State {
  const isInForce = state.keys.some(
    (known) => isSep(known.key) && known.state === 'VALID' && isPresent(known, published),
  );
  const isLeft = (known: TrackedKey): boolean => !isSep(known.key) && isTrusted(known);
  if (!isInForce || !state.keys.some(isLeft)) return state;
  for (const { tag, state: from } of state.keys.filter(isLeft)) {
    events.push({ kind: 'key', tag, event: 'not followed', from, to: 'REMOVED' });
  }
  const keys = state.keys.map((known) =>
    isLeft(known) ? tracked(known.key, 'REMOVED', now) : known,
  );
  return { ...state, keys };
}

function updateKnown(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  now: number,
  events: Rfc5011Event[],
): Rfc5011State {
  const keys: TrackedKey[] = [];
  for (const key of state.keys) {
    const present = isPresent(key, published);
    const event = eventFor(key, present, now);
    const to = event === undefined ? undefined : NEXT_STATE[key.state][event];
    const seenSeconds = present ? now : key.seenSeconds;
    if (event === undefined || to === undefined) {
      keys.push({ ...key, seenSeconds });
      continue;
    }
    events.push({ kind: 'key', tag: key.tag, event, from: key.state, to });
    if (to === 'START') continue;
    keys.push({ ...key, state: to, sinceSeconds: now, seenSeconds, acceptSeconds: 0 });
  }
  return { ...state, keys: forgetOldest(keys) };
}

function eventFor(key: TrackedKey, present: boolean, now: number): KeyEvent | undefined {
  switch (key.state) {
    case 'ADDPEND':
      // RFC 5011 §2.2: in every set seen during the hold-down, or it begins anew.
      if (!present) return 'KeyRem';
      return now >= key.acceptSeconds ? 'AddTime' : undefined;
    case 'VALID':
      return present ? undefined : 'KeyRem';
    case 'MISSING':
      if (present) return 'KeyPres';
      // Never the last one: the set was validated by a trusted key that is in it.
      return now - key.sinceSeconds >= KEEP_MISSING_SECONDS ? 'MissTime' : undefined;
    case 'REVOKED':
      // RFC 5011 §4.2, RemTime: missing for the hold-down time.
      return !present && now - key.seenSeconds >= REMOVE_HOLD_DOWN_SECONDS ? 'RemTime' : undefined;
    case 'REMOVED':
      return undefined;
  }
}

/** A revoked key counts as there as long as it is published in its revoked form. */
function isPresent({ key, state }: TrackedKey, published: readonly ZoneKey[]): boolean {
  return published.some(({ dnskey }) => {
    if (state !== 'REVOKED') return equalOctets(dnskey.rdata, key.rdata);
    return isRevoked(dnskey) && equalOctets(withoutRevokeBit(dnskey).rdata, key.rdata);
  });
}

/** RFC 5011 §2.2: a new key with the SEP bit begins its hold-down. */
function addNew(
  state: Rfc5011State,
  published: readonly ZoneKey[],
  now: number,
  events: Rfc5011Event[],
): Rfc5011State {
  const keys = [...state.keys];
  for (const { dnskey, tag, problem } of published) {
    // A key that could not be used, be it for its flags or its algorithm, is no anchor to wait for.
    if (problem !== undefined || !isSep(dnskey)) continue;
    if (keys.some(({ key }) => equalOctets(key.rdata, dnskey.rdata))) continue;
    // RFC 5011 §2.4.1: 30 days or the TTL, whichever is longer.
    const holdDown = Math.max(ADD_HOLD_DOWN_SECONDS, state.originalTtlSeconds);
    keys.push({ ...tracked(dnskey, 'ADDPEND', now), acceptSeconds: now + holdDown });
    events.push({ kind: 'key', tag, event: 'NewKey', from: 'START', to: 'ADDPEND' });
  }
  return { ...state, keys };
}

function forgetOldest(keys: readonly TrackedKey[]): readonly TrackedKey[] {
  const removed = keys.filter((key) => key.state === 'REMOVED');
  if (removed.length <= MAX_REMOVED_KEYS) return keys;
  removed.sort((a, b) => b.sinceSeconds - a.sinceSeconds);
  const forgotten = new Set(removed.slice(MAX_REMOVED_KEYS));
  return keys.filter((key) => !forgotten.has(key));
}

/** RFC 5011 §4.3: a key that is missing for now is still trusted. */
function isTrusted({ state }: TrackedKey): boolean {
  return state === 'VALID' || state === 'MISSING';
}

function tracked(key: Dnskey, state: TrackedKey['state'], nowSeconds: number): TrackedKey {
  const tag = keyTag(key.rdata);
  return {
    key,
    tag,
    state,
    sinceSeconds: nowSeconds,
    seenSeconds: nowSeconds,
    acceptSeconds: 0,
  };
}

function withoutRevokeBit(key: Dnskey): Dnskey {
  const rdata = key.rdata.slice();
  rdata[1]! &= ~DNSKEY_FLAG_REVOKE;
  return { ...key, flags: key.flags & ~DNSKEY_FLAG_REVOKE, rdata };
}

function matchesDs(ds: Ds, zone: Name, key: Dnskey, crypto: CryptoProvider): boolean {
  if (ds.algorithm !== key.algorithm || ds.keyTag !== keyTag(key.rdata)) return false;
  return digestMatches(ds, zone, key.rdata, crypto);
}

function sameDs(a: Ds, b: Ds): boolean {
  return equalOctets(dsRdata(a), dsRdata(b));
}

/** RFC 4034 §5.1 */
export function dsRdata({ keyTag: tag, algorithm, digestType, digest }: Ds): Uint8Array {
  const rdata = new Uint8Array(4 + digest.length);
  rdata.set([tag >> 8, tag & 0xff, algorithm, digestType]);
  rdata.set(digest, 4);
  return rdata;
}
