/** The door of the adapters room: the resolver in the shapes that others' programs expect. */
export {
  type LookupAllCallback,
  type LookupCallback,
  type LookupFunction,
  toLookup,
} from './lookup.js';
export {
  type MxConnectAdapter,
  type MxConnectOptions,
  type MxConnectTlsa,
  toMxConnect,
} from './mx-connect.js';
export type { ResolverError } from './node-errors.js';
export {
  type AdaptedNodeResolver,
  type NodeResolverOptions,
  type NodeTlsaRecord,
  toNodeResolver,
} from './node-resolver.js';
