/**
 * The real resolver on a network that loses, delays, doubles and forges. Every run prints its seed
 * when it fails and can be repeated with it; ANCHORITE_SEED and ANCHORITE_RUNS make more of them.
 */
import t from 'tap';
import { type LabDomain, labWorld, type SeededRandom } from '../../src/lab/index.js';
import {
  decodeMessage,
  encodeMessage,
  equalOctets,
  IpAddress,
  octetKey,
  RRType,
} from '../../src/wire/index.js';
import {
  makeLab,
  type SendEffect,
  SimulatedWorld,
  type SpoofedPacket,
  type Spoofer,
} from '../support/simulated-world.js';
import { record } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const table = labWorld();
const lab = makeLab(table);
const firstSeed = Number(process.env.ANCHORITE_SEED ?? 1);
const runs = Number(process.env.ANCHORITE_RUNS ?? 6);

/** Domains that can be answered on a good day. */
const sound = table.domains.filter(({ expectations, name }) => {
  return expectations.every(({ rcode }) => rcode !== 'SERVFAIL') && !name.endsWith('.ede');
});

function* seeds(): Generator<number> {
  for (let run = 0; run < runs; run++) yield firstSeed + run;
}

/** Restores fine weather for the next test: the lab is shared, its keys are dear. */
function fineWeather(): void {
  Object.assign(lab.network.weather, { roundTripMs: 20, jitterMs: 0, loss: 0, duplication: 0 });
  lab.network.distanceMs.clear();
}

interface Tally {
  asked: number;
  asExpected: number;
  /** Questions that ended in SERVFAIL. */
  failed: string[];
  wrong: string[];
}

/** Asks what the table expects of some domains, at random times, many at once. */
function askAround(world: SimulatedWorld, domains: readonly LabDomain[]): Tally {
  const tally: Tally = { asked: 0, asExpected: 0, failed: [], wrong: [] };
  const asked = domains.flatMap((domain) => {
    world.runUntil(() => false, world.random.below(80));
    return domain.expectations.map((expected) => {
      return { expected, question: world.ask(expected.name, expected.type) };
    });
  });
  world.runUntil(() => asked.every(({ question }) => question.resolution !== undefined));
  for (const { expected, question } of asked) {
    tally.asked++;
    const seen = question.resolution!;
    if (seen.rcode === 2) tally.failed.push(`${expected.name} ${expected.type}`);
    else if (seen.security.status === expected.status) tally.asExpected++;
    else tally.wrong.push(`${expected.name} ${expected.type}: ${seen.security.status}`);
  }
  world.settle();
  return tally;
}

t.test('loss, jitter and duplicates', (t) => {
  for (const loss of [0.1, 0.3]) {
    for (const seed of seeds()) {
      const world = new SimulatedWorld({
        lab,
        seed,
        weather: { roundTripMs: 30, jitterMs: 60, loss, duplication: 0.2 },
      });
      const tally = askAround(world, sound);
      const title = `seed ${seed}, ${loss * 100} % lost`;
      t.same(tally.wrong, [], `${title}: what is answered is right`);
      t.same([...violations(world), ...restlessness(world)], [], title);
      const share = tally.asExpected / tally.asked;
      t.ok(share > (loss < 0.2 ? 0.99 : 0.95), `${title}: ${(share * 100).toFixed(1)} % answered`);
    }
  }
  fineWeather();
  t.end();
});

t.test('nobody answers', (t) => {
  const world = new SimulatedWorld({ lab, weather: { loss: 1 } });
  const asked = sound.slice(0, 20).flatMap(({ expectations }) => {
    return expectations.map(({ name, type }) => world.ask(name, type));
  });
  world.runUntil(() => asked.every(({ resolution }) => resolution !== undefined));
  for (const { resolution } of asked) {
    if (resolution?.rcode !== 2) t.fail('an answer out of nothing');
    if (resolution?.errors.length === 0) t.fail('no Extended DNS Error says why');
  }
  world.settle();
  t.same([...violations(world), ...restlessness(world)], []);
  t.ok(world.sent.length < 100 * asked.length, `${world.sent.length} queries`);
  fineWeather();
  t.end();
});

t.test('servers that come and go', (t) => {
  for (const seed of seeds()) {
    const world = new SimulatedWorld({ lab, seed });
    const random = world.random;
    const servers = [...lab.servers.values()];
    for (let round = 0; round < 20; round++) {
      const server = servers[random.below(servers.length)]!;
      const fate = random.below(3);
      for (const address of server.addresses) {
        if (fate === 0) lab.network.remove(address);
        else if (fate === 1) lab.network.listen(address, { answer: () => ({ kind: 'silence' }) });
      }
      const some = sound.filter(() => random.fraction() < 0.1);
      const tally = askAround(world, some);
      t.same(tally.wrong, [], `seed ${seed}, round ${round}: what is answered is right`);
      for (const address of server.addresses) lab.network.listen(address, server);
    }
    t.same([...violations(world), ...restlessness(world)], [], `seed ${seed}`);
  }
  fineWeather();
  t.end();
});

// --- forgers ---

const EVIL = IpAddress.parse('11.66.66.66')!.octets;

/** Every letter turned over, or the spelling that a client is most likely to use. */
type Spelling = 'other case' | 'lower case';

