/** The door of the embedding room: the resolver put together, for programs and for the cli. */
export { type Assembled, type Assembly, type AssemblyOptions, assemble } from './assembly.js';
export * from './dane-result.js';
export * from './embedded-resolver.js';
export { readFoundations } from './foundations.js';
export { rehearseWhenIdle } from './idle-rehearsal.js';
export type { LabSettings } from './lab-settings.js';
export type { ResolverOptions } from './options.js';
export type * from './records.js';
export * from './result.js';
