/** The library: what the author of a mailer imports. See docs/api.md. */

export type {
  AddressRecord,
  CaaRecord,
  DnskeyRecord,
  DnsRecord,
  DsRecord,
  MxRecord,
  NameRecord,
  OpenpgpkeyRecord,
  OtherRecord,
  RecordBase,
  SoaRecord,
  SrvRecord,
  SshfpRecord,
  SvcbRecord,
  TlsaRecord,
  TxtRecord,
  UriRecord,
} from './embedding/index.js';
export {
  ConfigurationError,
  createResolver,
  type EmbeddedResolver,
  type ExtendedDnsError,
  type QueryOptions,
  type QueryResult,
  type ResolverOptions,
  type SecurityStatus,
  type Why,
} from './embedding/index.js';
