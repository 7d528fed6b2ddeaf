/** Fills a cache in a process of its own and hears what it took. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measured } from './fill-caches.js';

export const MEGABYTE = 1_000_000;

const PROGRAM = fileURLToPath(new URL('./fill-caches.js', import.meta.url));

export function measure(cache: string, count: number): Measured {
  const args = ['--expose-gc', PROGRAM, cache, String(count)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
}
