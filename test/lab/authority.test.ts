/**
 * The lab's servers against the RFCs, octets in and octets out. Signatures and proofs are checked
 * here by plain means of their own, not by the validator that the lab is there to test.
 */
import t from 'tap';
import { canonicalRdatas, signedData } from '../../src/dnssec/index.js';
import {
  buildLab,
  type Lab,
  type LabSigner,
  type LabTransport,
  labWorld,
  NSEC,
  nsec3,
  OPT_OUT,
  type SigningSpec,
  type World,
  type ZoneSpec,
  zoneFaults,
} from '../../src/lab/index.js';
import { parseName } from '../../src/presentation/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { labSigner } from '../../src/runtime/lab-signer.js';
import {
  buildQuery,
  compareOctets,
  decodeMessage,
  type EdnsOption,
  groupRRsets,
  type Message,
  type Name,
  Opcode,
  parseDnskey,
  parseNsec,
  parseNsec3,
  parseRrsig,
  Rcode,
  type RRset,
  RRType,
  typeFromMnemonic,
} from '../../src/wire/index.js';

const NOW = 1_772_323_200;
const crypto = new NodeCryptoProvider();
const tools = { signer: labSigner, crypto };

const split = (algorithm: number, denial = NSEC): SigningSpec => {
  return { algorithms: [algorithm], keys: 'split', denial };
};

function worldOf(...zones: ZoneSpec[]): World {
  return { zones: [{ origin: '.', signing: split(13) }, ...zones], domains: [] };
}

const name = (text: string): Name => parseName(text)!;

interface Ask {
  readonly server?: string;
  readonly transport?: LabTransport;
  readonly edns?: { udpSizeOctets: number; dnssecOk: boolean; options?: readonly EdnsOption[] };
}

const DNSSEC = { udpSizeOctets: 1_232, dnssecOk: true };

/** Asks the server of the deepest zone that has the name, unless told which. */
function ask(lab: Lab, qname: string, type: string, options: Ask = {}): Message {
  const reply = exchange(lab, qname, type, options);
  if (reply.kind !== 'reply') throw new Error(`${qname} ${type}: ${reply.kind}`);
  const decoded = decodeMessage(reply.octets);
  if (!decoded.ok) throw new Error(`${qname} ${type}: ${JSON.stringify(decoded.fault)}`);
  return decoded.value;
}

function exchange(lab: Lab, qname: string, type: string, options: Ask = {}) {
  const { server, transport = 'udp', edns = DNSSEC } = options;
  const query = buildQuery({
    id: 4711,
    name: name(qname),
    type: typeFromMnemonic(type)!,
    class: 1,
    edns,
  });
  return serverOf(lab, server ?? qname).answer(query, transport, NOW);
}

function serverOf(lab: Lab, text: string) {
  const exact = lab.servers.get(name(text).key);
  if (exact !== undefined) return exact;
  for (let at = name(text); ; at = at.parent()) {
    const server = lab.servers.get(at.prepend(Uint8Array.from([0x6e, 0x73, 0x31]))!.key);
    if (server !== undefined) return server;
    if (at.isRoot) throw new Error(`nobody serves ${text}`);
  }
}

const typesOf = (sets: readonly RRset[]): string =>
  sets
    .map((set) => set.type)
    .sort((a, b) => a - b)
    .join(' ');

/** Verifies every signature of a message with the keys of the zones that made them. */
function unverified(lab: Lab, message: Message): string[] {
  const wrong: string[] = [];
  for (const set of [...groupRRsets(message.answer), ...groupRRsets(message.authority)]) {
    for (const rdata of set.signatures) {
      const rrsig = parseRrsig(rdata)!;
      const keys = lab.zones.get(rrsig.signer.key)!.signed!.signer.publishedKeys();
      const good = keys.some((key) => {
        const dnskey = parseDnskey(key)!;
        const imported = crypto.importKey(dnskey.algorithm, dnskey.publicKey);
        if (imported === undefined) return false;
        const data = signedData(set, rrsig, canonicalRdatas(set));
        return crypto.verify(rrsig.algorithm, imported, data, rrsig.signature);
      });
      if (!good) wrong.push(`${set.owner} ${set.type}`);
    }
  }
  return wrong;
}

/** Sets that have no signature although the zone is signed; NS and glue of referrals have none. */
function unsigned(message: Message): string[] {
  return [...groupRRsets(message.answer), ...groupRRsets(message.authority)]
    .filter((set) => set.signatures.length === 0 && set.type !== RRType.NS)
    .map((set) => `${set.owner} ${set.type}`);
}

