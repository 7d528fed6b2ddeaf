/**
 * Loaded into the resolver under test by `node --import`: at a SIGUSR2 it begins to watch how late
 * the event loop is, at the next it writes what it has seen into the folder it was started in.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let isWatching = false;

process.on('SIGUSR2', () => {
  isWatching = !isWatching;
  if (isWatching) {
    histogram.reset();
    histogram.enable();
    return;
  }
  histogram.disable();
  // What it records is the whole time between two of its own timers.
  const p99Ms = Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS);
  // Whoever waits for the file must not read half of it.
  writeFileSync('loop-delay.new', JSON.stringify({ p99Ms }));
  renameSync('loop-delay.new', 'loop-delay.json');
});
