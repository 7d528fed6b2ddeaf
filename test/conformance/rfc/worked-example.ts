/** Records of an RFC's worked example, judged at the RFC's own time by both crypto providers. */
import { readFileSync } from 'node:fs';
import {
  type CryptoProvider,
  delegationFromReferral,
  validateNegative,
  type ValidationContext,
  type ValidationPolicy,
  validateRRset,
  validateWildcardAnswer,
  type ZoneKeys,
} from '../../../src/dnssec/index.js';
import { NobleCryptoProvider } from '../../../src/dnssec/noble.js';
import { readZoneKeys } from '../../../src/dnssec/read-zone-keys.js';
import { makeZoneKeys } from '../../../src/dnssec/zone-keys.js';
import { parseMasterFile, parseTime } from '../../../src/presentation/index.js';
import { NodeCryptoProvider } from '../../../src/runtime/crypto.js';
import {
  groupRRsets,
  type Name,
  type ResourceRecord,
  type RRset,
  RRType,
  typeFromMnemonic,
} from '../../../src/wire/index.js';
import { context, name } from '../../dnssec/signed-zone.js';
import { projectPath } from '../../vectors/shared-data.js';

export const PROVIDERS: readonly CryptoProvider[] = [
  new NodeCryptoProvider(),
  new NobleCryptoProvider(),
];

export function recordsOf(text: string): ResourceRecord[] {
  const parsed = parseMasterFile(text, { defaultTtlSeconds: 3600 });
  if (parsed.error !== undefined)
    throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.records;
}

export function readExample(file: string): RRset[] {
  const path = projectPath('test', 'conformance', 'rfc', file);
  return groupRRsets(recordsOf(readFileSync(path, 'utf8')));
}

export interface ExampleOptions {
  /** `YYYYMMDDHHMMSS`, UTC. */
  readonly time: string;
  readonly policy?: Partial<ValidationPolicy>;
}

/** One zone of an example, its keys taken on trust. */
export class WorkedExample {
  readonly rrsets: readonly RRset[];
  readonly #zone: Name;
  readonly #options: ExampleOptions;

  constructor(zone: string, rrsets: readonly RRset[], options: ExampleOptions) {
    this.#zone = name(zone);
    this.rrsets = rrsets;
    this.#options = options;
  }

  context(crypto: CryptoProvider): ValidationContext {
    // The examples have SHA-1 and keys of 512 bits; the data are trusted not to waste time.
    const policy = { sha1: true, rsaMinimumBits: 512, ...this.#options.policy };
    const nowSeconds = parseTime(this.#options.time)!;
    const limits = { signatureChecks: 1e6, failedSignatureChecks: 1e6 };
    return context({ nowSeconds, crypto, policy, limits });
  }

  get(owner: string, mnemonic: string): RRset {
    const type = typeFromMnemonic(mnemonic);
    const found = this.rrsets.find((set) => set.type === type && set.owner.equals(name(owner)));
    if (found === undefined) throw new Error(`the example has no ${owner} ${mnemonic}`);
    return found;
  }

  keys(ctx: ValidationContext): ZoneKeys {
    const rrset = this.rrsets.find(
      (set) => set.type === RRType.DNSKEY && set.owner.equals(this.#zone),
    )!;
    const keys = readZoneKeys(this.#zone, rrset, ctx);
    if ('status' in keys) throw new Error(keys.sentence);
    const forever = { validUntilSeconds: Number.MAX_SAFE_INTEGER, ttlSeconds: 3600 };
    return makeZoneKeys({ zone: this.#zone, rrset, keys, ...forever });
  }

  /** What both providers say; one word when they agree. */
  #both(judge: (keys: ZoneKeys, ctx: ValidationContext) => string): string {
    const said = PROVIDERS.map((crypto) => {
      const ctx = this.context(crypto);
      return judge(this.keys(ctx), ctx);
    });
    return [...new Set(said)].join(' but ');
  }

  answer(rrset: RRset): string {
    return this.#both((keys, ctx) => {
      const verdict = validateRRset(rrset, keys, ctx);
      return verdict.status === 'secure' ? 'secure' : verdict.reason;
    });
  }

  negative(
    asked: string,
    mnemonic: string,
    kind: 'name error' | 'no data',
    authority: readonly RRset[],
  ): string {
    const claim = { name: name(asked), type: typeFromMnemonic(mnemonic)!, kind };
    return this.#both((keys, ctx) => {
      const verdict = validateNegative(claim, authority, keys, ctx);
      return 'status' in verdict ? verdict.reason : `${verdict.security.status} ${verdict.kind}`;
    });
  }

  referral(child: string, authority: readonly RRset[]): string {
    return this.#both((keys, ctx) => {
      const verdict = delegationFromReferral(name(child), authority, keys, ctx);
      if ('status' in verdict) return verdict.reason;
      return verdict.kind === 'unsigned' ? `unsigned, ${verdict.security.reason}` : verdict.kind;
    });
  }

  wildcardAnswer(
    asked: string,
    mnemonic: string,
    encloser: string,
    authority: readonly RRset[],
  ): string {
    const type = typeFromMnemonic(mnemonic)!;
    return this.#both((keys, ctx) => {
      const verdict = validateWildcardAnswer(
        name(asked),
        type,
        name(encloser),
        authority,
        keys,
        ctx,
      );
      return verdict.status === 'bogus' ? verdict.reason : verdict.status;
    });
  }
}

/** The set with one octet of its first RDATA changed. */
export function tampered(rrset: RRset): RRset {
  const rdata = rrset.rdatas[0]!.slice();
  rdata[rdata.length - 1] = rdata[rdata.length - 1]! ^ 1;
  return { ...rrset, rdatas: [rdata, ...rrset.rdatas.slice(1)] };
}

export const unsignedSet = (rrset: RRset): RRset => ({ ...rrset, signatures: [] });
