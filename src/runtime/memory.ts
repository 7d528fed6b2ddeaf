/**
 * How V8 uses memory. By itself it lets the heap grow to several times what is in use before it
 * collects, which suits a program that ends soon. A daemon beside a mail server runs for months:
 * collecting earlier costs it next to nothing (docs/benchmarks.md), and it keeps within its size.
 */
import { setFlagsFromString } from 'node:v8';

/** Percent by which the heap may grow between full collections. */
const HEAP_GROWING_PERCENT = 30;

/** For the whole process: the daemon may, the library may not. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
