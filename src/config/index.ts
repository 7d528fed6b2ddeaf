/** The door of the config room: text or options in, one frozen Config or a list of errors out. */
export {
  type Config,
  type ConfigError,
  type ConfigResult,
  makeConfig,
  type RawSetting,
  SETTING_NAMES,
} from './config.js';
export { FLAGS, type FlagDescription, type FlagValues, readFlags } from './flag-settings.js';
export {
  type ClockSetting,
  formatSocketAddress,
  type SocketAddress,
  type StreamEndpoint,
  type WorkerCount,
} from './kinds.js';
export { nearestName } from './nearest-name.js';
export { type OptionValue, type OptionValues, readOptions } from './option-settings.js';
export { configReference } from './reference.js';
export { type ResolverSettings, resolverSettings } from './resolver-settings.js';
export { SETTINGS, type SettingKey } from './schema.js';
export { showConfig } from './show.js';
export { readYamlSettings, type YamlSettings } from './yaml-settings.js';
