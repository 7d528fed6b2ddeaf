/** Proofs from NSEC3 records: RFC 5155 §8, with the work bounded as RFC 9276 §3.2 allows. */
import type { Name, RRset } from '../wire/index.js';
import { DenialRecord, type Failures } from './denial-evidence.js';
import type { Absent, DenialSource, Existing, NameStatus, ProofRecord } from './name-status.js';
import {
  type Nsec3Record,
  nsec3Covers,
  nsec3Hash,
  nsec3HashBlocks,
  nsec3Matches,
  readNsec3,
  sameNsec3Parameters,
} from './nsec3.js';
import { whyNotBelow } from './type-denial.js';
import type { ValidationContext } from './validation-context.js';
import { type Insecure, makeInsecure } from './verdicts.js';
import type { ZoneKeys } from './zone-keys.js';

/**
 * Where each hash is dear, the limit per proof would not pay for the few that every proof needs:
 * apex, mail host, `_tcp` and `_25` below it, a wildcard, and some more.
 */
const HASHES_ALWAYS_ALLOWED = 10;

/** So many labels below the apex are found in reverse zones, and next to nowhere else. */
const DEEP_LABELS = 8;

/** The hashes of one proof, each computed once and paid for before. */
class Hashes {
  readonly #parameters: Nsec3Record;
  readonly #ctx: ValidationContext;
  readonly #failures: Failures;
  readonly #known = new Map<string, Uint8Array>();
  #allowance: number;

  constructor(parameters: Nsec3Record, zone: Name, ctx: ValidationContext, failures: Failures) {
    this.#parameters = parameters;
    this.#ctx = ctx;
    this.#failures = failures;
    const needed = HASHES_ALWAYS_ALLOWED * nsec3HashBlocks(zone, parameters);
    this.#allowance = Math.max(ctx.budget.limits.nsec3HashesPerProof, needed);
  }

