// Signs the planned zones, deepest first, and serves them.

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configureServer, type ServedZone } from '../authorities.js';
import { makeNamespaces, namespaceOf, removeNamespaces } from '../namespaces.js';
import { PowerDns } from '../powerdns.js';
import { finish, inParallel, Servers } from '../processes.js';
import type { ProgramPath } from '../programs.js';
import { dsForParent, signZone } from '../signers.js';
import { depthOf, isAtOrBelow } from '../zones.js';
import type { Contents } from './contents.js';
import { inhabitants, placeOfServer } from './places.js';
import {
  hostsZoneName,
  type PlannedZone,
  type ServerName,
  serverNames,
  softwareOf,
} from './zone-plan.js';

const rootServer = 'a.root-servers.';

function nameServersOf(zone: PlannedZone): [name: string, host: ServerName][] {
  return zone.hosts.map((host, at) => {
    if (zone.parent === undefined) return [rootServer, host];
    if (zone.servedFromElsewhere) return [`${host}.${hostsZoneName}`, host];
    return [`ns${at + 1}.${zone.name}`, host];
  });
}

function nameServerLines(owner: PlannedZone, zone: PlannedZone): string[] {
  return nameServersOf(owner).flatMap(([name, host]) => {
    const { ipv4, ipv6 } = placeOfServer(host);
    const own = [`${name} A ${ipv4}`, `${name} AAAA ${ipv6}`];
    // Glue for what lies within the delegated zone; what lies beside it is found the long way.
    const isOwn = isAtOrBelow(name, owner.name) && isAtOrBelow(name, zone.name);
    return [`${owner.name} NS ${name}`, ...(isOwn ? own : [])];
  });
}

/** The file that a signer is given. */
function zoneText(
  zone: PlannedZone,
  contents: Contents,
  children: readonly (readonly [PlannedZone, readonly string[]])[],
): string {
  const lines = [
    '@ SOA ns1 hostmaster 1 7200 3600 1209600 600',
    ...nameServerLines(zone, zone),
    ...contents.lines,
  ];
  if (zone.name === hostsZoneName) {
    for (const server of serverNames) {
      const { ipv4, ipv6 } = placeOfServer(server);
      lines.push(`${server} A ${ipv4}`, `${server} AAAA ${ipv6}`);
    }
  }
  for (const [child, ds] of children) {
    lines.push(...nameServerLines(child, zone), ...ds.map((each) => `${child.name} DS ${each}`));
  }
  return [`$ORIGIN ${zone.name}`, '$TTL 3600', ...new Set(lines), ''].join('\n');
}

/** What a finished signing leaves on disk. */
interface Signed {
  readonly files: readonly (readonly [zone: string, file: string])[];
  readonly ds: readonly (readonly [zone: string, ds: readonly string[]])[];
  readonly command: readonly string[];
}

export class Internet {
  readonly folder: string;
  readonly servers = new Servers();
  readonly #zones: readonly PlannedZone[];
  readonly #contents: ReadonlyMap<string, Contents>;
  readonly #files = new Map<string, string>();
  readonly #ds = new Map<string, readonly string[]>();
  readonly #program: ProgramPath;
  #powerDns: PowerDns | undefined;
  #powerDnsCommand: readonly string[] = [];

  constructor(
    folder: string,
    zones: readonly PlannedZone[],
    contents: ReadonlyMap<string, Contents>,
    program: ProgramPath,
  ) {
    this.folder = folder;
    this.#zones = zones;
    this.#contents = contents;
    this.#program = program;
  }