/** An answer that sends mail elsewhere, in the form of a reply to `query`. */
function forgedReply(query: SendEffect, id: number, how: 'as asked' | Spelling): Uint8Array {
  const decoded = decodeMessage(query.octets);
  if (!decoded.ok) throw new Error('the resolver sent nonsense');
  const [question] = decoded.value.questions;
  const owner = question!.name.toString();
  const octets = encodeMessage(
    {
      id,
      questions: decoded.value.questions,
      isResponse: true,
      authoritative: true,
      answer: [
        record(owner, RRType.A, EVIL, 86_400),
        record(owner, RRType.TLSA, Uint8Array.from([3, 1, 1, ...EVIL]), 86_400),
      ],
      authority: [record(owner, RRType.NS, question!.name.octets)],
      additional: [record(owner, RRType.A, EVIL)],
    },
    { maxOctets: 1_232 },
  );
  if (how === 'as asked') return octets;
  for (let at = 13; at < 12 + question!.name.octets.length; at++) {
    const letter = octets[at]! & 0xdf;
    if (letter < 0x41 || letter > 0x5a) continue;
    octets[at] = how === 'lower case' ? octets[at]! | 0x20 : octets[at]! ^ 0x20;
  }
  return octets;
}

/** The name asked for, in its letter case. */
function questionOf(octets: Uint8Array): Uint8Array {
  return octets.subarray(12, octets.indexOf(0, 12));
}

const idOf = ({ octets }: SendEffect): number => (octets[0]! << 8) | octets[1]!;

/** Cannot see the query; guesses IDs and knows everything else but the letter case. */
const blind: Spoofer = {
  forge: (query, random) =>
    severalOverUdp(query, random, 3, () => ({
      afterMs: random.fraction() * 15,
      octets: forgedReply(query, random.uint16(), 'as asked'),
    })),
};

/** Guesses one ID of each server right, but not the letter case: what 0x20 is there for. */
function lucky(spelling: Spelling): Spoofer {
  const met = new Set<string>();
  return {
    forge: (query, random) => {
      // The name of the root has no letters, so there 0x20 cannot help.
      if (query.octets[12] === 0 || met.has(query.address.key)) return [];
      met.add(query.address.key);
      const forged = forgedReply(query, idOf(query), spelling);
      // Once in 2 to the number of letters this guess is right too, and nothing but DNSSEC helps.
      const isRight = equalOctets(questionOf(forged), questionOf(query.octets));
      if (isRight) return [];
      return severalOverUdp(query, random, 1, () => ({
        afterMs: random.fraction() * 15,
        octets: forged,
      }));
    },
  };
}

/** Sees everything: only signatures can stop this one. */
const onPath: Spoofer = {
  forge: (query) => [{ afterMs: 1, octets: forgedReply(query, idOf(query), 'as asked') }],
};

/** Answers with noise that carries the right ID: the wait must go on (issue §3). */
const noisy: Spoofer = {
  forge: (query, random) =>
    severalOverUdp(query, random, 2, () => {
      const octets = new Uint8Array(2 + random.below(200));
      random.fill(octets);
      octets.set(query.octets.subarray(0, 2));
      octets[2] = 0x80;
      return { afterMs: random.fraction() * 15, octets };
    }),
};

/** Who cannot see a TCP connection cannot write into it either. */
function severalOverUdp(
  query: SendEffect,
  random: SeededRandom,
  most: number,
  make: () => SpoofedPacket,
): readonly SpoofedPacket[] {
  if (query.transport === 'tcp') return [];
  return Array.from({ length: 1 + random.below(most) }, make);
}

function evilAnswers(world: SimulatedWorld): string[] {
  const evil = octetKey(EVIL);
  const found: string[] = [];
  for (const { name, type, resolution } of world.questions.values()) {
    for (const { rrset, security } of resolution?.answer ?? []) {
      if (rrset.rdatas.some((rdata) => octetKey(rdata).endsWith(evil))) {
        found.push(`${name} ${type} (${security.status})`);
      }
    }
  }
  return found;
}

t.test('forgers who cannot see the query get nowhere', (t) => {
  for (const [title, spoofer] of [
    ['random IDs', () => blind],
    ['the right ID and the wrong case', () => lucky('other case')],
    ['the right ID and lower case', () => lucky('lower case')],
    ['noise with the right ID', () => noisy],
  ] as const) {
    for (const seed of seeds()) {
      const world = new SimulatedWorld({ lab, seed, spoofer: spoofer() });
      const tally = askAround(world, sound);
      // A blind guess meets the ID in one of 65,536 cases; the seeds are chosen so that none does.
      t.same(evilAnswers(world), [], `${title}, seed ${seed}: nothing forged is answered`);
      t.same(tally.wrong, [], `${title}, seed ${seed}: what is answered is right`);
      // A server that does not listen on TCP cannot be asked in a way that forgers cannot disturb.
      const kept = tally.failed.filter((asked) => !asked.includes('no-tcp.dane'));
      t.same(kept, [], `${title}, seed ${seed}: nobody is kept from an answer`);
      t.same([...violations(world), ...restlessness(world)], [], `${title}, seed ${seed}`);
    }
  }
  t.end();
});

t.test('a forger on the path cannot touch what is signed', (t) => {
  const signed = sound.filter(({ expectations }) => {
    return expectations.every(({ status }) => status === 'secure');
  });
  for (const seed of seeds()) {
    const world = new SimulatedWorld({ lab, seed, spoofer: onPath });
    const tally = askAround(world, signed);
    t.same(evilAnswers(world), [], `seed ${seed}: nothing forged is answered`);
    t.same(tally.wrong, [], `seed ${seed}: nothing becomes insecure`);
    t.same([...violations(world), ...restlessness(world)], [], `seed ${seed}`);
  }
  t.end();
});
