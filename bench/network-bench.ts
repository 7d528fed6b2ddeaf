/** The measurements over real sockets: one authority, and resolvers side by side. */
import type { Authority } from './authority-process.js';
import {
  domainName,
  hitQuestions,
  KINDS,
  type Kind,
  largeZoneName,
  type Supply,
  TLD,
  TLD_SERVER,
  tlsa,
} from './bench-world.js';
import { Client, type Question, type Reply } from './client.js';
import { type Contender, Contest, type Distance, type Latency } from './contest.js';
import { coldAtLoad, type HitScale, type HitsInTurn, measureHits } from './hits-in-turn.js';
import type { Progress } from './progress.js';
import { median } from './statistics.js';
import { measureScaling, type Scaling } from './scaling-bench.js';
import { quietest } from './stolen-time.js';
import { ANCHORITE, type Product, Subject, type SubjectOptions } from './subjects.js';

export interface Scale extends HitScale {
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
  readonly rrsets: number;
  readonly starts: number;
  readonly roundTripMs: number;
}

export interface SubjectFigures extends HitsInTurn {
  readonly name: string;
  readonly startMs: number;
  /** The very first question, a second after the start: root, top level and domain are cold. */
  readonly firstRoundTrips: number;
  /** Started some seconds ago; everything else is measured after the program has warmed up. */
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
  readonly scaling: Scaling;
  readonly idleMegabytes: number;
  readonly emptyMegabytes: number;
  readonly fullMegabytes: number;
  readonly wrongAnswers: readonly string[];
}

/** Per cold, secure TLSA question. */
interface Cold {
  readonly roundTrips: number;
  readonly cpuMs: number;
}

