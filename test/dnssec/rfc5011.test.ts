/** RFC 5011: the root's real key history replayed, the roll after it, and who may not take part. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  type Anchor,
  adoptAnchor,
  type CryptoProvider,
  type ImportedKey,
  initialState,
  isSecure,
  observe,
  parseRfc5011State,
  type Rfc5011Event,
  type Rfc5011State,
  retryAfter,
  serialiseRfc5011State,
  TrustAnchors,
  isDeleted,
  trustedRecords,
  validateDnskeys,
  validateRRset,
} from '../../src/dnssec/index.js';
import { parseMasterFile } from '../../src/presentation/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import {
  type Dnskey,
  equalOctets,
  groupRRsets,
  Name,
  parseDnskey,
  parseDs,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import { sharedPath } from '../vectors/shared-data.js';
import {
  context,
  DAY,
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
  tagOf,
  unsigned,
  withFlags,
  ZSK,
} from './signed-zone.js';

const HOUR = 3_600;
const REVOKED_KSK = KSK | 0x80;
const ZONE = name('example.test');

function stateOf(state: Rfc5011State, tag: number): string {
  return state.keys.find((key) => key.tag === tag)?.state ?? 'START';
}

function changes(events: readonly Rfc5011Event[]): string[] {
  return events.map((event) => {
    if (event.kind === 'key') return `${event.tag} ${event.from} ${event.event} ${event.to}`;
    return event.kind === 'set refused' ? `refused: ${event.security.reason}` : event.kind;
  });
}

function anchorOf(zone: Name, keys: readonly TestKey[]): Anchor {
  return { zone, ds: keys.map((key) => parseDs(dsRdata(zone, key))!), dnskeys: [] };
}

/** A set as the zone would publish it on that day, good for three weeks. */
function setAt(
  day: number,
  keys: readonly TestKey[],
  signers: readonly TestKey[],
  zone = ZONE,
): RRset {
  const times = { inception: day - DAY, expiration: day + 21 * DAY };
  let rrset = unsigned(
    zone,
    RRType.DNSKEY,
    keys.map((key) => key.rdata),
    172_800,
  );
  for (const signer of signers) rrset = signed(rrset, signer, zone, times);
  return rrset;
}

interface Step {
  readonly state: Rfc5011State;
  readonly said: readonly string[];
  readonly nextProbeSeconds: number;
}

function look(state: Rfc5011State, rrset: RRset, day: number, crypto?: CryptoProvider): Step {
  const options = { nowSeconds: day, ...(crypto === undefined ? {} : { crypto }) };
  const { events, ...rest } = observe(state, rrset, context(options));
  return { ...rest, said: changes(events) };
}

/** As a daemon does it: what is not in the file is lost between two looks. */
function restarted(state: Rfc5011State): Rfc5011State {
  const read = parseRfc5011State(serialiseRfc5011State(state));
  if (!read.ok) throw new Error(`line ${read.error.line}: ${read.error.message}`);
  return read.state;
}

interface RecordedSet {
  readonly fromSeconds: number;
  readonly rrset: RRset;
}

function readHistory(text: string): RecordedSet[] {
  const sets: RecordedSet[] = [];
  for (const part of text.split(/^; /m).slice(1)) {
    const seen = /first seen at unix time (\d+)\n/.exec(part);
    const file = parseMasterFile(part.slice(part.indexOf('\n') + 1));
    if (seen === null || file.records === undefined)
      throw new Error(`unreadable: ${part.slice(0, 60)}`);
    sets.push({ fromSeconds: Number(seen[1]), rrset: groupRRsets(file.records)[0]! });
  }
  return sets;
}

const KSK_2017 = 20_326;
const KSK_2024 = 38_696;

function ksk(rrset: RRset, tag: number): Dnskey {
  return parseDnskey(rrset.rdatas.find((rdata) => tagOf(rdata) === tag)!)!;
}

/**
 * The real root keys with private keys of our own: whoever checks a signature by one of them uses
 * the stand-in's public key. All else, key tags included, stays as the root has it.
 */
