/** Domain names in text: RFC 1035 §5.1, escapes `\DDD` and `\X`. */
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from '../wire/index.js';

const DOT = 0x2e;
const BACKSLASH = 0x5c;

const scratch = new Uint8Array(MAX_NAME_OCTETS + 1);

/**
 * Absolute when it ends in a dot or no origin is given, otherwise completed with the origin.
 * Undefined for empty or overlong labels, overlong names, bad escapes, and characters outside
 * ASCII: which octets those stand for is a matter of encoding, so they need an escape (or, in
 * a host name, IDNA, which is for the user interface).
 */
export function parseName(text: string, origin?: Name): Name | undefined {
  if (text === '.') return Name.root;
  if (text.length === 0) return undefined;
  let labels = 0;
  let lengthAt = 0;
  let to = 1;
  let absolute = false;
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    absolute = code === DOT;
    if (absolute) {
      const length = to - lengthAt - 1;
      if (length === 0 || length > MAX_LABEL_OCTETS) return undefined;
      scratch[lengthAt] = length;
      labels++;
      lengthAt = to++;
    } else {
      if (code === BACKSLASH) {
        const escaped = readEscape(text, at);
        if (escaped < 0) return undefined;
        code = escaped & 0xff;
        at += escaped >> 8;
      } else if (code > 0x7f) return undefined;
      scratch[to++] = code;
    }
    if (to > MAX_NAME_OCTETS) return undefined;
  }
  if (!absolute) {
    const length = to - lengthAt - 1;
    if (length > MAX_LABEL_OCTETS) return undefined;
    scratch[lengthAt] = length;
    labels++;
    if (origin !== undefined) return complete(to, labels, origin);
    lengthAt = to++;
    if (to > MAX_NAME_OCTETS) return undefined;
  }
  scratch[lengthAt] = 0;
  return Name.fromCheckedOctets(scratch.slice(0, to), labels);
}

function complete(size: number, labels: number, origin: Name): Name | undefined {
  if (size + origin.octets.length > MAX_NAME_OCTETS) return undefined;
  const octets = new Uint8Array(size + origin.octets.length);
  for (let at = 0; at < size; at++) octets[at] = scratch[at]!;
  octets.set(origin.octets, size);
  return Name.fromCheckedOctets(octets, labels + origin.labelCount);
}

/**
 * The escape at a backslash: the octet it stands for in the lower eight bits, above them how many
 * characters follow the backslash; -1 when it is none.
 */
export function readEscape(text: string, at: number): number {
  const first = text.charCodeAt(at + 1);
  if (Number.isNaN(first) || first > 0x7f) return -1;
  if (first < 0x30 || first > 0x39) return (1 << 8) | first;
  let value = 0;
  for (let index = 1; index <= 3; index++) {
    const digit = text.charCodeAt(at + index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value > 255 ? -1 : (3 << 8) | value;
}
