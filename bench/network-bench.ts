/** The measurements over real sockets: one authority, one resolver after the other. */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromAuthority, ToAuthority } from './authority.js';
import { domainName, type Kind, largeZoneName, type Supply, TLD } from './bench-world.js';
import { Client, type Reply } from './client.js';
import { mean, median, quantile } from './statistics.js';
import { type Foundation, HOST, type Product, Subject } from './subjects.js';

export interface Scale {
  /** Cold questions per figure of latency. */
  readonly samples: number;
  /** Cold questions for each of the two figures of CPU time. */
  readonly cpuSamples: number;
  /** Cold questions between them: what runs for weeks is compiled and optimised at last. */
  readonly warmUp: number;
  readonly hitSeconds: number;
  readonly rrsets: number;
  readonly starts: number;
  readonly roundTripMs: number;
}

export interface Latency {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly roundTrips: number;
  readonly queries: number;
}

export interface SubjectFigures {
  readonly name: string;
  readonly startMs: number;
  /** Just started; everything else is measured after the program has warmed up. */
  readonly coldSecureFirst: Latency;
  readonly coldSecure: Latency;
  readonly coldInsecure: Latency;
  readonly coldBogus: Latency;
  readonly mailer: Latency;
  readonly warmMs: number;
  /** Per cold, secure TLSA of the mix; the second after the first has warmed the program up. */
  readonly cpuMsFirst: number;
  readonly cpuMs: number;
  readonly hitsPerSecond: number;
  readonly hitMs: number;
  readonly emptyMegabytes: number;
  readonly fullMegabytes: number;
  readonly wrongAnswers: readonly string[];
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

export function supplyFor({ samples, cpuSamples, warmUp }: Scale): Supply {
  const tenths = (2 * cpuSamples) / 10;
  return {
    // Warming up the top level, latency, the mailer's sequence, CPU time.
    p256: 5 + 3 * samples + 6 * tenths + warmUp,
    rsa: 3 * tenths,
    ed25519: tenths,
    unsigned: samples,
    bogus: samples,
  };
}

export type Progress = (done: number, of: number, what: string) => void;

export class Authority {
  readonly #child: ChildProcess;
  foundation: Foundation | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(scale: Scale, progress: Progress): Promise<Authority> {
    const program = fileURLToPath(new URL('./authority.js', import.meta.url));
    const authority = new Authority(fork(program, { stdio: 'inherit' }));
    authority.#tell({
      kind: 'start',
      supply: supplyFor(scale),
      largeZoneNames: scale.rrsets,
    });
    const ready = await authority.#hear('ready', (message) => {
      if (message.kind === 'keys') progress(message.done, message.of, 'keys');
    });
    authority.foundation = { hints: ready.hints, anchor: ready.anchor };
    return authority;
  }

  setRoundTripMs(ms: number): void {
    this.#tell({ kind: 'round trip', ms });
  }

  async queries(): Promise<number> {
    this.#tell({ kind: 'count' });
    return (await this.#hear('count')).queries;
  }

  stop(): void {
    this.#child.disconnect();
  }

  #tell(message: ToAuthority): void {
    this.#child.send(message);
  }

  #hear<K extends FromAuthority['kind']>(
    kind: K,
    others: (message: FromAuthority) => void = () => {},
  ): Promise<Extract<FromAuthority, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the authority has ended'));
      const hear = (message: FromAuthority) => {
        if (message.kind !== kind) {
          others(message);
          return;
        }
        this.#child.off('message', hear);
        this.#child.off('exit', gone);
        resolve(message as Extract<FromAuthority, { kind: K }>);
      };
      this.#child.on('message', hear);
      this.#child.once('exit', gone);
    });
  }
}

type Question = readonly [name: string, type: string];

