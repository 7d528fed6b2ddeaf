/**
 * Holds a verdict against the truth: secure must be true, insecure only where nothing can be
 * proven, and where nobody interferes the answer must be there and be right.
 */
import type { AnsweredRRset, Resolution } from '../../src/resolver/index.js';
import {
  type Name,
  nameOfRdata,
  octetKey,
  Rcode,
  type RRset,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import type { Rule, Step, TrueRRset, Truth } from './truth.js';

const MOST_LINKS = 8;

/** `honest`: nothing that matters was changed on the way, so a failure is a flaw as well. */
export function check(
  truth: Truth,
  name: Name,
  type: number,
  seen: Resolution,
  honest: boolean,
): string[] {
  const chain = isEndless(truth, name, type);
  if (seen.rcode === Rcode.SERVFAIL) return honest && !chain ? [failureOf(seen)] : [];
  const { status } = seen.security;
  if (status === 'bogus' || status === 'indeterminate') return [`an answer that is ${status}`];
  return new Comparison(truth, type, seen, honest).from(name);
}

function failureOf({ security, errors }: Resolution): string {
  const why = security.status === 'bogus' ? security.reason : security.status;
  return `an honest answer is refused: ${why} (${errors[0]?.text ?? ''})`;
}

function isEndless(truth: Truth, start: Name, type: number): boolean {
  let name: Name | undefined = start;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const { rrset, kind }: Step = truth.stepAt(name, type);
    if (kind !== 'alias' && kind !== 'redirection') return false;
    name = kind === 'alias' ? rrset!.target : name.replaceSuffix(rrset!.owner, rrset!.target!);
    if (name === undefined) return true;
  }
  return true;
}

class Comparison {
  readonly #truth: Truth;
  readonly #type: number;
  readonly #seen: Resolution;
  readonly #honest: boolean;
  readonly #flaws: string[] = [];
  /** Something on the way that cannot be proven, or was not. */
  #isWeak = false;

  constructor(truth: Truth, type: number, seen: Resolution, honest: boolean) {
    this.#truth = truth;
    this.#type = type;
    this.#seen = seen;
    this.#honest = honest;
  }

  from(start: Name): string[] {
    const parts = [...this.#seen.answer];
    let name = start;
    for (;;) {
      const step = this.#truth.stepAt(name, this.#type);
      // From here on it is his own story.
      if (step.rule === 'anything' && !this.#honest) return this.#flaws;
      const part = parts.shift();
      if (part === undefined) {
        this.#absence(name, step);
        return this.#flaws;
      }
      const next = this.#link(name, step, part);
      if (next === 'end') {
        if (parts.length > 0) this.#flaw(`${parts[0]!.rrset.owner} does not belong there`);
        // RFC 2308 §2.1: beside an alias that was asked for, the code speaks of its target.
        if (this.#type === RRType.CNAME && this.#seen.rcode === Rcode.NXDOMAIN) {
          this.#targetOf(part);
          return this.#flaws;
        }
        if (this.#seen.rcode !== Rcode.NOERROR) this.#flaw(`rcode ${this.#seen.rcode} with data`);
        this.#overall();
        return this.#flaws;
      }
      if (next === undefined) return this.#flaws;
      // An unsigned alias of itself is all that there is; it denies nothing.
      if (next.equals(name) && parts.length === 0 && part.security.status !== 'secure') {
        this.#overall();
        return this.#flaws;
      }
      // RFC 6672 §3.1: the CNAME that goes with a DNAME was just computed.
      if (part.rrset.type === RRType.DNAME) parts.shift();
      // And where that was asked for, it is the answer.
      if (part.rrset.type === RRType.DNAME && this.#type === RRType.CNAME) {
        this.#overall();
        return this.#flaws;
      }
      name = next;
    }
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

  #targetOf({ rrset }: AnsweredRRset): void {
    const target = nameOfRdata(rrset.type, rrset.rdatas[0] ?? new Uint8Array(0));
    if (target === undefined) return;
    const step = this.#truth.stepAt(target, this.#type);
    if (step.rule !== 'anything' || this.#honest) this.#absence(target, step);
  }

  #equal(what: string, { rrset: real, kind, rule }: Step, part: AnsweredRRset): void {
    if (rule === 'anything' && !this.#honest) return;
    const { rrset, ttlSeconds } = part;
    if (real === undefined || real.type !== rrset.type) {
      this.#flaw(`${what} is ${part.security.status}; in truth ${kind}`);
    } else if (!sameData(real, rrset)) {
      this.#flaw(`${what} is ${part.security.status} and has other data`);
    } else if (kind === 'redirection' && !real.owner.equals(rrset.owner)) {
      this.#flaw(`${what} is not the DNAME there`);
    } else if (ttlSeconds > real.ttlSeconds) {
      this.#flaw(`${what} is to live ${ttlSeconds} s, in truth ${real.ttlSeconds} s`);
    }
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

function sameData(real: TrueRRset, seen: RRset): boolean {
  const keys = seen.rdatas.map((rdata) => octetKey(rdata)).sort();
  return keys.length === real.rdatas.length && keys.every((key, at) => key === real.rdatas[at]);
}
