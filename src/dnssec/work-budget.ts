/**
 * The price of validating, and its bound. One budget lives as long as one client question, is
 * shared by all its sub-questions and never refilled. Running out is bogus, never insecure: a
 * limit that makes data insecure would be a way to take DANE from a signed domain.
 */
import type { BogusReason } from './bogus-reasons.js';

/** The numbers come from the resolver's table of limits, which gives the reason for each. */
export interface WorkLimits {
  readonly signatureChecks: number;
  readonly failedSignatureChecks: number;
  readonly signaturesPerRRset: number;
  readonly signatureChecksPerRRset: number;
  readonly keysPerTag: number;
  readonly dnskeysPerRRset: number;
  readonly dsPerRRset: number;
  readonly dsMismatches: number;
  readonly recordsPerRRset: number;
  readonly nsec3Records: number;
  readonly nsec3HashesPerProof: number;
  readonly nsec3HashesPerQuestion: number;
}

export class WorkBudget {
  readonly limits: WorkLimits;
  #signatureChecks = 0;
  #failedSignatureChecks = 0;
  #nsec3Hashes = 0;
  #exhausted: BogusReason | undefined;

  constructor(limits: WorkLimits) {
    this.limits = limits;
  }

  get signatureChecks(): number {
    return this.#signatureChecks;
  }

  get failedSignatureChecks(): number {
    return this.#failedSignatureChecks;
  }

  get nsec3Hashes(): number {
    return this.#nsec3Hashes;
  }

  /** The limit that was hit first, once something was refused. */
  get exhausted(): BogusReason | undefined {
    return this.#exhausted;
  }

  /** Pays for one signature check (import of its key included); false when there is none left. */
  trySignature(): boolean {
    if (this.#failedSignatureChecks >= this.limits.failedSignatureChecks) {
      this.#exhausted ??= 'budget: failed signature checks';
      return false;
    }
    if (this.#signatureChecks >= this.limits.signatureChecks) {
      this.#exhausted ??= 'budget: signature checks';
      return false;
    }
    this.#signatureChecks++;
    return true;
  }

  signatureFailed(): void {
    this.#failedSignatureChecks++;
  }

  /** Pays for `blocks` SHA-1 blocks of NSEC3 hashing; false, and nothing paid, when too dear. */
  tryNsec3Hashes(blocks: number): boolean {
    if (this.#nsec3Hashes + blocks > this.limits.nsec3HashesPerQuestion) {
      this.#exhausted ??= 'budget: NSEC3 hashes';
      return false;
    }
    this.#nsec3Hashes += blocks;
    return true;
  }
}
