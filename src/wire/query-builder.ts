/** Outgoing queries: one question and, as a rule, an OPT record. */
import { type EdnsOption, optSizeOctets, writeOpt } from './edns.js';
import { HeaderFlag } from './message.js';
import type { Name } from './name.js';
import { HEADER_OCTETS } from './reader.js';
import { RRClass } from './rr-types.js';

export interface QueryFields {
  readonly id: number;
  /** Written in the letter case given: 0x20 is the caller's. */
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  readonly recursionDesired?: boolean;
  readonly checkingDisabled?: boolean;
  readonly authenticData?: boolean;
  readonly edns?:
    | {
        readonly udpSizeOctets: number;
        readonly dnssecOk: boolean;
        readonly options?: readonly EdnsOption[];
      }
    | undefined;
}

const NO_OPTIONS: readonly EdnsOption[] = [];

export function buildQuery(fields: QueryFields): Uint8Array {
  const { edns } = fields;
  const name = fields.name.octets;
  const options = edns?.options ?? NO_OPTIONS;
  const optSize = edns === undefined ? 0 : optSizeOctets(options);
  const octets = new Uint8Array(HEADER_OCTETS + name.length + 4 + optSize);
  octets[0] = fields.id >> 8;
  octets[1] = fields.id & 0xff;
  const flags =
    (fields.recursionDesired ? HeaderFlag.RD : 0) |
    (fields.authenticData ? HeaderFlag.AD : 0) |
    (fields.checkingDisabled ? HeaderFlag.CD : 0);
  octets[2] = flags >> 8;
  octets[3] = flags & 0xff;
  octets[5] = 1;
  octets.set(name, HEADER_OCTETS);
  const at = HEADER_OCTETS + name.length;
  octets[at] = fields.type >> 8;
  octets[at + 1] = fields.type & 0xff;
  octets[at + 2] = fields.class >> 8;
  octets[at + 3] = fields.class & 0xff;
  if (edns !== undefined) {
    octets[11] = 1;
    const { udpSizeOctets, dnssecOk } = edns;
    writeOpt(octets, at + 4, { udpSizeOctets, version: 0, dnssecOk, flags: 0, options }, 0);
  }
  return octets;
}

/** As Postfix asks: RD, AD and DO, of class IN. */
export function mailServerQuery(id: number, name: Name, type: number): Uint8Array {
  return buildQuery({
    id,
    name,
    type,
    class: RRClass.IN,
    recursionDesired: true,
    authenticData: true,
    edns: { udpSizeOctets: 1_232, dnssecOk: true },
  });
}
