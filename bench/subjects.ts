/** The resolvers under test: how each is configured, started, found ready, measured and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TLD_SERVER } from './bench-world.js';

/** What every resolver is given: the bench's root and its key. */
export interface Foundation {
  /** Master-file lines. */
  readonly hints: string;
  /** DS records of the root, one a line. */
  readonly anchor: string;
}

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** Where a resolver listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Whether servers are asked over IPv6 as well. */
  readonly ipv6: boolean;
  /** Processes or threads that answer. */
  readonly parallel: number;
}

export interface SubjectOptions extends Partial<Place> {
  /** The processors that it may use, as taskset(1) takes them; all unless told. */
  readonly cores?: string | undefined;
  /** Whether its event loop can be watched; a program that has none is started as it is. */
  readonly watchLoop?: boolean;
}

export interface Product {
  readonly name: string;
  /** Undefined when it is not installed here. */
  readonly program: string | undefined;
  /** Writes its files into `folder` and says how to start it. */
  prepare(folder: string, place: Place, foundation: Foundation): CommandLine;
}

export const HOST = '127.0.0.1';
const TASKSET = '/usr/bin/taskset';
const LOOP_HOOK = fileURLToPath(new URL('loop-delay.js', import.meta.url));
/** Of `loop-delay.ts`, which must not be loaded here. */
const LOOP_DELAY_FILE = 'loop-delay.json';
const READY_WITHIN_MS = 20_000;

function installed(...places: string[]): string | undefined {
  return places.find((place) => existsSync(place));
}

interface RootKey {
  readonly tag: string;
  readonly algorithm: string;
  readonly digestType: string;
  readonly digest: string;
}

function rootKeys({ anchor }: Foundation): RootKey[] {
  return anchor.split('\n').map((line) => {
    const [tag = '', algorithm = '', digestType = '', ...digest] = line
      .slice(line.indexOf('DS') + 2)
      .trim()
      .split(/\s+/);
    return { tag, algorithm, digestType, digest: digest.join('') };
  });
}

function rootAddresses({ hints }: Foundation): string[] {
  return hints
    .split('\n')
    .filter((line) => / A /.test(line))
    .map((line) => line.split(/\s+/).at(-1) ?? '');
}

const main = fileURLToPath(new URL('../program/cli/main.js', import.meta.url));

export const ANCHORITE: Product = {
  name: 'anchorite',
  program: process.execPath,
  prepare(folder, { host, port, ipv6, parallel }, foundation) {
    writeFileSync(join(folder, 'hints'), foundation.hints);
    writeFileSync(join(folder, 'anchors'), `${foundation.anchor}\n`);
    const settings = [
      `listen: ["${host}:${port}"]`,
      'allow: ["0.0.0.0/0"]',
      `root-hints: ${join(folder, 'hints')}`,
      `trust-anchor-file: ${join(folder, 'anchors')}`,
      'trust-anchor: []',
      'rfc5011: off',
      `ipv6: ${ipv6 ? 'on' : 'off'}`,
      'log-format: text',
      `workers: ${parallel}`,
    ];
    const file = join(folder, 'anchorite.yaml');
    writeFileSync(file, `${settings.join('\n')}\n`);
    return { command: process.execPath, args: [main, 'serve', '--config', file] };
  },
};

/** What Node itself takes, for comparison: `floor.ts`. */
export const FLOOR: Product = {
  name: 'node',
  program: process.execPath,
  prepare: (_folder, { host, port }) => ({
    command: process.execPath,
    args: [fileURLToPath(new URL('floor.js', import.meta.url)), host, String(port), TLD_SERVER],
  }),
};

const UNBOUND: Product = {
  name: 'unbound',
  program: installed('/usr/sbin/unbound'),
  prepare(folder, { host, port, ipv6, parallel }, foundation) {
    writeFileSync(join(folder, 'hints'), foundation.hints);
    writeFileSync(join(folder, 'anchors'), `${foundation.anchor}\n`);
    const file = join(folder, 'unbound.conf');
    writeFileSync(
      file,
      `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  interface: ${host}
  access-control: 0.0.0.0/0 allow
  port: ${port}
  do-ip6: ${ipv6 ? 'yes' : 'no'}
  num-threads: ${parallel}
  so-reuseport: yes
  msg-cache-size: 128m
  rrset-cache-size: 256m
  root-hints: "${folder}/hints"
  trust-anchor-file: "${folder}/anchors"
remote-control:
  control-enable: no
`,
    );
    return { command: '/usr/sbin/unbound', args: ['-d', '-c', file] };
  },
};

const BIND: Product = {
  name: 'bind',
  program: installed('/usr/sbin/named'),
  prepare(folder, { host, port, ipv6, parallel }, foundation) {
    writeFileSync(join(folder, 'hints'), foundation.hints);
    const keys = rootKeys(foundation).map(({ tag, algorithm, digestType, digest }) => {
      return `  . static-ds ${tag} ${algorithm} ${digestType} "${digest}";`;
    });
    const file = join(folder, 'named.conf');
    writeFileSync(
      file,
      `options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  listen-on port ${port} { ${host}; };
  allow-query { any; };
  allow-recursion { any; };
  listen-on-v6 { none; };
  recursion yes;
  dnssec-validation yes;
  max-cache-size 256m;
};
controls { };
trust-anchors {
${keys.join('\n')}
};
zone "." { type hint; file "hints"; };
`,
    );
    return {
      command: '/usr/sbin/named',
      args: [...(ipv6 ? [] : ['-4']), '-f', '-n', `${parallel}`, '-c', file],
    };
  },
};

