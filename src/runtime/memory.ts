/**
 * How V8 uses memory. By itself it lets the heap grow to several times what is in use before it
 * collects, which suits a program that ends soon. A daemon beside a mail server runs for months:
 * once its cache is well filled, collecting earlier costs a little time and keeps it within its
 * size. Not before: while the heap is small, it would only collect all the time.
 */
import { setFlagsFromString } from 'node:v8';

/** Percent by which the heap may grow between full collections. */
const HEAP_GROWING_PERCENT = 50;
const WELL_FILLED_OCTETS = 24 * 1024 * 1024;
const LOOK_EVERY_MS = 2_000;

/** `cachedOctets` tells how much is kept; the watch ends when it has nothing more to do. */
export function keepHeapSmall(cachedOctets: () => number): void {
  const watch = setInterval(() => {
    if (cachedOctets() < WELL_FILLED_OCTETS) return;
    setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
    clearInterval(watch);
  }, LOOK_EVERY_MS);
  watch.unref();
}
