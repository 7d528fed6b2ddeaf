/**
 * RFC 7672 §2.2.2 on the resolver's side: in a zone that is proven insecure, a TLSA question that
 * nobody answers is no data. Each case that is let pass is paired with the attackers who would like
 * to have it pass: they silence the servers of signed zones, strip proofs and spend budgets.
 */
import t from 'tap';
import {
  type DenialSpec,
  type Lab,
  NSEC,
  nsec3,
  OPT_OUT,
  type ServerBehaviour,
  singleKey,
  type World,
  type ZoneSpec,
} from '../../src/lab/index.js';
import { LIMITS, type Resolution } from '../../src/resolver/index.js';
import {
  EdeCode,
  type EncodableMessage,
  equalOctets,
  type Message,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import {
  asks,
  forgedDenial,
  proofOf,
  soaOf,
  unsigned,
  verdictOf,
} from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const TLSA_DATA = 'TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const MAIL = `@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx ${TLSA_DATA}\n`;
const SHOWS = ['NOTIMP', 'SERVFAIL', 'REFUSED', 'FORMERR', 'silence'] as const;
const PARENTS: Readonly<Record<string, DenialSpec>> = {
  'zz.': NSEC,
  'hashed.': nsec3(),
  'optout.': OPT_OUT,
};
const NODATA = 'NOERROR insecure';

const chokes = (shows: (typeof SHOWS)[number]): readonly ServerBehaviour[] => [
  { kind: 'chokes on type', type: RRType.TLSA, shows },
];

/** An unsigned and a signed child on servers that fail TLSA questions in one and the same way. */
function family(tld: string, denial: DenialSpec, behaviours: readonly ServerBehaviour[]) {
  const signing = singleKey(13, denial);
  const served = (origin: string) => [{ name: `ns1.${origin}`, behaviours }];
  return [
    { origin: tld, signing },
    { origin: `open.${tld}`, text: MAIL, servers: served(`open.${tld}`) },
    { origin: `signed.${tld}`, text: MAIL, signing, servers: served(`signed.${tld}`) },
  ];
}

function worldOf(behaviours: readonly ServerBehaviour[], more: readonly ZoneSpec[] = []): World {
  return {
    zones: [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      ...Object.entries(PARENTS).flatMap(([tld, denial]) => family(tld, denial, behaviours)),
      ...more,
    ],
    domains: [],
  };
}

function quiet(options: WorldOptions): SimulatedWorld {
  return new SimulatedWorld({ ...options, config: { mailPrefetch: false, ...options.config } });
}

const codesOf = ({ errors }: Resolution): number[] => errors.map(({ code }) => code);
/** Without the reason: no DS, or opt-out. */
const shortVerdict = (seen: Resolution): string => verdictOf(seen).split(' ', 2).join(' ');
const tlsaOf = (zone: string): string => `_25._tcp.mx.${zone}`;

for (const shows of SHOWS) {
  t.test(`the servers meet TLSA questions with ${shows}`, (t) => {
    const lab = makeLab(worldOf(chokes(shows)));
    for (const tld of Object.keys(PARENTS)) {
      for (const first of ['cold', 'after the address']) {
        const world = quiet({ lab });
        if (first !== 'cold') world.resolve(`mx.open.${tld}`, 'A');
        const asked = world.ask(tlsaOf(`open.${tld}`), 'TLSA');
        world.runUntil(() => asked.resolution !== undefined);
        const seen = asked.resolution!;
        t.equal(shortVerdict(seen), NODATA, `open.${tld}, ${first}`);
        t.equal(seen.answer.length + seen.authority.length, 0, 'no records, no SOA');
        t.same(codesOf(seen), [EdeCode.SYNTHESIZED, EdeCode.NO_REACHABLE_AUTHORITY]);
        t.match(seen.errors[1]?.text, `open.${tld}`, 'and says whose servers');
        const tookMs = asked.finishedMs! - asked.askedMs;
        t.ok(tookMs <= LIMITS.insecureTlsaMs.value, `after ${tookMs} ms`);
        const address = world.resolve(`mx.open.${tld}`, 'A');
        t.equal(shortVerdict(address), NODATA);
        t.equal(address.answer.length, 1, 'other types have their records');

        const refused = world.resolve(tlsaOf(`signed.${tld}`), 'TLSA');
        t.equal(refused.rcode, Rcode.SERVFAIL, `signed.${tld}: whoever does that may hide records`);
        t.notOk(codesOf(refused).includes(EdeCode.SYNTHESIZED));
        world.settle();
        t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
      }
    }
    t.end();
  });
}

t.test('only TLSA, only where it is wanted, only by proof', (t) => {
  const silent = makeLab(worldOf([{ kind: 'silent' }]));
  for (const type of ['A', 'MX', 'SMIMEA', 'OPENPGPKEY', 'SSHFP', 'TXT']) {
    const seen = quiet({ lab: silent }).resolve(tlsaOf('open.zz.'), type);
    t.equal(seen.rcode, Rcode.SERVFAIL, `${type}: nobody answers is not no data`);
  }
  const off = quiet({ lab: silent, config: { forgiveInsecureTlsa: false } });
  t.equal(off.resolve(tlsaOf('open.zz.'), 'TLSA').rcode, Rcode.SERVFAIL, 'switched off');
  const negative = quiet({
    lab: silent,
    config: { negativeTrustAnchors: [nameOf('signed.zz.')] },
  });
  t.equal(
    negative.resolve(tlsaOf('signed.zz.'), 'TLSA').rcode,
    Rcode.SERVFAIL,
    'a negative trust anchor is no proof',
  );
  t.equal(
    shortVerdict(quiet({ lab: silent }).resolve(tlsaOf('open.zz.'), 'TLSA')),
    NODATA,
    'control',
  );
  const cd = quiet({ lab: silent }).resolve(tlsaOf('signed.zz.'), 'TLSA', { cd: true });
  t.equal(cd.rcode, Rcode.SERVFAIL, 'CD=1 asks for unjudged data, not for none');
  t.end();
});

t.test('an island of security in a zone that is proven insecure', (t) => {
  const island: ZoneSpec = {
    origin: 'island.open.zz.',
    text: MAIL,
    signing: singleKey(13),
    hasDs: false,
    servers: [{ name: 'ns1.island.open.zz.', behaviours: chokes('SERVFAIL') }],
  };
  const lab = makeLab(worldOf([], [island]));
  const anchors = (made: Lab): ResourceRecord[] => {
    const owner = nameOf(island.origin);
    const { signer } = made.zones.get(owner.key)!.signed!;
    return signer.dsRdatas().map((rdata) => {
      return { owner, type: RRType.DS, class: RRClass.IN, ttlSeconds: 0, rdata };
    });
  };
  const without = quiet({ lab }).resolve(tlsaOf(island.origin), 'TLSA');
  t.equal(shortVerdict(without), NODATA, 'without its anchor it is as insecure as what is above');
  const anchored = quiet({ lab, anchors });
  t.equal(anchored.resolve(tlsaOf(island.origin), 'TLSA').rcode, Rcode.SERVFAIL, 'with its anchor');
  // The delegation above the island gone as well: the failing servers are the insecure zone's.
  const undo = tamper(lab, 'ns1.open.zz.', () => undefined);
  const cutOff = quiet({ lab, anchors }).resolve(tlsaOf(island.origin), 'TLSA');
  t.equal(cutOff.rcode, Rcode.SERVFAIL, 'and when the servers above it fall silent');
  undo();
  t.end();
});

// --- attackers who silence a signed zone and work on the proof ---

type Change = (reply: Message, query: Message) => EncodableMessage | undefined;

/** What the parent's servers say about the delegation is put through `change`. */
interface Strip {
  readonly title: string;
  readonly change: (lab: Lab, tld: string) => Change;
}

const isProof = ({ type }: ResourceRecord): boolean =>
  [RRType.DS, RRType.NSEC, RRType.NSEC3, RRType.RRSIG].some((other) => other === type);

const STRIPS: readonly Strip[] = [
  {
    title: 'the DS records are left out of referrals, and DS questions get no answer',
    change: () => (reply, query) => {
      if (asks(query, RRType.DS)) return undefined;
      return { ...reply, authority: reply.authority.filter((one) => !isProof(one)) };
    },
  },
  {
    title: 'the same, and DS questions get an unsigned denial',
    change: (lab, tld) => (reply, query) => {
      if (asks(query, RRType.DS)) {
        return forgedDenial(reply, Rcode.NOERROR, unsigned(soaOf(lab, tld)));
      }
      return { ...reply, authority: reply.authority.filter((one) => !isProof(one)) };
    },
  },
  {
    title: 'the genuine proof for the unsigned sibling in place of the DS records',
    change: (lab, tld) => (reply, query) => {
      const proof = proofOf(lab, tld, `open.${tld}`);
      if (asks(query, RRType.DS)) {
        return forgedDenial(reply, Rcode.NOERROR, [...soaOf(lab, tld), ...proof]);
      }
      const rest = reply.authority.filter((one) => !isProof(one));
      return rest.some(({ type }) => type === RRType.NS)
        ? { ...reply, authority: [...rest, ...proof] }
        : reply;
    },
  },
  {
    title: 'the parent answers nothing but referrals, without any proof',
    change: () => (reply) => {
      const rest = reply.authority.filter((one) => !isProof(one));
      return rest.some(({ type }) => type === RRType.NS)
        ? { ...reply, authority: rest }
        : undefined;
    },
  },
  { title: 'the parent falls silent as well', change: () => () => undefined },
];

for (const { title, change } of STRIPS) {
  t.test(`the signed zone is silenced, and: ${title}`, (t) => {
    for (const shows of ['silence', 'SERVFAIL'] as const) {
      for (const tld of Object.keys(PARENTS)) {
        const lab = makeLab(worldOf(chokes(shows)));
        tamper(lab, `ns1.${tld}`, change(lab, tld));
        const world = quiet({ lab });
        for (const round of ['at first', 'at once again', 'later']) {
          const seen = world.resolve(tlsaOf(`signed.${tld}`), 'TLSA');
          t.equal(seen.rcode, Rcode.SERVFAIL, `${tld} ${shows}, ${round}: ${shortVerdict(seen)}`);
          t.notOk(codesOf(seen).includes(EdeCode.SYNTHESIZED), 'nothing is made up');
          if (round === 'at once again') world.sleep(60_000);
        }
        world.settle();
        t.same([...violations(world), ...restlessness(world)], []);
      }
    }
    t.end();
  });
}

t.test('a forged delegation below a signed zone, to servers that are silent', (t) => {
  for (const tld of Object.keys(PARENTS)) {
    const zone = `signed.${tld}`;
    for (const withProof of [false, true]) {
      const lab = makeLab(worldOf([]));
      tamper(lab, `ns1.${zone}`, (reply, query) => {
        if (!asks(query, RRType.TLSA)) return reply;
        const cut = record(`mx.${zone}`, RRType.NS, nameOf(`ns.evil.${tld}`).octets);
        const proof = withProof ? proofOf(lab, tld, `open.${tld}`) : [];
        return { ...reply, authoritative: false, answer: [], authority: [cut, ...proof] };
      });
      const seen = quiet({ lab }).resolve(tlsaOf(zone), 'TLSA');
      t.equal(seen.rcode, Rcode.SERVFAIL, `${zone}, proof ${withProof}: ${shortVerdict(seen)}`);
      t.notOk(codesOf(seen).includes(EdeCode.SYNTHESIZED));
    }
  }
  t.end();
});

t.test('a budget that is spent is no answer, not even in an insecure zone', (t) => {
  // Unsigned, glueless and slow to find: they cost queries and time, and no signature checks.
  const links = 10;
  const thirteen = Array.from({ length: 13 }, (_, n) => n + 1);
  const zones: ZoneSpec[] = [{ origin: 'far.hashed.' }];
  for (const target of ['many', 'signed']) {
    for (let link = 0; link < links; link++) {
      const next = link + 1 < links ? `a.${target}${link + 1}.zz.` : tlsaOf(`${target}.zz.`);
      const servers = [1, 2, 3].map((n) => ({ name: `${target}${link}x${n}.far.hashed.` }));
      zones.push({ origin: `${target}${link}.zz.`, text: `a CNAME ${next}\n`, servers });
    }
  }
  const behaviours = chokes('SERVFAIL');
  const servers = thirteen.map((n) => ({ name: `ns${n}.many.zz.`, behaviours }));
  zones.push({ origin: 'many.zz.', text: MAIL, servers });
  const ends = { spent: 0, forgiven: 0, refused: 0 };
  for (const distance of [5, 60, 150, 400]) {
    const lab = makeLab(worldOf(behaviours, zones));
    lab.network.weather.roundTripMs = distance;
    for (const target of ['many', 'signed'] as const) {
      for (let from = 0; from < links; from++) {
        const world = quiet({ lab });
        const seen = world.resolve(`a.${target}${from}.zz.`, 'TLSA');
        const ranOut = seen.errors.some(({ text }) => /limit|no answer within/.test(text));
        const isMadeUp = codesOf(seen).includes(EdeCode.SYNTHESIZED);
        const what = `${target} from ${from} at ${distance} ms: ${shortVerdict(seen)}`;
        if (ranOut) t.ok(seen.rcode === Rcode.SERVFAIL && !isMadeUp, what);
        else if (target === 'many' || isMadeUp) {
          t.ok(isMadeUp && shortVerdict(seen) === NODATA, what);
        } else t.equal(seen.rcode, Rcode.SERVFAIL, what);
        // Time may be up among the unsigned aliases; never where the signed zone is being asked.
        const end = seen.answer.at(-1)?.rrset.rdatas[0];
        const isAtVictim =
          end !== undefined && equalOctets(end, nameOf(tlsaOf('signed.zz.')).octets);
        t.notOk(isMadeUp && isAtVictim);
        if (target === 'signed' && !isMadeUp) ends.refused++;
        if (target === 'many') ends[ranOut ? 'spent' : 'forgiven']++;
      }
    }
  }
  t.notOk(Object.values(ends).includes(0), `all ends were seen: ${JSON.stringify(ends)}`);
  t.end();
});

t.test('a forged alias out of the insecure zone, told by the zone above and never proven', (t) => {
  const victim = tlsaOf('zz.');
  const lab = makeLab({
    zones: [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'zz.', signing: singleKey(13), text: MAIL },
      {
        origin: 'open.zz.',
        text: MAIL,
        servers: [{ name: 'ns1.open.zz.', behaviours: chokes('SERVFAIL') }],
      },
    ],
    domains: [],
  });
  const world = quiet({ lab });
  t.equal(shortVerdict(world.resolve('mx.open.zz.', 'A')), NODATA, 'the delegation is in memory');
  let forgeries = 0;
  const undo = tamper(lab, 'ns1.zz.', (reply, query) => {
    const soa = unsigned(soaOf(lab, 'zz.'));
    if (asks(query, RRType.A)) return forgedDenial(reply, Rcode.NOERROR, soa);
    if (asks(query, RRType.TLSA, victim)) return undefined;
    // What would settle the matter gets lost.
    if (asks(query, RRType.DS)) return asks(query, RRType.DS, 'open.zz.') ? reply : undefined;
    if (!asks(query, RRType.TLSA)) return reply;
    forgeries++;
    const alias = record(tlsaOf('open.zz.'), RRType.CNAME, nameOf(victim).octets);
    return { ...forgedDenial(reply, Rcode.NOERROR, soa), answer: [alias] };
  });
  const led = world.resolve(tlsaOf('open.zz.'), 'TLSA');
  t.ok(forgeries > 0, 'the attacker had his chance');
  t.equal(led.answer.length, 0, `nothing is said of the victim: ${shortVerdict(led)}`);
  undo();
  const seen = world.resolve(victim, 'TLSA');
  t.not(seen.security.status, 'insecure', `nor remembered: ${shortVerdict(seen)}`);
  t.notOk(codesOf(seen).includes(EdeCode.SYNTHESIZED));
  t.end();
});