const COMMON = `
@ MX 10 mx
mx A 11.1.1.1
mx AAAA 3025::1
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
*.wild TXT "wild"
exact.wild TXT "exact"
alias CNAME mx
away CNAME mx.elsewhere.
from DNAME to
mx.to A 11.1.1.2
signed-child NS ns.signed-child
`;

t.test('every algorithm signs so that OpenSSL agrees, and a flipped bit is refused', (t) => {
  for (const algorithm of [5, 7, 8, 10, 13, 14, 15, 16]) {
    const good = buildLab({
      world: worldOf({ origin: 'zone.', text: COMMON, signing: split(algorithm) }),
      tools,
    });
    for (const [qname, type] of [
      ['zone.', 'MX'],
      ['zone.', 'DNSKEY'],
      ['nobody.zone.', 'A'],
    ] as const) {
      const message = ask(good, qname, type, { transport: 'tcp' });
      t.same(unverified(good, message), [], `algorithm ${algorithm}: ${qname} ${type}`);
      t.same(unsigned(message), [], `algorithm ${algorithm}: ${qname} ${type} is signed`);
    }
    const bad = buildLab({
      world: worldOf({
        origin: 'zone.',
        text: COMMON,
        signing: split(algorithm),
        faults: [zoneFaults.corruptSignatures([RRType.MX])],
      }),
      tools,
    });
    t.same(unverified(bad, ask(bad, 'zone.', 'MX', { transport: 'tcp' })), ['zone. 15']);
  }
  t.end();
});

const spec = (denial = NSEC): ZoneSpec => ({
  origin: 'zone.',
  text: COMMON,
  signing: split(13, denial),
});

const CHILDREN: readonly ZoneSpec[] = [
  { origin: 'signed.zone.', text: COMMON, signing: split(13) },
  { origin: 'plain.zone.', text: COMMON },
];

for (const [title, denial, denialType] of [
  ['NSEC', NSEC, 'NSEC'],
  ['NSEC3', nsec3(3, [0xaa]), 'NSEC3'],
  ['NSEC3 opt-out', OPT_OUT, 'NSEC3'],
] as const) {
  t.test(`answers of a zone with ${title}`, (t) => {
    const lab = buildLab({ world: worldOf(spec(denial), ...CHILDREN), tools });
    const type = typeFromMnemonic(denialType)!;
    const cases: readonly (readonly [string, string, number, string, string])[] = [
      // question, RCODE, types in answer, types in authority
      ['mx.zone.', 'A', 0, '1', ''],
      ['zone.', 'DNSKEY', 0, '48', ''],
      ['mx.zone.', 'TXT', 0, '', `6 ${type}`],
      ['_tcp.mx.zone.', 'A', 0, '', `6 ${type}`],
      ['exact.wild.zone.', 'TXT', 0, '16', ''],
      ['x.y.wild.zone.', 'TXT', 0, '16', `${type}`],
      ['alias.zone.', 'A', 0, '1 5', ''],
      ['alias.zone.', 'CNAME', 0, '5', ''],
      ['away.zone.', 'A', 0, '5', ''],
      ['mx.from.zone.', 'A', 0, '1 5 39', ''],
      ['from.zone.', 'DNAME', 0, '39', ''],
      ['signed.zone.', 'DS', 0, '43', ''],
    ];
    for (const [qname, qtype, rcode, answer, authority] of cases) {
      const message = ask(lab, qname, qtype, { server: 'ns1.zone.' });
      const what = `${qname} ${qtype}`;
      t.equal(message.rcode, rcode, what);
      t.equal(message.authoritative, true, `${what}: AA`);
      t.equal(typesOf(groupRRsets(message.answer)), answer, `${what}: answer`);
      t.equal(typesOf(groupRRsets(message.authority)), authority, `${what}: authority`);
      t.same(unverified(lab, message), [], `${what}: signatures`);
      const bare = qname === 'mx.from.zone.' ? ['mx.from.zone. 5'] : [];
      t.same(unsigned(message), bare, `${what}: only a synthesised CNAME is unsigned`);
    }
    t.end();
  });

  t.test(`referrals of a zone with ${title}`, (t) => {
    const lab = buildLab({ world: worldOf(spec(denial), ...CHILDREN), tools });
    for (const [qname, proof] of [
      ['mx.signed.zone.', `2 ${RRType.DS}`],
      ['mx.plain.zone.', `2 ${typeFromMnemonic(denialType)}`],
    ] as const) {
      const message = ask(lab, qname, 'A', { server: 'ns1.zone.' });
      t.equal(message.rcode, 0);
      t.equal(message.authoritative, false, `${qname}: a referral has no AA`);
      t.equal(message.answer.length, 0);
      const types = new Set(groupRRsets(message.authority).map((set) => set.type));
      t.equal([...types].sort((a, b) => a - b).join(' '), proof, `${qname}: NS and proof`);
      t.same(unverified(lab, message), []);
      t.equal(typesOf(groupRRsets(message.additional)), '1 28', `${qname}: glue`);
      const plain = ask(lab, qname, 'A', {
        server: 'ns1.zone.',
        edns: { udpSizeOctets: 1_232, dnssecOk: false },
      });
      t.equal(typesOf(groupRRsets(plain.authority)), '2', `${qname}: no proof without DO`);
    }
    t.end();
  });
}

