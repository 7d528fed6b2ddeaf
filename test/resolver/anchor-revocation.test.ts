/**
 * RFC 5011 §2.1: from the moment a trusted key is revoked, nothing that it has vouched for is
 * believed, however much of its TTL is left. The root here has two trusted keys; the first one is
 * revoked, and its thief goes on answering with data that it has signed.
 */
import t, { type Test } from 'tap';
import { initialState, TrustAnchors } from '../../src/dnssec/index.js';
import { SeededRandom } from '../../src/lab/index.js';
import {
  type Effect,
  type Now,
  type Resolution,
  Resolver,
  type ResolverEvent,
} from '../../src/resolver/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import {
  decodeMessage,
  encodeMessage,
  IpAddress,
  Name,
  parseDs,
  Rcode,
  TypeBitmap,
  RRClass,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import {
  dnskeySet,
  dsRdata,
  KSK,
  makeKey,
  NOW,
  name,
  octets,
  POLICY,
  signed,
  type TestKey,
  unsigned,
  withFlags,
} from '../dnssec/signed-zone.js';
import { DEFAULT_CONFIG } from '../support/simulated-world.js';

const HOST = name('mail.');
const [first, second] = [makeKey(13, KSK), makeKey(13, KSK)];
const REVOKED = withFlags(first, KSK | 0x80);

/** Long-lived, so that only the revocation can be the reason for asking again. */
function hostSet(signer: TestKey, ttlSeconds = 86_400): RRset {
  return signed(unsigned(HOST, RRType.TXT, [octets([1, 0x61])], ttlSeconds), signer, Name.root);
}

interface Root {
  keys: RRset;
  host: RRset;
  /** What DS questions are answered with: the denial that there is an unsigned zone. */
  cut?: RRset;
  /** Other names have their own answers; one that comes late waits for `release`. */
  other?: (name: Name, type: number) => { readonly set: RRset; readonly late: boolean } | undefined;
}

class OneZoneWorld {
  readonly resolver: Resolver;
  readonly asked: string[] = [];
  readonly kinds: string[] = [];
  readonly #root: Root;
  #ms = 1_000;
  #handle = 0;
  #answers: Resolution[] = [];
  /** While true, no TXT question is answered. */
  silent = false;
  readonly #held: ResolverEvent[] = [];

  constructor(root: Root) {
    this.#root = root;
    const crypto = new NodeCryptoProvider();
    const ds = [first, second].map((key) => parseDs(dsRdata(Name.root, key))!);
    const state = initialState({ zone: Name.root, ds, dnskeys: [] }, NOW);
    this.resolver = new Resolver({
      config: {
        ...DEFAULT_CONFIG,
        priming: false,
        hedging: false,
        hints: [{ name: name('ns.'), addresses: [IpAddress.parse('192.0.9.1')!] }],
      },
      crypto,
      entropy: new SeededRandom(1),
      anchors: TrustAnchors.from([], { crypto, policy: POLICY }),
      maintained: { states: [state], fixed: [] },
    });
  }

  get now(): Now {
    const wallSeconds = NOW + Math.floor(this.#ms / 1000);
    return { monotonicMs: this.#ms, cacheMs: this.#ms, wallSeconds };
  }

  ask(asked: Name = HOST, type: number = RRType.TXT): Resolution {
    this.begin(asked, type);
    return this.#answers.pop()!;
  }

  begin(asked: Name = HOST, type: number = RRType.TXT): void {
    const question = { name: asked, type, checkingDisabled: false } as const;
    const handle = ++this.#handle;
    this.#take({ kind: 'question', handle, recursionDesired: true, ...question });
  }

  get lastAnswer(): Resolution | undefined {
    return this.#answers.at(-1);
  }

  /** What was late arrives. */
  release(): number {
    const held = this.#held.splice(0);
    for (const event of held) this.#take(event);
    return held.length;
  }

  sleep(ms: number): void {
    this.#ms += ms;
    this.#take({ kind: 'tick' });
  }

  #take(event: ResolverEvent): void {
    const queue: Effect[] = [...this.resolver.handle(event, this.now)];
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      this.kinds.push(effect.kind);
      if (effect.kind === 'finished') this.#answers.push(effect.resolution);
      if (effect.kind !== 'send') continue;
      const { queryId } = effect;
      const reply = this.#replyTo(effect.octets);
      if (reply === undefined) continue;
      const received = { kind: 'received', queryId, octets: reply.octets } as const;
      if (reply.late) this.#held.push(received);
      else queue.push(...this.resolver.handle(received, this.now));
    }
  }

