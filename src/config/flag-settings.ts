/** Settings as command line flags: descriptions for the parser and its help, and their values. */
import type { RawSetting } from './config.js';
import { SETTINGS } from './schema.js';
import { isList, type RawScalar, type Setting } from './setting.js';

export interface FlagDescription {
  readonly name: string;
  readonly repeatable: boolean;
  readonly placeholder: string;
  readonly description: string;
  readonly fallback: string;
  readonly group: string;
}

export const FLAGS: readonly FlagDescription[] = Object.values(SETTINGS).map((row) => {
  const setting = row as Setting<unknown>;
  return {
    name: setting.name,
    repeatable: isList(setting),
    placeholder: setting.kind.placeholder,
    description: setting.description,
    fallback: describeFallback(setting),
    group: setting.group,
  };
});

export function describeFallback(setting: Setting<unknown>): string {
  if (setting.list === 'optional' || setting.list === 'optional list') return setting.absent;
  if (setting.list === false) return String(setting.kind.write(setting.fallback));
  return setting.fallback.map((value) => String(setting.kind.write(value))).join(', ') || 'none';
}

export interface FlagValues {
  readonly [name: string]: unknown;
}

/** Takes the flags that are settings out of a parsed command line. */
export function readFlags(values: FlagValues): RawSetting[] {
  const settings: RawSetting[] = [];
  for (const { name, repeatable } of FLAGS) {
    const value = values[name];
    if (value === undefined) continue;
    const place = `--${name}`;
    const entries = (Array.isArray(value) ? value : [value]) as RawScalar[];
    // An empty value empties a list: `--trust-anchor=` switches validation off.
    const isEmpty = repeatable && entries.length === 1 && entries[0] === '';
    const [first = ''] = entries;
    const given = isEmpty ? [] : entries.length === 1 ? first : entries;
    settings.push({ name, value: given, place, subject: place });
  }
  return settings;
}
