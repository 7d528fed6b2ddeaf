/**
 * The signer of one zone at one stage of its life: which keys it publishes, which of them sign
 * what, which the parent's DS records name, and from when to when its signatures hold.
 */
import { createHash } from 'node:crypto';
import { canonicalRdatas, signedData } from '../../../src/dnssec/index.js';
import { type DenialSpec, type ZoneRRset, ZoneSigner } from '../../../src/lab/index.js';
import { NodeCryptoProvider } from '../../../src/runtime/crypto.js';
import { labSigner } from '../../../src/runtime/lab-signer.js';
import type { Name } from '../../../src/wire/index.js';
import { parseRrsig, RRClass, RRType } from '../../../src/wire/index.js';
import { type KeyLabel, type OwnKey, ownKey } from './keys.js';

/** 2026-03-01 00:00 UTC. */
export const START_SECONDS = 1_772_323_200;
export const DAY = 86_400;

export interface Signing {
  readonly denial: DenialSpec;
  /** The DNSKEY RRset. */
  readonly published: readonly KeyLabel[];
  /** Those that sign the DNSKEY RRset, and those that sign the rest. */
  readonly keySigners: readonly KeyLabel[];
  readonly dataSigners: readonly KeyLabel[];
  /** Those that the parent has DS records for. */
  readonly ds: readonly KeyLabel[];
  readonly inceptionSeconds: number;
  readonly expirationSeconds: number;
}

const crypto = new NodeCryptoProvider();

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];

export class OwnSigner extends ZoneSigner {
  readonly #origin: Name;
  readonly #signing: Signing;

  constructor(origin: Name, signing: Signing) {
    super(origin, { algorithms: [], keys: 'single', denial: signing.denial }, [], {
      signer: labSigner,
      crypto,
    });
    this.#origin = origin;
    this.#signing = signing;
  }

  override publishedKeys(): readonly Uint8Array[] {
    return this.#keys(this.#signing.published).map(({ rdata }) => rdata);
  }

  override dsRdatas(): readonly Uint8Array[] {
    return this.#keys(this.#signing.ds).map(({ algorithm, rdata, tag }) => {
      const digest = createHash('sha256').update(this.#origin.canonicalOctets()).update(rdata);
      return Uint8Array.of(...u16(tag), algorithm, 2, ...digest.digest());
    });
  }

  override signaturesOf(set: ZoneRRset): readonly Uint8Array[] {
    return this.signNow(set);
  }

  override signNow(set: ZoneRRset): readonly Uint8Array[] {
    const isKeySet = set.type === RRType.DNSKEY && set.owner.equals(this.#origin);
    const { keySigners, dataSigners } = this.#signing;
    return this.#keys(isKeySet ? keySigners : dataSigners).map((key) => this.#sign(set, key));
  }

  #sign(set: ZoneRRset, key: OwnKey): Uint8Array {
    const { type, ttlSeconds, owner } = set;
    const { expirationSeconds, inceptionSeconds } = this.#signing;
    // RFC 4034 §3.1.3: neither the root label nor a leftmost asterisk counts.
    const labels = owner.labelCount - (owner.isWildcard ? 1 : 0);
    const prefix = Uint8Array.of(
      ...u16(type),
      key.algorithm,
      labels,
      ...u32(ttlSeconds),
      ...u32(expirationSeconds),
      ...u32(inceptionSeconds),
      ...u16(key.tag),
      ...this.#origin.octets,
    );
    const rdatas = set.rdatas();
    const rrset = { owner, type, class: RRClass.IN, ttlSeconds, rdatas, signatures: [] };
    // The parser wants a signature, of whatever size.
    const rrsig = parseRrsig(Uint8Array.of(...prefix, 0))!;
    const data = signedData(rrset, rrsig, canonicalRdatas(rrset));
    return Uint8Array.of(...prefix, ...key.sign(data));
  }

  #keys(labels: readonly KeyLabel[]): OwnKey[] {
    return labels.map((label) => ownKey(this.#origin.toString(), label));
  }
}
