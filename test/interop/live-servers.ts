// Servers that sign while they answer. Each is told of its zones one by one and makes their keys,
// whose DS records the parent needs.

import { addressesOf } from './addresses.js';
import type { ServerId, Signing } from './zone-spec.js';
import { softwareOf } from './zone-spec.js';
import { KnotLive } from './knot-live.js';
import { PowerDns } from './powerdns.js';

export interface LiveServer {
  /** Runs it in the foreground. */
  command(): string[];
  /** Serves a zone file; with `signing`, makes keys for it and returns its DS contents. */
  addZone(zone: { name: string }, file: string, signing?: Signing): Promise<string[]>;
  /** Serves a zone file that is signed already. */
  addSignedZone(zone: { name: string }, file: string): Promise<void>;
}

/** The live server of this id, or undefined for one that serves finished files. */
export async function prepareLiveServer(
  server: ServerId,
  folder: string,
): Promise<LiveServer | undefined> {
  switch (softwareOf(server)) {
    case 'pdns':
      return PowerDns.prepare(addressesOf(server), folder);
    case 'knotlive':
      return KnotLive.prepare(addressesOf(server), folder);
    default:
      return undefined;
  }
}
