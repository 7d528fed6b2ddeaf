/** What is said when no server of a zone gave a usable answer. */
import { EdeCode, type ExtendedError, type IpAddress, type Name } from '../wire/index.js';
import type { Unusable } from './classify-response.js';
import type { Spent } from './effort.js';
import type { ExchangeOutcome } from './exchange-types.js';
import type { SendFailure } from './resolution-types.js';

export interface Trouble {
  readonly why: Unusable | SendFailure | 'timeout' | 'malformed';
  readonly address: IpAddress;
}

export function exchangeFailure(
  name: Name,
  spent: Spent | undefined,
  sent: number,
  last: Trouble | undefined,
): ExchangeOutcome {
  const zone = name.toString();
  const errors: ExtendedError[] = [];
  let sentence: string;
  if (spent !== undefined) {
    sentence = `gave up on ${zone}: the limit on ${spent} of one question was reached`;
    errors.push({ code: EdeCode.OTHER, text: `limit reached: ${spent}` });
  } else if (sent === 0) {
    sentence = `no server of ${zone} can be reached`;
  } else {
    sentence = `no server of ${zone} gave a usable answer${
      last === undefined ? '' : ` (last: ${last.why} from ${last.address.toString()})`
    }`;
  }
  errors.push({ code: EdeCode.NO_REACHABLE_AUTHORITY, text: `at ${zone}` });
  return { kind: 'failed', errors, sentence };
}
