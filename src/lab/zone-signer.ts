/**
 * Keys and signatures of one zone. Everything is made when first asked for and kept: a lab of a
 * hundred zones starts in no time, and only what is asked about costs anything. Signatures are
 * renewed by the calendar, so a lab may run for as long as it likes.
 */
import { type CryptoProvider, canonicalRdatas, keyTag, signedData } from '../dnssec/index.js';
import { type Name, parseRrsig, RRClass, RRType } from '../wire/index.js';
import { isRealAlgorithm, type LabPrivateKey, type LabSigner } from './lab-signer.js';
import { concatOctets, uint16Octets, uint32Octets } from './octets.js';
import type { ZoneRRset } from './zone.js';
import type { KeyRole, SignatureTimes, ZoneFault } from './zone-faults.js';

export type DenialSpec =
  | { readonly kind: 'NSEC' }
  | {
      readonly kind: 'NSEC3';
      readonly iterations: number;
      readonly salt: Uint8Array;
      readonly optOut: boolean;
    }
  | { readonly kind: 'compact' };

export interface SigningSpec {
  /** One set of keys for each algorithm; every RRset is signed with every algorithm. */
  readonly algorithms: readonly number[];
  /** `single`: one key does everything; `split`: a KSK for the DNSKEY RRset, a ZSK for the rest. */
  readonly keys: 'single' | 'split';
  readonly denial: DenialSpec;
  /** Digest type of the DS records; 2 unless told. */
  readonly digestType?: number;
  /** How long signatures live and how often they are renewed; three weeks and one unless told. */
  readonly lifetimeSeconds?: number;
  /** DNSKEY records of the zone key's algorithm and tag that are not the zone key (KeyTrap). */
  readonly decoyKeys?: number;
  /** Bad signatures with the zone key's tag that stand before the good one (KeyTrap). */
  readonly decoySignatures?: number;
}

export interface LabTools {
  readonly signer: LabSigner;
  readonly crypto: CryptoProvider;
}

interface ZoneKey {
  readonly role: KeyRole;
  readonly algorithm: number;
  readonly privateKey: LabPrivateKey;
  /** As signed; faults may publish something else. */
  readonly rdata: Uint8Array;
  readonly tag: number;
}

interface KeptSignatures {
  readonly epoch: number;
  readonly rdatas: readonly Uint8Array[];
}

const WEEK = 7 * 86_400;
const ZONE_KEY = 0x0100; // RFC 4034 §2.1.1
const SECURE_ENTRY_POINT = 0x0001; // RFC 4034 §2.1.1
const REVOKED = 0x0080; // RFC 5011 §7
const DIGESTS = new Map([
  [1, 'sha1'],
  [2, 'sha256'],
  [4, 'sha384'],
] as const);

export class ZoneSigner {
  readonly spec: SigningSpec;
  readonly #origin: Name;
  readonly #faults: readonly ZoneFault[];
  readonly #tools: LabTools;
  readonly #lifetimeSeconds: number;
  readonly #kept = new Map<string, KeptSignatures>();
  #keys: readonly ZoneKey[] | undefined;
  #decoys: readonly Uint8Array[] | undefined;

  constructor(origin: Name, spec: SigningSpec, faults: readonly ZoneFault[], tools: LabTools) {
    this.spec = spec;
    this.#origin = origin;
    this.#faults = faults;
    this.#tools = tools;
    this.#lifetimeSeconds = spec.lifetimeSeconds ?? 3 * WEEK;
  }