class StandInProvider implements CryptoProvider {
  readonly name = 'stand-in';
  readonly #node = new NodeCryptoProvider();
  readonly #standIns: ReadonlyArray<readonly [Uint8Array, Uint8Array]>;

  constructor(standIns: ReadonlyArray<readonly [Uint8Array, Uint8Array]>) {
    this.#standIns = standIns;
  }

  supports(algorithm: number): boolean {
    return this.#node.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    const standIn = this.#standIns.find(([real]) => equalOctets(real, publicKey));
    return this.#node.importKey(algorithm, standIn?.[1] ?? publicKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, rrsig: Uint8Array): boolean {
    return this.#node.verify(algorithm, key, data, rrsig);
  }

  digest(hash: 'sha1' | 'sha256' | 'sha384' | 'sha512', data: Uint8Array): Uint8Array {
    return this.#node.digest(hash, data);
  }

  nsec3Hash(owner: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    return this.#node.nsec3Hash(owner, salt, iterations);
  }
}

/** The real key's RDATA, the stand-in's private key. */
function actAs(real: Dnskey, standIn: TestKey): TestKey {
  return { ...standIn, rdata: real.rdata, tag: tagOf(real.rdata) };
}

const history = sharedPath('data', 'root-dnskey-history.txt');
const skip = history === undefined ? 'the shared data are not at hand (ANCHORITE_SHARED)' : false;

t.test("the root's key history", { skip }, (t) => {
  const sets = readHistory(readFileSync(history!, 'latin1'));
  t.equal(sets.length, 102);
  const anchor: Anchor = {
    zone: Name.root,
    ds: [],
    dnskeys: [ksk(sets[0]!.rrset, KSK_2017)],
  };
  const firstWithNew = sets.find(({ rrset }) => rrset.rdatas.some((r) => tagOf(r) === KSK_2024))!;
  const attacker = makeKey(8, KSK);
  let state = initialState(anchor, sets[0]!.fromSeconds);
  let firstSeen = 0;
  let accepted = 0;
  let looks = 0;
  let index = 0;
  const last = sets.at(-1)!.fromSeconds + 2 * DAY;
  let day = sets[0]!.fromSeconds;
  for (; day <= last; day += DAY) {
    while (sets[index + 1] !== undefined && sets[index + 1]!.fromSeconds <= day) index++;
    const { rrset } = sets[index]!;

    // A forger adds a key, or calls a key revoked, and signs with what he has.
    if (looks % 50 === 0) {
      const added = { ...rrset, rdatas: [...rrset.rdatas, attacker.rdata], signatures: [] };
      const forgeries = [
        signed(added, attacker, Name.root, { expiration: day + DAY, inception: day - DAY }),
        { ...added, signatures: rrset.signatures },
        { ...rrset, rdatas: rrset.rdatas.map((r) => octets([r[0]!, r[1]! | 0x80], r.slice(2))) },
      ];
      for (const forged of forgeries) {
        const step = look(state, forged, day);
        t.same(step.state, state, 'a forged set changes nothing');
        t.match(step.said[0], /^refused: /);
      }
    }

    const step = look(restarted(state), rrset, day);
    for (const line of step.said) t.notMatch(line, /refused|left/, `on ${day}`);
    if (step.said.includes(`${KSK_2024} START NewKey ADDPEND`)) firstSeen = day;
    if (step.said.includes(`${KSK_2024} ADDPEND AddTime VALID`)) accepted = day;
    if (firstSeen !== 0 && day < firstSeen + 30 * DAY) {
      t.equal(stateOf(step.state, KSK_2024), 'ADDPEND', 'not before its time');
    }
    state = step.state;
    looks++;
  }
  t.comment(`${looks} looks; new key seen ${firstSeen}, accepted ${accepted}`);
  t.ok(firstSeen >= firstWithNew.fromSeconds && firstSeen < firstWithNew.fromSeconds + DAY);
  t.equal(accepted, firstSeen + 30 * DAY, 'at the first look 30 days after it was first seen');
  t.equal(stateOf(state, KSK_2017), 'VALID');
  t.equal(stateOf(state, KSK_2024), 'VALID');
  t.equal(state.keys.length, 2, 'zone signing keys never become anchors');

  t.test('a key that leaves during its hold-down starts anew', (t) => {
    const before = initialState(anchor, firstSeen);
    const step = look(before, firstWithNew.rrset, firstSeen);
    t.equal(stateOf(step.state, KSK_2024), 'ADDPEND');
    const signatureOnly = sets.findLast(({ rrset }) => !has(rrset, KSK_2024))!;
    const gone = look(step.state, signatureOnly.rrset, signatureOnly.fromSeconds + DAY);
    t.same(gone.said, [`${KSK_2024} ADDPEND KeyRem START`]);
    t.end();
  });

  t.test('on: the new key signs, the old one is revoked and removed', (t) => {
    rollOn(t, state, sets.at(-1)!.rrset, day);
    t.end();
  });
  t.end();
});

