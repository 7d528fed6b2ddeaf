/**
 * Asks the servers of one zone one question until one gives a usable reply: which server next, how
 * long to wait, when to hedge, when to go over TCP or without EDNS. It judges form, not truth; an
 * owner that finds the reply bogus calls `tryOthers`.
 */
import { type Name, Rcode, RRType } from '../wire/index.js';
import { openAttempt } from './attempt.js';
import { type Attempt, type AttemptOwner, cancelTimers } from './attempt-types.js';
import { classify, type Unusable } from './classify-response.js';
import type { Timer } from './deadlines.js';
import type { Effort } from './effort.js';
import type { ExchangeOutcome, UsableReply } from './exchange-types.js';
import { exchangeFailure, type Trouble } from './exchange-failure.js';
import { hearLateReplies } from './late-reply.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import { type Matched, matchReply } from './match-response.js';
import type { SendFailure, Transport } from './resolution-types.js';
import { sanitise } from './sanitise.js';
import { isUdpLossy, isUdpUsedUp, type Tried, TriedServers } from './tried-servers.js';
import type { ServerAddress, ZoneCut } from './zone-cut.js';

/**
 * What the budget gets back when the first of two servers that were asked at once stays silent:
 * enough to go on with it while every second one does.
 */
const PARALLEL_WORTH = 3;
/** Early repeats of one question, and then it is time for ordinary ones. */
const MOST_EARLY = 2;
/** A second repeat waits that much longer than the first. */
const HEDGE_BACKOFF = 1.5;

export class Exchange implements AttemptOwner {
  readonly #machine: Machine;
  readonly #cut: ZoneCut;
  readonly #name: Name;
  readonly #type: number;
  readonly #effort: Effort;
  readonly #deliver: (outcome: ExchangeOutcome) => void;
  readonly #lookUpAddresses: (exchange: Exchange) => boolean;
  readonly #watch: ((giveUp: () => void) => Timer | undefined) | undefined;
  #watching: Timer | undefined;
  readonly #tried: TriedServers;
  #open: Attempt[] = [];
  #closed = false;
  #sent = 0;
  #rejected = 0;
  /** Queries sent because another one was late. */
  #early = 0;
  /** Two servers were asked at once. */
  #parallel = false;
  /** The first usable reply, when it said less than another server's may. */
  #meagre: { readonly usable: UsableReply; readonly server: ServerAddress } | undefined;
  #opinions = 0;
  #patience: Timer | undefined;
  /** The server of the reply that was delivered last. */
  #answeredBy: ServerAddress | undefined;
  #wasAnswered = false;
  #lastTrouble: Trouble | undefined;

  constructor(fields: {
    machine: Machine;
    cut: ZoneCut;
    name: Name;
    type: number;
    effort: Effort;
    /** Starts address look-ups for servers without known addresses; false when none is possible. */
    lookUpAddresses: (exchange: Exchange) => boolean;
    deliver: (outcome: ExchangeOutcome) => void;
    /** Somebody who may end it early. */
    watch: ((giveUp: () => void) => Timer | undefined) | undefined;
  }) {
    this.#machine = fields.machine;
    this.#tried = new TriedServers(fields.machine);
    this.#cut = fields.cut;
    this.#name = fields.name;
    this.#type = fields.type;
    this.#effort = fields.effort;
    this.#deliver = fields.deliver;
    this.#watch = fields.watch;
    this.#lookUpAddresses = fields.lookUpAddresses;
  }

  get cut(): ZoneCut {
    return this.#cut;
  }

  get effort(): Effort {
    return this.#effort;
  }

