/** What every judgement needs besides the records: the time, the means and the rules. */
import type { CryptoProvider } from './crypto-provider.js';
import type { WorkBudget } from './work-budget.js';

export interface ValidationPolicy {
  /** RFC 9905: SHA-1 (algorithms 5 and 7, DS digest 1) counts as unsupported unless switched on. */
  readonly sha1: boolean;
  /** RFC 9276 §3.2: more iterations than this make a proof insecure. */
  readonly nsec3MaxIterations: number;
  /** How far our clock may lag behind the signer's; expiration has no such tolerance. */
  readonly inceptionSkewSeconds: number;
  /** RSA keys outside these sizes count as unsupported. */
  readonly rsaMinimumBits: number;
  readonly rsaMaximumBits: number;
}

export interface ValidationContext {
  /** Wall clock, seconds since 1970. */
  readonly nowSeconds: number;
  readonly crypto: CryptoProvider;
  readonly budget: WorkBudget;
  readonly policy: ValidationPolicy;
}