function has(rrset: RRset, tag: number): boolean {
  return rrset.rdatas.some((rdata) => tagOf(rdata) === tag);
}

function rollOn(t: Test, recorded: Rfc5011State, rrset: RRset, from: number): void {
  const [old, young] = [ksk(rrset, KSK_2017), ksk(rrset, KSK_2024)];
  const [oldStandIn, youngStandIn] = [makeKey(8, KSK), makeKey(8, KSK)];
  const crypto = new StandInProvider([
    [old.publicKey, oldStandIn.rdata.slice(4)],
    [young.publicKey, youngStandIn.rdata.slice(4)],
  ]);
  const oldKey = actAs(old, oldStandIn);
  const oldRevoked = withFlags(oldKey, REVOKED_KSK);
  const youngKey = actAs(young, youngStandIn);
  const zsk = makeKey(8, ZSK);
  t.equal(oldRevoked.tag, 20_454, 'the revoke bit adds 128 to the key tag');

  let state = recorded;
  let day = from;
  const run = (days: number, keys: readonly TestKey[], signers: readonly TestKey[]): string[] => {
    const said: string[] = [];
    for (const end = day + days * DAY; day < end; day += DAY) {
      const step = look(restarted(state), setAt(day, keys, signers, Name.root), day, crypto);
      said.push(...step.said);
      state = step.state;
    }
    return said;
  };

  t.same(run(50, [zsk, oldKey, youngKey], [oldKey]), [], 'the old key still signs');
  t.same(run(80, [zsk, oldKey, youngKey], [youngKey]), [], 'the new key signs: 2026-10-11');

  const unproven = setAt(day, [zsk, oldRevoked, youngKey], [youngKey], Name.root);
  t.same(
    look(state, unproven, day, crypto).said,
    [`${KSK_2017} VALID KeyRem MISSING`],
    'revoked by somebody else only: it is missing, and still trusted',
  );

  t.same(run(1, [zsk, oldRevoked, youngKey], [youngKey, oldRevoked]), [
    `${KSK_2017} VALID RevBit REVOKED`,
  ]);
  t.same(run(70, [zsk, oldRevoked, youngKey], [youngKey, oldRevoked]), [], 'published, revoked');
  t.same(run(29, [zsk, youngKey], [youngKey]), [], 'gone, and not forgotten yet');
  t.same(run(1, [zsk, youngKey], [youngKey]), [`${KSK_2017} REVOKED RemTime REMOVED`]);

  const ctx = context({ nowSeconds: day, crypto });
  const anchors = TrustAnchors.from(trustedRecords(state), ctx);
  t.same(
    anchors.forName(Name.root)?.dnskeys.map((key) => tagOf(key.rdata)),
    [KSK_2024],
    'nothing is trusted but the new key',
  );
  const good = setAt(day, [zsk, youngKey], [youngKey], Name.root);
  t.equal(validateDnskeys(Name.root, good, anchors, ctx).status, 'secure');
  for (const keys of [
    [zsk, oldKey],
    [zsk, oldKey, youngKey],
  ]) {
    const byOld = setAt(day, keys, [oldKey], Name.root);
    t.equal(validateDnskeys(Name.root, byOld, anchors, ctx).status, 'bogus');
    const step = look(state, byOld, day, crypto);
    t.match(step.said.join(), /^refused: /, 'the old key vouches for nothing any more');
    t.same(step.state, state);
  }
  const back = look(state, setAt(day, [zsk, oldKey, youngKey], [youngKey], Name.root), day, crypto);
  t.same(back.said, [], 'and never comes back, though the new key signs it');
  t.equal(stateOf(back.state, KSK_2017), 'REMOVED');
}

