/** Root hints: NS records of the root and the addresses of their targets (RFC 9609 §2). */
import { addressOfRdata, type IpAddress, type Name, nameOfRdata, RRType } from '../wire/index.js';
import { type MasterFileError, parseMasterFile } from './master-file.js';

export interface RootHint {
  readonly name: Name;
  readonly addresses: readonly IpAddress[];
}

export type RootHints =
  | { readonly hints: readonly RootHint[]; readonly error?: undefined }
  | { readonly error: MasterFileError; readonly hints?: undefined };

/** Name servers without an address are dropped; no usable one is an error. */
export function readRootHints(text: string): RootHints {
  const { records, error } = parseMasterFile(text);
  if (error !== undefined) return { error };
  const servers = new Map<string, { name: Name; addresses: IpAddress[] }>();
  for (const { owner, type, rdata } of records) {
    const name = type === RRType.NS && owner.isRoot ? nameOfRdata(type, rdata) : undefined;
    if (name !== undefined) servers.set(name.key, { name, addresses: [] });
  }
  for (const { owner, type, rdata } of records) {
    const address = addressOfRdata(type, rdata);
    if (address !== undefined) servers.get(owner.key)?.addresses.push(address);
  }
  const hints = [...servers.values()].filter((server) => server.addresses.length > 0);
  if (hints.length > 0) return { hints };
  return { error: { line: 1, message: 'no name server of the root has an address here' } };
}

/** The hints of a text, none when it is malformed: see readRootHints for the reason. */
export function parseRootHints(text: string): readonly RootHint[] {
  return readRootHints(text).hints ?? [];
}
