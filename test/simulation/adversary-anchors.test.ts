/**
 * Attacks around configured anchors: an island of security below a zone that is not signed, and
 * negative trust anchors. What the operator has configured must not be talked away by anything
 * that comes from above the island, where nothing is signed and anyone on the way can write.
 */
import t from 'tap';
import { type Lab, NSEC, singleKey, type World } from '../../src/lab/index.js';
import {
  type EncodableMessage,
  type Message,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import {
  address,
  asks,
  forgedAnswer,
  forgedDenial,
  signedBy,
  soaOf,
  unsigned,
  verdictOf,
} from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const EVIL_TLSA = Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0x66)]);
const MAIL = `
@ MX 10 mx
mx A 11.1.1.1
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
`;

const WORLD: World = {
  zones: [
    { origin: '.', signing: singleKey(13, NSEC), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'org.', signing: singleKey(13, NSEC) },
    { origin: 'plain.org.', text: MAIL },
    { origin: 'island.plain.org.', text: MAIL, signing: singleKey(13, NSEC), hasDs: false },
    { origin: 'evil.org.', text: MAIL },
    { origin: 'isle.ent.plain.org.', text: MAIL, signing: singleKey(13, NSEC), hasDs: false },
  ],
  domains: [],
};

const lab = makeLab(WORLD);
const TLSA = '_25._tcp.mx.island.plain.org.';

function islandAnchors(made: Lab): ResourceRecord[] {
  return ['island.plain.org.', 'isle.ent.plain.org.'].flatMap((zone) => {
    const owner = nameOf(zone);
    const { signer } = made.zones.get(owner.key)!.signed!;
    return signer.dsRdatas().map((rdata) => {
      return { owner, type: RRType.DS, class: RRClass.IN, ttlSeconds: 0, rdata };
    });
  });
}

function islandWorld(options: WorldOptions = {}): SimulatedWorld {
  const config = { mailPrefetch: false, ...options.config };
  return new SimulatedWorld({ lab, anchors: islandAnchors, ...options, config });
}

type Change = (reply: Message, query: Message) => EncodableMessage | undefined;

const forged = (reply: Message): Message =>
  forgedAnswer(reply, [record(TLSA, RRType.TLSA, EVIL_TLSA)]);

const ifTlsa =
  (change: (reply: Message) => EncodableMessage): Change =>
  (reply, query) =>
    asks(query, RRType.TLSA) ? change(reply) : reply;

interface Attack {
  readonly title: string;
  readonly server: string;
  readonly change: Change;
  /** What the forger's own server says to those who were led there. */
  readonly accomplice?: Change;
  readonly config?: NonNullable<WorldOptions['config']>;
  readonly before?: readonly (readonly [string, string])[];
}

const DNAME_TO_EVIL = record('plain.org.', RRType.DNAME, nameOf('evil.org.').octets);
const isIsland = (query: Message): boolean =>
  query.questions[0]!.name.isAtOrBelow(nameOf('island.plain.org.'));

/** The SOA record of the zone that is not signed. */
function plainSoa(): ResourceRecord {
  const { soa } = lab.zones.get(nameOf('plain.org.').key)!.zone;
  return record('plain.org.', RRType.SOA, soa.rdatas()[0]!);
}

const evilServer = lab.servers.get(nameOf('ns1.evil.org.').key)!.addresses[0]!;

/** Nothing is delegated, say the servers of `org.` to every probe: so they are asked for all. */
const withoutCuts =
  (change: Change): Change =>
  (reply, query) =>
    asks(query, RRType.A)
      ? forgedDenial(reply, Rcode.NOERROR, unsigned(soaOf(lab, 'org.')))
      : change(reply, query);

