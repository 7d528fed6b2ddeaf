#!/usr/bin/env node
/**
 * Fills one cache and prints what it takes, as JSON. Run by memory.test.ts in a process of its own
 * (`node --expose-gc fill-caches.js CACHE COUNT`), so that nothing else counts.
 */
import {
  AggressiveCache,
  FailureCache,
  NegativeCache,
  ReplyCache,
  RRsetCache,
  ServerHealth,
  TrustRank,
} from '../../src/cache/index.js';
import { buildQuery, encodeMessage, type Name, RRClass, RRType } from '../../src/wire/index.js';
import { clock, insecure, name, rrset, rrsig, secure, soa } from './made-up-data.js';

export interface Measured {
  readonly count: number;
  /** What the cache says that it takes. */
  readonly sizeOctets: number;
  /** What it really takes: V8's heap and the buffers outside, after a collection. */
  readonly usedOctets: number;
  readonly rssOctets: number;
  readonly rssBeforeOctets: number;
  readonly flood?: Flood;
}

interface Sizes {
  readonly count: number;
  readonly sizeOctets: number;
  readonly flood?: Flood;
}

/** What became of names in use while half as many again as there is room for came once each. */
export interface Flood {
  readonly roomOctets: number;
  readonly largestOctets: number;
  readonly hotHits: number;
  readonly hotAsked: number;
  /** The most recent of the names that came once: how many of them are there. */
  readonly recentKept: number;
  readonly recent: number;
}

const now = clock();
/** Room that is used in full: the tables are made for as many entries as fit. */
const ROOM_PER_ENTRY = 1_000;
const security = secure('example.org.');
const unsigned = insecure();
const signer = name('example.org.');

function mailHost(index: number): Name {
  return name(`_25._tcp.mx${index}.customers.example.org.`);
}

/** Each RRset arrives as the wire reader makes it: every part an array of its own. */
function fillRRsets(count: number, rdatas: number, rdataOctets: number, signature: number): Sizes {
  const rrsets = new RRsetCache({ maxOctets: count * (ROOM_PER_ENTRY + rdatas * rdataOctets) });
  for (let index = 0; index < count; index++) {
    const data = Array.from({ length: rdatas }, () => new Uint8Array(rdataOctets).fill(index));
    const signed = signature === 0 ? undefined : { signer, octets: signature };
    const set = rrset(mailHost(index), RRType.TLSA, 3_600, data, signed);
    const verdict = signature === 0 ? unsigned : security;
    rrsets.put(set, { security: verdict, rank: TrustRank.ANSWER_AUTHORITATIVE }, now);
  }
  held.push(rrsets);
  return rrsets;
}

const HOT_NAMES = 1_000;
/** As a signed TLSA RRset is counted, owner and table included. */
const TLSA_OCTETS = 346;

/** Room for `count`; one and a half times as many come, and now and then a hot name is asked. */
function floodRRsets(count: number): Sizes {
  const roomOctets = count * TLSA_OCTETS;
  const rrsets = new RRsetCache({ maxOctets: roomOctets });
  const facts = { security, rank: TrustRank.ANSWER_AUTHORITATIVE };
  const put = (owner: Name, index: number): void => {
    const data = [new Uint8Array(35).fill(index)];
    const set = rrset(owner, RRType.TLSA, 86_400, data, { signer, octets: 64 });
    rrsets.put(set, facts, now);
  };
  const hot = Array.from({ length: HOT_NAMES }, (_, index) => name(`hot${index}.example.org.`));
  hot.forEach(put);
  let largestOctets = 0;
  let hotHits = 0;
  let hotAsked = 0;
  const coming = count * 1.5;
  for (let index = 0; index < coming; index++) {
    put(mailHost(index), index);
    largestOctets = Math.max(largestOctets, rrsets.sizeOctets);
    if (index % 4 !== 0) continue;
    const wanted = hot[hotAsked % HOT_NAMES]!;
    hotAsked++;
    if (rrsets.get(wanted, RRType.TLSA, now) !== undefined) hotHits++;
  }
  const recent = Math.floor(count / 20);
  let recentKept = 0;
  for (let index = coming - recent; index < coming; index++) {
    if (rrsets.get(mailHost(index), RRType.TLSA, now) !== undefined) recentKept++;
  }
  held.push(rrsets);
  const { count: kept, sizeOctets } = rrsets;
  const flood = { roomOctets, largestOctets, hotHits, hotAsked, recentKept, recent };
  return { count: kept, sizeOctets, flood };
}

function fillNegatives(count: number): Sizes {
  const negatives = new NegativeCache({ maxOctets: count * 1.2 * ROOM_PER_ENTRY });
  for (let index = 0; index < count; index++) {
    const denied = mailHost(index);
    const nsec = rrset(denied, RRType.NSEC, 300, [new Uint8Array(50)], { signer });
    const authority = [soa('example.org.', 300, 300), nsec];
    negatives.put({ kind: 'no data', name: denied, type: 52, authority, security }, now);
  }
  held.push(negatives);
  return negatives;
}