  #replyTo(query: Uint8Array): { octets: Uint8Array; late: boolean } | undefined {
    const decoded = decodeMessage(query);
    if (!decoded.ok) throw new Error('a malformed query');
    const { value: message } = decoded;
    const [question] = message.questions;
    const isOfKeys = question!.type === RRType.DNSKEY;
    const isOfCut = question!.type === RRType.DS;
    const other = this.#root.other?.(question!.name, question!.type);
    const usual = isOfKeys ? this.#root.keys : isOfCut ? this.#root.cut! : this.#root.host;
    const set = other?.set ?? usual;
    this.asked.push(isOfKeys ? 'DNSKEY' : 'TXT');
    if (this.silent && !isOfKeys) return undefined;
    const common = { owner: set.owner, class: RRClass.IN, ttlSeconds: set.ttlSeconds };
    const records = [
      ...set.rdatas.map((rdata) => ({ ...common, type: set.type, rdata })),
      ...set.signatures.map((rdata) => ({ ...common, type: RRType.RRSIG, rdata })),
    ];
    const section = set.type === RRType.NSEC ? { authority: records } : { answer: records };
    const octets = encodeMessage(
      { ...message, isResponse: true, authoritative: true, ...section },
      { maxOctets: 65_535 },
    );
    return { octets, late: other?.late === true };
  }
}

const before = (): Root => ({
  keys: dnskeySet(Name.root, [first, second], [first, second]),
  host: hostSet(first),
});
const after = dnskeySet(Name.root, [REVOKED, second], [REVOKED, second]);

/** The first look, then the second one, an hour or more later. */
function looked(t: Test, root: Root): OneZoneWorld {
  const world = new OneZoneWorld(root);
  t.equal(world.ask().security.status, 'secure');
  world.sleep(2_000);
  world.asked.length = 0;
  t.equal(world.ask().security.status, 'secure');
  t.same(world.asked, [], 'it comes out of memory');
  return world;
}

t.test('what the revoked key has signed is bogus at once, though its TTL is not over', (t) => {
  const root = before();
  const world = looked(t, root);
  root.keys = after;
  world.sleep(7_200_000);
  world.asked.length = 0;
  const { security } = world.ask();
  t.equal(security.status, 'bogus', 'the thief’s data');
  t.equal('reason' in security && security.reason, 'no such key');
  t.ok(world.asked.includes('TXT'), 'it was asked for again');
  t.ok(world.kinds.includes('replies outdated'), 'and kept replies are dropped');
  t.end();
});

t.test('what the other key signs is secure afterwards', (t) => {
  const root = before();
  const world = looked(t, root);
  root.keys = after;
  root.host = hostSet(second);
  world.sleep(7_200_000);
  t.equal(world.ask().security.status, 'secure');
  t.end();
});

t.test('without a revocation nothing is forgotten', (t) => {
  const root = before();
  const world = looked(t, root);
  world.sleep(7_200_000);
  world.asked.length = 0;
  t.equal(world.ask().security.status, 'secure');
  t.notOk(world.asked.includes('TXT'), 'it still comes out of memory');
  t.notOk(world.kinds.includes('replies outdated'));
  t.end();
});

