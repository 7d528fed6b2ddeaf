/** The measurements over real sockets: one authority, one resolver after the other. */
import type { Authority } from './authority-process.js';
import {
  domainName,
  KINDS,
  type Kind,
  largeZoneName,
  type Supply,
  TLD,
  TLD_SERVER,
} from './bench-world.js';
import { Client, type Question, type Reply } from './client.js';
import { hitRate, type PacedFigures, pacedHits, tcpHits } from './hit-bench.js';
import { mean, median, quantile } from './statistics.js';
import { measureScaling, type Scaling } from './scaling-bench.js';
import { ANCHORITE, type Product, Subject } from './subjects.js';

export interface Scale {
  /** Cold questions per figure of latency. */
  readonly samples: number;
  /** Where the tail of the distribution is what matters: loss, dead servers. */
  readonly tailSamples: number;
  /** Fewer for the others, some of which wait for seconds where a server is dead. */
  readonly peerTailSamples: number;
  /** Cold questions for each of the two figures of CPU time, and to warm up for the second. */
  readonly cpuSamples: number;
  /** Cold questions between them: what runs for weeks is compiled and optimised at last. */
  readonly warmUp: number;
  readonly hitSeconds: number;
  /** Of cold questions beside hits. */
  readonly loadSeconds: number;
  readonly rrsets: number;
  readonly starts: number;
  /** Of all subjects in turn. */
  readonly rounds: number;
  readonly roundTripMs: number;
}

export interface Latency {
  readonly medianMs: number;
  readonly p90Ms: number;
  /** The median, and what else is asked for, in round trips. */
  readonly roundTrips: number;
  readonly meanRoundTrips: number;
  readonly p99RoundTrips: number;
  readonly queries: number;
}

export interface SubjectFigures {
  readonly name: string;
  readonly startMs: number;
  /** The very first question, a second after the start: root, top level and domain are cold. */
  readonly firstRoundTrips: number;
  /** Just started; everything else is measured after the program has warmed up. */
  readonly coldSecureFirst: Latency;
  readonly coldSecure: Latency;
  readonly coldInsecure: Latency;
  /** The DS record is that of another key. */
  readonly coldBogus: Latency;
  /** The signature of the answer does not verify. */
  readonly coldCorrupt: Latency;
  readonly lossy: Latency;
  readonly halfDead: Latency;
  readonly withoutIpv6: Latency;
  readonly mailer: Latency;
  readonly warmMs: number;
  /** Per cold, secure TLSA of the mix; the second after the first has warmed the program up. */
  readonly cpuMsFirst: number;
  readonly cpuMs: number;
  readonly hitsPerSecond: number;
  readonly hitMs: number;
  /** At 10,000 questions a second. */
  readonly paced: PacedFigures;
  readonly tcpHitsPerSecond: number;
  /** Hits while the resolver works on 500 cold questions a second. */
  readonly beside: PacedFigures;
  /** How late its event loop is meanwhile, 99 of 100 times; only for programs of Node. */
  readonly loopDelayMs: number;
  readonly scaling: Scaling;
  readonly idleMegabytes: number;
  readonly emptyMegabytes: number;
  readonly fullMegabytes: number;
  readonly wrongAnswers: readonly string[];
}

/** Per cold, secure TLSA question. */
export interface ColdFigures {
  readonly name: string;
  readonly roundTrips: number;
  readonly cpuMs: number;
}

/** 60 % P-256, 30 % RSA-2048, 10 % Ed25519. */
const MIX: readonly Kind[] = [
  'p256',
  'rsa',
  'p256',
  'p256',
  'rsa',
  'p256',
  'ed25519',
  'p256',
  'rsa',
  'p256',
];

const HITS_PER_SECOND = 10_000;
const HITS_BESIDE_PER_SECOND = 1_000;
const COLD_PER_SECOND = 500;
const LOSS_SHARE = 0.05;

export function supplyFor(scale: Scale): Supply {
  const { samples, tailSamples, cpuSamples, warmUp, loadSeconds } = scale;
  const tenths = (3 * cpuSamples) / 10;
  return {
    // Warming up the top level, latency, the mailer's sequence, loss, CPU time, load.
    p256: 5 + 3 * samples + tailSamples + 6 * tenths + warmUp + COLD_PER_SECOND * loadSeconds,
    rsa: 3 * tenths,
    ed25519: tenths,
    unsigned: samples,
    bogus: samples,
    corrupt: samples,
    'half-dead': tailSamples,
    dual: samples + 5,
  };
}

