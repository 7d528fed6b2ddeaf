/**
 * Holds a verdict against the truth: secure must be true, insecure only where nothing can be
 * proven, and where nobody interferes the answer must be there and be right.
 */
import type { AnsweredRRset, Resolution } from '../../src/resolver/index.js';
import {
  type Name,
  nameOfRdata,
  octetKey,
  parseRrsig,
  Rcode,
  type RRset,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import type { Rule, Step, TrueRRset, Truth } from './truth.js';

const MOST_LINKS = 8;

/**
 * What the attacker could do to the answer. `none`: nothing that matters, so a failure is a flaw as
 * well. `own servers`: only where zones of his are on the way.
 */
export type Reach = 'none' | 'own servers' | 'everywhere';

export interface Asked {
  readonly name: Name;
  readonly type: number;
  readonly nowSeconds: number;
  readonly reach: Reach;
}

export function check(truth: Truth, asked: Asked, seen: Resolution): string[] {
  const { reach } = asked;
  const path = pathOf(truth, asked);
  const touchesHis = path.some(({ zone }) => truth.isHis(zone));
  const honest = reach === 'none' || (reach === 'own servers' && !touchesHis);
  const isEndless = path.length > MOST_LINKS;
  if (seen.rcode === Rcode.SERVFAIL) return honest && !isEndless ? [failureOf(seen)] : [];
  const { status } = seen.security;
  if (status === 'bogus' || status === 'indeterminate') return [`an answer that is ${status}`];
  return new Comparison(truth, asked, seen, reach !== 'everywhere').from();
}

function failureOf({ security, errors }: Resolution): string {
  const why = security.status === 'bogus' ? security.reason : security.status;
  return `an honest answer is refused: ${why} (${errors[0]?.text ?? ''})`;
}

/** RFC 2308 §2.1: with an alias that was asked for, the code may speak of where it leads. */
export function codeSpeaksOf(type: number, rcode: number, set: RRset): Name | undefined {
  if (type !== RRType.CNAME || set.type !== RRType.CNAME || rcode !== Rcode.NXDOMAIN) {
    return undefined;
  }
  return nameOfRdata(set.type, set.rdatas[0] ?? new Uint8Array(0));
}

/** The steps of an answer in truth; more than the bound when they never end. */
export function pathOf(truth: Truth, { name: start, type }: Pick<Asked, 'name' | 'type'>): Step[] {
  const path: Step[] = [];
  let name: Name | undefined = start;
  while (name !== undefined && path.length <= MOST_LINKS) {
    const step: Step = truth.stepAt(name, type);
    path.push(step);
    name = targetOf(step, name);
  }
  return path;
}

function targetOf({ rrset, kind }: Step, name: Name): Name | undefined {
  if (kind === 'alias') return rrset!.target;
  return kind === 'redirection' ? name.replaceSuffix(rrset!.owner, rrset!.target!) : undefined;
}

class Comparison {
  readonly #truth: Truth;
  readonly #asked: Asked;
  readonly #type: number;
  readonly #seen: Resolution;
  /** Everything has to be true, also what cannot be proven. */
  readonly #honest: boolean;
  readonly #flaws: string[] = [];
  /** Something on the way that cannot be proven, or was not. */
  #isWeak = false;

  constructor(truth: Truth, asked: Asked, seen: Resolution, honest: boolean) {
    this.#truth = truth;
    this.#asked = asked;
    this.#type = asked.type;
    this.#seen = seen;
    this.#honest = honest;
  }

  from(): string[] {
    const parts = [...this.#seen.answer];
    let { name } = this.#asked;
    for (;;) {
      const step = this.#truth.stepAt(name, this.#type);
      const part = parts.shift();
      // From here on it is his own story; but where it is not signed, it is never secure.
      if (this.#truth.isHis(step.zone) && this.#asked.reach !== 'none') {
        if (step.rule === 'insecure' && part?.security.status === 'secure') {
          this.#flaw(`${part.rrset.owner} is secure, and nothing proves it`);
        }
        return this.#flaws;
      }
      if (part === undefined) {
        this.#absence(name, step);
        return this.#flaws;
      }
      const next = this.#link(name, step, part);
      if (next === 'end') {
        if (parts.length > 0) this.#flaw(`${parts[0]!.rrset.owner} does not belong there`);
        this.#end(part.rrset);
        return this.#flaws;
      }
      if (next === undefined) return this.#flaws;
      // RFC 6672 §3.1: the CNAME that goes with a DNAME was just computed.
      const computed = part.rrset.type === RRType.DNAME ? parts.shift() : undefined;
      // And where that was asked for, it is the answer.
      if (computed !== undefined && this.#type === RRType.CNAME) {
        this.#end(computed.rrset);
        return this.#flaws;
      }
      // An alias of itself leads nowhere, and is all that there is.
      if (next.equals(name) && parts.length === 0) {
        this.#overall();
        return this.#flaws;
      }
      name = next;
    }
  }

  /** After the data that were asked for. */
  #end(data: RRset): void {
    const { rcode } = this.#seen;
    const beyond = codeSpeaksOf(this.#type, rcode, data);
    if (beyond !== undefined) {
      const end = this.#truth.stepAt(beyond, this.#type);
      const isHis = this.#truth.isHis(end.zone) && this.#asked.reach !== 'none';
      if (!isHis) this.#absence(beyond, end);
      return;
    }
    if (rcode !== Rcode.NOERROR) this.#flaw(`rcode ${rcode} with data`);
    this.#overall();
  }

  /** Where the RRset leads; `end` when it is the data, undefined when it should not be there. */
  #link(name: Name, step: Step, part: AnsweredRRset): Name | 'end' | undefined {
    const { rrset, security } = part;
    const what = `${rrset.owner} ${typeMnemonic(rrset.type)}`;
    if (security.status !== 'secure') this.#isWeak = true;
    if (security.status === 'secure' && step.rule === 'insecure') {
      this.#flaw(`${what} is secure, and nothing proves it`);
    }
    if (security.status === 'insecure' && step.rule === 'secure') {
      this.#flaw(`${what} is insecure, below no insecure delegation`);
    }
    if (security.status === 'bogus' || security.status === 'indeterminate') {
      this.#flaw(`${what} is ${security.status}`);
    }
    if (security.status === 'secure' || this.#honest) this.#equal(what, step, part);
    if (rrset.type === this.#type && rrset.owner.equals(name)) return 'end';
    const target = nameOfRdata(rrset.type, rrset.rdatas[0] ?? new Uint8Array(0));
    if (rrset.type === RRType.CNAME && rrset.owner.equals(name)) return target;
    if (rrset.type === RRType.DNAME && name.isBelow(rrset.owner) && target !== undefined) {
      return name.replaceSuffix(rrset.owner, target);
    }
    this.#flaw(`${what} does not answer ${name}`);
    return undefined;
  }

  #equal(what: string, step: Step, part: AnsweredRRset): void {
    const { rrset: real, kind } = step;
    const { rrset, ttlSeconds } = part;
    if (part.security.status !== 'secure' && isSynthesised(step, rrset)) return;
    if (real === undefined || real.type !== rrset.type) {
      this.#flaw(`${what} is ${part.security.status}; in truth ${kind}`);
    } else if (!isVersion(real, rrset, this.#asked.nowSeconds, this.#honest)) {
      this.#flaw(`${what} is ${part.security.status} and has other data`);
    } else if (kind === 'redirection' && !real.owner.equals(rrset.owner)) {
      this.#flaw(`${what} is not the DNAME there`);
    } else if (ttlSeconds > real.ttlSeconds) {
      this.#flaw(`${what} is to live ${ttlSeconds} s, in truth ${real.ttlSeconds} s`);
    } else if (part.security.status === 'secure' && ttlSeconds > this.#signedFor(rrset)) {
      this.#flaw(`${what} is to live longer than its signature (RFC 4035 §5.3.3)`);
    }
  }

  /** Seconds that are left of the signature that ends last. */
  #signedFor({ signatures }: RRset): number {
    const ends = signatures.map((rdata) => parseRrsig(rdata)?.expirationSeconds ?? 0);
    return Math.max(...ends) - this.#asked.nowSeconds;
  }

  #absence(name: Name, step: Step): void {
    const { rule, kind, compact } = step;
    const { rcode, security, authority } = this.#seen;
    const status = this.#isWeak ? statusOf(authority, rule) : security.status;
    const what = `${name} ${typeMnemonic(this.#type)}`;
    if (status === 'secure' && rule === 'insecure') {
      this.#flaw(`the absence of ${what} is secure, and nothing proves it`);
    }
    if (status === 'insecure' && rule === 'secure') {
      this.#flaw(`the absence of ${what} is insecure, below no insecure delegation`);
    }
    if (status !== 'secure') this.#isWeak = true;
    if (rule === 'secure' || status === 'secure' || this.#honest) {
      const isAbsent = kind === 'no data' || kind === 'name error';
      if (!isAbsent) this.#flaw(`the absence of ${what} is ${status}; in truth ${kind}`);
      const isTrue = rcode === (kind === 'name error' ? Rcode.NXDOMAIN : Rcode.NOERROR);
      const isCompact = compact && kind === 'name error' && rcode === Rcode.NOERROR;
      // An insecure absence is as the server says; opt-out leaves the rcode open.
      const isOpen = status !== 'secure' && rule !== 'secure';
      if (isAbsent && !isTrue && !isCompact && !isOpen) {
        this.#flaw(`the absence of ${what} is ${status} with rcode ${rcode}; in truth ${kind}`);
      }
    }
    this.#overall();
  }

  #overall(): void {
    const { status } = this.#seen.security;
    if (this.#isWeak && status === 'secure') this.#flaw('secure as a whole, not in all parts');
    if (!this.#isWeak && status !== 'secure')
      this.#flaw(`${status} as a whole, secure in all parts`);
  }

  #flaw(text: string): void {
    this.#flaws.push(text);
  }
}

/**
 * The status of an absence after an answer that is insecure already: its records stand among the
 * proofs of wildcards on the way, so it is only known whether any of them is secure.
 */
function statusOf(authority: readonly AnsweredRRset[], rule: Rule): 'secure' | 'insecure' {
  const mayBeSecure = authority.some((one) => one.security.status === 'secure');
  return rule === 'secure' && mayBeSecure ? 'secure' : 'insecure';
}

/** RFC 6672 §3.4: the CNAME that an unsigned DNAME makes may be given again without it. */
export function isSynthesised({ kind, rrset: dname }: Step, set: RRset): boolean {
  if (kind !== 'redirection' || set.type !== RRType.CNAME || dname?.target === undefined) {
    return false;
  }
  const target = set.owner.replaceSuffix(dname.owner, dname.target);
  const said = nameOfRdata(set.type, set.rdatas[0] ?? new Uint8Array(0));
  return target !== undefined && said?.equals(target) === true;
}

/** Whether it is what the zone says, or said so lately that nobody can know better. */
export function isVersion(
  real: TrueRRset,
  seen: Pick<RRset, 'rdatas'>,
  nowSeconds: number,
  honest: boolean,
): boolean {
  const keys = seen.rdatas.map((rdata) => octetKey(rdata)).sort();
  return real.versions.some(({ rdatas, fromSeconds, untilSeconds, signedUntilSeconds }) => {
    const end = honest ? untilSeconds + real.ttlSeconds : signedUntilSeconds;
    if (nowSeconds < fromSeconds || nowSeconds > end) return false;
    return keys.length === rdatas.length && keys.every((key, at) => key === rdatas[at]);
  });
}