function fillReplies(count: number): Sizes {
  const replies = new ReplyCache({ maxOctets: count * ROOM_PER_ENTRY, secret: 1 });
  for (let index = 0; index < count; index++) {
    const owner = mailHost(index);
    const question = { name: owner, type: RRType.TLSA, class: RRClass.IN };
    const edns = { udpSizeOctets: 1_232, version: 0, dnssecOk: true, flags: 0x8000, options: [] };
    const request = buildQuery({
      id: 1,
      ...question,
      recursionDesired: true,
      checkingDisabled: false,
      edns,
    });
    const record = (type: number, rdata: Uint8Array) => ({
      owner,
      type,
      class: RRClass.IN,
      ttlSeconds: 300,
      rdata,
    });
    const answer = [
      record(RRType.TLSA, new Uint8Array(35)),
      record(RRType.RRSIG, rrsig(owner, RRType.TLSA, 300, { signer })),
    ];
    const reply = encodeMessage(
      { id: 1, isResponse: true, recursionDesired: true, questions: [question], answer, edns },
      { maxOctets: 1_232 },
    );
    replies.put(request, reply, { security }, now);
  }
  held.push(replies);
  return replies;
}

/** One zone after the other, 100 NSEC records each. */
function fillSpans(count: number): Sizes {
  const denials = new AggressiveCache({ maxOctets: count * 2_000, maxZones: count });
  for (let index = 0; index < count; index++) {
    const zone = `z${Math.floor(index / 100)}.example.`;
    const owner = name(`host${index}.${zone}`);
    const next = name(`host${index}x.${zone}`);
    const rdata = Uint8Array.from([...next.octets, ...new Uint8Array([0, 6, 0x40, 0, 0, 0, 0, 3])]);
    const nsec = rrset(owner, RRType.NSEC, 300, [rdata], { signer: name(zone) });
    denials.put(name(zone), [nsec], soa(zone, 300, 300), { security: secure(zone) }, now);
  }
  held.push(denials);
  return { count, sizeOctets: denials.sizeOctets };
}

/** These two are bounded by their number; here is what one takes. */
function fillFailures(count: number): Sizes {
  const failures = new FailureCache({ maxEntries: count });
  for (let index = 0; index < count; index++) {
    const errors = [{ code: 22, text: `at ${index}.example.org.` }];
    const sentence = `no server of zone ${index}.example.org. gave a usable answer`;
    failures.put(mailHost(index), RRType.TLSA, { security: unsigned, errors, sentence }, now);
  }
  held.push(failures);
  return { count: failures.count, sizeOctets: 0 };
}

function fillServers(count: number): Sizes {
  const entropy = { uint32: () => 4, fill: (octets: Uint8Array) => octets.fill(4) };
  const servers = new ServerHealth({ entropy, maxServers: count, maxLameEntries: count });
  for (let index = 0; index < count; index++) {
    const key = String.fromCharCode(...new Uint8Array(12), 0x20, 1, index >> 8, index & 0xff);
    servers.reportReply(key, 20, now, true);
    servers.clientCookie(key);
    servers.setServerCookie(key, new Uint8Array(16));
    servers.reportLame(key, signer, now);
  }
  held.push(servers);
  return { count: servers.count, sizeOctets: 0 };
}

const FILLERS: Readonly<Record<string, (count: number) => Sizes>> = {
  tlsa: (count) => fillRRsets(count, 1, 35, 64),
  'tlsa-rsa': (count) => fillRRsets(count, 1, 35, 256),
  flood: floodRRsets,
  address: (count) => fillRRsets(count, 1, 4, 0),
  addresses: (count) => fillRRsets(count, 20, 4, 0),
  text: (count) => fillRRsets(count, 1, 2_000, 64),
  negatives: fillNegatives,
  replies: fillReplies,
  spans: fillSpans,
  failures: fillFailures,
  servers: fillServers,
};

const held: unknown[] = [];

function collected(): NodeJS.MemoryUsage {
  const { gc } = globalThis as { gc?: () => void };
  for (let round = 0; round < 3; round++) gc?.();
  return process.memoryUsage();
}

const [cache = '', count = '0'] = process.argv.slice(2);
const filler = FILLERS[cache];
if (process.argv[1]?.includes('fill-caches') && filler !== undefined) {
  filler(100);
  held.length = 0;
  const before = collected();
  const { count: kept, sizeOctets, flood } = filler(Number(count));
  const after = collected();
  const measured: Measured = {
    count: kept,
    sizeOctets,
    usedOctets: after.heapUsed + after.external - before.heapUsed - before.external,
    rssOctets: after.rss,
    rssBeforeOctets: before.rss,
    ...(flood === undefined ? {} : { flood }),
  };
  process.stdout.write(JSON.stringify(measured));
}
