/**
 * RFC 4035 §3.2.2: a client that sets CD judges by itself and gets what is there, good or not. An
 * alias that did not pass ends the question for everybody else; for such a client it is followed
 * like any other, one question for each link, and the answers are put together here. All of them
 * together may cost what one question may.
 */
import { type Name, Rcode, RRType, type RRset, nameOfRdata } from '../wire/index.js';
import { LIMITS } from './limits.js';
import { rrsetAt } from './sections.js';
import type { Resolution, Unchecked } from './resolution-types.js';

interface Pursuit {
  readonly type: number;
  /** What the next answer has to begin with. */
  current: Name;
  readonly collected: RRset[];
  /** How the question ended for everybody else. */
  failure: Resolution | undefined;
  readonly visited: Set<string>;
  readonly untilMs: number;
}

export class UncheckedAliases {
  readonly #pursuits = new Map<number, Pursuit>();

  /** `handle` asked with CD. */
  begin(handle: number, name: Name, type: number, nowMs: number): void {
    this.#pursuits.set(handle, {
      type,
      current: name,
      collected: [],
      failure: undefined,
      visited: new Set([name.key]),
      untilMs: nowMs + LIMITS.questionMs.value,
    });
  }

  forget(handle: number): void {
    this.#pursuits.delete(handle);
  }

  /** The name that has to be asked for next, when an alias that did not pass leads there. */
  next(handle: number, ended: Resolution, nowMs: number): Name | undefined {
    const pursuit = this.#pursuits.get(handle);
    const { unchecked } = ended;
    if (pursuit === undefined || unchecked === undefined) return undefined;
    if (nowMs >= pursuit.untilMs || pursuit.visited.size > LIMITS.aliases.value) return undefined;
    const target = openTarget(unchecked, pursuit.current, pursuit.type);
    if (target === undefined || pursuit.visited.has(target.key)) return undefined;
    pursuit.visited.add(target.key);
    pursuit.current = target;
    pursuit.failure ??= ended;
    add(pursuit.collected, unchecked.answer);
    return target;
  }

  /** The whole: what was collected on the way, then `last`; the verdict is that of the failure. */
  finish(handle: number, last: Resolution): Resolution {
    const pursuit = this.#pursuits.get(handle);
    this.#pursuits.delete(handle);
    if (pursuit?.failure === undefined) return last;
    // Nothing came for the last link: as without CD, that is a failure.
    if (last.unchecked === undefined && last.rcode === Rcode.SERVFAIL) return last;
    const end = last.unchecked ?? asUnchecked(last);
    const answer = [...pursuit.collected];
    add(answer, end.answer);
    return { ...pursuit.failure, unchecked: { ...end, answer } };
  }
}

function asUnchecked({ rcode, answer, authority }: Resolution): Unchecked {
  const plain = ({ rrset, ttlSeconds }: Resolution['answer'][number]): RRset => {
    return { ...rrset, ttlSeconds };
  };
  return { rcode, answer: answer.map(plain), authority: authority.map(plain) };
}

/** RFC 2181 §5: each RRset once, though two links may have come by the same DNAME. */
function add(collected: RRset[], sets: readonly RRset[]): void {
  for (const set of sets) {
    if (rrsetAt(collected, set.owner, set.type) === undefined) collected.push(set);
  }
}

/** Where the aliases from `name` end, when the reply says nothing about what is there. */
function openTarget(
  { rcode, answer, authority }: Unchecked,
  name: Name,
  type: number,
): Name | undefined {
  // RFC 6604 §3: any other code is about the end of the chain.
  if (rcode !== Rcode.NOERROR || type === RRType.CNAME) return undefined;
  let current = name;
  for (let links = 0; links <= LIMITS.aliases.value; links++) {
    if (rrsetAt(answer, current, type) !== undefined) return undefined;
    const alias = rrsetAt(answer, current, RRType.CNAME)?.rdatas[0];
    const target = alias === undefined ? undefined : nameOfRdata(RRType.CNAME, alias);
    if (target === undefined) break;
    current = target;
  }
  if (current === name) return undefined;
  const isDenied = authority.some(
    (set) => set.type === RRType.SOA && current.isAtOrBelow(set.owner),
  );
  return isDenied ? undefined : current;
}
