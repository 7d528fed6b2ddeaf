/**
 * How V8 uses memory. By itself it lets the heap grow to several times what is in use before it
 * collects, which suits a program that ends soon. A daemon beside a mail server runs for months:
 * collecting earlier costs it next to nothing (docs/benchmarks.md), and it keeps within its size.
 */
import { setFlagsFromString } from 'node:v8';

/** Percent by which the heap may grow between full collections. */
const HEAP_GROWING_PERCENT = 40;

/**
 * By how much the space for new objects grows at a time: it stays at the megabyte that it begins
 * with. By itself it becomes sixteen, and to collect so much takes a pause that clients notice.
 */
const NEW_SPACE_GROWTH_FACTOR = 1;

/** Three weeks; the V8 of Node 20 has 8 seconds. */
const REDUCER_DELAY_MS = 2_000_000_000;

/**
 * After some idle seconds V8 collects once more, and so that nothing stays that can be spared: not
 * even the hidden classes of objects that only exist while questions are under way, and with them
 * goes all compiled code that rests on them. What came next took half as long again, for hundreds
 * of questions. Told before the program is loaded, since then the first of these is scheduled; that
 * there shall be none at all, V8 heeds on its command line only.
 */
export function keepCompiledCode(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${REDUCER_DELAY_MS}`);
}

/** For the whole process, as early as can be: the daemon may, the library may not. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  setFlagsFromString(`--semi-space-growth-factor=${NEW_SPACE_GROWTH_FACTOR}`);
}
