/**
 * Every question of the lab, answered from kept replies and the long way: the same octets, whatever
 * the client's flags, its letter case and its cookie, and some seconds later too.
 */
import t from 'tap';
import { ReplyCache } from '../../src/cache/index.js';
import { labWorld } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { EdnsOptionCode, equalOctets, Name } from '../../src/wire/index.js';
import {
  type Ask,
  client,
  FrontDesk,
  later,
  NOW,
  questionOf,
  repliesOf,
  request,
} from '../server/front-desk.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';

const COOKIE = { code: EdnsOptionCode.COOKIE, data: new Uint8Array(8).fill(9) };
const VARIANTS: readonly Omit<Ask, 'name' | 'type'>[] = [
  {},
  { ad: true },
  { edns: { dnssecOk: true } },
  { ad: true, edns: { size: 4_096 } },
  { edns: { dnssecOk: true, options: [COOKIE] } },
];
/** Less than the tenth of any TTL in the lab that is left to the resolver. */
const SECONDS_LATER = 3;

function shouted(name: Name): Name {
  const octets = name.octets.map((octet) => {
    return octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet;
  });
  return Name.fromCheckedOctets(octets, name.labelCount);
}

function aged(resolution: Resolution): Resolution {
  const age = (parts: Resolution['answer']): Resolution['answer'] =>
    parts.map((part) => ({ ...part, ttlSeconds: Math.max(0, part.ttlSeconds - SECONDS_LATER) }));
  return { ...resolution, answer: age(resolution.answer), authority: age(resolution.authority) };
}

/** What the desk says, and whether it had to ask the resolver. */
function say(desk: FrontDesk, octets: Uint8Array, resolution: Resolution) {
  const effects = desk.receive(octets, client());
  const [fromMemory] = repliesOf(effects);
  if (fromMemory !== undefined) return { octets: fromMemory.octets, isRecalled: true };
  const answered = desk.server.finished(questionOf(effects).handle, resolution, desk.now);
  return { octets: repliesOf(answered)[0]!.octets, isRecalled: false };
}

t.test('kept replies are what the long way gives', (t) => {
  const table = labWorld();
  const world = new SimulatedWorld({ lab: makeLab(table) });
  const differing: string[] = [];
  let compared = 0;
  let recalled = 0;
  for (const { name, type } of table.domains.flatMap(({ expectations }) => expectations)) {
    const resolution = world.resolve(name, type);
    const asked = [...world.questions.values()].at(-1)!;
    const base = { ...NOW, wallSeconds: world.now.wallSeconds };
    const desk = new FrontDesk({}, new ReplyCache({ maxOctets: 10_000_000, secret: 1 }));
    for (const variant of VARIANTS) {
      desk.now = base;
      const ask = { ...variant, name: nameOf(name), type: asked.type };
      say(desk, request({ ...ask, id: 1 }), resolution);
      for (const [now, owner] of [
        [base, ask.name],
        [later(SECONDS_LATER * 1_000, base), shouted(ask.name)],
      ] as const) {
        const long = new FrontDesk();
        desk.now = now;
        long.now = now;
        const octets = request({ ...ask, name: owner, id: 0xbeef });
        const then = now === base ? resolution : aged(resolution);
        const short = say(desk, octets, then);
        compared++;
        if (short.isRecalled) recalled++;
        if (!equalOctets(short.octets, say(long, octets, then).octets)) {
          differing.push(`${name} ${type} ${JSON.stringify(variant)}`);
        }
      }
    }
  }
  t.same(differing, []);
  t.ok(recalled > compared / 3, `${recalled} of ${compared} came from memory`);
  t.end();
});
