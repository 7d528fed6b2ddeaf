/** The one frozen, fully checked configuration, made from layers of raw settings. */

import type { IpAddress } from '../wire/index.js';
import { formatSocketAddress } from './kinds.js';
import { nearestName } from './nearest-name.js';
import { SETTINGS, type SettingKey } from './schema.js';
import type { RawScalar, Setting } from './setting.js';
import { isList } from './setting.js';

type ValueOf<S> = S extends { readonly list: false; readonly fallback: infer T }
  ? T
  : S extends { readonly list: true; readonly fallback: readonly (infer T)[] }
    ? readonly T[]
    : S extends { readonly list: 'optional'; readonly kind: { write(value: infer T): unknown } }
      ? T | undefined
      : S extends {
            readonly list: 'optional list';
            readonly kind: { write(value: infer T): unknown };
          }
        ? readonly T[] | undefined
        : never;

export type Config = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

/** One value as somebody wrote it down, and where. */
export interface RawSetting {
  readonly name: string;
  readonly value: RawScalar | readonly RawScalar[];
  /** Where it stands: 'a.yaml line 3', '--listen', 'option listen'. */
  readonly place: string;
  /** How a sentence about it begins: 'a.yaml line 3: listen', '--listen'. */
  readonly subject: string;
  readonly line?: number;
}

export interface ConfigError {
  /** Name of the setting; absent when the text as a whole is at fault. */
  readonly key?: string;
  readonly line?: number;
  /** The whole sentence, place and key included. */
  readonly message: string;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Where each setting that is not a default came from. */
      readonly places: ReadonlyMap<SettingKey, string>;
    }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const KEY_OF_NAME: ReadonlyMap<string, SettingKey> = new Map(
  (Object.keys(SETTINGS) as SettingKey[]).map((key) => [SETTINGS[key].name, key]),
);

export const SETTING_NAMES: readonly string[] = [...KEY_OF_NAME.keys()];

/** Later layers win, setting by setting; a list is replaced as a whole. */
export function makeConfig(...layers: readonly (readonly RawSetting[])[]): ConfigResult {
  const errors: ConfigError[] = [];
  const values = new Map<SettingKey, unknown>();
  const places = new Map<SettingKey, string>();
  for (const layer of layers) {
    const seen = new Map<SettingKey, string>();
    for (const raw of layer) {
      const key = KEY_OF_NAME.get(raw.name);
      if (key === undefined) {
        errors.push(unknownSetting(raw));
        continue;
      }
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        errors.push(errorAt(raw, `stands twice; the first time at ${earlier}`));
        continue;
      }
      seen.set(key, raw.place);
      const value = readSetting(SETTINGS[key] as Setting<unknown>, raw, errors);
      values.set(key, value);
      places.set(key, raw.place);
    }
  }
  const config: Record<string, unknown> = {};
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    config[key] = values.has(key) ? values.get(key) : SETTINGS[key].fallback;
  }
  if (errors.length === 0) errors.push(...contradictions(config as unknown as Config));
  if (errors.length > 0) return { ok: false, errors };
  for (const value of Object.values(config)) if (Array.isArray(value)) Object.freeze(value);
  return { ok: true, config: Object.freeze(config) as unknown as Config, places };
}

function readSetting(setting: Setting<unknown>, raw: RawSetting, errors: ConfigError[]): unknown {
  const { value } = raw;
  if (isList(setting)) {
    const entries = Array.isArray(value) ? (value as readonly RawScalar[]) : [value as RawScalar];
    return entries.map((entry) => readScalar(setting, raw, entry, errors));
  }
  if (Array.isArray(value)) {
    errors.push(errorAt(raw, `is given ${value.length} times but takes one value`));
    return undefined;
  }
  return readScalar(setting, raw, value as RawScalar, errors);
}

function readScalar(
  setting: Setting<unknown>,
  raw: RawSetting,
  entry: RawScalar,
  errors: ConfigError[],
): unknown {
  const read = setting.kind.read(entry);
  if (read.ok) return read.value;
  const because = read.problem === '' ? '' : ` (${read.problem})`;
  const shown = JSON.stringify(entry);
  errors.push(errorAt(raw, `must be ${setting.kind.allowed}; ${shown} is not${because}`));
  return undefined;
}

function unknownSetting(raw: RawSetting): ConfigError {
  const nearest = nearestName(raw.name, SETTING_NAMES);
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  return errorAt(raw, `is not a setting${hint}`);
}

export function errorAt(raw: RawSetting, predicate: string): ConfigError {
  const { name, subject, line } = raw;
  return {
    key: name,
    ...(line === undefined ? {} : { line }),
    message: `${subject} ${predicate}`,
  };
}

/** Settings that are each right and together wrong. */
function contradictions(config: Config): ConfigError[] {
  const found: ConfigError[] = [];
  const refuse = (key: SettingKey, message: string): void => {
    found.push({ key: SETTINGS[key].name, message });
  };
  if (!config.ipv4 && !config.ipv6) {
    refuse('ipv4', 'ipv4 and ipv6 are both off, so no server can be asked');
  }
  if (config.minTtlSeconds > config.maxTtlSeconds) {
    refuse('minTtlSeconds', 'min-ttl is greater than max-ttl');
  }
  for (const family of [4, 6]) {
    const same = config.queryAddresses.filter((address) => address.family === family);
    if (same.length > 1)
      refuse('queryAddresses', `query-address has two addresses of IPv${family}`);
  }
  for (const { address, port } of config.listenSecureOnly) {
    const isSame = (other: { address: IpAddress; port: number }): boolean =>
      port !== 0 && other.port === port && other.address.equals(address);
    if (config.listen.some(isSame)) {
      const shown = formatSocketAddress(address, port);
      refuse('listenSecureOnly', `listen-secure-only and listen both have ${shown}`);
    }
  }
  if (config.listen.length === 0) refuse('listen', 'listen is empty, so no client can be answered');
  return found;
}
