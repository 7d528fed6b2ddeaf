/** Numbers in text: plain, with TTL units, and as the dates of RRSIG. */

/** Decimal digits only, at most `limit`. */
export function parseNumber(text: string, limit: number): number | undefined {
  if (text.length === 0 || text.length > 10) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    value = value * 10 + digit;
  }
  return value <= limit ? value : undefined;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Seconds, either plain or with units as in `1h30m` (a usage older than any standard). */
export function parsePeriod(text: string, limit = 0xffffffff): number | undefined {
  let total = 0;
  let digitsFrom = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) continue;
    const unit = UNIT_SECONDS[text[at]!.toLowerCase()];
    const count = parseNumber(text.slice(digitsFrom, at), limit);
    if (unit === undefined || count === undefined) return undefined;
    total += count * unit;
    digitsFrom = at + 1;
  }
  if (digitsFrom < text.length) {
    const rest = parseNumber(text.slice(digitsFrom), limit);
    if (rest === undefined) return undefined;
    total += rest;
  } else if (text.length === 0) return undefined;
  return total <= limit ? total : undefined;
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysBeforeYear(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

const DAYS_BEFORE_1970 = daysBeforeYear(1970);

/** Seconds since 1970 of a date and time in UTC; undefined when there is no such moment. */
export function secondsOfDate(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (year < 1970 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const leapDay = month > 2 && isLeap(year) ? 1 : 0;
  const before = DAYS_BEFORE_MONTH[month - 1]!;
  const inMonth =
    month === 2 ? (isLeap(year) ? 29 : 28) : (DAYS_BEFORE_MONTH[month] ?? 365) - before;
  if (day < 1 || day > inMonth) return undefined;
  const days = daysBeforeYear(year) - DAYS_BEFORE_1970 + before + leapDay + day - 1;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/** RFC 4034 §3.2: YYYYMMDDHHmmSS, or seconds since 1970; kept modulo 2^32. */
export function parseTime(text: string): number | undefined {
  if (text.length !== 14) return parseNumber(text, 0xffffffff);
  const fields: number[] = [];
  for (const [start, end] of [
    [0, 4],
    [4, 6],
    [6, 8],
    [8, 10],
    [10, 12],
    [12, 14],
  ] as const) {
    const value = parseNumber(text.slice(start, end), 9999);
    if (value === undefined) return undefined;
    fields.push(value);
  }
  const [year, month, day, hour, minute, second] = fields;
  const seconds = secondsOfDate(year!, month!, day!, hour!, minute!, second!);
  return seconds === undefined ? undefined : seconds % 0x1_0000_0000;
}

export function formatTime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970 + Math.floor(days / 366);
  while (daysBeforeYear(year + 1) - DAYS_BEFORE_1970 <= days) year++;
  let dayOfYear = days - (daysBeforeYear(year) - DAYS_BEFORE_1970);
  let month = 12;
  while (dayOfYear < DAYS_BEFORE_MONTH[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0)) month--;
  dayOfYear -= DAYS_BEFORE_MONTH[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0);
  const parts = [month, dayOfYear + 1];
  parts.push(Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60);
  return year + parts.map((part) => String(part).padStart(2, '0')).join('');
}
