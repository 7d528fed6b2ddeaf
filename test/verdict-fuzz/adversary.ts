/**
 * Sits on every wire of a scene. What happens to a reply depends on the question, on how often it
 * was asked before, and on a seed, never on what happened to other replies: so that parts of a
 * case can be taken away while it shrinks, and the rest stays as it was.
 */
import type { LabReply, Listener } from '../../src/lab/index.js';
import type { LabTransport } from '../../src/lab/server-behaviour.js';
import {
  decodeMessage,
  encodeMessage,
  type IpAddress,
  type Message,
  type Name,
  nameOfRdata,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import { nameOf } from '../support/simulated-world.js';
import { Dice, hashOf } from './dice.js';
import { FORGERIES } from './forgeries.js';
import { INJECTIONS } from './injections.js';
import { HARMLESS, MUTATIONS } from './mutations.js';
import { NEAR_PROOFS } from './near-proofs.js';
import type { Move, Tampering, ZonePlan } from './plan.js';
import { isOfSecond, staleZoneOf } from './scene.js';
import type { Operator, Stage, Touch } from './stage.js';
import { staleReply } from './stale-server.js';

export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...FORGERIES,
  ...INJECTIONS,
  ...NEAR_PROOFS,
  ...MUTATIONS,
  ...HARMLESS,
};

const FORGERY_NAMES = [FORGERIES, INJECTIONS, NEAR_PROOFS].flatMap((list) => Object.keys(list));
const ALL_NAMES = Object.keys(OPERATORS);
const HARMLESS_NAMES = Object.keys(HARMLESS);

/** Decides what is done to a reply; `undefined` leaves it alone. */
export type Scheme = (reply: string) => readonly Move[] | undefined;

/** Zones in which a forgery has something to work with. */
const PLACES: Readonly<Record<string, (zone: ZonePlan) => boolean>> = {
  'F8 opt-out': ({ denial }) => denial === 'opt-out',
  'F9 pieces of a proof': ({ algorithms }) => algorithms !== undefined,
  'F15 withdrawn key': ({ leaked }) => leaked !== undefined,
  'F20 around an island': ({ hasDs, algorithms }) => hasDs === false && algorithms !== undefined,
  'F21 mixed chains': ({ denial }) => denial === 'NSEC3' || denial === 'opt-out',
  'D2 one algorithm left': ({ algorithms }) => (algorithms?.length ?? 0) > 1,
  'D3 many iterations': ({ denial }) => denial === 'NSEC3' || denial === 'opt-out',
  'F5 NSEC3 of a child zone': ({ denial }) => denial === 'NSEC3' || denial === 'opt-out',
};

/**
 * Forgeries of answers: put in place of a referral they mostly show that the wrong server was
 * asked, so there they are rare.
 */
const OF_ANSWERS = /^(?:F(?:1|2|3|9|10|11|13|14|15|21) |D5 unsigned|D6)/;
const RARE_IN_REFERRALS = 4;

function isWasted({ operator, seed }: Move, reply: Message): boolean {
  if (reply.authoritative || reply.answer.length > 0) return false;
  const isReferral = reply.authority.some((one) => one.type === RRType.NS);
  return isReferral && OF_ANSWERS.test(operator) && seed % RARE_IN_REFERRALS !== 0;
}

/** Forgeries by the beginnings of their names, such as `F3` or `F7 DS denied`; all if none. */
export function themesFor(beginnings: readonly string[]): readonly string[] {
  const chosen = ALL_NAMES.filter((name) => {
    return beginnings.some((beginning) => `${name} `.startsWith(`${beginning} `));
  });
  return chosen.length > 0 ? chosen : FORGERY_NAMES;
}

export interface Intent {
  readonly scheme: Scheme;
  readonly suits: (zone: ZonePlan) => boolean;
  readonly ownServersOnly: boolean;
}

/** What can be done from a server of one's own, to those who come there. */
function isInjection(name: string): boolean {
  return name in INJECTIONS;
}

/**
 * A few forgeries are the theme of a life, so that they meet: keys here, data signed with them
 * there. The first one says where the questions go.
 */
export function randomIntent(seed: number, themes: readonly string[]): Intent {
  const dice = new Dice(seed);
  const injections = themes.filter(isInjection);
  const ownServersOnly =
    injections.length > 0 && dice.oneIn(injections.length < themes.length ? 6 : 2);
  const fitting = ownServersOnly ? injections : themes;
  const theme = Array.from({ length: 1 + dice.below(3) }, () => dice.one(fitting));
  // Half of the lives have but one idea.
  if (dice.oneIn(2)) theme.length = 1;
  const percent = dice.one([10, 30, 60, 90, 90]);
  const scheme: Scheme = (reply) => {
    const own = new Dice(hashOf(reply, seed));
    if (own.below(100) >= percent) return undefined;
    const moves: Move[] = [];
    const count = own.oneIn(4) ? 2 : 1;
    while (moves.length < count) {
      const operator = own.oneIn(4) ? own.one(ALL_NAMES) : own.one(theme);
      moves.push({ operator, seed: own.seed() });
    }
    return moves;
  };
  return { scheme, suits: PLACES[theme[0]!] ?? (() => true), ownServersOnly };
}

