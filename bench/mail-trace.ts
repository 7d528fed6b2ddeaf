/**
 * What a busy mail relay asks: messages to a million recipients over 100,000 domains, some of them
 * very popular (Zipf), and for each message the questions of the whole way through: SPF and a
 * blocklist when it comes in, MX, addresses and TLSA when it goes out. One seed, one trace.
 */
import { SeededRandom, type ServerSpec, singleKey, type ZoneSpec } from '../src/lab/index.js';
import { TLD } from './bench-world.js';
import type { Question } from './client.js';

export interface TraceScale {
  readonly recipients: number;
  readonly domains: number;
  /** Companies that run name servers and mail exchangers for the domains. */
  readonly hosters: number;
}

export const FULL_TRACE: TraceScale = { recipients: 1_000_000, domains: 100_000, hosters: 40 };

/** Questions that are asked together; the next stage waits for all of them. */
export type Stage = readonly Question[];

export interface TracedMessage {
  readonly recipient: number;
  readonly stages: readonly Stage[];
}

const P256 = 13;
const BLOCKLIST = `bl.${TLD}`;
const DIGEST = '5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99';

/** A domain's rank decides everything about it, so that trace and zones agree. */
interface MailDomain {
  readonly name: string;
  readonly hoster: number;
  readonly exchange: string;
}

function hosterName(hoster: number): string {
  return `hoster${hoster}.${TLD}`;
}

/** Every second hoster signs, as in countries where DANE has caught on. */
function isSigned(hoster: number): boolean {
  return hoster % 2 === 0;
}

function mailDomain(rank: number, { hosters }: TraceScale): MailDomain {
  const name = `d${rank}.${TLD}`;
  const hoster = (rank * 7) % hosters;
  // Three in ten run an exchanger of their own.
  const exchange = rank % 10 < 3 ? `mx.${name}` : `mx.${hosterName(hoster)}`;
  return { name, hoster, exchange };
}

export class MailTrace {
  readonly #random: SeededRandom;
  readonly #scale: TraceScale;
  readonly #shares: Float64Array;

  constructor(seed: number, scale: TraceScale = FULL_TRACE) {
    this.#random = new SeededRandom(seed);
    this.#scale = scale;
    this.#shares = new Float64Array(scale.domains);
    let sum = 0;
    for (let rank = 0; rank < scale.domains; rank++) {
      sum += 1 / (rank + 1);
      this.#shares[rank] = sum;
    }
  }

  take(count: number): readonly TracedMessage[] {
    return Array.from({ length: count }, () => this.#message());
  }

  #message(): TracedMessage {
    const from = mailDomain(this.#popularRank(), this.#scale);
    const to = mailDomain(this.#popularRank(), this.#scale);
    const client = [1, 2, 3, 4].map(() => 1 + this.#random.below(254));
    return {
      recipient: this.#random.below(this.#scale.recipients),
      stages: [
        [
          [from.name, 'TXT'],
          [`${client.join('.')}.${BLOCKLIST}`, 'A'],
        ],
        [[to.name, 'MX']],
        [[to.exchange, 'A']],
        [[to.exchange, 'AAAA']],
        [[`_25._tcp.${to.exchange}`, 'TLSA']],
      ],
    };
  }

  /** Zipf with exponent 1: how often a domain is meant is inverse to its rank. */
  #popularRank(): number {
    const shares = this.#shares;
    const wanted = this.#random.fraction() * shares[shares.length - 1]!;
    let low = 0;
    let high = shares.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shares[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function serversOf(hoster: number): readonly ServerSpec[] {
  return ['ns1', 'ns2'].map((label) => ({
    name: `${label}.${hosterName(hoster)}.`,
    families: [4],
  }));
}

function exchangerLines(label: string, signed: boolean): string {
  const tlsa = signed ? `_25._tcp.${label} TLSA 3 1 1 ${DIGEST}\n` : '';
  return `${label} A 11.25.0.1\n${label} AAAA 3025::1\n${tlsa}`;
}

/** The zones that the trace's questions are about, below the bench's top-level domain. */
export function mailZones(scale: TraceScale = FULL_TRACE): readonly ZoneSpec[] {
  const signing = singleKey(P256);
  const zones: ZoneSpec[] = [
    {
      origin: `${BLOCKLIST}.`,
      text: '*.7 A 127.0.0.2\n',
      servers: [{ name: `ns1.${BLOCKLIST}.`, families: [4] }],
    },
  ];
  for (let hoster = 0; hoster < scale.hosters; hoster++) {
    const zone = {
      origin: `${hosterName(hoster)}.`,
      text: exchangerLines('mx', isSigned(hoster)),
      servers: serversOf(hoster),
    };
    zones.push(isSigned(hoster) ? { ...zone, signing } : zone);
  }
  for (let rank = 0; rank < scale.domains; rank++) {
    const { name, hoster, exchange } = mailDomain(rank, scale);
    const own = exchange === `mx.${name}` ? exchangerLines('mx', isSigned(hoster)) : '';
    const zone = {
      origin: `${name}.`,
      text: `@ MX 10 ${exchange}.\n@ TXT "v=spf1 mx -all"\n${own}`,
      servers: serversOf(hoster),
    };
    zones.push(isSigned(hoster) ? { ...zone, signing } : zone);
  }
  return zones;
}
