/** Keeps one kind of complaint from filling the disk: an attacker chooses how often it is made. */
import type { Log, LogEvent } from './log.js';

const LINES_PER_SECOND = 20;

interface Tally {
  second: number;
  written: number;
  leftOut: number;
}

/** Warnings and errors of one kind are written at most so often; what was left out is counted. */
export function limitComplaints(log: Log, nowMs: () => number): Log {
  const tallies = new Map<string, Tally>();
  return {
    isOn: (level) => log.isOn(level),
    close: () => log.close(),
    write(event: LogEvent) {
      if (event.level !== 'warn' && event.level !== 'error') {
        log.write(event);
        return;
      }
      const second = Math.floor(nowMs() / 1000);
      let tally = tallies.get(event.event);
      if (tally === undefined) {
        tally = { second, written: 0, leftOut: 0 };
        tallies.set(event.event, tally);
      }
      if (tally.second !== second) {
        if (tally.leftOut > 0) tellLeftOut(log, event, tally.leftOut);
        tally.second = second;
        tally.written = 0;
        tally.leftOut = 0;
      }
      if (tally.written < LINES_PER_SECOND) {
        tally.written++;
        log.write(event);
      } else tally.leftOut++;
    },
  };
}

function tellLeftOut(log: Log, { level, event }: LogEvent, leftOut: number): void {
  log.write({ level, event, sentence: `${leftOut} more lines of this kind were left out` });
}
