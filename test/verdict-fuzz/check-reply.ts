/**
 * Holds the octets that a client gets against the truth: the AD bit, and what is passed on without
 * it. Sees nothing of how the reply came about, so replies that were kept are judged alike.
 */
import {
  groupRRsets,
  type Message,
  type Name,
  nameOfRdata,
  Rcode,
  type RRset,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import { type Asked, codeSpeaksOf, isSynthesised, isVersion, pathOf } from './check.js';
import type { QuestionPlan } from './plan.js';
import type { Step, Truth } from './truth.js';

const GOOD: readonly number[] = [Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN];

export function checkReply(
  truth: Truth,
  asked: Asked,
  { cd, wantsAd, dnssecOk }: QuestionPlan,
  { authenticData, rcode, answer }: Message,
): string[] {
  const interested = wantsAd === true || dnssecOk === true;
  const isAnswer = GOOD.includes(rcode);
  if (authenticData && !interested) return ['an AD bit that nobody asked for (RFC 6840 §5.7)'];
  if (authenticData && !isAnswer) return [`an AD bit with rcode ${rcode}`];
  // RFC 4035 §3.2.2: who set CD judges by himself; only what the AD bit says is ours.
  if (!isAnswer || (cd === true && !authenticData)) return [];
  const sets = groupRRsets(answer, []).filter(({ type }) => type !== RRType.RRSIG);
  const reading = new Reading(truth, asked, authenticData, rcode);
  reading.read(sets);
  // Where the code speaks of the end of an alias, that may be what is not secure.
  const isOfTarget = asked.type === RRType.CNAME && rcode === Rcode.NXDOMAIN;
  if (reading.flaws.length === 0 && interested && cd !== true && !authenticData && !isOfTarget) {
    const path = pathOf(truth, asked);
    if (path.every((step) => step.rule === 'secure'))
      reading.flaws.push('no AD bit on what is secure');
  }
  return reading.flaws.map((flaw) => `in the reply: ${flaw}`);
}

class Reading {
  readonly #truth: Truth;
  readonly #asked: Asked;
  readonly #isAuthentic: boolean;
  readonly #rcode: number;
  readonly flaws: string[] = [];

  constructor(truth: Truth, asked: Asked, isAuthentic: boolean, rcode: number) {
    this.#truth = truth;
    this.#asked = asked;
    this.#isAuthentic = isAuthentic;
    this.#rcode = rcode;
  }

  read(sets: readonly RRset[]): void {
    const parts = [...sets];
    const { type, reach } = this.#asked;
    let name: Name | undefined = this.#asked.name;
    while (name !== undefined) {
      const step = this.#truth.stepAt(name, type);
      if (this.#isAuthentic && step.rule === 'insecure') {
        this.flaws.push(`AD for ${name}, and nothing proves it`);
      }
      // From here on it is his own story.
      if (this.#truth.isHis(step.zone) && reach !== 'none') return;
      const part = parts.shift();
      if (part === undefined) {
        this.#absence(name, step);
        return;
      }
      this.#equal(part, step);
      if (part.type === type && part.owner.equals(name)) {
        this.#beyond(part);
        return;
      }
      if (part.type === RRType.DNAME && parts[0]?.type === RRType.CNAME) parts.shift();
      if (part.type === RRType.DNAME && type === RRType.CNAME) return;
      const following = next(part, name);
      if (following?.equals(name) === true) return;
      name = following;
    }
  }

  #beyond(part: RRset): void {
    const target = codeSpeaksOf(this.#asked.type, this.#rcode, part);
    if (target === undefined) return;
    const step = this.#truth.stepAt(target, this.#asked.type);
    if (this.#truth.isHis(step.zone) && this.#asked.reach !== 'none') return;
    if (this.#isAuthentic && step.rule === 'insecure') {
      this.flaws.push(`AD for the absence of ${target}, and nothing proves it`);
    }
    this.#absence(target, step);
  }

  /** Whether what the reply says has to be true. */
  #mustHold({ rule }: Step): boolean {
    return this.#isAuthentic || rule === 'secure' || this.#asked.reach !== 'everywhere';
  }

  #equal(part: RRset, step: Step): void {
    if (!this.#mustHold(step)) return;
    const what = `${part.owner} ${typeMnemonic(part.type)}`;
    const { rrset: real, kind } = step;
    if (!this.#isAuthentic && step.rule !== 'secure' && isSynthesised(step, part)) return;
    const honest = this.#asked.reach !== 'everywhere';
    if (real === undefined || real.type !== part.type) {
      this.flaws.push(`${what}; in truth ${kind}`);
    } else if (!isVersion(real, part, this.#asked.nowSeconds, honest)) {
      this.flaws.push(`${what} has other data`);
    } else if (part.ttlSeconds > real.ttlSeconds) {
      this.flaws.push(`${what} is to live ${part.ttlSeconds} s, in truth ${real.ttlSeconds} s`);
    }
  }

  #absence(name: Name, step: Step): void {
    if (!this.#mustHold(step)) return;
    const { kind, compact, rule } = step;
    const what = `the absence of ${name}`;
    if (kind !== 'no data' && kind !== 'name error') {
      // RFC 6672 §2.2: YXDOMAIN comes with the DNAME and no more.
      if (this.#rcode !== Rcode.YXDOMAIN) this.flaws.push(`${what}; in truth ${kind}`);
      return;
    }
    const isTrue = this.#rcode === (kind === 'name error' ? Rcode.NXDOMAIN : Rcode.NOERROR);
    const isCompact = compact && kind === 'name error' && this.#rcode === Rcode.NOERROR;
    const isOpen = !this.#isAuthentic && rule !== 'secure';
    if (!isTrue && !isCompact && !isOpen) {
      this.flaws.push(`${what} with rcode ${this.#rcode}; in truth ${kind}`);
    }
  }
}

function next({ owner, type, rdatas }: RRset, name: Name): Name | undefined {
  const target = nameOfRdata(type, rdatas[0] ?? new Uint8Array(0));
  if (target === undefined) return undefined;
  if (type === RRType.CNAME && owner.equals(name)) return target;
  return type === RRType.DNAME && name.isBelow(owner)
    ? name.replaceSuffix(owner, target)
    : undefined;
}
