/** `--lab`, `--lab-delay` and `--lab-loss`. */
import type { LabSettings } from '../embedding/index.js';
import type { Invocation } from './command.js';

const DEFAULT_DELAY_MS = 10;
const MAX_DELAY_MS = 5_000;

export type ReadLab = { readonly settings: LabSettings | undefined } | { readonly problem: string };

export function readLabFlags(flags: Invocation['flags']): ReadLab {
  const oneWayDelayMs = readNumber(flags['lab-delay'], DEFAULT_DELAY_MS, MAX_DELAY_MS);
  const lossPercent = readNumber(flags['lab-loss'], 0, 100);
  if (oneWayDelayMs === undefined) {
    return { problem: `--lab-delay must be a number of milliseconds from 0 to ${MAX_DELAY_MS}` };
  }
  if (lossPercent === undefined) return { problem: '--lab-loss must be a number from 0 to 100' };
  if (flags.lab === true) return { settings: { oneWayDelayMs, loss: lossPercent / 100 } };
  const given = ['lab-delay', 'lab-loss'].find((name) => flags[name] !== undefined);
  return given === undefined
    ? { settings: undefined }
    : { problem: `--${given} means nothing without --lab` };
}

function readNumber(value: unknown, fallback: number, most: number): number | undefined {
  if (value === undefined) return fallback;
  if (typeof value !== 'string' || !/^\d{1,9}(?:\.\d{1,9})?$/.test(value)) return undefined;
  return Number(value) <= most ? Number(value) : undefined;
}
