/** LOC in text: RFC 1876 §3. */

import { parseNumber } from './number-text.js';
import type { OctetSink } from './octet-sink.js';
import type { TokenReader } from './token-reader.js';

const EQUATOR = 2 ** 31;
const REFERENCE_CENTIMETRES = 10_000_000; // 100,000 m below the WGS 84 spheroid

// RFC 1876 §3: what size and precisions are when they are left out.
const DEFAULT_METRES = ['1', '10000', '10'];

export function parseLocation(reader: TokenReader, sink: OctetSink): boolean {
  const latitude = parseAngle(reader, 'N', 'S', 90);
  const longitude = latitude === undefined ? undefined : parseAngle(reader, 'E', 'W', 180);
  const altitudeText = longitude === undefined ? undefined : reader.next('an altitude')?.text;
  if (latitude === undefined || longitude === undefined || altitudeText === undefined) return false;
  const altitude = parseMetres(altitudeText);
  if (altitude === undefined || altitude < -REFERENCE_CENTIMETRES) return bad(reader, altitudeText);
  const precisions: number[] = [];
  for (const fallback of DEFAULT_METRES) {
    const text = reader.atEnd ? fallback : reader.next('a precision')!.text;
    const centimetres = parseMetres(text);
    if (centimetres === undefined || centimetres < 0) return bad(reader, text);
    precisions.push(powerOfTen(centimetres));
  }
  sink.u8(0);
  for (const precision of precisions) sink.u8(precision);
  sink.u32(latitude);
  sink.u32(longitude);
  const above = altitude + REFERENCE_CENTIMETRES;
  if (above > 0xffffffff) return bad(reader, altitudeText);
  sink.u32(above);
  return true;
}

function bad(reader: TokenReader, text: string): false {
  return reader.refuse(`not a length in metres: ${text}`);
}

/** `d1 [m1 [s1]] {"N"|"S"}` as thousandths of a second of arc from the equator's 2^31. */
function parseAngle(
  reader: TokenReader,
  plus: string,
  minus: string,
  limitDegrees: number,
): number | undefined {
  const degrees = reader.number(limitDegrees, 'degrees');
  if (degrees === undefined) return undefined;
  let minutes = 0;
  let thousandths = 0;
  for (let part = 0; part < 3; part++) {
    const token = reader.next(`${plus} or ${minus}`);
    if (token === undefined) return undefined;
    const upper = token.text.toUpperCase();
    if (upper === plus || upper === minus) {
      const angle = (degrees * 60 + minutes) * 60_000 + thousandths;
      if (angle > limitDegrees * 3_600_000) break;
      return upper === plus ? EQUATOR + angle : EQUATOR - angle;
    }
    const value = part === 0 ? parseNumber(upper, 59) : parseFixed(upper, 3);
    if (part === 2 || value === undefined || value > 59_999) break;
    if (part === 0) minutes = value;
    else thousandths = value;
  }
  return reader.fail('not a latitude and longitude');
}

/** A decimal fraction as an integer count of its last place. */
function parseFixed(text: string, places: number): number | undefined {
  const dot = text.indexOf('.');
  const whole = parseNumber(dot < 0 ? text : text.slice(0, dot), 99_999_999);
  if (whole === undefined) return undefined;
  const digits = dot < 0 ? '' : text.slice(dot + 1);
  if (dot >= 0 && (digits.length === 0 || digits.length > places)) return undefined;
  const fraction = parseNumber(digits.padEnd(places, '0'), 10 ** places - 1);
  return fraction === undefined ? undefined : whole * 10 ** places + fraction;
}

/** Centimetres. */
function parseMetres(text: string): number | undefined {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  const digits = /[mM]$/.test(unsigned) ? unsigned.slice(0, -1) : unsigned;
  const centimetres = parseFixed(digits, 2);
  if (centimetres === undefined) return undefined;
  return text.startsWith('-') ? -centimetres : centimetres;
}

/** RFC 1876 §2: one decimal digit and a power of ten, a nibble each. */
function powerOfTen(centimetres: number): number {
  let exponent = 0;
  let mantissa = centimetres;
  while (mantissa > 9 && exponent < 9) {
    mantissa = Math.floor(mantissa / 10);
    exponent++;
  }
  return (Math.min(mantissa, 9) << 4) | exponent;
}

/** `rdata` is a well-formed LOC; undefined when its values are outside their ranges. */
export function formatLocation(rdata: Uint8Array): string | undefined {
  const latitude = formatAngle(u32At(rdata, 4), 'N', 'S', 90);
  const longitude = formatAngle(u32At(rdata, 8), 'E', 'W', 180);
  if (latitude === undefined || longitude === undefined) return undefined;
  const lengths: string[] = [metres(u32At(rdata, 12) - REFERENCE_CENTIMETRES)];
  for (const precision of rdata.slice(1, 4)) {
    if (precision >> 4 > 9 || (precision & 15) > 9) return undefined;
    lengths.push(metres((precision >> 4) * 10 ** (precision & 15)));
  }
  return `${latitude} ${longitude} ${lengths.join(' ')}`;
}

function u32At(octets: Uint8Array, at: number): number {
  return (
    octets[at]! * 0x1000000 + ((octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!)
  );
}

function formatAngle(
  value: number,
  plus: string,
  minus: string,
  limitDegrees: number,
): string | undefined {
  const angle = Math.abs(value - EQUATOR);
  if (angle > limitDegrees * 3_600_000) return undefined;
  const seconds = ((angle % 60_000) / 1000).toFixed(3);
  const minutes = Math.floor(angle / 60_000) % 60;
  return `${Math.floor(angle / 3_600_000)} ${minutes} ${seconds} ${value < EQUATOR ? minus : plus}`;
}

function metres(centimetres: number): string {
  return `${(centimetres / 100).toFixed(2)}m`;
}