t.test('nor does a delegation that it has called unsigned stay so', (t) => {
  const rdata = octets(name('z.').octets, TypeBitmap.of([RRType.NS, RRType.NSEC]).octets);
  const root: Root = {
    ...before(),
    host: unsigned(HOST, RRType.TXT, [octets([1, 0x61])], 60),
    cut: signed(unsigned(HOST, RRType.NSEC, [rdata], 86_400), first, Name.root),
  };
  const world = new OneZoneWorld(root);
  t.equal(world.ask().security.status, 'insecure', 'while the key is trusted');
  world.sleep(2_000);
  world.sleep(3_599_000);
  t.equal(world.ask().security.status, 'insecure');
  root.keys = after;
  world.sleep(3_600_000);
  t.ok(world.kinds.includes('replies outdated'), 'the key is revoked');
  const { security } = world.ask();
  t.equal(security.status, 'bogus', 'unsigned data, and nobody trusted says that it may be so');
  t.end();
});

t.test('nobody can revoke a key without having it', (t) => {
  const root = before();
  const world = looked(t, root);
  // Signed by a trusted key, but not by the one that is to be revoked.
  root.keys = dnskeySet(Name.root, [REVOKED, second], [second]);
  world.sleep(7_200_000);
  world.asked.length = 0;
  t.equal(world.ask().security.status, 'secure');
  t.notOk(world.asked.includes('TXT'), 'nothing is forgotten');
  t.end();
});

t.test('a question under way when the key is revoked fails rather than use it', (t) => {
  const root = { ...before(), host: hostSet(first, 60) };
  const world = new OneZoneWorld(root);
  t.equal(world.ask().security.status, 'secure');
  world.sleep(2_000);
  // Half a second before the next look; the keys that the question would use are in memory.
  world.sleep(3_599_500);
  world.silent = true;
  world.begin();
  t.equal(world.lastAnswer, undefined, 'it waits');
  root.keys = after;
  world.sleep(1_000);
  const { rcode, errors } = world.lastAnswer!;
  t.equal(rcode, Rcode.SERVFAIL);
  t.equal(errors[0]?.text, 'a trusted key of . was revoked');
  t.end();
});

/**
 * The thief answers the DS question for x.z. with DS records of his own. They have a second
 * signature in the name of z., so that it has to be asked first whether z. is a zone; and while
 * that is on its way, his key is revoked.
 */
t.test('a look-up under way when the key is revoked begins again', (t) => {
  for (const thief of [first, second]) {
    const [z, deep] = [name('z.'), name('x.z.')];
    const isNoZone = octets(name('zz.').octets, TypeBitmap.of([RRType.TXT, RRType.NSEC]).octets);
    // It is not kept, so that it is asked for twice.
    const denial = signed(unsigned(z, RRType.NSEC, [isNoZone], 0), second, Name.root);
    const real = unsigned(deep, RRType.DS, [dsRdata(deep, makeKey(13, KSK))], 3_600);
    const ds = signed(real, thief, Name.root);
    const named = signed(real, makeKey(13), z);
    let asked = 0;
    let isSlow = true;
    const root: Root = {
      ...before(),
      other: (of, type) => {
        if (type === RRType.DNSKEY || of.equals(HOST)) return undefined;
        if (of.equals(deep) && type === RRType.DS) {
          const signatures = [...named.signatures, ...ds.signatures];
          return { set: { ...real, signatures }, late: false };
        }
        if (of.equals(deep)) {
          return { set: unsigned(deep, RRType.TXT, [octets([1, 0x61])], 60), late: false };
        }
        if (type === RRType.DS) asked++;
        return { set: denial, late: isSlow && asked > 1 };
      },
    };
    const world = looked(t, root);
    world.sleep(3_599_950);
    world.begin(deep);
    root.keys = after;
    world.sleep(100);
    t.ok(world.kinds.includes('replies outdated'), 'the key is revoked');
    isSlow = false;
    t.ok(world.release() > 0, 'and then the last reply comes');
    const { security } = world.ask(deep, RRType.DS);
    if (thief === second) t.equal(security.status, 'secure', 'of the key that is still trusted');
    else t.equal('reason' in security && security.reason, 'no such key', 'nothing of his is kept');
  }
  t.end();
});