  /** DS records of the root, one a line. */
  get anchor(): string {
    return dsForParent('sha256', this.#ds.get('.') ?? [])
      .map((ds) => `. IN DS ${ds}`)
      .join('\n');
  }

  get hints(): string {
    const { ipv4 } = placeOfServer('root');
    return `. 3600000 NS ${rootServer}\n${rootServer} 3600000 A ${ipv4}\n`;
  }

  /** Signs everything, unless the folder holds what an earlier run of the same seed has signed. */
  async sign(): Promise<void> {
    const record = join(this.folder, 'signed.json');
    if (existsSync(record)) {
      const { files, ds, command } = JSON.parse(await readFile(record, 'utf8')) as Signed;
      for (const [name, file] of files) this.#files.set(name, file);
      for (const [name, contents] of ds) this.#ds.set(name, contents);
      this.#powerDnsCommand = command;
      return;
    }
    await this.#signAll();
    const signed: Signed = {
      files: [...this.#files],
      ds: [...this.#ds],
      command: this.#powerDnsCommand,
    };
    await writeFile(record, JSON.stringify(signed));
  }

  async #signAll(): Promise<void> {
    this.#powerDns = await PowerDns.prepare([placeOfServer('pdns')], join(this.folder, 'pdns'));
    this.#powerDnsCommand = this.#powerDns.command();
    const depths = [...new Set(this.#zones.map(({ name }) => depthOf(name)))].sort((a, b) => b - a);
    for (const depth of depths) {
      const level = this.#zones.filter(({ name }) => depthOf(name) === depth);
      const isLive = (zone: PlannedZone): boolean => zone.hosts[0] === 'pdns';
      const build = (zone: PlannedZone): Promise<void> => this.#signZone(zone);
      // PowerDNS keeps one database, so its zones are made one after another.
      await Promise.all([
        inParallel(level.filter(isLive), 1, build),
        inParallel(
          level.filter((zone) => !isLive(zone)),
          3,
          build,
        ),
      ]);
    }
  }

  async #signZone(zone: PlannedZone): Promise<void> {
    const folder = join(this.folder, 'zones', zone.name === '.' ? 'root' : zone.name.slice(0, -1));
    await mkdir(folder, { recursive: true });
    const unsigned = join(folder, 'unsigned');
    const children = this.#zones
      .filter(({ parent }) => parent === zone)
      .map((child) => [child, dsForParent(child.ds, this.#ds.get(child.name) ?? [])] as const);
    await writeFile(unsigned, zoneText(zone, this.#contents.get(zone.name)!, children));
    this.#files.set(zone.name, unsigned);
    if (zone.hosts[0] === 'pdns') {
      this.#ds.set(zone.name, await this.#powerDns!.addZone(zone, unsigned, zone.signing));
    } else if (zone.signing !== undefined) {
      const signed = await signZone(zone, zone.signing, folder);
      if (zone.trouble !== 'stripped of all signatures') this.#files.set(zone.name, signed.file);
      this.#ds.set(zone.name, signed.ds);
    }
  }

  async serve(): Promise<void> {
    await makeNamespaces(inhabitants());
    for (const server of serverNames) {
      const command = await this.#commandOf(server);
      const log = join(this.folder, `${server}.log`);
      this.servers.start(server, namespaceOf(server), command, log);
    }
    for (const server of serverNames) await this.#awaitServer(server);
  }

  async #commandOf(server: ServerName): Promise<string[]> {
    if (server === 'pdns') return [...this.#powerDnsCommand];
    const served: ServedZone[] = this.#zones
      .filter(({ hosts }) => hosts.includes(server))
      .map(({ name }) => ({ name, file: this.#files.get(name)! }));
    const identity = { software: softwareOf[server], addresses: [placeOfServer(server)] };
    return configureServer(identity, join(this.folder, server), served, this.#program);
  }

  /** Waits until the server answers for the last of its zones. */
  async #awaitServer(server: ServerName): Promise<void> {
    const zone = this.#zones.findLast(({ hosts }) => hosts.includes(server));
    if (zone === undefined) return;
    const question = ['+short', '+tries=1', '+time=1', '+norecurse', zone.name, 'SOA'];
    const dig = ['dig', `@${placeOfServer(server).ipv4}`, ...question];
    for (let attempt = 0; attempt < 200; attempt += 1) {
      this.servers.checkAlive();
      const { output } = await finish('ip', ['netns', 'exec', namespaceOf('client'), ...dig], {
        anyStatus: true,
      });
      if (/hostmaster/.test(output)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${server} does not answer for ${zone.name}; see ${this.folder}`);
  }

  async end(): Promise<void> {
    await this.servers.stopAll();
    await removeNamespaces();
  }
}
