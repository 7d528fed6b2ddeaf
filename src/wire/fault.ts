/** What can be wrong with octets from the network. A fault is a value; nothing here is thrown. */

/** One row per reason: the section that is broken, and a plain sentence. */
const FAULTS = {
  'short header': ['RFC 1035 §4.1.1', 'The message is shorter than its 12-octet header.'],
  'counts exceed length': [
    'RFC 1035 §4.1.1',
    'The section counts announce more records than the message has room for.',
  ],
  'cut off': ['RFC 1035 §4.1', 'The message ends inside a question or a record.'],
  'trailing octets': ['RFC 1035 §4.1', 'Octets follow the last record of the message.'],
  'name cut off': ['RFC 1035 §3.1', 'A domain name runs over the end of its place.'],
  'name too long': ['RFC 1035 §2.3.4', 'A domain name is longer than 255 octets.'],
  'unknown label type': ['RFC 6891 §5', 'A label is neither a plain label nor a pointer.'],
  'bad pointer': [
    'RFC 1035 §4.1.4',
    'A compression pointer does not point strictly backwards into the message body.',
  ],
  'too many pointers': ['RFC 1035 §4.1.4', 'Following compression pointers exceeded its budget.'],
  'rdata length': ['RFC 1035 §4.1.3', 'RDLENGTH does not agree with the data of a known type.'],
  'opt twice': ['RFC 6891 §6.1.1', 'The message has more than one OPT record.'],
  'opt misplaced': ['RFC 6891 §6.1.1', 'An OPT record stands outside the additional section.'],
  'opt owner': ['RFC 6891 §6.1.2', 'The owner name of the OPT record is not the root.'],
  'opt cut off': ['RFC 6891 §6.1.2', 'An EDNS option runs over the end of the OPT record.'],
  'too many options': ['RFC 6891 §6.1.2', 'The OPT record carries more than 32 options.'],
  'rdata malformed': ['RFC 1035 §3.3', 'The RDATA do not have the form their type prescribes.'],
} as const satisfies Record<string, readonly [string, string]>;

export type WireFaultReason = keyof typeof FAULTS;

export interface WireFault {
  readonly reason: WireFaultReason;
  /** The section of the standard that the octets break. */
  readonly section: string;
  readonly sentence: string;
  /** Where in the octets it was noticed. */
  readonly offset: number;
}

export function wireFault(reason: WireFaultReason, offset: number): WireFault {
  const [section, sentence] = FAULTS[reason];
  return { reason, section, sentence, offset };
}

/** A value, or why there is none. */
export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: WireFault };
