/** From the command line to a Config: the file that it names, the flags, and their mistakes. */
import { readFileSync } from 'node:fs';
import {
  type ConfigResult,
  makeConfig,
  type RawSetting,
  readFlags,
  readYamlSettings,
} from '../config/index.js';
import type { Invocation } from './command.js';

export async function readConfig(flags: Invocation['flags']): Promise<ConfigResult> {
  const overrides = readFlags(flags);
  const fileName = flags.config;
  if (typeof fileName !== 'string') return makeConfig(environmentSettings(), overrides);
  return readConfigFile(fileName, overrides);
}

export async function readConfigFile(
  fileName: string,
  overrides: readonly RawSetting[] = [],
): Promise<ConfigResult> {
  const text = readText(fileName);
  if (!text.ok) return { ok: false, errors: [{ message: text.problem }] };
  const { settings, errors } = await readYamlSettings(text.value, fileName);
  const result = makeConfig(environmentSettings(), settings, overrides);
  if (errors.length === 0) return result;
  const all = [...errors, ...(result.ok ? [] : result.errors)];
  return { ok: false, errors: all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

/** systemd's StateDirectory= names the folder in the environment (systemd.exec(5)). */
function environmentSettings(): RawSetting[] {
  const [folder = ''] = (process.env.STATE_DIRECTORY ?? '').split(':');
  if (folder === '') return [];
  const place = 'environment STATE_DIRECTORY';
  return [{ name: 'state-dir', value: folder, place, subject: place }];
}

export type ReadText =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: string };

export function readText(fileName: string): ReadText {
  try {
    return { ok: true, value: readFileSync(fileName, 'utf8') };
  } catch (error) {
    return { ok: false, problem: `${fileName} cannot be read: ${reasonOf(error)}` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return REASONS[code ?? ''] ?? message ?? String(error);
}
