/** Points in time for people. */
import { formatTime } from '../presentation/index.js';

/** `2026-03-01 00:00 UTC` */
export function utc(seconds: number): string {
  return formatTime(seconds).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)\d\d$/, '$1-$2-$3 $4:$5 UTC');
}
