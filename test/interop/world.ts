// Builds the world (certificates, signed zones, namespaces, running authorities) and takes it
// down again. Signed zones can be kept in a folder and used by the next run.

import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesOf } from './addresses.js';
import { configureHabits, configureServer, type ServedZone } from './authorities.js';
import { type LiveServer, prepareLiveServer } from './live-servers.js';
import { MailHosts } from './mail-hosts.js';
import { machines, makeNamespaces, namespaceOf, removeNamespaces } from './namespaces.js';
import { inParallel, run, Servers } from './processes.js';
import { freePrograms, type ProgramPath, programsIn } from './programs.js';
import { dsForParent, signZone } from './signers.js';
import { isLiveSigner, type ServerId, serverIds, softwareOf, type ZoneSpec } from './zone-spec.js';
import { rootHintsText, unsignedZoneText } from './zone-text.js';
import { depthOf, zoneNamed, zones } from './zones.js';

/** What a finished build leaves on disk, as `world.json`. */
interface Built {
  /** By `zone` or, where one server has a copy of its own, by `zone at server`. */
  readonly files: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

function folderName(zone: ZoneSpec): string {
  return zone.name === '.' ? 'root' : zone.name.slice(0, -1);
}

export class World {
  readonly servers = new Servers();
  readonly mail: MailHosts;
  readonly folder: string;
  readonly #temporary: boolean;
  #built: Built | undefined;

  private constructor(folder: string, temporary: boolean, mail: MailHosts) {
    this.folder = folder;
    this.#temporary = temporary;
    this.mail = mail;
  }

  /** Prepares a world in `keptFolder`, or in a temporary folder that `end` removes. */
  static async prepare(keptFolder: string | undefined): Promise<World> {
    const folder = keptFolder ?? (await mkdtemp(join(tmpdir(), 'anchorite-interop-')));
    await mkdir(folder, { recursive: true });
    // Postfix and its like drop their privileges before they read what lies in here.
    await chmod(folder, 0o755);
    const mail = await MailHosts.prepare(join(folder, 'certificates'));
    return new World(folder, keptFolder === undefined, mail);
  }

  get rootHintsFile(): string {
    return join(this.folder, 'root.hints');
  }

  get trustAnchorFile(): string {
    return join(this.folder, 'root.anchor');
  }

