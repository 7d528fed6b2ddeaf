/**
 * One question on its way to its answer: memory first, then the walk down, then along aliases, each
 * link judged on its own. Everybody who asks the same meanwhile waits for the same resolution.
 */
import { type Bogus, checkDnameSynthesis, indeterminate } from '../dnssec/index.js';
import {
  EdeCode,
  type ExtendedError,
  type Name,
  Rcode,
  RRType,
  type RRset,
} from '../wire/index.js';
import { type Alias, aliasFromCname, aliasFromDname, leadsNowhere } from './aliases.js';
import type { AnswerValidation, JudgedNegative, JudgedRRset } from './answer-validation.js';
import { lookUp } from './cached-lookup.js';
import { continuesAt, speakingFor, speaksFor } from './alias-chains.js';
import { Descent, type DescentGoal, type DescentOutcome } from './descent.js';
import type { DescentServices } from './descent-types.js';
import type { Timer } from './deadlines.js';
import type { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import { type HeldDenial, keepDenial, keepRRset, keepSynthesised } from './learned.js';
import { LIMITS } from './limits.js';
import type { HeldRRset, Outcome } from './outcome.js';
import type { Errand } from './errand.js';
import type { Unchecked } from './resolution-types.js';
import { passedOn, type Source } from './passed-on.js';
import { rrsetAt } from './sections.js';
import { keepUnanswered, recallUnanswered, type UnansweredTlsa } from './unanswered-tlsa.js';
import type { ZoneCut } from './zone-cut.js';

export interface ResolutionServices extends DescentServices {
  readonly validation: AnswerValidation;
  /** These MX records of a signed zone have come, and are about to be judged. */
  anticipateMail(set: RRset): void;
}

export class Resolution {
  readonly name: Name;
  readonly type: number;
  readonly effort: Effort;
  readonly #services: ResolutionServices;
  readonly #purpose: Errand['purpose'];
  readonly #lineage: readonly string[];
  readonly #done: (outcome: Outcome) => void;
  #skipCache: boolean;
  #current: Name;
  #descent: Descent | undefined;
  readonly #links: HeldRRset[] = [];
  readonly #visited = new Set<string>();
  /** Accepted replies on the way. */
  readonly #sources: Source[] = [];
  #fromCache = true;
  /** Set when only the code of the answer is still open: nothing else is added to it. */
  #aliasesToShow: number | undefined;
  #finished = false;
  /** Other servers may name other exchanges, and others again: the first to answer is enough. */
  #mailAnticipated = false;
  #firstBogus: Bogus | undefined;
  #unchecked: Unchecked | undefined;
  #patience: Timer | undefined;

  constructor(services: ResolutionServices, ask: Errand, done: (outcome: Outcome) => void) {
    this.#services = services;
    this.name = ask.name;
    this.type = ask.type;
    this.effort = ask.effort;
    this.#purpose = ask.purpose;
    this.#lineage = ask.lineage;
    this.#skipCache = ask.skipCache;
    this.#current = ask.name;
    this.#done = done;
  }

  start(): void {
    this.#step();
    if (this.#finished || !this.#mayForgive) return;
    const { deadlines, presentMs } = this.#services.machine;
    const patienceMs = LIMITS.insecureTlsaMs.value;
    this.#patience = deadlines.schedule(presentMs + patienceMs, () => {
      const zone = this.#descent?.deepest?.zone.toString() ?? '.';
      const sentence = `no server of ${zone} answered within ${patienceMs} ms`;
      this.#forgive([{ code: EdeCode.NO_REACHABLE_AUTHORITY, text: '' }], sentence, () => {});
    });
  }

  get isFinished(): boolean {
    return this.#finished;
  }

  /** Time is up, or nobody waits: what is known so far is the end. */
  stop(sentence: string): void {
    if (this.#finished) return;
    this.#fail([{ code: EdeCode.NO_REACHABLE_AUTHORITY, text: '' }], sentence);
  }

  #step(): void {
    for (;;) {
      if (!this.#mayVisit()) return;
      const hit = this.#skipCache
        ? undefined
        : lookUp(this.#services.machine, this.#current, this.type);
      if (hit === undefined) {
        const unanswered = recallUnanswered(this.#services.machine, this.#current, this.type);
        if (unanswered === undefined) break;
        this.#finishUnanswered(unanswered);
        return;
      }
      switch (hit.kind) {
        case 'data':
          this.#links.push(hit.held);
          this.#finish(Rcode.NOERROR, [], undefined);
          return;
        case 'denial':
          this.#finishDenial(hit.denial);
          return;
        case 'alias': {
          const isTheEnd = leadsNowhere(hit.alias, this.#current);
          this.#take(hit.alias);
          // RFC 6672 §3.1: the CNAME made from a cached DNAME is what a CNAME question asks for.
          if (this.type === RRType.CNAME || isTheEnd) {
            this.#finish(Rcode.NOERROR, [], undefined);
            return;
          }
        }
      }
    }
    this.#skipCache = false;
    this.#fromCache = false;
    this.#descend();
  }

  #mayVisit(): boolean {
    const { key } = this.#current;
    if (this.#visited.has(key)) {
      this.#fail([{ code: EdeCode.OTHER, text: 'alias loop' }], 'the aliases form a loop');
      return false;
    }
    this.#visited.add(key);
    if (this.#visited.size > LIMITS.aliases.value + 1) {
      this.#fail([{ code: EdeCode.OTHER, text: 'too many aliases' }], 'too many aliases');
      return false;
    }
    return true;
  }

  #take(alias: Alias): void {
    for (const link of alias.links) {
      // A chain may come by the same DNAME twice; a message has each RRset once (RFC 2181 §5).
      const { owner, type } = link.rrset;
      const isThere = (other: HeldRRset): boolean =>
        other.rrset.type === type && other.rrset.owner.equals(owner);
      if (type !== RRType.DNAME || !this.#links.some(isThere)) this.#links.push(link);
    }
    this.#current = alias.target;
  }

  #descend(): void {
    const cut = this.#services.startingCut(this.#current, this.type, this.effort);
    const goal: DescentGoal = {
      name: this.#current,
      type: this.type,
      effort: this.effort,
      lineage: this.#lineage,
      validated: this.#purpose === 'answer',
    };
    this.#descent?.close();
    this.#descent = new Descent(this.#services, goal, (outcome) => this.#arrived(outcome));
    this.#descent.start(cut);
  }

  #arrived(outcome: DescentOutcome): void {
    if (this.#finished) return;
    switch (outcome.kind) {
      case 'failed':
        if (this.#firstBogus !== undefined) this.#failBogus(this.#firstBogus);
        else {
          const { errors, sentence } = outcome;
          this.#forgive(errors, sentence, () => this.#fail(errors, sentence));
        }
        return;
      case 'ancestor missing':
        // RFC 8020 §2: where nothing is, there is nothing below.
        this.#finishDenial(
          keepDenial(this.#services.machine, outcome.ancestor, RRType.NS, outcome.denial),
        );
        return;
      case 'reply':
        this.#read(outcome.cut, outcome.usable, true);
    }
  }

  // --- reading a reply ---

  #read(cut: ZoneCut, usable: UsableReply, isDirect: boolean): void {
    const { reply } = usable;
    const name = this.#current;
    // RFC 6672 §5.3.1: the CNAME that comes with a DNAME is not signed; the DNAME speaks for it.
    const set =
      speakingFor(reply.answer, name, this.type) ??
      // A parent may answer a DS question with the referral that has the DS records.
      (this.type === RRType.DS ? rrsetAt(reply.authority, name, RRType.DS) : undefined);
    if (set === undefined) {
      this.#readDenial(cut, usable, isDirect);
      return;
    }
    if (!this.#mailAnticipated && this.#isMailOfSigned(set, cut)) {
      this.#mailAnticipated = true;
      this.#services.anticipateMail(set);
    }
    this.#judge(set, cut, usable, (judged) => this.#judgedSet(set, judged, cut, usable, isDirect));
  }

  #isMailOfSigned({ type, signatures }: RRset, cut: ZoneCut): boolean {
    const isAnswer = type === RRType.MX && this.#purpose === 'answer' && !this.effort.background;
    // Where the keys are here, the verdict is a moment away, and the answer goes out first.
    const isJudgedLater = cut.isKnownSigned && cut.trust?.isSettled !== true;
    return isAnswer && isJudgedLater && signatures.length > 0;
  }

  #judge(set: RRset, cut: ZoneCut, usable: UsableReply, done: (judged: JudgedRRset) => void): void {
    if (this.#purpose === 'answer') {
      const asked = { name: this.#current, type: this.type };
      this.#services.validation.judgeRRset(set, asked, cut, usable, this.effort, done);
      return;
    }
    const { ttlSeconds } = set;
    const security = indeterminate(cut.zone);
    done({ kind: 'accepted', security, ttlSeconds, proof: [], cut });
  }

  #judgedSet(
    set: RRset,
    judged: JudgedRRset,
    cut: ZoneCut,
    usable: UsableReply,
    isDirect: boolean,
  ): void {
    if (this.#finished) return;
    if (judged.kind !== 'accepted') {
      this.#refused(judged, cut, usable, isDirect);
      return;
    }
    const { machine } = this.#services;
    if (this.#purpose === 'answer') this.#sources.push({ cut: judged.cut, usable });
    const held =
      this.#purpose === 'answer'
        ? keepRRset(machine, set, judged, usable.reply.authoritative)
        : { rrset: set, security: judged.security, expiresAtMs: machine.now.cacheMs, proof: [] };
    if (set.type === this.type && set.owner.equals(this.#current)) {
      this.#links.push(held);
      this.#finishData(held, usable);
      return;
    }
    const alias = this.#aliasOf(set, held, usable);
    if (alias === undefined) return;
    if ('status' in alias) {
      this.#refused({ kind: 'bogus', security: alias, ofKeys: false }, cut, usable, isDirect);
      return;
    }
    const isTheEnd = leadsNowhere(alias, this.#current);
    this.#take(alias);
    if (this.type === RRType.CNAME || isTheEnd) {
      this.#finishData(alias.links.at(-1)!, usable);
      return;
    }
    if (held.security.status === 'secure') {
      this.effort.evidence.push({ target: alias.target, cut: judged.cut, usable });
    }
    this.#follow(cut, usable);
  }

  /**
   * The data are there. Beside an alias that was asked for, a code may stand that speaks of its
   * target (RFC 2308 §2.1): it is passed on if that is true.
   */
  #finishData(held: HeldRRset, usable: UsableReply): void {
    const isOfTarget = this.type === RRType.CNAME && usable.reply.rcode === Rcode.NXDOMAIN;
    const alias = isOfTarget ? aliasFromCname(held) : undefined;
    if (alias === undefined || this.#aliasesToShow !== undefined) {
      this.#finish(Rcode.NOERROR, [], undefined);
      return;
    }
    this.#aliasesToShow = this.#links.length;
    this.#current = alias.target;
    this.#step();
  }

  /** Where a judged CNAME or DNAME leads; undefined when that ended the question. */
  #aliasOf(set: RRset, held: HeldRRset, usable: UsableReply): Alias | Bogus | undefined {
    if (set.type === RRType.CNAME) {
      const alias = aliasFromCname(held);
      if (alias !== undefined) return alias;
      this.#fail([{ code: EdeCode.INVALID_DATA, text: '' }], 'a CNAME record is malformed');
      return undefined;
    }
    this.#services.machine.dnamesSeen++;
    // Where nothing is signed there is nothing to hold the CNAME against: it is made anew.
    const secure = held.security.status === 'secure';
    const cname = secure ? rrsetAt(usable.reply.answer, this.#current, RRType.CNAME) : undefined;
    const synthesis = checkDnameSynthesis(set, this.#current, cname);
    if (synthesis === 'too long') {
      // RFC 6672 §2.2.
      this.#links.push(held);
      this.#finish(Rcode.YXDOMAIN, [], undefined);
      return undefined;
    }
    if ('status' in synthesis) return synthesis;
    const alias = aliasFromDname(held, this.#current, synthesis.target);
    if (!secure && this.#purpose === 'answer') keepSynthesised(this.#services.machine, alias);
    return alias;
  }

  /** The rest of a chain may stand in the same reply, if the same zone's servers speak for it. */
  #follow(cut: ZoneCut, usable: UsableReply): void {
    const { reply } = usable;
    const target = this.#current;
    const { machine } = this.#services;
    const known = lookUp(machine, target, this.type) !== undefined;
    const isTheirs = speaksFor(cut, target, this.type, machine.cuts.closest(target, machine.clock));
    if (known || !isTheirs || !continuesAt(reply, target, this.type)) {
      this.#step();
      return;
    }
    if (this.#mayVisit()) this.#read(cut, usable, false);
  }

  #readDenial(cut: ZoneCut, usable: UsableReply, isDirect: boolean): void {
    const { machine, validation } = this.#services;
    const kind = usable.reply.rcode === Rcode.NXDOMAIN ? 'name error' : 'no data';
    const asked = { name: this.#current, type: this.type, kind } as const;
    if (this.#purpose !== 'answer') {
      this.#finish(kind === 'name error' ? Rcode.NXDOMAIN : Rcode.NOERROR, [], undefined);
      return;
    }
    validation.judgeNegative(asked, cut, usable, this.effort, (judged: JudgedNegative) => {
      if (this.#finished) return;
      if (judged.kind === 'accepted') {
        this.#sources.push({ cut, usable });
        this.#finishDenial(keepDenial(machine, asked.name, asked.type, judged));
      } else this.#refused(judged, cut, usable, isDirect);
    });
  }

  // --- ending ---

  get #mayForgive(): boolean {
    const { forgiveInsecureTlsa } = this.#services.machine.config;
    return forgiveInsecureTlsa && this.type === RRType.TLSA && this.#purpose === 'answer';
  }

  /** RFC 7672 §2.2.2: no data, if the name is proven to be in an insecure zone. */
  #forgive(errors: readonly ExtendedError[], sentence: string, otherwise: () => void): void {
    const name = this.#current;
    const cut = this.#descent?.deepest;
    // What we could not afford says nothing about the zone, nor does what did not pass.
    const isOpen = (): boolean => !this.effort.hasRunOut && this.#firstBogus === undefined;
    if (!this.#mayForgive || cut === undefined || !isOpen()) {
      otherwise();
      return;
    }
    const { machine, validation } = this.#services;
    validation.insecurityOf(name, cut, this.effort, (proof) => {
      if (this.#finished) return;
      const isStillAsked = name === this.#current && isOpen();
      if (proof === undefined || !isStillAsked) otherwise();
      else this.#finishUnanswered(keepUnanswered(machine, name, proof, { errors, sentence }));
    });
  }

  #finishUnanswered({ security, errors }: UnansweredTlsa): void {
    this.#finish(Rcode.NOERROR, [], security, errors);
  }

  #refused(
    judged: Exclude<JudgedRRset, { kind: 'accepted' }>,
    cut: ZoneCut,
    usable: UsableReply,
    isDirect: boolean,
  ): void {
    const { machine } = this.#services;
    this.#unchecked ??= {
      rcode: usable.reply.rcode,
      answer: [...this.#links.map((link) => link.rrset), ...usable.reply.answer],
      authority: usable.reply.authority,
    };
    if (judged.kind === 'unreachable') {
      this.#fail(judged.errors, judged.sentence);
      return;
    }
    if (judged.ofKeys) {
      this.#failBogus(judged.security);
      return;
    }
    machine.report({
      kind: 'bogus',
      name: this.#current,
      type: this.type,
      security: judged.security,
      server: usable.server,
    });
    if (this.#mayBeNewKeys(judged.security)) {
      this.#read(cut, usable, isDirect);
      return;
    }
    if (!isDirect) {
      // It came along with another answer: the name's own question decides.
      this.#visited.delete(this.#current.key);
      this.#step();
      return;
    }
    this.#firstBogus ??= judged.security;
    // RFC 4035 §5.5: one bad server must not make a name bogus.
    if (this.#descent?.tryOthers() === true) return;
    machine.doubt(cut);
    this.#failBogus(this.#firstBogus);
  }

  #mayBeNewKeys(verdict: Bogus): boolean {
    const doubtful =
      verdict.reason === 'no such key' || verdict.reason === 'signature does not verify';
    return doubtful && this.#services.renewKeys(verdict.zone);
  }

  #finishDenial(denial: HeldDenial): void {
    this.#finish(denial.rcode, denial.authority, denial.security);
  }

  #finish(
    rcode: number,
    authority: readonly HeldRRset[],
    denial: HeldRRset['security'] | undefined,
    unanswered?: readonly ExtendedError[],
  ): void {
    const shown = [...authority.map(({ rrset }) => rrset), ...this.#links.flatMap((l) => l.proof)];
    const more = passedOn(this.#services.machine, this.effort, this.#sources, shown);
    this.#end({
      kind: 'answered',
      rcode,
      answer: this.#links,
      authority: [...authority, ...more],
      denial,
      fromCache: this.#fromCache,
      stale: false,
      ...(unanswered === undefined ? {} : { unanswered }),
    });
  }

  #failBogus(verdict: Bogus): void {
    this.#fail([{ code: verdict.ede, text: verdict.reason }], verdict.sentence, verdict);
  }

  #fail(errors: readonly ExtendedError[], sentence: string, bogus?: Bogus): void {
    const unchecked = this.#unchecked;
    this.#end({ kind: 'failed', bogus, errors, sentence, unchecked, fromCache: false });
  }

  #end(outcome: Outcome): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#descent?.close();
    this.#patience?.cancel();
    const isTold = outcome.kind === 'answered' && outcome.rcode === Rcode.NXDOMAIN;
    const aliases = isTold ? undefined : this.#aliasesToShow;
    if (aliases === undefined) {
      this.#done(outcome);
      return;
    }
    this.#done({
      kind: 'answered',
      rcode: Rcode.NOERROR,
      answer: this.#links.slice(0, aliases),
      authority: [],
      denial: undefined,
      fromCache: this.#fromCache,
      stale: false,
    });
  }
}
