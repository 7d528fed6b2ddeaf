/** The effective configuration as YAML, each setting with where it came from. */
import type { Config } from './config.js';
import { SETTINGS, type SettingKey } from './schema.js';
import type { RawScalar, Setting } from './setting.js';

export function showConfig(config: Config, places: ReadonlyMap<SettingKey, string>): string {
  let text = '';
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const setting = SETTINGS[key] as Setting<unknown>;
    text += showSetting(setting, config[key], places.get(key) ?? 'default');
  }
  return text;
}

function showSetting(setting: Setting<unknown>, value: unknown, place: string): string {
  if (value === undefined) {
    const { absent } = setting as { absent: string };
    return `# ${setting.name}: not given: ${absent}\n`;
  }
  if (!Array.isArray(value)) {
    return `${setting.name}: ${showScalar(setting.kind.write(value))} # ${place}\n`;
  }
  if (value.length === 0) return `${setting.name}: [] # ${place}\n`;
  const entries = value.map((entry) => `  - ${showScalar(setting.kind.write(entry))}\n`);
  return `${setting.name}: # ${place}\n${entries.join('')}`;
}

/** JSON strings are YAML strings; quotes are left out where nothing could misread the text. */
export function showScalar(value: RawScalar): string {
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z\d/.][\w./:+-]*$/.test(value) && !/:$/.test(value)
    ? value
    : JSON.stringify(value);
}