t.test('states and events', (t) => {
  const [a, b, zsk] = [makeKey(13, KSK), makeKey(13, KSK), makeKey(13, ZSK)];
  const start = initialState(anchorOf(ZONE, [a]), NOW);
  const first = look(start, setAt(NOW, [a, zsk], [a]), NOW);

  t.test('a DS record becomes the key it points to', (t) => {
    t.same(first.said, [`${a.tag} START configured VALID`]);
    t.equal(first.state.ds.length, 0);
    t.equal(stateOf(first.state, zsk.tag), 'START', 'without the SEP bit, no anchor');
    t.end();
  });

  t.test('a configured key without the SEP bit goes once a key with it is in force', (t) => {
    const dnskeys = [a, zsk].map(({ rdata }) => parseDnskey(rdata)!);
    const both = initialState({ zone: ZONE, ds: [], dnskeys }, NOW);
    const seen = look(both, setAt(NOW, [a, zsk], [zsk]), NOW);
    t.same(seen.said, [`${zsk.tag} VALID not followed REMOVED`]);
    const byZsk = look(seen.state, setAt(NOW + DAY, [a, b, zsk], [zsk]), NOW + DAY);
    t.same(byZsk.said, ['refused: no such key'], 'from then on it vouches for nothing');
    const absent = look(both, setAt(NOW, [b, zsk], [zsk]), NOW);
    t.equal(stateOf(absent.state, zsk.tag), 'VALID', 'not while the other is missing');
    const alone = initialState({ zone: ZONE, ds: [], dnskeys: [dnskeys[1]!] }, NOW);
    const first = look(alone, setAt(NOW, [a, zsk], [zsk]), NOW);
    const introduced = [`${a.tag} START configured VALID`, `${zsk.tag} VALID not followed REMOVED`];
    t.same(first.said, introduced, 'where there is no other anchor yet, it brings the first ones');
    const forged = look(alone, setAt(NOW, [b, zsk], [b]), NOW);
    t.same(forged.said, ['refused: no such key'], 'only with its own signature');
    const known = look(both, setAt(NOW, [a, b, zsk], [a, zsk]), NOW);
    t.equal(stateOf(known.state, b.tag), 'ADDPEND', 'beside another one it cuts no hold-down');
    const later = look(first.state, setAt(NOW + DAY, [a, b, zsk], [a, zsk]), NOW + DAY);
    t.equal(stateOf(later.state, b.tag), 'ADDPEND', 'nor does anybody later');
    t.end();
  });

  t.test('nor does the configuration bring it back after a restart', (t) => {
    const dnskeys = [a, zsk].map(({ rdata }) => parseDnskey(rdata)!);
    const configured = { zone: ZONE, ds: [], dnskeys };
    const { state } = look(initialState(configured, NOW), setAt(NOW, [a, zsk], [zsk]), NOW);
    // The zone has rolled it out since: whoever has it now is not the zone.
    for (const anchor of [configured, anchorOf(ZONE, [a, zsk])]) {
      const adopted = adoptAnchor(restarted(state), anchor, NOW + DAY, context().crypto);
      const trusted = trustedRecords(adopted).map(({ rdata }) => tagOf(rdata));
      t.same([trusted, adopted.ds], [[a.tag], []], 'by key or by DS record');
      const theirs = look(adopted, setAt(NOW + DAY, [b, zsk], [zsk]), NOW + DAY);
      t.same(theirs.said, ['refused: no key matches anchor'], 'not even until the first look');
      const ours = look(adopted, setAt(NOW + DAY, [a, zsk], [a]), NOW + DAY);
      t.same(ours.said, [], 'and the zone goes on as before');
    }
    t.end();
  });

  t.test('a key without the SEP bit that was revoked is not forgotten', (t) => {
    const anchor = { zone: ZONE, ds: [], dnskeys: [a, zsk].map((k) => parseDnskey(k.rdata)!) };
    const revoked = withFlags(zsk, ZSK | 0x80);
    const set = (day: number) => setAt(day, [a, revoked], [a, revoked]);
    let { state } = look(initialState(anchor, NOW), set(NOW), NOW);
    t.equal(stateOf(state, zsk.tag), 'REVOKED');
    state = look(restarted(state), set(NOW + DAY), NOW + DAY).state;
    const adopted = adoptAnchor(restarted(state), anchor, NOW + DAY, context().crypto);
    t.equal(stateOf(adopted, zsk.tag), 'REVOKED', 'the configuration does not bring it back');
    const trusted = trustedRecords(adopted).map(({ rdata }) => tagOf(rdata));
    t.same(trusted, [a.tag]);
    t.end();
  });

  t.test('a new key waits out the hold-down, looked at or not', (t) => {
    const set = (day: number) => setAt(day, [a, b], [a]);
    const seen = look(first.state, set(NOW), NOW);
    t.same(seen.said, [`${b.tag} START NewKey ADDPEND`]);
    const early = look(seen.state, set(NOW + 30 * DAY - 1), NOW + 30 * DAY - 1);
    t.same(early.said, [], 'a second before');
    const records = trustedRecords(early.state).map(({ rdata }) => tagOf(rdata));
    t.same(records, [a.tag], 'it is not trusted while it waits');
    const byPending = look(early.state, setAt(NOW + DAY, [a, b], [b]), NOW + DAY);
    t.same(byPending.said, ['refused: no such key'], 'nor does its signature teach anything');
    t.same(look(early.state, set(NOW + 30 * DAY), NOW + 30 * DAY).said, [
      `${b.tag} ADDPEND AddTime VALID`,
    ]);
    const gap = look(early.state, setAt(NOW + 29 * DAY, [a], [a]), NOW + 29 * DAY);
    t.same(gap.said, [`${b.tag} ADDPEND KeyRem START`]);
    const again = look(gap.state, set(NOW + 30 * DAY), NOW + 30 * DAY);
    t.same(again.said, [`${b.tag} START NewKey ADDPEND`]);
    t.same(look(again.state, set(NOW + 59 * DAY), NOW + 59 * DAY).said, []);
    t.same(look(again.state, set(NOW + 60 * DAY), NOW + 60 * DAY).said, [
      `${b.tag} ADDPEND AddTime VALID`,
    ]);
    t.end();
  });

  t.test('a TTL longer than 30 days is waited out', (t) => {
    const long = 40 * DAY;
    const set = (day: number): RRset => {
      const rrset = unsigned(ZONE, RRType.DNSKEY, [a.rdata, b.rdata], long);
      return signed(rrset, a, ZONE, { inception: day - DAY, expiration: day + DAY });
    };
    const seen = look(first.state, set(NOW), NOW);
    t.same(look(seen.state, set(NOW + 39 * DAY), NOW + 39 * DAY).said, []);
    t.same(look(seen.state, set(NOW + 40 * DAY), NOW + 40 * DAY).said, [
      `${b.tag} ADDPEND AddTime VALID`,
    ]);
    t.end();
  });

  const both = initialState(anchorOf(ZONE, [a, b]), NOW);
  const known = look(both, setAt(NOW, [a, b], [a]), NOW).state;

  t.test('a missing key stays trusted for a year, and no longer', (t) => {
    const gone = look(known, setAt(NOW, [b], [b]), NOW);
    t.same(gone.said, [`${a.tag} VALID KeyRem MISSING`]);
    t.same(
      trustedRecords(gone.state)
        .map(({ rdata }) => tagOf(rdata))
        .sort(),
      [a.tag, b.tag].sort(),
    );
    const back = look(gone.state, setAt(NOW + DAY, [a, b], [a]), NOW + DAY);
    t.same(back.said, [`${a.tag} MISSING KeyPres VALID`]);
    const year = NOW + 366 * DAY;
    t.same(look(gone.state, setAt(year - 1, [b], [b]), year - 1).said, []);
    const given = look(gone.state, setAt(year, [b], [b]), year);
    t.same(given.said, [`${a.tag} MISSING MissTime REMOVED`]);
    const returned = look(given.state, setAt(year, [a, b], [b]), year);
    t.same(returned.said, [], 'it is too late to come back');
    t.end();
  });

  t.test('revocation', (t) => {
    const revoked = withFlags(a, REVOKED_KSK);
    const alone = look(known, setAt(NOW, [revoked, b], [revoked]), NOW);
    t.same(
      alone.said,
      [`${a.tag} VALID RevBit REVOKED`, 'refused: no such key'],
      'its own signature revokes, and proves nothing else about the set',
    );
    const other = look(known, setAt(NOW, [revoked, b], [b]), NOW);
    t.same(other.said, [`${a.tag} VALID KeyRem MISSING`], 'without its own signature: no');
    const impostor = { ...revoked, privateKey: makeKey(13, KSK).privateKey };
    const forged = look(known, setAt(NOW, [revoked, b], [impostor, b]), NOW);
    t.same(forged.said, [`${a.tag} VALID KeyRem MISSING`], 'nor with a wrong one');
    const stranger = withFlags(makeKey(13, KSK), REVOKED_KSK);
    t.same(look(known, setAt(NOW, [stranger, a, b], [a, stranger]), NOW).said, []);

    const waiting = look(first.state, setAt(NOW, [a, b], [a]), NOW).state;
    const pending = setAt(
      NOW + DAY,
      [a, withFlags(b, REVOKED_KSK)],
      [a, withFlags(b, REVOKED_KSK)],
    );
    const never = look(waiting, pending, NOW + DAY);
    t.same(never.said, [`${b.tag} ADDPEND RevBit REVOKED`], 'revoked while it waits');
    const later = look(never.state, setAt(NOW + 90 * DAY, [a, b], [a]), NOW + 90 * DAY);
    t.equal(stateOf(later.state, b.tag), 'REMOVED', 'it is never accepted');

    const unseen = look(both, setAt(NOW, [revoked, b], [b, revoked]), NOW);
    t.same(unseen.said, [`${a.tag} VALID RevBit REVOKED`, `${b.tag} START configured VALID`]);
    t.equal(unseen.state.ds.length, 0, 'a configured DS record falls with its key');
    t.end();
  });

  t.test('when every anchor is revoked the trust point is gone, but for the root', (t) => {
    const revoked = withFlags(a, REVOKED_KSK);
    const set = setAt(NOW, [revoked, b], [revoked]);
    const last = look(first.state, set, NOW);
    t.same(last.said, [
      `${a.tag} VALID RevBit REVOKED`,
      'refused: no key matches anchor',
      'no anchor left',
    ]);
    const still = look(restarted(last.state), setAt(NOW + DAY, [b], [b]), NOW + DAY);
    t.same(still.said, ['refused: no key matches anchor', 'no anchor left']);
    const ctx = context();
    t.ok(isDeleted(still.state));
    t.same(trustedRecords(still.state), [], 'RFC 5011 §5: as if it had never been configured');
    const byAnother = look(first.state, setAt(NOW, [revoked, b], [b]), NOW);
    t.notOk(isDeleted(byAnother.state), 'nobody but the holder of the key revokes it');

    const rootState = { ...still.state, zone: Name.root };
    const anchors = TrustAnchors.from(trustedRecords(rootState), ctx);
    t.equal(anchors.closestAtOrAbove(name('www.example.test'))?.toString(), '.');
    const keys = setAt(NOW, [b], [b], Name.root);
    const verdict = validateDnskeys(Name.root, keys, anchors, ctx);
    t.match(verdict, { status: 'bogus', reason: 'no key matches anchor' }, 'not unsigned: closed');

    const adopted = adoptAnchor(still.state, anchorOf(ZONE, [a, b]), NOW, ctx.crypto);
    t.equal(adopted.ds.length, 1, 'a new anchor helps, the revoked one is not taken again');
    t.same(look(adopted, setAt(NOW, [b], [b]), NOW).said, [`${b.tag} START configured VALID`]);
    t.end();
  });

  t.test('a DS record does not bring back what was removed', (t) => {
    const removed = { ...known.keys[0]!, state: 'REMOVED' } as const;
    const { ds } = anchorOf(ZONE, [a]);
    t.equal(removed.tag, a.tag);
    const edited = { ...known, keys: [removed, known.keys[1]!], ds };
    t.same(look(edited, setAt(NOW, [a, b], [a]), NOW).said, ['refused: no such key']);
    const byOther = look(edited, setAt(NOW, [a, b], [b]), NOW);
    t.equal(stateOf(byOther.state, a.tag), 'REMOVED');
    t.equal(byOther.state.ds.length, 0);
    t.end();
  });

  t.test('operator knows better than the hold-down', (t) => {
    const waiting = look(first.state, setAt(NOW, [a, b], [a]), NOW).state;
    const dnskeys = [parseDnskey(b.rdata)!];
    const adopted = adoptAnchor(waiting, { zone: ZONE, ds: [], dnskeys }, NOW, context().crypto);
    t.equal(stateOf(adopted, b.tag), 'VALID');
    const byDs = adoptAnchor(waiting, anchorOf(ZONE, [a, b]), NOW, context().crypto);
    t.equal(stateOf(byDs, b.tag), 'VALID', 'by key or by DS record');
    t.equal(byDs.ds.length, 0, 'a DS record of a key that is known has done its work');
    const others = adoptAnchor(waiting, anchorOf(ZONE, [makeKey(13, KSK)]), NOW, context().crypto);
    t.equal(stateOf(others, b.tag), 'ADDPEND', 'the others go on waiting');
    t.end();
  });

  t.test('what is no set of this zone is refused', (t) => {
    const step = (rrset: RRset) => look(known, rrset, NOW).said;
    t.same(step(dnskeySet(name('other.test'), [a], [a])), ['refused: key set of another name']);
    t.same(step(setAt(NOW, [a, b], [])), ['refused: signature missing']);
    t.same(step(setAt(NOW - 60 * DAY, [a, b], [a])), ['refused: signature expired']);
    const many = Array.from({ length: 33 }, () => withFlags(zsk, ZSK));
    const rdatas = many.map((key, index) => octets(key.rdata.slice(0, 67), [index]));
    t.same(step(signed(unsigned(ZONE, RRType.DNSKEY, rdatas), a, ZONE)), [
      'refused: budget: keys per zone',
    ]);
    t.end();
  });
  t.end();
});

