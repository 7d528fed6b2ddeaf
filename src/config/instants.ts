/** Instants and spans of time in settings, by arithmetic alone: no host calendar is asked. */

const SPAN_UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
]);

/** `90s`, `5m`, `1h30m`, `7d`, `2w` in seconds; undefined when it is no span. */
export function readSpan(text: string): number | undefined {
  if (!/^(?:\d{1,9}[smhdw])+$/.test(text)) return undefined;
  let total = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([smhdw])/g)) {
    total += Number(digits) * (SPAN_UNITS.get(unit) ?? 0);
  }
  return total;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?Z?)?$/;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const LAST_SECOND = 4_102_444_800; // 2100-01-01; RRSIG times are 32 bits and wrap in 2106.

/** UTC date and time, or `@` and seconds since 1970; undefined when it is no instant. */
export function readInstant(text: string): number | undefined {
  if (/^@\d{1,10}$/.test(text)) return withinRange(Number(text.slice(1)));
  const parts = INSTANT.exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  if (parts === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return withinRange(
    daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second,
  );
}

/** The same instant as readInstant understands it. */
export function writeInstant(epochSeconds: number): string {
  const rest = epochSeconds % 86_400;
  let days = (epochSeconds - rest) / 86_400;
  let year = 1970;
  for (; days >= daysInYear(year); year++) days -= daysInYear(year);
  let month = 1;
  for (; days >= daysInMonth(year, month); month++) days -= daysInMonth(year, month);
  const time = [Math.floor(rest / 3_600), Math.floor(rest / 60) % 60, rest % 60];
  const date = `${year}-${twoDigits(month)}-${twoDigits(days + 1)}`;
  return `${date}T${time.map(twoDigits).join(':')}Z`;
}

function withinRange(epochSeconds: number): number | undefined {
  return epochSeconds >= 0 && epochSeconds < LAST_SECOND ? epochSeconds : undefined;
}

function daysSince1970(year: number, month: number, day: number): number {
  let days = (DAYS_BEFORE_MONTH[month - 1] ?? 0) + day - 1;
  if (month > 2 && isLeap(year)) days++;
  for (let past = 1970; past < year; past++) days += daysInYear(past);
  return year < 1970 ? -1 : days;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysInYear(year: number): number {
  return isLeap(year) ? 366 : 365;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