// --- denial, compared with a plain reading of the zone ---

const LABELS = ['a', 'b', '*'];

/** Every name of up to two labels, and some of three. */
const NAMES = LABELS.flatMap((one) => [
  `${one}.t.`,
  ...LABELS.map((two) => `${two}.${one}.t.`),
  `a.a.${one}.t.`,
]);

/** All zones with up to three of these owners. */
function* tinyZones(): Generator<readonly string[]> {
  const owners = ['a', 'b', '*', 'a.b', '*.a', 'b.b'];
  for (let mask = 0; mask < 1 << owners.length; mask++) {
    const chosen = owners.filter((_, index) => (mask >> index) & 1);
    if (chosen.length <= 3) yield chosen;
  }
}

function plainReading(owners: ReadonlySet<string>, qname: string): 'data' | 'no data' | 'error' {
  const exists = (text: string) =>
    text === 't.' || [...owners].some((owner) => owner === text || owner.endsWith(`.${text}`));
  if (owners.has(qname)) return 'data';
  if (exists(qname)) return 'no data';
  let encloser = qname;
  while (!exists(encloser)) encloser = encloser.slice(encloser.indexOf('.') + 1);
  if (owners.has(`*.${encloser}`)) return 'data';
  return exists(`*.${encloser}`) ? 'no data' : 'error';
}

t.test('every tiny zone: what is answered, and what is proven', (t) => {
  let asked = 0;
  for (const owners of tinyZones()) {
    const text = owners.map((owner) => `${owner} TXT "x"\n`).join('');
    for (const denial of [NSEC, nsec3(1, [7])]) {
      const zone: ZoneSpec = { origin: 't.', text, signing: split(13, denial) };
      const world = worldOf({ ...zone, servers: [{ name: 'ns1.elsewhere.' }] });
      const lab = buildLab({ world, tools });
      const names = new Set(owners.map((owner) => `${owner}.t.`));
      for (const qname of NAMES) {
        asked++;
        const message = ask(lab, qname, 'TXT', { server: 'ns1.elsewhere.' });
        const expected = plainReading(names, qname);
        const seen = message.answer.length > 0 ? 'data' : message.rcode === 3 ? 'error' : 'no data';
        const what = `{${owners.join(' ')}} ${denial.kind} ${qname}`;
        if (seen !== expected) t.equal(seen, expected, what);
        const flaw = flawOfProof(message, names, name(qname), seen);
        if (flaw !== undefined) t.fail(`${what}: ${flaw}`);
      }
    }
  }
  t.ok(asked > 1_000, `${asked} questions`);
  t.end();
});

/** What is missing from the proof; a plain reading of RFC 4035 §5.4 and RFC 5155 §8. */
function flawOfProof(
  message: Message,
  owners: ReadonlySet<string>,
  qname: Name,
  seen: 'data' | 'no data' | 'error',
): string | undefined {
  const sets = groupRRsets(message.authority);
  const isExpanded = seen === 'data' && !owners.has(qname.toString());
  if (seen === 'data' && !isExpanded) return sets.length === 0 ? undefined : 'surplus proof';
  const hashed = sets.some((set) => set.type === RRType.NSEC3);
  const denies = hashed ? nsec3Reader(sets) : nsecReader(sets);
  const encloser = closestEncloser(owners, qname);
  const nextCloser = qname.suffix(encloser.labelCount + 1);
  if (seen === 'error') {
    if (!denies.covers(nextCloser)) return 'next closer name not covered';
    if (!denies.covers(encloser.wildcard()!)) return 'wildcard not covered';
    return hashed && !denies.matches(encloser, undefined) ? 'encloser not matched' : undefined;
  }
  if (isExpanded) return denies.covers(nextCloser) ? undefined : 'next closer name not covered';
  if (encloser.equals(qname)) {
    const isEmpty = !owners.has(qname.toString()) && !qname.equals(name('t.'));
    if (isEmpty && !hashed) return denies.covers(qname) ? undefined : 'ENT not covered';
    return denies.matches(qname, RRType.TXT) ? undefined : 'not matched';
  }
  if (!denies.covers(nextCloser)) return 'next closer name not covered';
  // The wildcard itself may be an empty non-terminal, which NSEC can only cover.
  const wildcard = encloser.wildcard()!;
  if (denies.matches(wildcard, RRType.TXT)) return undefined;
  return !hashed && denies.covers(wildcard) ? undefined : 'wildcard not matched';
}