const tlsa = (domain: string): Question => [`_25._tcp.mx.${domain}`, 'TLSA'];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export type Progress = (done: number, of: number, what: string) => void;

export class NetworkBench {
  readonly #authority: Authority;
  readonly #scale: Scale;
  readonly #progress: Progress;
  /** As measured with the same client, timers of the authority included. */
  roundTripMs = 0;

  constructor(authority: Authority, scale: Scale, progress: Progress) {
    this.#authority = authority;
    this.#scale = scale;
    this.#progress = progress;
  }

  /** Measures a round trip, and has every answer of the zones signed before it counts. */
  async prepare(): Promise<void> {
    this.#authority.setRoundTripMs(0);
    const client = await Client.open(TLD_SERVER, 53);
    await client.askAll([[`signed.${TLD}`, 'A']], 1);
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    const samples: number[] = [];
    for (let count = 0; count < 30; count++) samples.push((await client.ask(TLD, 'SOA')).ms);
    client.close();
    this.roundTripMs = median(samples);
  }

  async measure(product: Product, port: number): Promise<SubjectFigures> {
    const foundation = this.#authority.foundation!;
    const wrong: string[] = [];
    const scaling = await this.scaling(product, port);
    const start = await this.#starts(product, port, wrong);
    const withoutIpv6 = await this.#withoutIpv6(product, port, wrong);
    const subject = await Subject.start(product, port, foundation, { watchLoop: true });
    const client = await Client.to(port);
    try {
      const first = await this.#justStarted(subject, client, wrong);
      const cpu = await this.#cpu(subject, client, wrong);
      const figures = await this.#figuresOf(subject, client, wrong);
      const hits = await this.#hits(subject, client, port);
      const memory = await this.#memory(subject, client, wrong);
      const wrongAnswers = [...new Set(wrong)];
      return {
        name: product.name,
        ...start,
        withoutIpv6,
        scaling,
        ...first,
        ...cpu,
        ...figures,
        ...hits,
        ...memory,
        wrongAnswers,
      };
    } finally {
      client.close();
      await subject.stop();
    }
  }

