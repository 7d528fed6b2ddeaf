/** From the command line to a Config: the file that it names, the flags, and their mistakes. */
import {
  type ConfigResult,
  makeConfig,
  type RawSetting,
  readFlags,
  readYamlSettings,
} from '../config/index.js';
import { readTextFile } from '../runtime/index.js';
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
  const file = readTextFile(fileName);
  if (!file.ok) return { ok: false, errors: [{ message: file.sentence }] };
  const { settings, errors } = await readYamlSettings(file.text, fileName);
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