  /** Undefined when it cannot be paid. */
  of(name: Name): Uint8Array | undefined {
    const known = this.#known.get(name.key);
    if (known !== undefined) return known;
    const blocks = nsec3HashBlocks(name, this.#parameters);
    // RFC 9276 §3.2, CVE-2023-50868: no hash is computed before its price is known to be paid.
    if (blocks > this.#allowance || !this.#ctx.budget.tryNsec3Hashes(blocks)) {
      this.#failures.exhausted('budget: NSEC3 hashes');
      return undefined;
    }
    this.#allowance -= blocks;
    const hash = nsec3Hash(name, this.#parameters, this.#ctx.crypto);
    this.#known.set(name.key, hash);
    return hash;
  }
}

type Candidate = DenialRecord<Nsec3Record>;

export class Nsec3Source implements DenialSource {
  readonly rrsets: readonly RRset[];
  readonly #zone: Name;
  readonly #ctx: ValidationContext;
  readonly #failures: Failures;
  readonly #records: readonly Candidate[];
  readonly #hashes: Hashes | undefined;

  constructor(
    rrsets: readonly RRset[],
    keys: ZoneKeys,
    ctx: ValidationContext,
    failures: Failures,
  ) {
    this.rrsets = rrsets;
    this.#zone = keys.zone;
    this.#ctx = ctx;
    this.#failures = failures;
    this.#records = usableRecords(rrsets, keys, ctx, failures);
    const first = this.#records[0];
    if (first !== undefined && first.data.iterations <= ctx.policy.nsec3MaxIterations) {
      this.#hashes = new Hashes(first.data, keys.zone, ctx, failures);
    }
  }

  insecure(): { security: Insecure; records: readonly ProofRecord[] } | undefined {
    if (this.#hashes !== undefined) return undefined;
    // RFC 9276 §3.2: only a signed record can tell that the zone asks for so much, or anyone
    // could take security from a zone by claiming so.
    const record = this.#records.find((candidate) => candidate.isValid);
    if (record === undefined) return undefined;
    const detail = `${record.data.iterations}, at most ${this.#ctx.policy.nsec3MaxIterations}`;
    return { security: makeInsecure('NSEC3 iterations', this.#zone, detail), records: [record] };
  }

  statusOf(name: Name, expected: 'exists' | 'absent'): NameStatus | undefined {
    const { zone } = this.#failures;
    if (this.#hashes === undefined || !name.isAtOrBelow(zone)) return undefined;
    if (expected === 'exists') {
      const hash = this.#hashes.of(name);
      if (hash === undefined) return undefined;
      const match = this.#match(hash);
      if (match !== undefined) return existing(match, name);
    }
    const isDeep = name.labelCount > this.#zone.labelCount + DEEP_LABELS;
    const beside = isDeep ? this.#besideSiblings(name, this.#hashes) : undefined;
    return beside ?? this.#walkDown(name, this.#hashes);
  }

  /**
   * RFC 5155 §8.3 with the parent as the closest encloser. In a reverse zone of IPv6 that is where
   * a missing name is missed, twenty labels below the apex, next to a host that has one.
   */
  #besideSiblings(name: Name, hashes: Hashes): NameStatus | undefined {
    const parent = name.parent();
    const parentHash = hashes.of(parent);
    const match = parentHash && this.#match(parentHash);
    const hash = match && hashes.of(name);
    const cover = hash && this.#cover(hash);
    return match && cover && this.#absent(parent, match, cover);
  }

  /**
   * RFC 5155 §8.3, closest encloser proof, from the apex down: the names that have to be hashed
   * then depend on the zone's depth, and not on the length of a name that anyone may ask for.
   */
  #walkDown(name: Name, hashes: Hashes): NameStatus | undefined {
    let closest: Candidate | undefined;
    let closestLabels = -1;
    for (let labels = this.#zone.labelCount; labels <= name.labelCount; labels++) {
      const candidate = name.suffix(labels);
      const hash = hashes.of(candidate);
      if (hash === undefined) return undefined;
      const match = this.#match(hash);
      if (match !== undefined) {
        closest = match;
        closestLabels = labels;
        continue;
      }
      if (closest === undefined || closestLabels !== labels - 1) continue;
      const cover = this.#cover(hash);
      if (cover !== undefined) return this.#absent(candidate.parent(), closest, cover);
    }
    if (closest !== undefined && closestLabels === name.labelCount) return existing(closest, name);
    this.#failures.lacking(
      closest === undefined ? 'denial: no closest encloser' : 'denial: next closer not covered',
    );
    return undefined;
  }

  #absent(closestEncloser: Name, match: Candidate, cover: Candidate): Absent | undefined {
    // RFC 5155 §8.3: an encloser with a DNAME, or on the parent's side of a zone cut, does not
    // tell what is below it.
    const refusal = whyNotBelow(match.data.types);
    if (refusal !== undefined) {
      this.#failures.refused(refusal);
      return undefined;
    }
    const records = match === cover ? [match] : [match, cover];
    return { state: 'absent', closestEncloser, optOut: cover.data.optOut, records };
  }

  statusOfWildcard(closestEncloser: Name): NameStatus | undefined {
    const wildcard = closestEncloser.wildcard();
    const status = wildcard && this.#statusOfOne(wildcard, closestEncloser);
    if (status === undefined) this.#failures.lacking('denial: wildcard not covered');
    return status;
  }

  /** RFC 5155 §8.8: the encloser is known from the answer; its NSEC3 record is not sent. */
  statusOfNextCloser(nextCloser: Name): NameStatus | undefined {
    const status = this.#statusOfOne(nextCloser, nextCloser.parent());
    if (status === undefined) this.#failures.lacking('denial: next closer not covered');
    return status;
  }

  #statusOfOne(name: Name, closestEncloser: Name): NameStatus | undefined {
    const hash = this.#hashes?.of(name);
    if (hash === undefined) return undefined;
    const match = this.#match(hash);
    if (match !== undefined) return existing(match, name);
    const cover = this.#cover(hash);
    if (cover === undefined) return undefined;
    return { state: 'absent', closestEncloser, optOut: cover.data.optOut, records: [cover] };
  }

  #match(hash: Uint8Array): Candidate | undefined {
    return this.#records.find(
      (candidate) => nsec3Matches(candidate.data, hash) && candidate.isValid,
    );
  }

  #cover(hash: Uint8Array): Candidate | undefined {
    return this.#records.find(
      (candidate) => nsec3Covers(candidate.data, hash) && candidate.isValid,
    );
  }
}

function existing(match: Candidate, owner: Name): Existing {
  return { state: 'exists', owner, types: match.data.types, records: [match] };
}

/** Records that may take part, all of one set of parameters; none when they are a mixture. */
function usableRecords(
  rrsets: readonly RRset[],
  keys: ZoneKeys,
  ctx: ValidationContext,
  failures: Failures,
): readonly Candidate[] {
  if (rrsets.length > ctx.budget.limits.nsec3Records) {
    failures.exhausted('budget: NSEC3 records');
    return [];
  }
  const usable: Candidate[] = [];
  for (const rrset of rrsets) {
    const nsec3 = readNsec3(rrset, keys.zone);
    if (typeof nsec3 === 'string') {
      failures.refused(nsec3);
      continue;
    }
    // RFC 5155 §8.2: one response speaks of one chain.
    if (usable.length > 0 && !sameNsec3Parameters(usable[0]!.data, nsec3)) {
      failures.refused('denial: NSEC3 parameters differ');
      return [];
    }
    usable.push(new DenialRecord(rrset, nsec3, keys, ctx, failures));
  }
  return usable;
}
