/** A front without sockets and without a resolver: tests ask, answer by hand and read replies. */
import type { ReplyCache } from '../../src/cache/index.js';
import {
  bogus,
  indeterminate,
  negativeTrustAnchor,
  type Security,
} from '../../src/dnssec/index.js';
// Tests alone may make verdicts without a validation.
import { makeInsecure, makeSecure } from '../../src/dnssec/verdicts.js';
import type { AnsweredRRset, Now, Resolution, ResolverEvent } from '../../src/resolver/index.js';
import {
  type Client,
  CookieJar,
  DEFAULT_NAME_SERVER_CONFIG,
  NameServer,
  type NameServerConfig,
  type ServerEffect,
} from '../../src/server/index.js';
import {
  decodeMessage,
  type EdnsOption,
  IpAddress,
  type Message,
  Name,
  Opcode,
  optSizeOctets,
  Rcode,
  RRClass,
  type RRset,
  RRType,
  writeOpt,
} from '../../src/wire/index.js';

export const NOW: Now = { monotonicMs: 1_000, wallSeconds: 1_800_000_000, cacheMs: 1_000 };

export function later(ms: number, from: Now = NOW): Now {
  return {
    monotonicMs: from.monotonicMs + ms,
    wallSeconds: from.wallSeconds + Math.floor(ms / 1000),
    cacheMs: from.cacheMs + ms,
  };
}

export function name(text: string): Name {
  const labels = text.split('.').filter((label) => label !== '');
  return Name.fromLabels(labels.map(latin1))!;
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function client(
  address = '127.0.0.1',
  port = 40_000,
  transport: 'udp' | 'tcp' = 'udp',
): Client {
  return { address: IpAddress.parse(address)!, port, transport };
}

export interface Ask {
  readonly id?: number;
  readonly name?: Name;
  readonly type?: number;
  readonly class?: number;
  readonly opcode?: number;
  readonly rd?: boolean;
  readonly ad?: boolean;
  readonly cd?: boolean;
  /** No OPT record when left out. */
  readonly edns?: {
    readonly size?: number;
    readonly version?: number;
    readonly dnssecOk?: boolean;
    readonly flags?: number;
    readonly options?: readonly EdnsOption[];
  };
}

/** A request, written here by hand, so that what is wrong with it is wrong on purpose. */
export function request(ask: Ask = {}): Uint8Array {
  const { id = 0x4711, type = RRType.A, opcode = Opcode.QUERY, edns } = ask;
  const owner = (ask.name ?? name('www.example.org')).octets;
  const optSize = edns === undefined ? 0 : optSizeOctets(edns.options ?? []);
  const octets = new Uint8Array(12 + owner.length + 4 + optSize);
  octets[0] = id >> 8;
  octets[1] = id & 0xff;
  octets[2] = (opcode << 3) | (ask.rd === false ? 0 : 1);
  octets[3] = (ask.ad === true ? 0x20 : 0) | (ask.cd === true ? 0x10 : 0);
  octets[5] = 1;
  octets.set(owner, 12);
  const at = 12 + owner.length;
  octets[at] = type >> 8;
  octets[at + 1] = type & 0xff;
  octets[at + 2] = (ask.class ?? RRClass.IN) >> 8;
  octets[at + 3] = (ask.class ?? RRClass.IN) & 0xff;
  if (edns === undefined) return octets;
  octets[11] = 1;
  const { size = 1232, version = 0, dnssecOk = false, flags = 0, options = [] } = edns;
  writeOpt(octets, at + 4, { udpSizeOctets: size, version, dnssecOk, flags, options }, 0);
  return octets;
}

export class FrontDesk {
  readonly server: NameServer<Client>;
  now = NOW;
  #lastHandle = 0;

  constructor(config: Partial<NameServerConfig> = {}, replies?: ReplyCache, processes = 1) {
    this.server = new NameServer({
      replies,
      processes,
      config: { ...DEFAULT_NAME_SERVER_CONFIG, ...config },
      cookies: new CookieJar(latin1('0123456789abcdef')),
      newHandle: () => {
        this.#lastHandle++;
        return this.#lastHandle;
      },
    });
  }

  receive(octets: Uint8Array, from: Client = client()): readonly ServerEffect<Client>[] {
    return this.server.receive(octets, from, this.now);
  }

  /** Asks and has the resolver answer at once. */
  exchange(octets: Uint8Array, resolution: Resolution, from: Client = client()): Message {
    const asked = questionOf(this.receive(octets, from));
    const effects = this.server.finished(asked.handle, resolution, this.now);
    return onlyReply(effects);
  }

  /** The reply to something that is answered on the spot. */
  replyTo(octets: Uint8Array, from: Client = client()): Message {
    return onlyReply(this.receive(octets, from));
  }
}

export function repliesOf(
  effects: readonly ServerEffect<Client>[],
): { client: Client; octets: Uint8Array; message: Message }[] {
  return effects.flatMap((effect) =>
    effect.kind === 'reply'
      ? [{ client: effect.client, octets: effect.octets, message: parsed(effect.octets) }]
      : [],
  );
}

export function onlyReply(effects: readonly ServerEffect<Client>[]): Message {
  const replies = repliesOf(effects);
  if (replies.length !== 1) throw new Error(`${replies.length} replies instead of one`);
  return replies[0]!.message;
}

/** Every reply parses to its last octet, is a response, and says that recursion is to be had. */
export function parsed(octets: Uint8Array): Message {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) throw new Error(`the reply is malformed: ${decoded.fault.reason}`);
  if (!decoded.value.isResponse) throw new Error('the reply is not a response');
  return decoded.value;
}