t.test('RFC 5011 §2.3: when to look again', (t) => {
  const a = makeKey(13, KSK);
  const start = initialState(anchorOf(ZONE, [a]), NOW);
  t.equal(retryAfter(start, NOW), HOUR, 'nothing is known yet');
  const cases: ReadonlyArray<readonly [ttl: number, life: number, next: number, retry: number]> = [
    [172_800, 21 * DAY, DAY, 17_280],
    [172_800, 10 * HOUR, 5 * HOUR, HOUR],
    [60, 21 * DAY, HOUR, HOUR],
    [60 * DAY, 100 * DAY, 15 * DAY, DAY],
  ];
  for (const [ttl, life, next, retry] of cases) {
    const rrset = signed(unsigned(ZONE, RRType.DNSKEY, [a.rdata], ttl), a, ZONE, {
      expiration: NOW + life,
    });
    const step = look(start, rrset, NOW);
    t.equal(step.nextProbeSeconds, next, `TTL ${ttl}, lifetime ${life}`);
    t.equal(retryAfter(step.state, NOW), retry);
    const failed = look(step.state, { ...rrset, signatures: [] }, NOW);
    t.equal(failed.nextProbeSeconds, retry, 'a set that is refused is asked for sooner');
  }
  t.end();
});

t.test('the state as text', (t) => {
  const [a, b, c] = [makeKey(13, KSK), makeKey(15, KSK), makeKey(8, KSK)];
  let state = initialState(anchorOf(ZONE, [a, c]), NOW);
  state = look(state, setAt(NOW, [a, b], [a]), NOW).state;
  const text = serialiseRfc5011State(state);

  t.test('comes back as it was', (t) => {
    t.same(restarted(state), state);
    t.equal(serialiseRfc5011State(restarted(state)), text);
    t.same(restarted(initialState(anchorOf(Name.root, [a]), NOW)).zone.labelCount, 0);
    t.match(text, new RegExp(`; key tag ${a.tag}\n`), 'people can find a key in it');
    t.end();
  });

  t.test('every cut is noticed', (t) => {
    for (let end = 0; end < text.length; end++) {
      if (parseRfc5011State(text.slice(0, end)).ok) t.fail(`cut at ${end}`);
    }
    t.end();
  });

  t.test('every changed character is noticed', (t) => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === '1' ? '2' : '1';
      if (parseRfc5011State(text.slice(0, at) + other + text.slice(at + 1)).ok) t.fail(`at ${at}`);
    }
    t.end();
  });

  t.test('garbage is an error with its line', (t) => {
    const seal = (lines: readonly string[]): string => {
      // Sealed again, so that only the reader of the lines can object.
      const sound = serialiseRfc5011State(state).split('\n').slice(0, -2);
      const body = `${[...sound.slice(0, 4), ...lines].join('\n')}\n`;
      return `${body}end ${4 + lines.length} ${fnv(body)}\n`;
    };
    const key = text.split('\n').find((line) => line.startsWith('key VALID'))!;
    const pending = text.split('\n').find((line) => line.startsWith('key ADDPEND'))!;
    t.ok(parseRfc5011State(seal([key, pending])).ok, 'the sound lines are read');
    const cases: Readonly<Record<string, string>> = {
      'the key is there twice': key,
      'not a key in a known state': key.replace('VALID', 'TRUSTED'),
      'not a time': key.replace(/VALID \d+/, 'VALID -1'),
      'not the times of such a key': pending.replace(/^(key ADDPEND \d+ \d+) \d+/, '$1 0'),
      'not a zone key': key.replace(/ 0101030d/, ' 0181030d'),
      'not a zone, or a second one': 'zone 00',
      'not a ttl, or a second one': 'ttl 5',
      'not a DS record': 'ds 0011',
      "unknown word 'trust?me'": 'trust\u001bme',
    };
    for (const [message, line] of Object.entries(cases)) {
      const read = parseRfc5011State(seal([key, line]));
      t.match(read, { ok: false, error: { line: 6, message } });
    }
    t.match(parseRfc5011State(''), { ok: false });
    t.match(parseRfc5011State('\u0000'.repeat(4096)), { ok: false });
    t.match(parseRfc5011State(`${'\n'.repeat(1000)}`), { ok: false });
    t.match(parseRfc5011State(text.replace('state 1', 'state 2')), {
      ok: false,
      error: { line: 1 },
    });
    t.end();
  });
  t.end();
});

/** FNV-1a once more, with integers of any size. */
function fnv(text: string): string {
  let hash = 0x811c9dc5n;
  for (const octet of Buffer.from(text, 'latin1')) {
    hash = ((hash ^ BigInt(octet)) * 0x01000193n) & 0xffffffffn;
  }
  return hash.toString(16).padStart(8, '0');
}

t.test('what follows from a tracked key is secure', (t) => {
  const [a, zsk] = [makeKey(13, KSK), makeKey(13, ZSK)];
  const set = setAt(NOW, [a, zsk], [a]);
  const { state } = look(initialState(anchorOf(ZONE, [a]), NOW), set, NOW);
  const ctx = context({ policy: POLICY });
  const keys = validateDnskeys(ZONE, set, TrustAnchors.from(trustedRecords(state), ctx), ctx);
  if (keys.status !== 'secure') throw new Error(keys.sentence);
  const rrset = signed(unsigned('www.example.test', RRType.A, [octets([192, 0, 2, 1])]), zsk, ZONE);
  const verdict = validateRRset(rrset, keys.keys, ctx);
  t.ok(verdict.status === 'secure' && isSecure(verdict.security));
  t.end();
});
