#!/usr/bin/env node
/**
 * Octets allocated for one question, as JSON: run by allocation-work.ts in a process of its own,
 * without the optimising compiler (which leaves out what it can, when it comes to it) and with so
 * much room that nothing is collected meanwhile. Then the same program allocates the same.
 */
import { ReplyCache } from '../src/cache/index.js';
import { buildLab, type Lab } from '../src/lab/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import {
  answered,
  client,
  FrontDesk,
  request,
  secure,
  SIGNED_ADDRESSES,
} from '../test/server/front-desk.js';
import { benchWorld, domainName, type Kind, NO_DOMAINS, TLD } from './bench-world.js';
import { CoreLoop } from './core-bench.js';
import { median } from './statistics.js';

const WARM_UP = 50;
const SAMPLES = 101;

function usedOctets(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Sums up what is allocated between `start` and `stop`. */
class HeapMeter {
  octets = 0;
  #before = 0;
  /** Looking allocates as well. */
  readonly #ofLooking = Math.min(
    ...Array.from({ length: WARM_UP }, () => {
      const before = usedOctets();
      return usedOctets() - before;
    }),
  );

  readonly start = (): void => {
    this.#before = usedOctets();
  };

  readonly stop = (): void => {
    this.octets += usedOctets() - this.#before - this.#ofLooking;
  };

  /** The median: now and then a table grows for many questions to come. */
  perTime(once: (index: number) => void): number {
    const samples: number[] = [];
    for (let index = 0; index < WARM_UP + SAMPLES; index++) {
      const before = this.octets;
      once(index);
      if (index >= WARM_UP) samples.push(this.octets - before);
    }
    return median(samples);
  }
}

function ofResolver(lab: Lab): Record<string, number> {
  const meter = new HeapMeter();
  const loop = new CoreLoop(lab, meter);
  loop.resolve(`nothing.${TLD}`, 'A');
  const cold = (kind: Kind) =>
    meter.perTime((index) => void loop.resolve(`_25._tcp.mx.${domainName(kind, index)}`, 'TLSA'));
  return {
    'cold secure TLSA, P-256': cold('p256'),
    'cold insecure TLSA': cold('unsigned'),
    'cold bogus TLSA, corrupt signature': cold('corrupt'),
    'the same again, from cached RRsets': cold('p256'),
  };
}

/** Request octets in, reply octets out. */
function ofKeptReply(): number {
  const meter = new HeapMeter();
  const desk = new FrontDesk({}, new ReplyCache({ maxOctets: 1_000_000, secret: 1 }));
  const asked = request({ ad: true, edns: { dnssecOk: true } });
  desk.exchange(asked, answered({ sets: [[SIGNED_ADDRESSES, secure]] }));
  const from = client();
  return meter.perTime(() => {
    meter.start();
    const [effect] = desk.receive(asked, from);
    meter.stop();
    if (effect?.kind !== 'reply') throw new Error('the reply was not kept');
  });
}

const every = WARM_UP + SAMPLES;
const supply = { ...NO_DOMAINS, p256: every, unsigned: every, corrupt: every };
const lab = buildLab({
  world: benchWorld(supply, 0),
  tools: { signer: labSigner, crypto: new NodeCryptoProvider() },
});
const counted = { ...ofResolver(lab), 'a kept reply': ofKeptReply() };
process.stdout.write(JSON.stringify(counted));