export function questionOf(
  effects: readonly ServerEffect<Client>[],
): Extract<ResolverEvent, { kind: 'question' }> {
  for (const effect of effects) {
    if (effect.kind === 'resolve' && effect.event.kind === 'question') return effect.event;
  }
  throw new Error('the resolver was asked nothing');
}

export function silenceOf(effects: readonly ServerEffect<Client>[]): string | undefined {
  const [first] = effects;
  return effects.length === 1 && first?.kind === 'silence' ? first.why : undefined;
}

// --- answers ---

export const ZONE = name('example.org');
export const secure = makeSecure(ZONE, NOW.wallSeconds + 86_400);
export const insecure = makeInsecure('no DS', ZONE);
export const optOut = makeInsecure('opt-out', ZONE);
export const unsupported = makeInsecure('unsupported algorithm', ZONE);
export const excepted = negativeTrustAnchor(ZONE);
export const uncovered = indeterminate(Name.root);
export const forged = bogus('signature does not verify', {
  zone: ZONE,
  owner: name('www.example.org'),
  type: RRType.A,
});
/** What it looks like, and not what it is: made here, not in the judge's room. */
export const pretended = { ...secure, status: 'secure' } as unknown as Security;

export function rrset(
  owner: Name,
  type: number,
  rdatas: readonly Uint8Array[],
  signed = false,
): RRset {
  const signatures = signed ? [signatureOver(type)] : [];
  return { owner, type, class: RRClass.IN, ttlSeconds: 300, rdatas, signatures };
}

/** RRSIG RDATA of plausible form: what the front must carry, not what it judges. */
export function signatureOver(type: number): Uint8Array {
  const fixed = new Uint8Array(18);
  fixed[0] = type >> 8;
  fixed[1] = type & 0xff;
  fixed[2] = 13;
  fixed[3] = 3;
  const signer = ZONE.octets;
  const rdata = new Uint8Array(18 + signer.length + 64);
  rdata.set(fixed);
  rdata.set(signer, 18);
  return rdata;
}

export const ADDRESSES = rrset(name('www.example.org'), RRType.A, [
  Uint8Array.of(192, 0, 2, 1),
  Uint8Array.of(192, 0, 2, 2),
]);
export const SIGNED_ADDRESSES: RRset = { ...ADDRESSES, signatures: [signatureOver(RRType.A)] };

export const SOA = rrset(
  ZONE,
  RRType.SOA,
  [
    (() => {
      const rdata = new Uint8Array(2 * ZONE.octets.length + 20);
      rdata.set(ZONE.octets);
      rdata.set(ZONE.octets, ZONE.octets.length);
      rdata[rdata.length - 2] = 1;
      return rdata;
    })(),
  ],
  true,
);
export const NSEC = rrset(
  ZONE,
  RRType.NSEC,
  [
    (() => {
      const rdata = new Uint8Array(ZONE.octets.length + 3);
      rdata.set(ZONE.octets);
      rdata.set([0, 1, 0x40], ZONE.octets.length);
      return rdata;
    })(),
  ],
  true,
);

export function answered(
  parts: Partial<Resolution> & {
    readonly sets?: readonly (readonly [RRset, Security])[];
    readonly beside?: readonly (readonly [RRset, Security])[];
  } = {},
): Resolution {
  const { sets = [], beside = [], ...rest } = parts;
  const holding = ([set, security]: readonly [RRset, Security]): AnsweredRRset => ({
    rrset: set,
    security,
    ttlSeconds: 120,
  });
  return {
    rcode: Rcode.NOERROR,
    security: sets[0]?.[1] ?? beside[0]?.[1] ?? secure,
    answer: sets.map(holding),
    authority: beside.map(holding),
    errors: [],
    fromCache: false,
    stale: false,
    ...rest,
  };
}
