/**
 * NSD in the place of the lab's own authority: the same zones, signed beforehand, served by a
 * program that serves real ones. A server that has a zone and the one above it would never refer
 * anybody, so each level of the tree has an NSD of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostedZone, Lab } from '../src/lab/index.js';
import { frame, type IpAddress, nameOfRdata, RRType, TcpDeframer } from '../src/wire/index.js';
import { zoneFile } from './zone-files.js';

const PROGRAM = '/usr/sbin/nsd';
const HOST = '127.0.0.1';
const FIRST_PORT = 5_300;
const READY_WITHIN_MS = 60_000;

export function hasNsd(): boolean {
  return existsSync(PROGRAM);
}

/** Who answers for an address; `reply` is not called where nobody does. */
export type Answer = (
  address: IpAddress,
  transport: 'udp' | 'tcp',
  query: Uint8Array,
  reply: (octets: Uint8Array) => void,
) => void;

export class NsdServers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'anchorite-bench-nsd-'));
  readonly #children: ChildProcess[] = [];
  readonly #backends: Backend[] = [];
  readonly #backendOf = new Map<string, Backend>();

  static async start(lab: Lab, progress: (done: number, of: number) => void): Promise<NsdServers> {
    const servers = new NsdServers();
    try {
      await servers.#startAll(lab, progress);
    } catch (error) {
      await servers.stop();
      throw error;
    }
    return servers;
  }

  readonly answer: Answer = (address, transport, query, reply) => {
    this.#backendOf.get(address.toString())?.ask(transport, query, reply);
  };

  /** They write into their folders until their very end. */
  async stop(): Promise<void> {
    const ends = this.#children.map(
      (child) => new Promise((resolve) => child.once('exit', resolve)),
    );
    for (const child of this.#children) child.kill('SIGTERM');
    for (const backend of this.#backends) backend.close();
    await Promise.all(ends);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startAll(lab: Lab, progress: (done: number, of: number) => void): Promise<void> {
    const levels = levelsOf(lab);
    let done = 0;
    for (const [depth, zones] of levels) {
      const folder = join(this.#folder, `level-${depth}`);
      mkdirSync(folder);
      const names: string[] = [];
      for (const hosted of zones) {
        const nowSeconds = Math.floor(Date.now() / 1_000);
        writeFileSync(join(folder, `zone-${names.length}`), zoneFile(hosted, lab, nowSeconds));
        names.push(String(hosted.origin));
        if (++done % 64 === 0 || done === lab.zones.size) progress(done, lab.zones.size);
      }
      const port = FIRST_PORT + depth;
      writeFileSync(join(folder, 'nsd.conf'), configuration(folder, port, names));
      this.#children.push(
        spawn(PROGRAM, ['-d', '-c', join(folder, 'nsd.conf')], { stdio: 'ignore' }),
      );
      const backend = new Backend(port);
      this.#backends.push(backend);
      for (const hosted of zones) this.#route(hosted, lab, backend);
    }
    for (const [depth] of levels) await accepting(FIRST_PORT + depth);
  }

  #route({ zone, origin }: HostedZone, { servers }: Lab, backend: Backend): void {
    for (const rdata of zone.rrset(origin, RRType.NS)?.rdatas() ?? []) {
      const server = servers.get(nameOfRdata(RRType.NS, rdata)?.key ?? '');
      if (server === undefined || server.behaviours.some(({ kind }) => kind === 'silent')) continue;
      for (const address of server.addresses) this.#backendOf.set(address.toString(), backend);
    }
  }
}

/** Zones by the number of zones above them. */
function levelsOf(lab: Lab): ReadonlyMap<number, readonly HostedZone[]> {
  const levels = new Map<number, HostedZone[]>();
  for (const hosted of lab.zones.values()) {
    let depth = 0;
    for (let labels = 0; labels < hosted.origin.labelCount; labels++) {
      if (lab.zones.has(hosted.origin.suffix(labels).key)) depth++;
    }
    const level = levels.get(depth);
    if (level === undefined) levels.set(depth, [hosted]);
    else level.push(hosted);
  }
  return levels;
}

function configuration(folder: string, port: number, names: readonly string[]): string {
  const zones = names.map((name, index) => {
    return `zone:\n  name: "${name}"\n  zonefile: "${folder}/zone-${index}"\n`;
  });
  return `server:
  ip-address: ${HOST}@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${zones.join('')}`;
}

/** One NSD; many clients' queries go over one socket, so they get IDs of its own. */
class Backend {
  readonly #port: number;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { id: number; reply: (octets: Uint8Array) => void }>();
  #lastId = 0;

  constructor(port: number) {
    this.#port = port;
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    this.#socket.on('error', () => {});
    this.#socket.on('message', (octets) => {
      const id = octets.readUInt16BE(0);
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) return;
      this.#waiting.delete(id);
      octets.writeUInt16BE(waiting.id, 0);
      waiting.reply(octets);
    });
  }

  ask(transport: 'udp' | 'tcp', query: Uint8Array, reply: (octets: Uint8Array) => void): void {
    if (query.length < 2) return;
    if (transport === 'tcp') {
      this.#askOverTcp(query, reply);
      return;
    }
    this.#lastId = (this.#lastId + 1) & 0xffff;
    this.#waiting.set(this.#lastId, { id: (query[0]! << 8) | query[1]!, reply });
    const renamed = Buffer.from(query);
    renamed.writeUInt16BE(this.#lastId, 0);
    this.#socket.send(renamed, this.#port, HOST);
  }

  close(): void {
    this.#socket.close();
  }

  #askOverTcp(query: Uint8Array, reply: (octets: Uint8Array) => void): void {
    const deframer = new TcpDeframer();
    const socket = connect(this.#port, HOST, () => socket.write(frame(query)));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const octets of deframer.push(chunk)) {
        reply(octets);
        socket.end();
      }
    });
  }
}

/** NSD binds at once and answers when all zones are read. */
async function accepting(port: number): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < endMs) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, HOST, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('NSD did not start');
}
