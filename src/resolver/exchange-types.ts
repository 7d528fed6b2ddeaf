/** Outcomes of asking the servers of one zone one question. */
import type { ExtendedError, IpAddress } from '../wire/index.js';
import type { Classified } from './classify-response.js';
import type { CleanReply } from './sanitise.js';

export type UsableReply = {
  readonly kind: 'reply';
  readonly reply: CleanReply;
  readonly classified: Exclude<Classified, { kind: 'unusable' }>;
  readonly server: IpAddress;
};

export type ExchangeOutcome =
  | UsableReply
  | {
      readonly kind: 'failed';
      readonly errors: readonly ExtendedError[];
      readonly sentence: string;
    };
