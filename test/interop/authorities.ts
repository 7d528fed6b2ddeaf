// Configuration of the authoritative servers NSD, BIND named and Knot DNS (PowerDNS has a file
// of its own): plain primaries that serve finished zone files.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AddressPair, backendPlace, nameServersOf } from './addresses.js';
import type { HabitsConfiguration } from './habits.js';
import type { ProgramPath } from './programs.js';
import { configureTinydns } from './tinydns.js';
import { configureYadifa } from './yadifa.js';
import type { ServerId, ServerSoftware } from './zone-spec.js';
import { zoneNamed } from './zones.js';

/** A server: what it is, and every address at which it listens. */
export interface ServerIdentity {
  readonly software: ServerSoftware;
  readonly addresses: readonly AddressPair[];
}

export interface ServedZone {
  readonly name: string;
  readonly file: string;
}

function nsdConfiguration(
  addresses: readonly string[],
  folder: string,
  zones: readonly ServedZone[],
): string {
  return [
    'server:',
    // NSD answers from the address that was asked only when it is bound to each.
    ...addresses.map((address) => `  ip-address: ${address}`),
    '  username: ""',
    '  chroot: ""',
    `  zonesdir: "${folder}"`,
    '  database: ""',
    `  zonelistfile: "${folder}/zone.list"`,
    `  xfrdfile: "${folder}/xfrd.state"`,
    `  xfrdir: "${folder}"`,
    `  pidfile: "${folder}/nsd.pid"`,
    '  server-count: 1',
    '  rrl-ratelimit: 0',
    'remote-control:',
    '  control-enable: no',
    ...zones.flatMap(({ name, file }) => ['zone:', `  name: "${name}"`, `  zonefile: "${file}"`]),
    '',
  ].join('\n');
}

function bindConfiguration(folder: string, zones: readonly ServedZone[]): string {
  return [
    'options {',
    `  directory "${folder}";`,
    `  pid-file "${folder}/named.pid";`,
    `  session-keyfile "${folder}/session.key";`,
    `  managed-keys-directory "${folder}";`,
    '  listen-on { any; };',
    '  listen-on-v6 { any; };',
    '  recursion no;',
    '  dnssec-validation no;',
    '  empty-zones-enable no;',
    '  notify no;',
    '  check-names primary ignore;',
    '};',
    'controls { };',
    ...zones.map(
      ({ name, file }) => `zone "${name}" { type primary; file "${file}"; check-integrity no; };`,
    ),
    '',
  ].join('\n');
}

/** What a Knot that signs has besides. */
export interface KnotSigning {
  readonly policies: readonly string[];
  readonly zones: readonly string[];
}

export function knotSettings(
  addresses: readonly string[],
  folder: string,
  zones: readonly ServedZone[],
  signing: KnotSigning = { policies: [], zones: [] },
): string {
  return [
    'server:',
    `    rundir: "${folder}"`,
    `    pidfile: "${folder}/knot.pid"`,
    `    listen: [ ${addresses.map((address) => `${address}@53`).join(', ')} ]`,
    '    udp-workers: 1',
    '    tcp-workers: 1',
    '    background-workers: 1',
    'control:',
    `    listen: "${folder}/knot.sock"`,
    'log:',
    '  - target: stderr',
    '    any: warning',
    'database:',
    `    storage: "${folder}"`,
    'template:',
    '  - id: default',
    '    semantic-checks: off',
    '    journal-content: none',
    '    zonefile-load: whole',
    '    zonefile-sync: -1',
    ...(signing.policies.length === 0 ? [] : ['policy:', ...signing.policies]),
    'zone:',
    ...zones.flatMap(({ name, file }) => [`  - domain: "${name}"`, `    file: "${file}"`]),
    ...signing.zones,
    '',
  ].join('\n');
}

/** NSD on the loopback interface, and the box before it that has the addresses. */
export async function configureHabits(
  server: ServerId,
  folder: string,
  served: readonly ServedZone[],
  program: ProgramPath,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const behind = join(folder, 'nsd.conf');
  const { host, port } = backendPlace;
  await writeFile(behind, nsdConfiguration([`${host}@${port}`], folder, served));
  const places = served.flatMap(({ name }) => {
    const zone = zoneNamed(name);
    const own = nameServersOf(zone).filter((each) => each.host === server);
    return own.flatMap(({ ipv4, ipv6 }) =>
      [ipv4, ipv6].map((address) => ({ address, habit: zone.habit! })),
    );
  });
  const file = join(folder, 'habits.json');
  const configuration: HabitsConfiguration = {
    backend: [program('nsd'), '-d', '-c', behind],
    places,
  };
  await writeFile(file, JSON.stringify(configuration));
  return [process.execPath, fileURLToPath(new URL('./habits.js', import.meta.url)), file];
}

/** Writes the server's configuration and returns the command that runs it in the foreground. */
export async function configureServer(
  { software, addresses: places }: ServerIdentity,
  folder: string,
  zones: readonly ServedZone[],
  program: ProgramPath,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'server.conf');
  const addresses = places.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
  switch (software) {
    case 'nsd':
      await writeFile(file, nsdConfiguration(addresses, folder, zones));
      return [program('nsd'), '-d', '-c', file];
    case 'bind':
      await writeFile(file, bindConfiguration(folder, zones));
      return [program('named'), '-g', '-n', '1', '-c', file];
    case 'knot':
      await writeFile(file, knotSettings(addresses, folder, zones));
      return [program('knotd'), '-c', file];
    case 'habits':
      throw new Error('the box before NSD is configured by configureHabits');
    case 'yadifa':
      return configureYadifa(addresses, folder, zones);
    case 'tinydns':
      return configureTinydns(addresses, folder, zones);
    case 'pdns':
    case 'knotlive':
      throw new Error('servers that sign are configured in live-servers.ts');
  }
}