function closestEncloser(owners: ReadonlySet<string>, qname: Name): Name {
  for (let at = qname; ; at = at.parent()) {
    const text = at.toString();
    if (text === 't.') return at;
    if ([...owners].some((owner) => owner === text || owner.endsWith(`.${text}`))) return at;
  }
}

interface Reader {
  covers(of: Name): boolean;
  /** Matches, and the bit of `without` is clear. */
  matches(of: Name, without: number | undefined): boolean;
}

function nsecReader(sets: readonly RRset[]): Reader {
  const records = sets
    .filter((set) => set.type === RRType.NSEC)
    .map((set) => ({ owner: set.owner, nsec: parseNsec(set.rdatas[0]!)! }));
  return {
    covers: (of) =>
      records.some(({ owner, nsec }) => {
        if (owner.compareCanonical(of) >= 0) return false;
        return nsec.nextName.equals(name('t.')) || of.compareCanonical(nsec.nextName) < 0;
      }),
    matches: (of, without) =>
      records.some(({ owner, nsec }) => {
        return owner.equals(of) && (without === undefined || !nsec.types.has(without));
      }),
  };
}

function nsec3Reader(sets: readonly RRset[]): Reader {
  const records = sets
    .filter((set) => set.type === RRType.NSEC3)
    .map((set) => ({
      hash: fromBase32hex(set.owner.label(0)),
      nsec3: parseNsec3(set.rdatas[0]!)!,
    }));
  const hashOf = (of: Name): Uint8Array => {
    const { salt, iterations } = records[0]!.nsec3;
    return crypto.nsec3Hash(of.canonicalOctets(), salt, iterations);
  };
  return {
    covers: (of) =>
      records.some(({ hash, nsec3 }) => {
        const target = hashOf(of);
        const after = compareOctets(hash, target) < 0;
        const before = compareOctets(target, nsec3.nextHash) < 0;
        const isLast = compareOctets(hash, nsec3.nextHash) >= 0;
        return isLast ? after || before : after && before;
      }),
    matches: (of, without) =>
      records.some(({ hash, nsec3 }) => {
        if (compareOctets(hash, hashOf(of)) !== 0) return false;
        return without === undefined || !nsec3.types.has(without);
      }),
  };
}

function fromBase32hex(label: Uint8Array): Uint8Array {
  let bits = '';
  for (const octet of label) {
    const value = Number.parseInt(String.fromCharCode(octet), 32);
    bits += value.toString(2).padStart(5, '0');
  }
  const octets = bits.match(/.{8}/g) ?? [];
  return Uint8Array.from(octets, (byte) => Number.parseInt(byte, 2));
}

// --- the server itself ---