// --- aliases, and what is remembered ---

t.test('an alias from a signed zone into an insecure one that does not answer', (t) => {
  const alias = { origin: 'alias.zz.', signing: singleKey(13) };
  const text = `to-open CNAME ${tlsaOf('open.zz.')}\nto-signed CNAME ${tlsaOf('signed.zz.')}\n`;
  const lab = makeLab(worldOf(chokes('NOTIMP'), [{ ...alias, text }]));
  const world = quiet({ lab });
  for (const round of ['cold', 'remembered']) {
    const seen = world.resolve('to-open.alias.zz.', 'TLSA');
    t.equal(shortVerdict(seen), NODATA, round);
    t.same(
      seen.answer.map(({ rrset, security }) => [rrset.type, security.status]),
      [[RRType.CNAME, 'secure']],
      'the alias is told, and is better than the whole',
    );
    t.ok(seen.unanswered, 'marked, so that no reply is kept for the TTL of the alias');
    t.equal(world.resolve('to-signed.alias.zz.', 'TLSA').rcode, Rcode.SERVFAIL, round);
  }
  t.end();
});

t.test('remembered as a failure (RFC 9520), not as a denial', (t) => {
  const lab = makeLab(worldOf(chokes('silence')));
  const world = quiet({ lab });
  const name = tlsaOf('open.zz.');
  t.equal(shortVerdict(world.resolve(name, 'TLSA')), NODATA);
  let sent = world.sent.length;
  const again = world.resolve(name, 'TLSA');
  t.equal(shortVerdict(again), NODATA);
  t.ok(codesOf(again).includes(EdeCode.CACHED_ERROR), 'from memory, and says so');
  t.equal(world.sent.length, sent, 'nobody is asked again at once');
  // RFC 8020 and RFC 8198 would make more of a denial than this is.
  for (const [other, type] of [
    [`_443._tcp.mx.open.zz.`, 'TLSA'],
    [name, 'TXT'],
    ['_tcp.mx.open.zz.', 'TXT'],
  ] as const) {
    sent = world.sent.length;
    world.resolve(other, type);
    t.ok(world.sent.length > sent, `${other} ${type} is a question of its own`);
  }
  // The server is repaired.
  const { behaviours } = lab.servers.get(nameOf('ns1.open.zz.').key)!;
  (behaviours as ServerBehaviour[]).length = 0;
  world.sleep(6_000);
  const after = world.resolve(name, 'TLSA');
  t.equal(after.answer.length, 1, 'after 5 s it is asked again, and has its records');
  t.end();
});

t.test('the proof ends before the failure would', (t) => {
  const lab = makeLab({
    zones: [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'zz.', signing: singleKey(13), negativeTtlSeconds: 2 },
      {
        origin: 'open.zz.',
        text: MAIL,
        servers: [{ name: 'ns1.open.zz.', behaviours: chokes('SERVFAIL') }],
      },
    ],
    domains: [],
  });
  const world = quiet({ lab });
  t.equal(shortVerdict(world.resolve(tlsaOf('open.zz.'), 'TLSA')), NODATA);
  world.sleep(2_500);
  const sent = world.sent.length;
  t.equal(shortVerdict(world.resolve(tlsaOf('open.zz.'), 'TLSA')), NODATA);
  t.ok(world.sent.length > sent, 'after 2 s the proof is fetched anew');
  // From now on the parent proves nothing any more.
  tamper(lab, 'ns1.zz.', (reply) => ({
    ...reply,
    authority: reply.authority.filter((one) => !isProof(one)),
  }));
  world.sleep(30_000);
  t.equal(world.resolve(tlsaOf('open.zz.'), 'TLSA').rcode, Rcode.SERVFAIL, 'and must be there');
  t.end();
});