  /** DNSKEY RDATA as the zone publishes them, faults included. */
  publishedKeys(): readonly Uint8Array[] {
    const published: Uint8Array[] = [];
    for (const { rdata, role } of this.#zoneKeys()) {
      let edited: Uint8Array | undefined = rdata;
      for (const fault of this.#faults) {
        if (edited !== undefined && fault.keyAfterSigning !== undefined) {
          edited = fault.keyAfterSigning(edited, role);
        }
      }
      if (edited !== undefined) published.push(edited);
    }
    return [...published, ...this.#decoyKeys()];
  }

  /** DS RDATA for the parent: one per key with the SEP bit, faults included. */
  dsRdatas(): readonly Uint8Array[] {
    const rdatas: Uint8Array[] = [];
    for (const key of this.#zoneKeys()) {
      if (key.role === 'ZSK') continue;
      let edited: Uint8Array | undefined = this.#dsOf(key);
      for (const fault of this.#faults) {
        if (edited !== undefined && fault.ds !== undefined) edited = fault.ds(edited);
      }
      if (edited !== undefined) rdatas.push(edited);
    }
    return rdatas;
  }

  /** RRSIG RDATA over the set for the moment `nowSeconds`, faults included. */
  signaturesOf(set: ZoneRRset, nowSeconds: number): readonly Uint8Array[] {
    const epoch = this.#epochAt(nowSeconds);
    const key = `${set.type} ${set.owner.key}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.epoch === epoch) return kept.rdatas;
    const rdatas = this.signNow(set, nowSeconds);
    this.#kept.set(key, { epoch, rdatas });
    return rdatas;
  }

  /** The same, for records made up for one answer: nothing is kept. */
  signNow(set: ZoneRRset, nowSeconds: number): readonly Uint8Array[] {
    const isKeySet = set.type === RRType.DNSKEY && set.owner.equals(this.#origin);
    const signatures: Uint8Array[] = [];
    for (const key of this.#zoneKeys()) {
      // RFC 4035 §2.2: the apex DNSKEY RRset is signed by the KSK; signing with all does no harm.
      if (key.role === 'KSK' && !isKeySet) continue;
      const rdatas = isKeySet ? [...this.#signedKeys(), ...this.#decoyKeys()] : set.rdatas();
      const signature = this.#afterFaults(this.#sign(set, rdatas, key, nowSeconds), set.type, key);
      if (signature === undefined) continue;
      for (let decoy = 1; decoy <= (this.spec.decoySignatures ?? 0); decoy++) {
        const forged = signature.slice();
        forged[forged.length - 9] = forged[forged.length - 9]! ^ decoy;
        signatures.push(forged);
      }
      signatures.push(signature);
    }
    return signatures;
  }

  #afterFaults(rdata: Uint8Array, covered: number, key: ZoneKey): Uint8Array | undefined {
    let edited: Uint8Array | undefined = rdata;
    for (const fault of this.#faults) {
      if (edited !== undefined && fault.signature !== undefined) {
        edited = fault.signature(edited, covered, key.role);
      }
    }
    return edited;
  }

  #sign(
    set: ZoneRRset,
    rdatas: readonly Uint8Array[],
    key: ZoneKey,
    nowSeconds: number,
  ): Uint8Array {
    const times = this.#timesAt(nowSeconds, set.type);
    // RFC 4034 §3.1.3: neither the root label nor a leftmost asterisk counts.
    const labels = set.owner.labelCount - (set.owner.isWildcard ? 1 : 0);
    const prefix = concatOctets(
      uint16Octets(set.type),
      Uint8Array.of(key.algorithm, labels),
      uint32Octets(set.ttlSeconds),
      uint32Octets(times.expirationSeconds),
      uint32Octets(times.inceptionSeconds),
      uint16Octets(key.tag),
      this.#origin.canonicalOctets(),
    );
    const rrsig = parseRrsig(concatOctets(prefix, Uint8Array.of(0)));
    if (rrsig === undefined) throw new Error(`unusable RRSIG fields for ${set.owner}`);
    const { owner, type, ttlSeconds } = set;
    const rrset = { owner, type, class: RRClass.IN, ttlSeconds, rdatas, signatures: [] };
    const data = signedData(rrset, rrsig, canonicalRdatas(rrset));
    return concatOctets(prefix, this.#rawSignature(key, data));
  }

  #rawSignature(key: ZoneKey, data: Uint8Array): Uint8Array {
    if (isRealAlgorithm(key.algorithm)) {
      return this.#tools.signer.sign(key.algorithm, key.privateKey, data);
    }
    const filler = this.#tools.crypto.digest('sha256', data);
    return concatOctets(filler, filler);
  }

  #timesAt(nowSeconds: number, covered: number): SignatureTimes {
    const start = this.#epochAt(nowSeconds) * this.#renewalSeconds;
    let times: SignatureTimes = {
      inceptionSeconds: start - Math.min(3_600, this.#renewalSeconds),
      expirationSeconds: start + this.#lifetimeSeconds,
    };
    for (const fault of this.#faults) times = fault.times?.(times, covered) ?? times;
    return times;
  }

  get #renewalSeconds(): number {
    return Math.max(1, Math.floor(this.#lifetimeSeconds / 3));
  }

  #epochAt(nowSeconds: number): number {
    return Math.floor(nowSeconds / this.#renewalSeconds);
  }

  #signedKeys(): readonly Uint8Array[] {
    return this.#zoneKeys().map((key) => key.rdata);
  }

  #zoneKeys(): readonly ZoneKey[] {
    if (this.#keys === undefined) {
      const keys: ZoneKey[] = [];
      const roles: readonly KeyRole[] = this.spec.keys === 'single' ? ['CSK'] : ['KSK', 'ZSK'];
      for (const algorithm of this.spec.algorithms) {
        for (const role of roles) keys.push(this.#makeKey(algorithm, role, keys));
      }
      this.#keys = keys;
    }
    return this.#keys;
  }

  /** Key tags within a zone are distinct, as careful signers see to: collisions are decoys only. */
  #makeKey(algorithm: number, role: KeyRole, others: readonly ZoneKey[]): ZoneKey {
    for (;;) {
      const { privateKey, publicKey } = isRealAlgorithm(algorithm)
        ? this.#tools.signer.generateKey(algorithm)
        : { privateKey: undefined, publicKey: this.#fillerKey(algorithm, role) };
      const flags = role === 'ZSK' ? ZONE_KEY : ZONE_KEY | SECURE_ENTRY_POINT;
      let rdata = concatOctets(uint16Octets(flags), Uint8Array.of(3, algorithm), publicKey);
      for (const fault of this.#faults) rdata = fault.keyBeforeSigning?.(rdata, role) ?? rdata;
      const tag = keyTag(rdata);
      // Faults make DS records name 0 and 1, which must not be there.
      if (isRealAlgorithm(algorithm) && tag <= 1) continue;
      if (others.some((other) => other.tag === tag)) continue;
      return { role, algorithm, privateKey, rdata, tag };
    }
  }

  #fillerKey(algorithm: number, role: KeyRole): Uint8Array {
    const seed = concatOctets(this.#origin.octets, Uint8Array.of(algorithm, role.charCodeAt(0)));
    return this.#tools.crypto.digest('sha256', seed);
  }

  /**
   * Well-formed keys with the tag of the key that signs the data. The tag is a sum of 16-bit words
   * (RFC 4034 App. B), so the reserved flag bits steer it; a quarter of the keys allow it,
   * whatever the tag.
   */
  #decoyKeys(): readonly Uint8Array[] {
    const count = this.spec.decoyKeys ?? 0;
    if (this.#decoys !== undefined || count === 0) return this.#decoys ?? [];
    const model = this.#zoneKeys().at(-1)!;
    const decoys: Uint8Array[] = [];
    while (decoys.length < count) {
      const { publicKey } = this.#tools.signer.generateKey(model.algorithm);
      const body = concatOctets(Uint8Array.of(0, 0, 3, model.algorithm), publicKey);
      const missing = model.tag - keyTag(body);
      // A sum that overflows mostly counts its carry as one more; the last carry is dropped.
      for (const flags of [missing, missing + 0xffff, missing + 0x1_0000]) {
        if ((flags & ZONE_KEY) === 0 || (flags & REVOKED) !== 0) continue;
        const decoy = concatOctets(uint16Octets(flags & 0xffff), body.subarray(2));
        if (keyTag(decoy) !== model.tag) continue;
        decoys.push(decoy);
        break;
      }
    }
    this.#decoys = decoys;
    return decoys;
  }

  #dsOf(key: ZoneKey): Uint8Array {
    const digestType = this.spec.digestType ?? 2;
    const hash = DIGESTS.get(digestType as 1 | 2 | 4) ?? 'sha256';
    const digest = this.#tools.crypto.digest(
      hash,
      concatOctets(this.#origin.canonicalOctets(), key.rdata),
    );
    return concatOctets(uint16Octets(key.tag), Uint8Array.of(key.algorithm, digestType), digest);
  }
}

/** The DS RDATA of a set of keys as an RRset of the parent. */
export function dsRRset(child: Name, signer: ZoneSigner, ttlSeconds: number): ZoneRRset {
  return { owner: child, type: RRType.DS, ttlSeconds, rdatas: () => signer.dsRdatas() };
}