t.test('EDNS, sizes and malformed questions', (t) => {
  const txt = Array.from({ length: 40 }, (_, index) => `big TXT "${'x'.repeat(100)}${index}"\n`);
  const zone: ZoneSpec = { origin: 'zone.', text: COMMON + txt.join(''), signing: split(13) };
  const lab = buildLab({ world: worldOf(zone), tools });

  const cut = ask(lab, 'big.zone.', 'TXT');
  t.equal(cut.truncated, true, 'too large for UDP');
  t.equal(cut.answer.length, 0, 'RFC 2181 §9: no part of an RRset');
  const whole = ask(lab, 'big.zone.', 'TXT', { transport: 'tcp' });
  t.equal(whole.truncated, false);
  t.equal(whole.answer.length, 41, 'all records and one signature');

  const reply = serverOf(lab, 'zone.');
  const query = buildQuery({ id: 7, name: name('mx.zone.'), type: 1, class: 1 });
  const plain = reply.answer(query, 'udp', NOW);
  t.equal(plain.kind === 'reply' && decoded(plain.octets).edns, undefined, 'no OPT without OPT');

  const future = buildQuery({ id: 7, name: name('mx.zone.'), type: 1, class: 1, edns: DNSSEC });
  future[future.length - 5] = 1;
  const badVersion = reply.answer(future, 'udp', NOW);
  t.equal(badVersion.kind === 'reply' && decoded(badVersion.octets).rcode, Rcode.BADVERS);

  const notify = query.slice();
  notify[2] = Opcode.NOTIFY << 3;
  const refused = reply.answer(notify, 'udp', NOW);
  t.equal(refused.kind === 'reply' && decoded(refused.octets).rcode, Rcode.NOTIMP);

  const broken = reply.answer(query.subarray(0, query.length - 3), 'udp', NOW);
  t.equal(broken.kind === 'reply' && broken.octets[3], Rcode.FORMERR);
  t.equal(reply.answer(query.subarray(0, 11), 'udp', NOW).kind, 'silence');

  t.equal(ask(lab, 'elsewhere.', 'A', { server: 'ns1.zone.' }).rcode, Rcode.REFUSED);
  t.equal(ask(lab, 'zone.', 'AXFR').rcode, Rcode.REFUSED);
  t.end();
});

function decoded(octets: Uint8Array): Message {
  const result = decodeMessage(octets);
  if (!result.ok) throw new Error('malformed reply');
  return result.value;
}

t.test('the DS RRset belongs to the parent', (t) => {
  const child: ZoneSpec = { origin: 'child.zone.', signing: split(13) };
  const shared: ZoneSpec = { ...child, servers: [{ name: 'ns1.zone.' }] };
  const both = buildLab({ world: worldOf(spec(), shared), tools });
  const fromParent = ask(both, 'child.zone.', 'DS', { server: 'ns1.zone.' });
  t.equal(typesOf(groupRRsets(fromParent.answer)), '43', 'a server of both answers as parent');
  t.equal(
    parseRrsig(groupRRsets(fromParent.answer)[0]!.signatures[0]!)!.signer.toString(),
    'zone.',
  );

  const apart = buildLab({ world: worldOf(spec(), child), tools });
  const fromChild = ask(apart, 'child.zone.', 'DS', { server: 'ns1.child.zone.' });
  t.equal(fromChild.answer.length, 0, 'the child has none (RFC 4035 §3.1.4.1)');
  t.equal(typesOf(groupRRsets(fromChild.authority)), '6 47');
  t.end();
});

t.test('signatures are renewed before they end', (t) => {
  const signing = { ...split(13), lifetimeSeconds: 60 };
  const lab = buildLab({ world: worldOf({ origin: 'zone.', text: COMMON, signing }), tools });
  const server = serverOf(lab, 'zone.');
  const query = buildQuery({ id: 7, name: name('mx.zone.'), type: 1, class: 1, edns: DNSSEC });
  for (let seconds = 0; seconds < 200; seconds += 7) {
    const reply = server.answer(query, 'udp', NOW + seconds);
    if (reply.kind !== 'reply') throw new Error(reply.kind);
    const rrsig = parseRrsig(groupRRsets(decoded(reply.octets).answer)[0]!.signatures[0]!)!;
    t.ok(rrsig.inceptionSeconds <= NOW + seconds, 'has begun');
    const left = rrsig.expirationSeconds - NOW - seconds;
    t.ok(left >= 40 && left <= 60, `${left} s left`);
  }
  t.end();
});

t.test('the whole world is built at once, and every zone of it loads', (t) => {
  let signatures = 0;
  let keys = 0;
  const counting: LabSigner = {
    generateKey: (algorithm) => {
      keys++;
      return tools.signer.generateKey(algorithm);
    },
    sign: (...given) => {
      signatures++;
      return tools.signer.sign(...given);
    },
  };
  const lab = buildLab({ world: labWorld(), tools: { ...tools, signer: counting } });
  const anchors = lab.rootAnchors();
  t.ok(keys < 10, `${keys} keys: only the root's are made before they are needed`);
  t.equal(signatures, 0, 'nothing is signed before it is asked for');
  t.equal(anchors.length, 1, 'one key signing key for the root');
  for (const hosted of lab.zones.values()) {
    if (!hosted.zone.soa.owner.equals(hosted.origin)) t.fail(`${hosted.origin} has no SOA`);
  }
  t.ok(lab.zones.size > 200, `${lab.zones.size} zones`);
  t.end();
});
