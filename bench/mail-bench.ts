/**
 * The figures that a mail operator understands: how many messages a second one core can serve, and
 * how much time DNS adds to each, with a cold cache and with a warm one.
 */
import type { Authority } from './authority-process.js';
import { Client } from './client.js';
import { FULL_TRACE, MailTrace, type TracedMessage } from './mail-trace.js';
import { quantile } from './statistics.js';
import { ANCHORITE, type Product, Subject } from './subjects.js';
import type { Progress } from './progress.js';

export interface MailScale {
  /** Messages of each pass. */
  readonly messages: number;
  readonly atOnce: number;
  readonly roundTripMs: number;
  readonly seed: number;
}

export interface MailPass {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From CPU time, so that waiting does not count: what one core could serve. */
  readonly messagesPerCoreSecond: number;
  readonly upstreamPerMessage: number;
  /** Questions that ended with SERVFAIL or without an answer. */
  readonly failed: number;
}

export interface MailFigures {
  readonly name: string;
  readonly cold: MailPass;
  readonly warm: MailPass;
}

export class MailBench {
  readonly #authority: Authority;
  readonly #scale: MailScale;
  readonly #progress: Progress;
  readonly #cold: readonly TracedMessage[];
  readonly #warm: readonly TracedMessage[];

  constructor(authority: Authority, scale: MailScale, progress: Progress) {
    this.#authority = authority;
    this.#scale = scale;
    this.#progress = progress;
    const trace = new MailTrace(scale.seed, FULL_TRACE);
    this.#cold = trace.take(scale.messages);
    this.#warm = trace.take(scale.messages);
  }

  /** The authority signs what it is asked for the first time: that must not count. */
  async rehearse(port: number): Promise<void> {
    this.#authority.setRoundTripMs(0);
    await this.#played(ANCHORITE, port, 'rehearsal');
    this.#authority.setRoundTripMs(this.#scale.roundTripMs);
  }

  measure(product: Product, port: number): Promise<MailFigures> {
    return this.#played(product, port, product.name);
  }

  async #played(product: Product, port: number, what: string): Promise<MailFigures> {
    const subject = await Subject.start(product, port, this.#authority.foundation!);
    const client = await Client.to(port);
    try {
      const cold = await this.#pass(subject, client, this.#cold, `${what}: mail, cold`);
      const warm = await this.#pass(subject, client, this.#warm, `${what}: mail, warm`);
      return { name: product.name, cold, warm };
    } finally {
      client.close();
      await subject.stop();
    }
  }

  async #pass(
    subject: Subject,
    client: Client,
    messages: readonly TracedMessage[],
    what: string,
  ): Promise<MailPass> {
    const times: number[] = [];
    let failed = 0;
    let next = 0;
    const queriesBefore = await this.#authority.queries();
    const cpuBefore = subject.cpuMs();
    const work = async (): Promise<void> => {
      while (next < messages.length) {
        const { stages } = messages[next++]!;
        const before = performance.now();
        for (const stage of stages) {
          const replies = await Promise.all(stage.map((question) => client.ask(...question)));
          failed += replies.filter(({ rcode }) => rcode !== 0 && rcode !== 3).length;
        }
        times.push(performance.now() - before);
        if (times.length % 50 === 0) this.#progress(times.length, messages.length, what);
      }
    };
    await Promise.all(Array.from({ length: this.#scale.atOnce }, work));
    const cpuSeconds = (subject.cpuMs() - cpuBefore) / 1_000;
    const queries = (await this.#authority.queries()) - queriesBefore;
    return {
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      messagesPerCoreSecond: messages.length / cpuSeconds,
      upstreamPerMessage: queries / messages.length,
      failed,
    };
  }
}