export interface ColdFigures extends Cold {
  readonly name: string;
  /** What the host took of all processors' time in these rounds. */
  readonly stolenShare: number;
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

const mixOf = (count: number): Kind[] =>
  Array.from({ length: count }, (_, index) => MIX[index % MIX.length]!);

const LOSS_SHARE = 0.05;

export function supplyFor(scale: Scale): Supply {
  const { samples, tailSamples, cpuSamples, warmUp } = scale;
  const tenths = (2 * cpuSamples + warmUp) / 10;
  return {
    // Warming up the top level, latency, the mailer's sequence, loss, CPU time, load.
    p256: 5 + 3 * samples + tailSamples + 6 * tenths + coldAtLoad(scale),
    rsa: 3 * tenths,
    ed25519: tenths,
    unsigned: samples,
    bogus: samples,
    corrupt: samples,
    'half-dead': tailSamples,
    dual: samples + 5,
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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

  /** What is waited for, and hits, of all of them in turn; the rest of one after the other. */
  async measure(products: readonly Product[], firstPort: number): Promise<SubjectFigures[]> {
    const scalings: Scaling[] = [];
    for (const [index, product] of products.entries()) {
      scalings.push(await this.scaling(product, firstPort + index));
    }
    const starts = await this.#starts(products, firstPort);
    const withoutIpv6 = await this.#withoutIpv6(products, firstPort);
    const contest = await this.#open(products, firstPort, { watchLoop: true });
    try {
      const first = await this.#justStarted(contest);
      this.#authority.setRoundTripMs(0);
      const cpu = await contest.each((contender) => this.#cpu(contender));
      const colds = await this.#colds(contest);
      const firstCold = supplyFor(this.#scale).p256 - coldAtLoad(this.#scale);
      const hits = await measureHits(contest, this.#scale, firstCold, this.#progress);
      const memory = await contest.each((contender) => this.#memory(contender));
      return contest.contenders.map(({ product, wrong }, index) => ({
        name: product.name,
        ...starts[index]!.figures,
        withoutIpv6: withoutIpv6.latencies[index]!,
        scaling: scalings[index]!,
        coldSecureFirst: first[index]!,
        ...cpu[index]!,
        ...colds[index]!,
        ...hits[index]!,
        ...memory[index]!,
        wrongAnswers: [
          ...new Set([...starts[index]!.wrong, ...withoutIpv6.wrong[index]!, ...wrong]),
        ],
      }));
    } finally {
      await contest.close();
    }
  }

  #open(
    products: readonly Product[],
    firstPort: number,
    options: SubjectOptions = {},
  ): Promise<Contest> {
    return Contest.open(products, firstPort, this.#authority, this.#progress, options);
  }

  /** Each started anew in each round, so that what it has compiled by luck does not stay. */
  async alternate(products: readonly Product[], firstPort: number): Promise<ColdFigures[]> {
    let port = firstPort;
    const { rounds } = this.#scale;
    const measured = await quietest(products, rounds, rounds + 2, (product) => {
      return this.#coldAndWarmedUp(product, port++);
    });
    return products.map(({ name }, index) => {
      const of = (figure: (figures: Cold) => number) => {
        return median(measured[index]!.map(({ figures }) => figure(figures)));
      };
      return {
        name,
        roundTrips: of((each) => each.roundTrips),
        cpuMs: of((each) => each.cpuMs),
        stolenShare: median(measured[index]!.map(({ stolenShare }) => stolenShare)),
      };
    });
  }

  async #coldAndWarmedUp(product: Product, port: number): Promise<Cold> {
    const contest = await this.#open([product], port);
    try {
      this.#authority.setRoundTripMs(0);
      const [contender] = contest.contenders;
      const { cpuMs } = await this.#cpu(contender!);
      this.#authority.setRoundTripMs(this.#scale.roundTripMs);
      const { samples } = this.#scale;
      const [latency] = await this.#cold(contest, 'p256', 5 + samples, samples, 0);
      if (contender!.wrong.size > 0) throw new Error([...contender!.wrong].join('\n'));
      return { roundTrips: latency!.roundTrips, cpuMs };
    } finally {
      await contest.close();
    }
  }

  scaling(product: Product, port: number): Promise<Scaling> {
    this.#authority.setRoundTripMs(0);
    const { hitSeconds } = this.#scale;
    this.#progress(0, 1, `${product.name}: hits with one and two processes or threads`);
    return measureScaling(product, port, this.#authority.foundation!, hitQuestions(), hitSeconds);
  }

  async #starts(products: readonly Product[], firstPort: number) {
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    const seen = products.map(() => ({
      starts: [] as number[],
      firsts: [] as number[],
      idle: [] as number[],
      wrong: new Set<string>(),
    }));
    for (let count = 0; count < this.#scale.starts; count++) {
      for (const [index, product] of products.entries()) {
        const { starts, firsts, idle, wrong } = seen[index]!;
        this.#progress(count, this.#scale.starts, `${product.name}: starts`);
        const port = firstPort + index;
        const subject = await Subject.start(product, port, this.#authority.foundation!);
        try {
          starts.push(subject.startMs);
          await pause(1_000);
          idle.push(subject.residentMegabytes());
          const client = await Client.to(port);
          const question = tlsa(domainName('p256', 0));
          const reply = await client.ask(...question).finally(() => client.close());
          judge(reply, question, 0, true, wrong);
          firsts.push(reply.ms);
        } finally {
          await subject.stop();
        }
      }
    }
    return seen.map(({ starts, firsts, idle, wrong }) => ({
      figures: {
        startMs: median(starts),
        firstRoundTrips: median(firsts) / this.roundTripMs,
        idleMegabytes: median(idle),
      },
      wrong,
    }));
  }

  /** IPv6 is on, servers have such addresses, and there is no way to them. */
  async #withoutIpv6(products: readonly Product[], firstPort: number) {
    const contest = await this.#open(products, firstPort, { ipv6: true });
    try {
      await contest.each(async ({ client }) => {
        for (let index = 0; index < 5; index++) {
          await client.ask(...tlsa(domainName('dual', index)));
        }
      });
      const latencies = await this.#cold(contest, 'dual', 5, this.#scale.samples, 0);
      return { latencies, wrong: contest.contenders.map(({ wrong }) => wrong) };
    } finally {
      await contest.close();
    }
  }

  /** The root, the top level and everything that is asked once are behind it then. */
  async #justStarted(contest: Contest) {
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    await contest.each(async ({ client }) => {
      for (let index = 0; index < 5; index++) {
        await client.ask(...tlsa(domainName('p256', index)));
      }
    });
    await pause(300);
    return await this.#cold(contest, 'p256', 5, this.#scale.samples, 0);
  }

  #cold(
    contest: Contest,
    kind: Kind,
    first: number,
    samples: number | ((contender: Contender) => number),
    rcode: number,
  ): Promise<readonly Latency[]> {
    const samplesOf = typeof samples === 'number' ? () => samples : samples;
    return contest.latencies(`cold, ${kind}`, samplesOf, this.#distance, async (each, index) => {
      const question = tlsa(domainName(kind, first + index));
      const reply = await each.client.ask(...question);
      judge(reply, question, rcode, rcode === 0 && kind !== 'unsigned', each.wrong);
      return reply.ms;
    });
  }

  get #distance(): Distance {
    return { roundTripMs: this.#scale.roundTripMs, measuredMs: this.roundTripMs };
  }

  async #colds(contest: Contest) {
    const { samples, tailSamples, peerTailSamples, roundTripMs } = this.#scale;
    const tail = ({ product }: Contender) => {
      return product.name === ANCHORITE.name ? tailSamples : peerTailSamples;
    };
    this.#authority.setRoundTripMs(roundTripMs);
    const secure = await this.#cold(contest, 'p256', 5 + samples, samples, 0);
    const insecure = await this.#cold(contest, 'unsigned', 0, samples, 0);
    const bogus = await this.#cold(contest, 'bogus', 0, samples, 2);
    const corrupt = await this.#cold(contest, 'corrupt', 0, samples, 2);
    const halfDead = await this.#cold(contest, 'half-dead', 0, tail, 0);
    this.#authority.setLossShare(LOSS_SHARE);
    const lossy = await this.#cold(contest, 'p256', 5 + 3 * samples, tail, 0);
    this.#authority.setLossShare(0);
    const mailer = await this.#mailer(contest);
    const warm = await contest.each(async ({ client }) => {
      const times: number[] = [];
      for (let count = 0; count < 200; count++) {
        times.push((await client.ask(...tlsa(domainName('p256', 5)))).ms);
      }
      return median(times);
    });
    return contest.contenders.map((_, index) => ({
      coldSecure: secure[index]!,
      coldInsecure: insecure[index]!,
      coldBogus: bogus[index]!,
      coldCorrupt: corrupt[index]!,
      halfDead: halfDead[index]!,
      lossy: lossy[index]!,
      mailer: mailer[index]!,
      warmMs: warm[index]!,
    }));
  }

  #mailer(contest: Contest): Promise<readonly Latency[]> {
    const { samples } = this.#scale;
    const ask = async ({ client, wrong }: Contender, index: number): Promise<number> => {
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
    };
    return contest.latencies('mailer', () => samples, this.#distance, ask);
  }

  /** With servers that answer at once. */
  async #cpu({ subject, client, wrong }: Contender) {
    const { samples, tailSamples, cpuSamples, warmUp } = this.#scale;
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
    const cpuMsFirst = await cost('just started', mixOf(cpuSamples));
    // With all kinds: what comes first of its kind sends code back to be compiled again.
    await cost('warming up', mixOf(warmUp));
    return { cpuMsFirst, cpuMs: await cost('warmed up', mixOf(cpuSamples)) };
  }

  async #memory({ subject, client, wrong }: Contender) {
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

function judge(
  reply: Reply,
  [name, type]: Question,
  rcode: number,
  secure: boolean,
  wrong: Set<string>,
): void {
  if (reply.rcode === rcode && reply.authenticData === secure) return;
  if (wrong.size > 20) return;
  const said = reply.rcode < 0 ? 'no answer' : `RCODE ${reply.rcode}, AD ${reply.authenticData}`;
  wrong.add(`${name} ${type}: ${said}`);
}