const ATTACKS: Attack[] = [
  {
    title: 'the servers above the island answer for it, unsigned',
    server: 'ns1.plain.org.',
    change: ifTlsa(forged),
  },
  {
    title: 'servers two zones above answer for it, unsigned',
    server: 'ns1.org.',
    change: withoutCuts(ifTlsa(forged)),
  },
  {
    title: 'the same with a signature that names the unsigned zone as the signer',
    server: 'ns1.org.',
    change: withoutCuts(
      ifTlsa((reply) => {
        const [data, signature] = signedBy(lab, 'island.plain.org.', TLSA, RRType.TLSA, [
          EVIL_TLSA,
        ]);
        const rdata = Uint8Array.from([
          ...signature!.rdata.subarray(0, 18),
          ...nameOf('plain.org.').octets,
          ...new Uint8Array(64),
        ]);
        return forgedAnswer(reply, [data!, { ...signature!, rdata }]);
      }),
    ),
  },
  {
    title: 'a DNAME above the island leads the whole of it away',
    server: 'ns1.plain.org.',
    change: ifTlsa((reply) => forgedAnswer(reply, [DNAME_TO_EVIL])),
  },
  {
    title: 'a DNAME above the island that another question brought into the cache',
    server: 'ns1.plain.org.',
    before: [['www.plain.org.', 'A']],
    change: (reply, query) =>
      asks(query, RRType.A, 'www.plain.org.') ? forgedAnswer(reply, [DNAME_TO_EVIL]) : reply,
  },
  {
    title: 'a CNAME at the name itself, from above',
    server: 'ns1.plain.org.',
    change: ifTlsa((reply) =>
      forgedAnswer(reply, [record(TLSA, RRType.CNAME, nameOf('_25._tcp.mx.evil.org.').octets)]),
    ),
  },
  {
    title: 'the servers above deny the name',
    server: 'ns1.plain.org.',
    change: ifTlsa((reply) => forgedDenial(reply, Rcode.NXDOMAIN, [plainSoa()])),
  },
  {
    title: 'servers two zones above deny the data, unsigned',
    server: 'ns1.org.',
    change: withoutCuts(
      ifTlsa((reply) => forgedDenial(reply, Rcode.NOERROR, unsigned(soaOf(lab, 'org.')))),
    ),
  },
  {
    title: 'servers two zones above deny the data with their genuine SOA, and without a proof',
    server: 'ns1.org.',
    change: withoutCuts(ifTlsa((reply) => forgedDenial(reply, Rcode.NOERROR, soaOf(lab, 'org.')))),
  },
  {
    title: 'the same with NXDOMAIN',
    server: 'ns1.org.',
    change: withoutCuts(ifTlsa((reply) => forgedDenial(reply, Rcode.NXDOMAIN, soaOf(lab, 'org.')))),
  },
  {
    title: 'strict minimisation: a probe on the way is told that the island does not exist',
    server: 'ns1.plain.org.',
    config: { minimisation: 'strict' },
    change: (reply, query) =>
      isIsland(query) ? forgedDenial(reply, Rcode.NXDOMAIN, [plainSoa()]) : reply,
  },
  {
    title: 'the referral leads to a server of the forger, who has no keys',
    server: 'ns1.plain.org.',
    change: (reply, query) =>
      isIsland(query)
        ? {
            ...reply,
            authority: [record('island.plain.org.', RRType.NS, nameOf('ns1.evil.org.').octets)],
            additional: [address('ns1.evil.org.', ...evilServer.octets)],
          }
        : reply,
  },
];

ATTACKS.push({
  title: 'a referral past the island, to a zone of the forger below it',
  server: 'ns1.plain.org.',
  change: (reply, query) =>
    isIsland(query)
      ? {
          ...reply,
          answer: [],
          authority: [record('mx.island.plain.org.', RRType.NS, nameOf('ns1.evil.org.').octets)],
          additional: [address('ns1.evil.org.', ...evilServer.octets)],
        }
      : reply,
  accomplice: (reply, query) => (asks(query, RRType.TLSA) ? forged(reply) : reply),
});

t.test('an island of security below an unsigned zone', (t) => {
  const honest = islandWorld();
  t.equal(verdictOf(honest.resolve(TLSA, 'TLSA')), 'NOERROR secure', 'without an attacker');
  t.equal(verdictOf(honest.resolve('mx.plain.org.', 'A')), 'NOERROR insecure no DS', 'around it');
  for (const { title, server, change, accomplice, config, before = [] } of ATTACKS) {
    const world = islandWorld(config === undefined ? {} : { config });
    let changed = 0;
    const undo = tamper(lab, server, (reply, query) => {
      const made = change(reply, query);
      if (made !== reply) changed++;
      return made;
    });
    const undoToo = accomplice && tamper(lab, 'ns1.evil.org.', accomplice);
    for (const [name, type] of before) world.resolve(name, type);
    const resolution = world.resolve(TLSA, 'TLSA');
    world.settle();
    undo();
    undoToo?.();
    t.ok(changed > 0, `${title}: the attacker had his chance`);
    const { status } = resolution.security;
    t.ok(
      resolution.rcode === Rcode.SERVFAIL || status === 'secure',
      `${title}: ${verdictOf(resolution)}`,
    );
    t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
    world.sleep(400_000);
    const after = world.resolve(TLSA, 'TLSA');
    t.equal(verdictOf(after), 'NOERROR secure', `${title}: it passes`, { errors: after.errors });
  }
  t.end();
});

t.test('a name above an island is denied, as strict minimisation asks for it', (t) => {
  const name = '_25._tcp.mx.isle.ent.plain.org.';
  const world = islandWorld({ config: { minimisation: 'strict' } });
  const undo = tamper(lab, 'ns1.plain.org.', (reply, query) =>
    asks(query, RRType.A, 'ent.plain.org.')
      ? forgedDenial(reply, Rcode.NXDOMAIN, [plainSoa()])
      : reply,
  );
  t.equal(verdictOf(world.resolve('x.ent.plain.org.', 'A')), 'NXDOMAIN insecure no DS');
  t.equal(verdictOf(world.resolve(name, 'TLSA')), 'NOERROR secure', 'the island is still there');
  undo();
  t.end();
});

t.test('a DNAME above a negative trust anchor is worth nothing outside of it', (t) => {
  const world = islandWorld({ config: { negativeTrustAnchors: [nameOf('evil.org.')] } });
  const dname = record('org.', RRType.DNAME, nameOf('plain.test.').octets);
  const undo = tamper(
    lab,
    'ns1.org.',
    withoutCuts(ifTlsa((reply) => forgedAnswer(reply, [dname]))),
  );
  const led = world.resolve('_25._tcp.mx.evil.org.', 'TLSA');
  undo();
  const seen = world.resolve('org.', 'DNAME');
  t.equal(verdictOf(seen), 'NOERROR secure', `after ${verdictOf(led)}`);
  t.equal(seen.answer.length, 0);
  t.end();
});
