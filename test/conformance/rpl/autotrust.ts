/** RFC 5011 state as the scenarios write it, compared with ours key by key. */
import {
  type CryptoProvider,
  initialState,
  type Rfc5011State,
  TrustAnchors,
  type ValidationPolicy,
} from '../../../src/dnssec/index.js';
import { parseMasterFile } from '../../../src/presentation/index.js';
import { octetKey, parseDnskey, type ResourceRecord, RRType } from '../../../src/wire/index.js';

const STATES = ['START', 'ADDPEND', 'VALID', 'MISSING', 'REVOKED', 'REMOVED'] as const;
const HOLD_DOWN_SECONDS = 30 * 86_400;

interface Line {
  readonly record: ResourceRecord;
  readonly state: (typeof STATES)[number] | undefined;
  readonly lastChange: number;
}

function readLines(lines: readonly string[]): Line[] {
  return lines.flatMap((line) => {
    const [text = '', ...notes] = line.split(';');
    if (text.trim() === '') return [];
    const parsed = parseMasterFile(text, { defaultTtlSeconds: 3600 });
    const record = parsed.records?.[0];
    if (record === undefined) throw new Error(`not a key: ${line}`);
    const note = notes.join(';');
    const state = /state=(\d)/.exec(note)?.[1];
    return [
      {
        record,
        state: state === undefined ? undefined : STATES[Number(state)],
        lastChange: Number(/lastchange=(\d+)/.exec(note)?.[1] ?? 0),
      },
    ];
  });
}

export class Autotrust {
  #states: Map<string, Rfc5011State>;

  constructor(
    lines: readonly string[],
    means: {
      readonly crypto: CryptoProvider;
      readonly policy: ValidationPolicy;
      readonly nowSeconds: number;
    },
  ) {
    const read = readLines(lines);
    const plain = read.filter(({ state }) => state === undefined).map(({ record }) => record);
    const anchors = TrustAnchors.from(plain, means);
    this.#states = new Map();
    for (const { record } of read) {
      const { owner } = record;
      if (this.#states.has(owner.key)) continue;
      const anchor = anchors.forName(owner) ?? { zone: owner, ds: [], dnskeys: [] };
      const base = initialState(anchor, means.nowSeconds);
      const keys = read
        .filter((line) => line.state !== undefined && line.record.owner.equals(owner))
        .filter((line) => line.record.type === RRType.DNSKEY)
        .map(({ record: keyRecord, state, lastChange }) => ({
          key: withoutRevoke(keyRecord.rdata),
          tag: 0,
          state: state as Exclude<(typeof STATES)[number], 'START'>,
          sinceSeconds: lastChange,
          seenSeconds: lastChange,
          acceptSeconds: state === 'ADDPEND' ? lastChange + HOLD_DOWN_SECONDS : 0,
        }));
      this.#states.set(owner.key, { ...base, keys: [...base.keys, ...keys] });
    }
  }

  get states(): readonly Rfc5011State[] {
    return [...this.#states.values()];
  }

  update(state: Rfc5011State): void {
    this.#states.set(state.zone.key, state);
  }

  differs(lines: readonly string[]): string | undefined {
    const wanted = new Map(
      readLines(lines)
        .filter(({ record }) => record.type === RRType.DNSKEY)
        .map((line) => [octetKey(withoutRevoke(line.record.rdata).rdata), line]),
    );
    const found = new Map(
      this.states.flatMap(({ keys }) => keys.map((key) => [octetKey(key.key.rdata), key] as const)),
    );
    for (const [key, line] of wanted) {
      const ours = found.get(key);
      if (line.state === undefined) continue;
      if (ours === undefined) return `a key in state ${line.state} is missing`;
      if (ours.state !== line.state) return `a key is ${ours.state}, not ${line.state}`;
      // A revoked key seen again without the bit restarts that clock there; nothing hangs on it.
      if (ours.state !== 'REVOKED' && ours.sinceSeconds !== line.lastChange) {
        return `a key in state ${ours.state} since ${ours.sinceSeconds}, not ${line.lastChange}`;
      }
    }
    for (const [key, ours] of found) {
      if (!wanted.has(key) && ours.state !== 'REMOVED') return `a key too many, ${ours.state}`;
    }
    return undefined;
  }
}

function withoutRevoke(rdata: Uint8Array): NonNullable<ReturnType<typeof parseDnskey>> {
  const octets = rdata.slice();
  octets[1]! &= ~0x80;
  return parseDnskey(octets)!;
}