  /** What was delivered was refused as bogus: the zone's servers are there, but of no use. */
  get wasRefused(): boolean {
    return this.#rejected > 0;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  start(): void {
    this.#launch(false);
    this.#askSecondStranger();
    if (!this.#closed) this.#watching = this.#watch?.(() => this.giveUp());
  }

  /** While every other new server turns out to be dead, waiting for one is waiting in vain. */
  #askSecondStranger(): void {
    const { machine } = this;
    const [first] = this.#open;
    if (!machine.config.hedging || !machine.health.strangersAreOftenSilent) return;
    if (first === undefined || this.#alternatives(first) === 0) return;
    if (!machine.health.isStranger(first.server.key) || !machine.takeHedge()) return;
    this.#parallel = true;
    this.#launch(true);
  }

  /** Fails without asking, or asking on: these servers are out of reach. */
  giveUp(): void {
    this.#fail();
  }

  /** The delivered reply was bogus: RFC 4035 §5.5, ask the zone's other servers. */
  tryOthers(): boolean {
    if (this.#rejected >= LIMITS.otherServersAfterBogus.value) return false;
    this.#rejected++;
    if (this.#nextServer() !== undefined || this.#cut.mayGrow) {
      this.#closed = false;
      this.#launch(false);
      return true;
    }
    return this.#repeatOverTcp();
  }

  /**
   * The only server's datagram was bogus: somebody may have been faster than the server, and over
   * TCP nobody is. Key sets are spared: a wrong one is the zone's own fault as a rule, and waiting
   * for it twice would keep mail to broken domains waiting.
   */
  #repeatOverTcp(): boolean {
    const server = this.#answeredBy;
    if (server === undefined || this.#type === RRType.DNSKEY) return false;
    const tried = this.#tried.of(server);
    if (tried.tcp > 0) return false;
    this.#closed = false;
    this.#send(server, tried, 'tcp', false);
    return !this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#watching?.cancel();
    this.#patience?.cancel();
    for (const attempt of this.#open) this.#drop(attempt);
    this.#open = [];
  }

  /** Addresses came in, or could not be found. */
  addressesChanged(): void {
    if (!this.#closed && this.#open.length === 0) this.#launch(false);
  }

  // --- sending ---

  #launch(hedge: boolean): void {
    if (this.#closed || this.#open.length >= LIMITS.openAttempts.value) return;
    const server = this.#nextServer();
    if (server === undefined) {
      if (hedge || this.#lookUpAddresses(this) || this.#open.length > 0) return;
      if (this.wasRefused && this.#repeatOverTcp()) return;
      this.#fail();
      return;
    }
    const tried = this.#tried.of(server);
    if (hedge && tried.udp > 0) {
      if (isUdpUsedUp(tried)) return;
      tried.early++;
    }
    const isLossy = !hedge && isUdpLossy(tried);
    const tcp = isLossy || this.#machine.health.prefersTcp(server.key, this.#machine.now);
    this.#send(server, tried, tcp ? 'tcp' : 'udp', hedge);
  }

  #send(server: ServerAddress, tried: Tried, transport: Transport, hedge: boolean): void {
    const { machine } = this;
    if (!this.#effort.takeQuery(machine.now.monotonicMs)) {
      if (this.#open.length === 0) this.#fail();
      return;
    }
    if (transport === 'udp') tried.udp++;
    else tried.tcp++;
    this.#sent++;
    const attempt = openAttempt(machine, this, {
      cut: this.#cut,
      name: this.#name,
      type: this.#type,
      server,
      transport,
      withoutEdns: tried.withoutEdns,
      keepCase: tried.caseLost || transport === 'tcp',
      hedge,
      letForwarderJudge: this.#rejected > 0,
      number: this.#sent,
    });
    this.#open.push(attempt);
    this.#schedule(attempt);
  }

  get machine(): Machine {
    return this.#machine;
  }

  #schedule(attempt: Attempt): void {
    const { machine } = this;
    const start = attempt.sentAtMs;
    const key = attempt.server.key;
    const tcp = attempt.transport === 'tcp';
    const wait = machine.health.retransmitMs(key) * (tcp ? 4 : 1);
    // How long others take is not a forwarder's fault: it may use all of the client's patience.
    const patienceMs = this.#cut.forwarding ? this.#effort.deadlineMs - start : 0;
    const end = tcp ? Math.max(LIMITS.tcpWaitMs.value, patienceMs) : LIMITS.udpWaitMs.value;
    attempt.retransmit = machine.deadlines.schedule(start + Math.min(wait, end), () => {
      attempt.late = true;
      machine.health.reportTimeout(key, machine.now, attempt.edns);
      this.#lastTrouble ??= { why: 'timeout', address: attempt.server.address };
      this.#launch(false);
    });
    attempt.expiry = machine.deadlines.schedule(start + end, () => {
      this.#remove(attempt);
      if (this.#open.length === 0) this.#launch(false);
    });
    const usual = tcp ? undefined : machine.hedgeAfterMs(key);
    if (usual === undefined) return;
    const hedgeAfter = attempt.hedge ? usual * HEDGE_BACKOFF : usual;
    if (hedgeAfter >= wait) return;
    attempt.hedgeTimer = machine.deadlines.schedule(start + hedgeAfter, () => {
      if (!this.#closed) this.#hedge(attempt);
    });
  }

  /** Its reply is later than usual: ask another server, or the only one once more. */
  #hedge(attempt: Attempt): void {
    const { machine } = this;
    const { server } = attempt;
    machine.health.reportSilentStranger(server.key);
    if (this.#early >= MOST_EARLY) return;
    if (this.#alternatives(attempt) === 0 && isUdpUsedUp(this.#tried.of(server))) return;
    if (!machine.takeHedge()) return;
    this.#early++;
    this.#launch(true);
  }

  #alternatives(attempt: Attempt): number {
    return this.#cut.addresses.filter(
      (server) => server.key !== attempt.server.key && this.#tried.isUsable(server),
    ).length;
  }

  #nextServer(): ServerAddress | undefined {
    const { machine } = this;
    const usable = this.#cut.addresses.filter((server) => this.#tried.isUsable(server));
    if (usable.length === 0) return undefined;
    // Fewest tries first, so that every server is asked before one is asked again.
    let fewest = Number.POSITIVE_INFINITY;
    for (const server of usable) fewest = Math.min(fewest, this.#tried.timesOf(server));
    const fresh = usable.filter((server) => this.#tried.timesOf(server) === fewest);
    return machine.chooseServer(fresh, this.#cut.zone);
  }

  // --- receiving ---

  failed(attempt: Attempt, failure: SendFailure): void {
    this.#lastTrouble = { why: failure, address: attempt.server.address };
    this.#machine.health.reportUnreachable(attempt.server.key, this.#machine.now);
    this.#remove(attempt);
    // A closed TCP connection says nothing about the server's UDP side.
    if (attempt.transport === 'udp') this.#tried.of(attempt.server).finished = true;
    if (!this.#closed) this.#launch(false);
  }

  /** RFC 5452 §9: somebody may be guessing, so this question goes on over TCP. */
  nearMiss(attempt: Attempt): void {
    this.#machine.report({
      kind: 'suspicious',
      address: attempt.server.address,
      sentence: 'a reply with a wrong ID arrived; asking over TCP instead',
    });
    this.#machine.health.preferTcp(attempt.server.key, this.#machine.now);
    this.#overTcp(attempt);
  }

  received(attempt: Attempt, octets: Uint8Array, oversized: boolean): void {
    const { machine } = this;
    if (!this.#effort.takeOctets(octets.length)) {
      this.#fail();
      return;
    }
    const matched = matchReply(octets, attempt);
    switch (matched.kind) {
      case 'ignore':
        // draft-ietf-dnsop awaiting valid responses (TuDoor): the right reply may still come.
        this.#lastTrouble ??= { why: 'malformed', address: attempt.server.address };
        return;
      case 'case lost':
      case 'cookie missing':
        if (matched.kind === 'case lost') machine.health.reportCaseLost(attempt.server.key);
        this.#tried.of(attempt.server).caseLost = true;
        this.#overTcp(attempt);
        return;
      case 'bare error':
        this.#bareError(attempt, matched.rcode);
        return;
      case 'reply':
        this.#matched(attempt, matched, octets, oversized);
    }
  }

  #matched(attempt: Attempt, matched: Matched, octets: Uint8Array, oversized: boolean): void {
    const { machine } = this;
    const { message } = matched;
    const server = attempt.server;
    const rttMs = machine.now.monotonicMs - attempt.sentAtMs;
    machine.health.reportReply(server.key, rttMs, machine.now, message.edns !== undefined);
    if (matched.serverCookie !== undefined) {
      machine.health.setServerCookie(server.key, matched.serverCookie);
    }
    // RFC 7873 §5.3: over TCP no cookie is needed, so there it is a refusal like any other.
    if (message.rcode === Rcode.BADCOOKIE && attempt.transport === 'udp') {
      const tried = this.#tried.of(server);
      const transport: Transport = tried.cookieRetried ? 'tcp' : 'udp';
      tried.cookieRetried = true;
      this.#again(attempt, transport);
      return;
    }
    // RFC 9715: more than was advertised cannot be trusted to be one datagram.
    if ((message.truncated || oversized) && attempt.transport === 'udp') {
      this.#traceReply(attempt, rttMs, octets, 'truncated');
      this.#overTcp(attempt);
      return;
    }
    const reply = sanitise(message, this.#cut.zone, machine.config.hardenGlue);
    const classified = message.truncated
      ? ({ kind: 'unusable', why: 'format error' } as const)
      : classify(reply, this.#cut.zone, this.#name, this.#type, this.#cut.forwarding);
    this.#traceReply(
      attempt,
      rttMs,
      octets,
      classified.kind === 'unusable' ? classified.why : classified.kind,
    );
    if (classified.kind !== 'unusable') {
      this.#tried.of(server).finished = true;
      machine.health.reportUsable(server.key, this.#cut.zone);
      const usable: UsableReply = { kind: 'reply', reply, classified, server: server.address };
      if (this.#isMeagre(usable) && this.#seekAnother(attempt, usable)) return;
      this.#leave(attempt);
      this.#hand(usable, server);
      return;
    }
    this.#unusable(attempt, classified.why, message.edns !== undefined);
  }

  #hand(usable: UsableReply, server: ServerAddress): void {
    this.#answeredBy = server;
    this.#meagre = undefined;
    this.close();
    this.#deliver(usable);
  }

  /** It says nothing at all, or nothing signed in a zone that is: another server may say more. */
  #isMeagre({ classified, reply }: UsableReply): boolean {
    if (this.#cut.forwarding || classified.kind === 'referral') return false;
    const sets = [...reply.answer, ...reply.authority];
    if (classified.kind === 'no data' && sets.length === 0) return true;
    return this.#cut.isKnownSigned && sets.every(({ signatures }) => signatures.length === 0);
  }

  /** Keeps a meagre reply for the case that nobody has a better one. */
  #seekAnother(attempt: Attempt, usable: UsableReply): boolean {
    const isFirst = this.#meagre === undefined;
    this.#meagre ??= { usable, server: attempt.server };
    if (this.#opinions >= LIMITS.secondOpinions.value) return this.#settleForMeagre();
    if (this.#nextServer() === undefined && !this.#cut.mayGrow) return this.#settleForMeagre();
    this.#opinions++;
    this.#remove(attempt);
    if (isFirst) {
      const { deadlines, presentMs } = this.#machine;
      const until = presentMs + LIMITS.secondOpinionMs.value;
      this.#patience = deadlines.schedule(until, () => this.#settleForMeagre());
    }
    this.#launch(false);
    return true;
  }

  #settleForMeagre(): boolean {
    if (this.#meagre === undefined || this.#closed) return false;
    const { usable, server } = this.#meagre;
    this.#hand(usable, server);
    return true;
  }

  /** Others are still silent: new ones among them are listened to a little longer. */
  #leave(answered: Attempt): void {
    const { machine } = this;
    if (answered.hedge && !this.#parallel) machine.returnHedge(1);
    const worth = answered.hedge && this.#parallel ? PARALLEL_WORTH : 0;
    hearLateReplies(machine, this.#open, answered, worth);
    this.#open = this.#open.filter((attempt) => attempt.exchange === this);
  }

  #unusable(attempt: Attempt, why: Unusable, sawEdns: boolean): void {
    const { machine } = this;
    const server = attempt.server;
    this.#lastTrouble = { why, address: server.address };
    if (attempt.edns && !sawEdns && (why === 'format error' || why === 'not implemented')) {
      // RFC 6891 §7: perhaps it does not know EDNS; ask it once without.
      const tried = this.#tried.of(server);
      if (!tried.withoutEdns && machine.health.mayDropEdns(server.key)) {
        machine.health.reportEdnsRefused(server.key, machine.now);
        tried.withoutEdns = true;
        this.#again(attempt, 'udp');
        return;
      }
    }
    this.#wasAnswered = true;
    this.#tried.of(server).finished = true;
    machine.health.reportLame(server.key, this.#cut.zone, machine.now);
    this.#remove(attempt);
    this.#launch(false);
  }

  /** An error reply without a question may be forged: it ends nothing, but may start a retry. */
  #bareError(attempt: Attempt, rcode: number): void {
    const tried = this.#tried.of(attempt.server);
    const mayDrop = this.#machine.health.mayDropEdns(attempt.server.key);
    this.#lastTrouble = { why: 'format error', address: attempt.server.address };
    if (rcode === Rcode.FORMERR && attempt.edns && !tried.withoutEdns && mayDrop) {
      tried.withoutEdns = true;
      this.#send(attempt.server, tried, 'udp', false);
      return;
    }
    this.#launch(false);
  }

  #overTcp(attempt: Attempt): void {
    this.#again(attempt, 'tcp');
  }

  #again(attempt: Attempt, transport: Transport): void {
    this.#remove(attempt);
    const tried = this.#tried.of(attempt.server);
    const count = transport === 'tcp' ? tried.tcp : tried.udp;
    if (count >= LIMITS.triesPerServer.value) {
      tried.finished = true;
      this.#launch(false);
      return;
    }
    this.#send(attempt.server, tried, transport, false);
  }

  #remove(attempt: Attempt): void {
    this.#drop(attempt);
    this.#open = this.#open.filter((other) => other !== attempt);
  }

  #drop(attempt: Attempt): void {
    cancelTimers(attempt);
    this.#machine.abandon(attempt);
  }

  #traceReply(attempt: Attempt, rttMs: number, octets: Uint8Array, outcome: string): void {
    this.#machine.trace({
      kind: 'reply',
      zone: this.#cut.zone,
      name: this.#name,
      type: this.#type,
      address: attempt.server.address,
      rttMs,
      sizeOctets: octets.length,
      outcome,
    });
  }

  /** Some server was there, even if all that it had was an error. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  // --- ending ---

  #fail(): void {
    if (this.#settleForMeagre()) return;
    this.close();
    this.#deliver(this.#failure());
  }

  #failure(): ExchangeOutcome {
    return exchangeFailure(this.#cut.zone, this.#effort.spent, this.#sent, this.#lastTrouble);
  }
}
