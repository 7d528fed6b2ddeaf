/** Settings as a program gives them: an object whose keys are the names in camel case. */
import type { RawSetting } from './config.js';
import type { RawScalar } from './setting.js';

export type OptionValue = RawScalar | readonly RawScalar[] | undefined;
export type OptionValues = { readonly [name: string]: OptionValue };

export function readOptions(options: OptionValues): RawSetting[] {
  const settings: RawSetting[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const place = `option ${key}`;
    settings.push({ name, value, place, subject: place });
  }
  return settings;
}
