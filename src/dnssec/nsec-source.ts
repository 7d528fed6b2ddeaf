/** Proofs from NSEC records: RFC 4035 §5.4 with RFC 6840 §4. */
import type { Name, RRset } from '../wire/index.js';
import { DenialRecord, type Failures } from './denial-evidence.js';
import type { DenialSource, NameStatus } from './name-status.js';
import {
  isEmptyNonTerminal,
  type NsecRecord,
  nsecClosestEncloser,
  nsecCovers,
  nsecMatches,
  readNsec,
  whyNsecDoesNotDeny,
} from './nsec.js';
import type { ValidationContext } from './validation-context.js';
import type { ZoneKeys } from './zone-keys.js';

export class NsecSource implements DenialSource {
  readonly rrsets: readonly RRset[];
  readonly #zone: Name;
  readonly #failures: Failures;
  readonly #records: DenialRecord<NsecRecord>[] = [];

  constructor(
    rrsets: readonly RRset[],
    keys: ZoneKeys,
    ctx: ValidationContext,
    failures: Failures,
  ) {
    this.rrsets = rrsets;
    this.#zone = keys.zone;
    this.#failures = failures;
    for (const rrset of rrsets) {
      const nsec = readNsec(rrset, keys.zone);
      if (typeof nsec === 'string') failures.refused(nsec);
      else this.#records.push(new DenialRecord(rrset, nsec, keys, ctx, failures));
    }
  }

  insecure(): undefined {
    return undefined;
  }

  statusOf(name: Name): NameStatus | undefined {
    const status = this.#find(name);
    if (status === undefined) this.#failures.lacking('denial: name not covered');
    return status;
  }

  statusOfWildcard(closestEncloser: Name): NameStatus | undefined {
    const wildcard = closestEncloser.wildcard();
    const status = wildcard && this.#find(wildcard);
    if (status === undefined) this.#failures.lacking('denial: wildcard not covered');
    return status;
  }

  statusOfNextCloser(nextCloser: Name): NameStatus | undefined {
    return this.statusOf(nextCloser);
  }

  #find(name: Name): NameStatus | undefined {
    for (const record of this.#records) {
      if (!nsecMatches(record.data, name) || !record.isValid) continue;
      const { owner, types } = record.data;
      return { state: 'exists', owner, types, records: [record] };
    }
    for (const record of this.#records) {
      if (!nsecCovers(record.data, name, this.#zone)) continue;
      const refusal = whyNsecDoesNotDeny(record.data, name);
      if (refusal !== undefined) {
        this.#failures.refused(refusal);
        continue;
      }
      if (!record.isValid) continue;
      const records = [record];
      // RFC 4592 §2.2.2, RFC 8020 §2: a name with names below it exists, whatever the rcode says.
      if (isEmptyNonTerminal(record.data, name)) return { state: 'empty non-terminal', records };
      const closestEncloser = nsecClosestEncloser(record.data, name);
      return { state: 'absent', closestEncloser, optOut: false, records };
    }
    return undefined;
  }
}
