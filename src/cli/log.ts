/** Log lines: one per event, text for people and JSON (pino) for machines, on standard error. */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogEvent {
  readonly level: LogLevel;
  /** Stable word for filters: 'ready', 'bogus', 'query'. */
  readonly event: string;
  readonly sentence: string;
  readonly fields?: { readonly [name: string]: string | number | boolean | undefined };
}

export interface Log {
  write(event: LogEvent): void;
  isOn(level: LogLevel): boolean;
  /** Writes out what is buffered; nothing is logged afterwards. */
  close(): Promise<void>;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const STANDARD_ERROR = 2;

export async function openLog(options: {
  readonly level: LogLevel;
  readonly format: 'auto' | 'text' | 'json';
}): Promise<Log> {
  const asText = options.format === 'text' || (options.format === 'auto' && isatty(STANDARD_ERROR));
  return asText ? textLog(options.level) : jsonLog(options.level);
}

function textLog(level: LogLevel): Log {
  return {
    isOn: (asked) => SEVERITY[asked] <= SEVERITY[level],
    write(event) {
      if (SEVERITY[event.level] > SEVERITY[level]) return;
      writeText(`${textLine(event, new Date())}\n`);
    },
    close: () => Promise.resolve(),
  };
}

export function textLine({ level, event, sentence, fields }: LogEvent, at: Date): string {
  const time = at.toISOString().replace('T', ' ').replace('Z', '');
  let line = `${time} ${level.padEnd(5)} ${event}: ${sentence}`;
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value !== undefined) line += ` ${name}=${value}`;
  }
  return escapeControls(line);
}

/**
 * A terminal must never obey what a server on the Internet put into a record: control characters,
 * C1 and bidirectional overrides included, are shown by number.
 */
export function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function writeText(text: string): void {
  try {
    writeSync(STANDARD_ERROR, text);
  } catch {
    // A terminal that went away, or is full, must not stop the resolver: the line is lost.
  }
}

async function jsonLog(level: LogLevel): Promise<Log> {
  const { default: pino } = await import('pino');
  const destination = pino.destination({ dest: STANDARD_ERROR, sync: false });
  // Like writeText: a log that cannot be written is no reason to stop.
  destination.on('error', () => undefined);
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    isOn: (asked) => SEVERITY[asked] <= SEVERITY[level],
    write({ level: at, event, sentence, fields }) {
      logger[at]({ event, ...fields }, sentence);
    },
    close: () =>
      new Promise((resolve) => {
        destination.on('close', () => resolve());
        destination.end();
      }),
  };
}
