/** Requests of clients and what the server's long way would answer, for the tests of ReplyCache. */
import { ReplyCache, remainingSeconds } from '../../src/cache/index.js';
import {
  buildQuery,
  decodeMessage,
  EDNS_FLAG_DO,
  type Edns,
  type EncodableMessage,
  encodeMessage,
  type Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import { name, rrsig, type TestClock } from './made-up-data.js';

export const UDP = 1_232;
export const TCP = 65_535;

/** A record of the answer with the moment at which it ends on the cache clock. */
export interface Part {
  readonly owner: Name;
  readonly type: number;
  readonly rdata: Uint8Array;
  readonly expiresAtMs: number;
}

export interface Case {
  readonly type: number;
  readonly rcode?: number;
  readonly answer: readonly Part[];
  readonly authority: readonly Part[];
}

export interface Asking {
  readonly id?: number;
  readonly owner: Name;
  readonly type: number;
  readonly rd?: boolean;
  readonly cd?: boolean;
  readonly ad?: boolean;
  readonly edns?: { size?: number; dnssecOk?: boolean; options?: Edns['options'] } | undefined;
}

export function ask(asking: Asking): Uint8Array {
  const { edns } = asking;
  const octets = buildQuery({
    id: asking.id ?? 0x1234,
    name: asking.owner,
    type: asking.type,
    class: RRClass.IN,
    recursionDesired: asking.rd ?? true,
    checkingDisabled: asking.cd ?? false,
    ...(edns === undefined
      ? {}
      : {
          edns: {
            udpSizeOctets: edns.size ?? UDP,
            dnssecOk: edns.dnssecOk ?? false,
            options: edns.options ?? [],
          },
        }),
  });
  if (asking.ad === true) octets[3]! |= 0x20;
  return octets;
}

export const DO: Asking['edns'] = { dnssecOk: true };

/** What the server's long way would send at this moment. */
export function encodeAfresh(
  request: Uint8Array,
  made: Case,
  isAuthentic: boolean,
  now: TestClock,
  options: Edns['options'] = [],
): Uint8Array {
  const decoded = decodeMessage(request);
  if (!decoded.ok) throw new Error(decoded.fault.reason);
  const { value } = decoded;
  const records = (parts: readonly Part[]): ResourceRecord[] =>
    parts.map(({ owner, type, rdata, expiresAtMs }) => ({
      owner,
      type,
      class: RRClass.IN,
      ttlSeconds: remainingSeconds(expiresAtMs, now),
      rdata,
    }));
  const dnssecOk = value.edns?.dnssecOk ?? false;
  const message: EncodableMessage = {
    id: value.id,
    rcode: made.rcode ?? Rcode.NOERROR,
    isResponse: true,
    recursionDesired: value.recursionDesired,
    recursionAvailable: true,
    authenticData: isAuthentic && (value.authenticData || dnssecOk),
    checkingDisabled: value.checkingDisabled,
    questions: value.questions,
    answer: records(made.answer),
    authority: records(made.authority),
    edns:
      value.edns === undefined
        ? undefined
        : {
            udpSizeOctets: UDP,
            version: 0,
            dnssecOk,
            flags: dnssecOk ? EDNS_FLAG_DO : 0,
            options,
          },
  };
  return encodeMessage(message, { maxOctets: TCP });
}

export function replies(
  options: Partial<ConstructorParameters<typeof ReplyCache>[0]> = {},
): ReplyCache {
  return new ReplyCache({ maxOctets: 4 * 1024 * 1024, secret: 0x5eed, ...options });
}

export const owner = name('_25._tcp.mx.Example.org.');

export function tlsa(now: TestClock, ttlSeconds = 300): Case {
  const ends = (Math.floor(now.cacheMs / 1000) + ttlSeconds) * 1000;
  const rdata = Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0xcc)]);
  const signature = rrsig(owner, RRType.TLSA, ttlSeconds, { signer: name('example.org.') });
  return {
    type: RRType.TLSA,
    answer: [
      { owner, type: RRType.TLSA, rdata, expiresAtMs: ends },
      { owner, type: RRType.RRSIG, rdata: signature, expiresAtMs: ends },
    ],
    authority: [],
  };
}