const tlsa = (domain: string): Question => [`_25._tcp.mx.${domain}`, 'TLSA'];
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
    const client = await Client.open('11.53.0.2', 53);
    await client.askAll([[`signed.${TLD}`, 'A']], 1);
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
    const samples: number[] = [];
    for (let count = 0; count < 30; count++) samples.push((await client.ask(TLD, 'SOA')).ms);
    client.close();
    this.roundTripMs = median(samples);
  }

  async measure(product: Product, port: number): Promise<SubjectFigures> {
    const foundation = this.#authority.foundation!;
    const starts: number[] = [];
    for (let count = 1; count < this.#scale.starts; count++) {
      const again = await Subject.start(product, port, foundation);
      starts.push(again.startMs);
      await again.stop();
    }
    const subject = await Subject.start(product, port, foundation);
    starts.push(subject.startMs);
    const client = await Client.to(port);
    const wrong: string[] = [];
    try {
      const first = await this.#justStarted(subject, client, wrong);
      const cpu = await this.#cpu(subject, client, wrong);
      const figures = await this.#figuresOf(subject, client, wrong);
      const hits = await this.#hits(client, port);
      const memory = await this.#memory(subject, client, wrong);
      const wrongAnswers = [...new Set(wrong)];
      return {
        name: product.name,
        startMs: median(starts),
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
      judge(reply, question, rcode, kind === 'p256', wrong);
      return reply.ms;
    });
  }

  async #figuresOf(subject: Subject, client: Client, wrong: string[]) {
    const { samples, roundTripMs } = this.#scale;
    this.#authority.setRoundTripMs(roundTripMs);
    const { name } = subject;
    const cold = (kind: Kind, first: number, rcode: number) =>
      this.#cold(client, `${name}: cold, ${kind}`, kind, first, samples, rcode, wrong);
    const coldSecure = await cold('p256', 5 + samples, 0);
    const coldInsecure = await cold('unsigned', 0, 0);
    const coldBogus = await cold('bogus', 0, 2);
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
    return { coldSecure, coldInsecure, coldBogus, mailer, warmMs: median(warm) };
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
      queries: queries / samples,
    };
  }

  async #cpu(subject: Subject, client: Client, wrong: string[]) {
    const { samples, cpuSamples, warmUp } = this.#scale;
    this.#authority.setRoundTripMs(0);
    const next: Record<Kind, number> = {
      p256: 5 + 3 * samples,
      rsa: 0,
      ed25519: 0,
      unsigned: 0,
      bogus: 0,
    };
    const cost = async (what: string, kinds: readonly Kind[]): Promise<number> => {
      const questions = kinds.map((kind) => tlsa(domainName(kind, next[kind]++)));
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
    await cost(
      'warming up',
      Array.from({ length: warmUp }, (): Kind => 'p256'),
    );
    return { cpuMsFirst, cpuMs: await cost('warmed up', mix) };
  }

  /** dnsperf, when it is there: a client in JavaScript would measure itself. */
  async #hits(client: Client, port: number) {
    const questions: Question[] = [];
    for (let index = 0; index < 20; index++) {
      questions.push(tlsa(domainName('p256', index)), [`mx.${domainName('p256', index)}`, 'A']);
    }
    await client.askAll(questions, 8);
    const { hitSeconds } = this.#scale;
    if (existsSync('/usr/bin/dnsperf')) return await dnsperf(questions, port, hitSeconds);
    const many = Array.from({ length: 2_000 * hitSeconds }, (_, index) => {
      return questions[index % questions.length]!;
    });
    const times: number[] = [];
    const before = performance.now();
    await client.askAll(many, 100, ({ ms }) => times.push(ms));
    const seconds = (performance.now() - before) / 1_000;
    return { hitsPerSecond: many.length / seconds, hitMs: mean(times) };
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

function dnsperf(
  questions: readonly Question[],
  port: number,
  seconds: number,
): Promise<{ hitsPerSecond: number; hitMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-bench-dnsperf-'));
  const file = join(folder, 'questions');
  writeFileSync(file, questions.map(([name, type]) => `${name}. ${type}\n`).join(''));
  const args = ['-s', HOST, '-p', `${port}`, '-d', file, '-l', `${seconds}`, '-D'];
  args.push('-c', '4', '-T', '1', '-q', '200');
  return new Promise((resolve, reject) => {
    execFile('/usr/bin/dnsperf', args, (error, output) => {
      rmSync(folder, { recursive: true, force: true });
      if (error !== null) reject(error);
      else {
        const hitsPerSecond = Number(/Queries per second:\s+([\d.]+)/.exec(output)?.[1]);
        const seconds = Number(/Average Latency \(s\):\s+([\d.]+)/.exec(output)?.[1]);
        resolve({ hitsPerSecond, hitMs: 1_000 * seconds });
      }
    });
  });
}