  /** Signs everything, unless the folder holds the result of an earlier run. */
  async build(): Promise<void> {
    const record = join(this.folder, 'world.json');
    if (existsSync(record)) {
      this.#built = JSON.parse(await readFile(record, 'utf8')) as Built;
      return;
    }
    const files = await this.#signEverything();
    const commands: Record<string, readonly string[]> = { ...files.commands };
    for (const server of serverIds.filter((each) => files.commands[each] === undefined)) {
      const served: ServedZone[] = zones
        .filter((zone) => (zone.hosts as readonly string[]).includes(server))
        .map(({ name }) => ({
          name,
          file: files.files[`${name} at ${server}`] ?? files.files[name]!,
        }));
      const folder = join(this.folder, server);
      const software = softwareOf(server);
      const identity = { software, addresses: addressesOf(server) };
      commands[server] =
        software === 'habits'
          ? await configureHabits(server, folder, served, this.program)
          : await configureServer(identity, folder, served, this.program);
    }
    await writeFile(this.rootHintsFile, rootHintsText(zoneNamed('.')));
    this.#built = { files: files.files, commands };
    await writeFile(record, JSON.stringify(this.#built));
  }

  async #signEverything(): Promise<Built> {
    const files: Record<string, string> = {};
    const commands: Record<string, readonly string[]> = {};
    const dsByZone = new Map<string, readonly string[]>();
    const liveServers = new Map<ServerId, LiveServer>();
    for (const server of serverIds) {
      const prepared = await prepareLiveServer(server, join(this.folder, server));
      if (prepared === undefined) continue;
      liveServers.set(server, prepared);
      commands[server] = prepared.command();
    }
    const build = async (zone: ZoneSpec): Promise<void> => {
      const folder = join(this.folder, 'zones', folderName(zone));
      await mkdir(folder, { recursive: true });
      const unsigned = join(folder, 'unsigned');
      const dsOf = (child: ZoneSpec): string[] =>
        dsForParent(child.ds ?? 'sha256', dsByZone.get(child.name) ?? []);
      await writeFile(unsigned, unsignedZoneText(zone, this.mail, dsOf));
      files[zone.name] = unsigned;
      const live = liveServers.get(zone.hosts[0] as ServerId);
      const { signing } = zone;
      if (live !== undefined && (signing === undefined || isLiveSigner(signing.signer))) {
        dsByZone.set(zone.name, await live.addZone(zone, unsigned, signing));
      } else if (signing !== undefined) {
        const signed = await signZone(zone, signing, folder);
        files[zone.name] = signed.file;
        if (zone.faultsAt !== undefined) {
          files[`${zone.name} at ${zone.faultsAt}`] = signed.damagedFile;
        }
        dsByZone.set(zone.name, signed.ds);
        await live?.addSignedZone(zone, signed.file);
      }
    };
    // A parent publishes the DS of its children, so the deepest zones come first. A live
    // server keeps one database, so its zones are made one after another.
    const depths = [...new Set(zones.map((zone) => depthOf(zone.name)))].sort((a, b) => b - a);
    for (const depth of depths) {
      const level = zones.filter((zone) => depthOf(zone.name) === depth);
      const isLive = (zone: ZoneSpec): boolean => liveServers.has(zone.hosts[0] as ServerId);
      const oneByOne = async (): Promise<void> => inParallel(level.filter(isLive), 1, build);
      await Promise.all([
        oneByOne(),
        inParallel(
          level.filter((zone) => !isLive(zone)),
          3,
          build,
        ),
      ]);
    }
    const anchors = dsForParent('sha256', dsByZone.get('.') ?? []);
    await writeFile(this.trustAnchorFile, anchors.map((ds) => `. IN DS ${ds}\n`).join(''));
    return { files, commands };
  }

  /** The path of a program, or of a copy that an AppArmor profile does not confine. */
  readonly program: ProgramPath = (name) => programsIn(this.folder)(name);

  /** Makes the namespaces and starts every authoritative server. */
  async start(): Promise<void> {
    await makeNamespaces(machines(this.mail));
    // Knot DNS does not start when a process of the number that it left behind is there.
    for (const file of await readdir(this.folder, { recursive: true })) {
      if (file.endsWith('.pid')) await rm(join(this.folder, file), { force: true });
    }
    for (const server of serverIds) {
      const command = this.#built?.commands[server];
      if (command === undefined) throw new Error(`${server} has no configuration`);
      const log = join(this.folder, `${server}.log`);
      this.servers.start(server, namespaceOf(server), command, log);
    }
    for (const server of serverIds) await this.#awaitServer(server);
  }

  /** Waits until the server answers for one of its zones. */
  async #awaitServer(server: ServerId): Promise<void> {
    const zone = zones.find((each) => (each.hosts as readonly string[]).includes(server))!;
    const address = addressesOf(server)[0]!.ipv4;
    const question = ['+short', '+tries=1', '+time=1', '+norecurse', zone.name, 'SOA'];
    for (let attempt = 0; attempt < 100; attempt += 1) {
      this.servers.checkAlive();
      const args = ['netns', 'exec', namespaceOf('client'), 'dig', `@${address}`, ...question];
      const answer = await run('ip', args).catch(() => '');
      if (/hostmaster/.test(answer)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${server} does not answer for ${zone.name}; see ${this.folder}`);
  }

  /** Ends every process, removes the namespaces and what was temporary. */
  async end(): Promise<void> {
    await this.servers.stopAll();
    await removeNamespaces();
    if (this.#temporary) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Builds and starts a world, has `play` in it, and removes it, also when it is interrupted. */
export async function inWorld<T>(
  keptFolder: string | undefined,
  play: (world: World) => Promise<T>,
): Promise<T> {
  const world = await World.prepare(keptFolder);
  const end = async (): Promise<void> => {
    await world.end();
    process.exit(1);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await freePrograms(world.folder);
    await world.build();
    await world.start();
    return await play(world);
  } finally {
    await world.end();
  }
}