  /**
   * All of them in turn, again and again, as the machine may be slower in one minute than in the
   * next: medians of the rounds.
   */
  async alternate(products: readonly Product[], firstPort: number): Promise<ColdFigures[]> {
    const measured = products.map((): ColdFigures[] => []);
    let port = firstPort;
    for (let round = 0; round < this.#scale.rounds; round++) {
      for (const [index, product] of products.entries()) {
        measured[index]!.push(await this.#coldAndWarmedUp(product, port++));
      }
    }
    return products.map(({ name }, index) => {
      const of = (figure: (figures: ColdFigures) => number) => median(measured[index]!.map(figure));
      return { name, roundTrips: of((each) => each.roundTrips), cpuMs: of((each) => each.cpuMs) };
    });
  }

  async #coldAndWarmedUp(product: Product, port: number): Promise<ColdFigures> {
    const wrong: string[] = [];
    const subject = await Subject.start(product, port, this.#authority.foundation!);
    const client = await Client.to(port);
    try {
      const { cpuMs } = await this.#cpu(subject, client, wrong);
      this.#authority.setRoundTripMs(this.#scale.roundTripMs);
      const { samples } = this.#scale;
      const what = `${product.name}: cold, p256`;
      const { roundTrips } = await this.#cold(client, what, 'p256', 5 + samples, samples, 0, wrong);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      return { name: product.name, roundTrips, cpuMs };
    } finally {
      client.close();
      await subject.stop();
    }
  }

  scaling(product: Product, port: number): Promise<Scaling> {
    this.#authority.setRoundTripMs(0);
    const { hitSeconds } = this.#scale;
    this.#progress(0, 1, `${product.name}: hits with one and two processes or threads`);
    return measureScaling(product, port, this.#authority.foundation!, hitQuestions(), hitSeconds);
  }

  async #starts(product: Product, port: number, wrong: string[]) {
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    const starts: number[] = [];
    const firsts: number[] = [];
    const idle: number[] = [];
    for (let count = 0; count < this.#scale.starts; count++) {
      const subject = await Subject.start(product, port, this.#authority.foundation!);
      starts.push(subject.startMs);
      const client = await Client.to(port);
      await pause(1_000);
      idle.push(subject.residentMegabytes());
      const question = tlsa(domainName('p256', 0));
      const reply = await client.ask(...question);
      judge(reply, question, 0, true, wrong);
      firsts.push(reply.ms);
      client.close();
      await subject.stop();
    }
    const firstRoundTrips = median(firsts) / this.roundTripMs;
    return { startMs: median(starts), firstRoundTrips, idleMegabytes: median(idle) };
  }

  /** IPv6 is on, servers have such addresses, and there is no way to them. */
  async #withoutIpv6(product: Product, port: number, wrong: string[]): Promise<Latency> {
    const { foundation } = this.#authority;
    const subject = await Subject.start(product, port, foundation!, { ipv6: true });
    const client = await Client.to(port);
    try {
      for (let index = 0; index < 5; index++) await client.ask(...tlsa(domainName('dual', index)));
      const what = `${product.name}: no way over IPv6`;
      return await this.#cold(client, what, 'dual', 5, this.#scale.samples, 0, wrong);
    } finally {
      client.close();
      await subject.stop();
    }
  }

  /** The root, the top level and everything that is asked once are behind it then. */
  async #justStarted(subject: Subject, client: Client, wrong: string[]) {
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    for (let index = 0; index < 5; index++) await client.ask(...tlsa(domainName('p256', index)));
    await pause(300);
    const { samples } = this.#scale;
    const what = `${subject.name}: cold, just started`;
    return { coldSecureFirst: await this.#cold(client, what, 'p256', 5, samples, 0, wrong) };
  }

  #cold(
    client: Client,
    what: string,
    kind: Kind,
    first: number,
    samples: number,
    rcode: number,
    wrong: string[],
  ): Promise<Latency> {
    return this.#latency(what, samples, async (index) => {
      const question = tlsa(domainName(kind, first + index));
      const reply = await client.ask(...question);
      judge(reply, question, rcode, rcode === 0 && kind !== 'unsigned', wrong);
      return reply.ms;
    });
  }

  async #figuresOf(subject: Subject, client: Client, wrong: string[]) {
    const { samples, tailSamples, peerTailSamples, roundTripMs } = this.#scale;
    const tail = subject.name === ANCHORITE.name ? tailSamples : peerTailSamples;
    this.#authority.setRoundTripMs(roundTripMs);
    const { name } = subject;
    const cold = (kind: Kind, first: number, rcode: number, count = samples) =>
      this.#cold(client, `${name}: cold, ${kind}`, kind, first, count, rcode, wrong);
    const coldSecure = await cold('p256', 5 + samples, 0);
    const coldInsecure = await cold('unsigned', 0, 0);
    const coldBogus = await cold('bogus', 0, 2);
    const coldCorrupt = await cold('corrupt', 0, 2);
    const halfDead = await cold('half-dead', 0, 0, tail);
    this.#authority.setLossShare(LOSS_SHARE);
    const lossy = await cold('p256', 5 + 3 * samples, 0, tail);
    this.#authority.setLossShare(0);
    const mailer = await this.#latency(`${name}: mailer`, samples, async (index) => {
      const domain = domainName('p256', 5 + 2 * samples + index);
      const before = performance.now();
      const sequence: readonly Question[] = [
        [domain, 'MX'],
        [`mx.${domain}`, 'A'],
        [`mx.${domain}`, 'AAAA'],
        tlsa(domain),
      ];
      for (const question of sequence) {
        judge(await client.ask(...question), question, 0, true, wrong);
      }
      return performance.now() - before;
    });
    const warm: number[] = [];
    for (let count = 0; count < 200; count++) {
      warm.push((await client.ask(...tlsa(domainName('p256', 5)))).ms);
    }
    const colds = { coldSecure, coldInsecure, coldBogus, coldCorrupt, halfDead, lossy };
    return { ...colds, mailer, warmMs: median(warm) };
  }

  async #latency(
    what: string,
    samples: number,
    once: (index: number) => Promise<number>,
  ): Promise<Latency> {
    const times: number[] = [];
    const queriesBefore = await this.#authority.queries();
    for (let index = 0; index < samples; index++) {
      times.push(await once(index));
      this.#progress(index + 1, samples, what);
      // Whatever is still under way belongs to this question.
      await pause(2 * this.#scale.roundTripMs);
    }
    await pause(200);
    const queries = (await this.#authority.queries()) - queriesBefore;
    return {
      medianMs: median(times),
      p90Ms: quantile(times, 0.9),
      roundTrips: median(times) / this.roundTripMs,
      meanRoundTrips: mean(times) / this.roundTripMs,
      p99RoundTrips: quantile(times, 0.99) / this.roundTripMs,
      queries: queries / samples,
    };
  }

  async #cpu(subject: Subject, client: Client, wrong: string[]) {
    const { samples, tailSamples, cpuSamples, warmUp } = this.#scale;
    this.#authority.setRoundTripMs(0);
    const next = new Map<Kind, number>(KINDS.map((kind) => [kind, 0]));
    next.set('p256', 5 + 3 * samples + tailSamples);
    const take = (kind: Kind): number => {
      const index = next.get(kind)!;
      next.set(kind, index + 1);
      return index;
    };
    const cost = async (what: string, kinds: readonly Kind[]): Promise<number> => {
      const questions = kinds.map((kind) => tlsa(domainName(kind, take(kind))));
      let done = 0;
      const before = subject.cpuMs();
      await client.askAll(questions, 4, (reply, index) => {
        judge(reply, questions[index]!, 0, true, wrong);
        this.#progress(++done, kinds.length, `${subject.name}: CPU, ${what}`);
      });
      return (subject.cpuMs() - before) / kinds.length;
    };
    const mix = Array.from({ length: cpuSamples }, (_, index) => MIX[index % MIX.length]!);
    const cpuMsFirst = await cost('just started', mix);
    const many = Array.from({ length: warmUp }, (): Kind => 'p256');
    // What comes first of its kind sends code back to be compiled again.
    await cost('warming up', [...many, ...mix]);
    return { cpuMsFirst, cpuMs: await cost('warmed up', mix) };
  }

  async #hits(subject: Subject, client: Client, port: number) {
    const questions = hitQuestions();
    await client.askAll(questions, 8);
    const { hitSeconds, loadSeconds } = this.#scale;
    const rate = await hitRate(questions, port, hitSeconds);
    const paced = await pacedHits(questions, port, HITS_PER_SECOND, hitSeconds);
    const tcpHitsPerSecond = await tcpHits(questions, port, hitSeconds);
    let beside: PacedFigures | undefined;
    const loopDelayMs = await subject.loopDelayMs(async () => {
      const load = this.#coldLoad(client, loadSeconds);
      beside = await pacedHits(questions, port, HITS_BESIDE_PER_SECOND, loadSeconds);
      await load;
    });
    return { ...rate, paced, tcpHitsPerSecond, beside: beside!, loopDelayMs };
  }

  /** Cold questions, evenly spread. */
  async #coldLoad(client: Client, seconds: number): Promise<void> {
    const count = COLD_PER_SECOND * seconds;
    const first = supplyFor(this.#scale).p256 - count;
    const startMs = performance.now();
    const replies: Promise<Reply>[] = [];
    while (replies.length < count) {
      const due = Math.min(count, ((performance.now() - startMs) / 1_000) * COLD_PER_SECOND);
      while (replies.length < due) {
        replies.push(client.ask(...tlsa(domainName('p256', first + replies.length))));
      }
      await pause(1);
    }
    await Promise.all(replies);
  }

  async #memory(subject: Subject, client: Client, wrong: string[]) {
    const { rrsets } = this.#scale;
    const emptyMegabytes = subject.residentMegabytes();
    if (rrsets === 0) return { emptyMegabytes, fullMegabytes: Number.NaN };
    const questions = Array.from({ length: rrsets }, (_, index): Question => {
      return [largeZoneName(index), 'A'];
    });
    let done = 0;
    await client.askAll(questions, 64, (reply, index) => {
      judge(reply, questions[index]!, 0, true, wrong);
      if (++done % 500 === 0) this.#progress(done, rrsets, `${subject.name}: filling the cache`);
    });
    await pause(2_000);
    return { emptyMegabytes, fullMegabytes: subject.residentMegabytes() };
  }
}

/** Each with two names that are asked for again and again. */
export const HIT_DOMAINS = 20;

function hitQuestions(): readonly Question[] {
  const domains = Array.from({ length: HIT_DOMAINS }, (_, index) => domainName('p256', index));
  return domains.flatMap((domain): readonly Question[] => [tlsa(domain), [`mx.${domain}`, 'A']]);
}

function judge(
  reply: Reply,
  [name, type]: Question,
  rcode: number,
  secure: boolean,
  wrong: string[],
): void {
  if (reply.rcode === rcode && reply.authenticData === secure) return;
  if (wrong.length > 20) return;
  const said = reply.rcode < 0 ? 'no answer' : `RCODE ${reply.rcode}, AD ${reply.authenticData}`;
  wrong.push(`${name} ${type}: ${said}`);
}