const POWERDNS: Product = {
  name: 'powerdns',
  program: installed('/usr/sbin/pdns_recursor'),
  prepare(folder, { host, port, ipv6, parallel }, foundation) {
    writeFileSync(join(folder, 'hints'), foundation.hints);
    const keys = rootKeys(foundation).map(({ tag, algorithm, digestType, digest }) => {
      return `addTA('.', "${tag} ${algorithm} ${digestType} ${digest}")`;
    });
    writeFileSync(join(folder, 'anchors.lua'), `clearTA('.')\n${keys.join('\n')}\n`);
    writeFileSync(
      join(folder, 'recursor.conf'),
      `local-address=${host}
allow-from=0.0.0.0/0
local-port=${port}
hint-file=${folder}/hints
lua-config-file=${folder}/anchors.lua
socket-dir=${folder}
dnssec=validate
daemon=no
threads=${parallel}
reuseport=yes
pdns-distributes-queries=no
query-local-address=0.0.0.0${ipv6 ? ',::' : ''}
max-cache-entries=1000000
`,
    );
    return { command: '/usr/sbin/pdns_recursor', args: [`--config-dir=${folder}`] };
  },
};

const KNOT: Product = {
  name: 'knot',
  program: installed('/usr/sbin/kresd'),
  prepare(folder, { host, port, ipv6, parallel }, foundation) {
    const keys = foundation.anchor
      .split('\n')
      .map((line) => `trust_anchors.add('${line.replace(/\s+/g, ' ')}')`);
    const addresses = rootAddresses(foundation).map((address) => `'${address}'`);
    const file = join(folder, 'kresd.conf');
    writeFileSync(
      file,
      `net.ipv6 = ${ipv6}
net.listen('${host}', ${port}, { kind = 'dns' })
trust_anchors.remove('.')
${keys.join('\n')}
modules = { 'hints > iterate' }
hints.root({ ['a.root-servers.'] = { ${addresses.join(', ')} } })
cache.open(256 * MB, 'lmdb://${folder}/cache')
`,
    );
    const args = ['-n', '-c', file, folder];
    if (parallel === 1) return { command: '/usr/sbin/kresd', args };
    // It has no threads; who wants two starts it twice, with one cache.
    const twice = '"$@" & a=$!; "$@" & b=$!; trap "kill $a $b" TERM; wait $a $b; wait $a $b';
    return { command: '/bin/sh', args: ['-c', twice, 'sh', '/usr/sbin/kresd', ...args] };
  },
};

export const PEERS: readonly Product[] = [UNBOUND, BIND, POWERDNS, KNOT];

/** The same, kept to some processors where taskset(1) is installed. */
export function pinned(line: CommandLine, cores: string | undefined): CommandLine {
  if (cores === undefined || !existsSync(TASKSET)) return line;
  return { command: TASKSET, args: ['-c', cores, line.command, ...line.args] };
}

function watched(line: CommandLine): CommandLine {
  if (line.command !== process.execPath) return line;
  return { command: line.command, args: ['--import', LOOP_HOOK, ...line.args] };
}

/** A resolver that runs. */
export class Subject {
  readonly name: string;
  readonly port: number;
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(
    name: string,
    port: number,
    startMs: number,
    child: ChildProcess,
    folder: string,
  ) {
    this.name = name;
    this.port = port;
    this.startMs = startMs;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(
    product: Product,
    port: number,
    foundation: Foundation,
    { ipv6 = false, parallel = 1, cores, watchLoop = false }: SubjectOptions = {},
  ): Promise<Subject> {
    const folder = mkdtempSync(join(tmpdir(), `anchorite-bench-${product.name}-`));
    mkdirSync(join(folder, 'cache'));
    const place = { host: HOST, port, ipv6, parallel };
    const line = product.prepare(folder, place, foundation);
    const { command, args } = pinned(watchLoop ? watched(line) : line, cores);
    const before = performance.now();
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    const hear = (chunk: Buffer) => said.push(chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ready = await acceptsTcp(port, child);
    const startMs = performance.now() - before;
    if (!ready) {
      child.kill('SIGKILL');
      throw new Error(`${product.name} did not become ready:\n${said.join('').slice(-2_000)}`);
    }
    said.length = 0;
    return new Subject(product.name, port, startMs, child, folder);
  }

  /** CPU time of all its processes and threads so far, in milliseconds. */
  cpuMs(): number {
    return cpuNanoseconds(this.#child.pid ?? 0) / 1e6;
  }

  residentMegabytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
  }

  /** How late the event loop was while `work` went on, 99 of 100 times; NaN without any. */
  async loopDelayMs(work: () => Promise<void>): Promise<number> {
    const isWatched = this.#child.spawnargs.includes(LOOP_HOOK);
    const file = join(this.#folder, LOOP_DELAY_FILE);
    // That of the last time.
    rmSync(file, { force: true });
    if (isWatched) this.#child.kill('SIGUSR2');
    await work();
    if (!isWatched) return Number.NaN;
    this.#child.kill('SIGUSR2');
    while (!existsSync(file) && this.#child.exitCode === null) await pause(5);
    return JSON.parse(readFileSync(file, 'utf8')).p99Ms;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      const insist = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(insist);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** With its children, as long as they live. */
function cpuNanoseconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  let sum = 0;
  for (const task of readdirSync(tasks)) {
    const [running = '0'] = readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ');
    sum += Number(running);
    const children = readFileSync(join(tasks, task, 'children'), 'utf8').trim();
    for (const child of children === '' ? [] : children.split(' ')) {
      sum += cpuNanoseconds(Number(child));
    }
  }
  return sum;
}

/** Whoever accepts a connection listens on UDP as well: that is bound first everywhere. */
async function acceptsTcp(port: number, child: ChildProcess): Promise<boolean> {
  const endMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < endMs && child.exitCode === null) {
    if (await tryToConnect(port)) return true;
    await pause(1);
  }
  return false;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function tryToConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const finish = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