/** Only what must not matter. */
export function harmlessScheme(seed: number): Scheme {
  return (reply) => {
    const own = new Dice(hashOf(reply, seed));
    return [{ operator: own.one(HARMLESS_NAMES), seed: own.seed() }];
  };
}

export function replayScheme(tampering: readonly Tampering[]): Scheme {
  const moves = new Map(tampering.map((one) => [one.reply, one.moves]));
  return (reply) => moves.get(reply);
}

export class Adversary {
  readonly #stage: Stage;
  readonly #scheme: Scheme;
  readonly #ownServersOnly: boolean;
  /** The servers of his zones. */
  readonly #his: ReadonlyMap<Listener, Name>;
  readonly #seen = new Map<string, number>();
  /** What was done, for replay: only what changed anything. */
  readonly done: Tampering[] = [];
  /** He has left. */
  isGone = false;

  constructor(stage: Stage, scheme: Scheme, ownServersOnly = false) {
    this.#stage = stage;
    this.#scheme = scheme;
    this.#ownServersOnly = ownServersOnly;
    const { servers } = stage.scene.lab;
    const origins = [...stage.evil.map(({ origin }) => origin), ...stage.liars];
    this.#his = new Map(
      origins.map((origin) => [servers.get(nameOf(`ns1.${origin}`).key)!, origin]),
    );
  }

  /** Sits down; returns how to get up again. */
  begin(): () => void {
    const { lab, second, plan } = this.#stage.scene;
    const rest: (readonly [IpAddress, Listener])[] = [];
    for (const [key, server] of lab.servers) {
      const other = second?.servers.get(key);
      const stale = staleZoneOf(plan, server.name);
      const speaking = (nowSeconds: number): Listener => {
        if (other === undefined) return server;
        const isOther = this.#isChanged(nowSeconds) || isOfSecond(server.name);
        return isOther ? other : server;
      };
      const said: Listener['answer'] = (query, transport, nowSeconds) => {
        const reply = speaking(nowSeconds).answer(query, transport, nowSeconds);
        return stale === undefined ? reply : staleReply(reply, stale, nowSeconds);
      };
      const between: Listener = {
        answer: (query, transport, nowSeconds) =>
          this.#between(query, transport, nowSeconds, { answer: said }, this.#his.get(server)),
      };
      for (const address of server.addresses) {
        lab.network.listen(address, between);
        rest.push([address, server]);
      }
    }
    return () => {
      for (const [address, server] of rest) lab.network.listen(address, server);
    };
  }

  #isChanged(nowSeconds: number): boolean {
    const { plan } = this.#stage.scene;
    return plan.second === 'after' && nowSeconds >= this.#stage.changeSeconds;
  }

  /** `his`: the zone of the attacker whose server it is. */
  #between(
    query: Uint8Array,
    transport: LabTransport,
    nowSeconds: number,
    server: Listener,
    his: Name | undefined,
  ): LabReply {
    let reply = server.answer(query, transport, nowSeconds);
    if (this.isGone) return reply;
    const asked = decodeMessage(query);
    const question = asked.ok ? asked.value.questions[0] : undefined;
    if (question === undefined) return reply;
    const { name, type } = question;
    // He has lured the resolver to his own server: from there he relays what the right one says.
    if (his !== undefined && !name.isAtOrBelow(his)) {
      reply = this.#right(name, nowSeconds)?.answer(query, transport, nowSeconds) ?? reply;
    }
    if (reply.kind !== 'reply' || (this.#ownServersOnly && his === undefined)) return reply;
    const plain = `${name}`.toLowerCase() + ` ${typeMnemonic(type)}`;
    const times = (this.#seen.get(plain) ?? 0) + 1;
    this.#seen.set(plain, times);
    const key = `${plain} #${times}`;
    const moves = this.#scheme(key);
    if (moves === undefined) return reply;
    const said = decodeMessage(reply.octets);
    if (!said.ok) return reply;
    return this.#touch(key, moves, said.value, { name, type, nowSeconds }, reply);
  }

  #touch(
    key: string,
    moves: readonly Move[],
    said: Message,
    about: Pick<Touch, 'name' | 'type' | 'nowSeconds'>,
    honest: LabReply,
  ): LabReply {
    let reply: Message | undefined = said;
    const effective: Move[] = [];
    for (const move of moves) {
      if (isWasted(move, reply)) continue;
      const dice = new Dice(move.seed);
      const changed: Message | undefined = OPERATORS[move.operator]!({
        stage: this.#stage,
        dice,
        reply,
        ...about,
      });
      if (changed !== reply) effective.push(move);
      reply = changed;
      if (reply === undefined) break;
    }
    if (effective.length === 0) return honest;
    this.done.push({ reply: key, moves: effective });
    if (reply === undefined) return { kind: 'silence' };
    return { kind: 'reply', octets: encodeMessage(reply, { maxOctets: 65_535 }) };
  }

  #right(name: Name, nowSeconds: number): Listener | undefined {
    const { lab, second } = this.#stage.scene;
    const { origin, zone } = this.#stage.zoneOf(name);
    const ns = zone.rrset(origin, RRType.NS)?.rdatas()[0];
    const host = ns === undefined ? undefined : nameOfRdata(RRType.NS, ns);
    const speaking = this.#isChanged(nowSeconds) ? (second ?? lab) : lab;
    return host === undefined ? undefined : speaking.servers.get(host.key);
  }
}
