/** The door of the embedding room: the resolver put together, for programs and for the cli. */
export {
  type Assembled,
  type Assembly,
  type AssemblyOptions,
  assemble,
  type LabSettings,
} from './assembly.js';
export { readFoundations } from './foundations.js';
export type * from './records.js';
export * from './result.js';
