/**
 * Puts the program, as tsc has compiled it, with its packages into one file, and beside it what V8
 * has compiled of that once it has answered questions: half of the CPU time from start to ready.
 * The library stays as it is. Depth and names are those of `build/src/cli`, since some modules look
 * for files at a known distance.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const COMPILED = join(root, 'build', 'src', 'cli');
const PROGRAM = join(root, 'build', 'program', 'cli');
const PRECOMPILE = fileURLToPath(new URL('precompile.mjs', import.meta.url));
const PRECOMPILE_LIMIT_MS = 60_000;

const COMMON = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // A script of node:vm has no import(); with what V8 has compiled before, not even on request.
  supported: { 'dynamic-import': false },
  // Comments are half of the text; names and short lines are what a stack trace needs.
  minifyWhitespace: true,
  lineLimit: 100,
  legalComments: 'none',
  absWorkingDir: root,
  logLevel: 'warning',
};

/** What launch.ts calls the file as: the body of one function. */
const WRAPPER = { head: '(function (module, exports, require, programUrl) {', tail: '})' };

const LAUNCH = `#!/usr/bin/env node
import { load } from './launch.js';
export const { program, script, isPrecompiled } = load(__dirname, __filename, require);
`;

/** What stood in the way of compiling beforehand; undefined when all is well. */
export async function bundle() {
  rmSync(dirname(PROGRAM), { recursive: true, force: true });
  mkdirSync(PROGRAM, { recursive: true });
  // CommonJS starts some milliseconds sooner than a module, and node:vm knows nothing else.
  writeFileSync(join(PROGRAM, 'package.json'), '{ "type": "commonjs" }\n');
  const { metafile } = await build({
    ...COMMON,
    entryPoints: [join(COMPILED, 'main.js')],
    outfile: join(PROGRAM, 'program.cjs'),
    define: { 'import.meta.url': 'programUrl' },
    banner: { js: WRAPPER.head },
    footer: { js: WRAPPER.tail },
    metafile: true,
  });
  writeFileSync(join(PROGRAM, 'LICENCES.txt'), licences(Object.keys(metafile.inputs)));
  await build({
    ...COMMON,
    stdin: { contents: LAUNCH, resolveDir: COMPILED, sourcefile: 'launch' },
    outfile: join(PROGRAM, 'main.js'),
  });
  return await precompile().catch((error) => String(error));
}

/** Whose code is in the file, and on which terms. */
function licences(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const [folder] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input) ?? [];
    if (folder !== undefined) folders.add(join(root, folder));
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json')));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const terms = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...terms].join('\n\n');
  });
  return ['program.cjs holds code of these packages:', ...texts].join(`\n\n${'-'.repeat(72)}\n\n`);
}

/**
 * Has the program started, warmed up, asked and ended; precompile.mjs then writes what V8 has
 * compiled by then. Everything stays on the loopback interface. What went wrong, if anything did.
 */
async function precompile() {
  const upstream = await openUpstream();
  const settings = {
    listen: '127.0.0.1:0',
    forward: `127.0.0.1:${upstream.port}`,
    'allow-loopback-servers': 'on',
    rfc5011: 'off',
    'log-level': 'debug',
    'log-format': 'json',
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.execPath, [PRECOMPILE, 'serve', ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PRECOMPILE_LIMIT_MS);
  let log = '';
  child.stderr.on('data', (chunk) => {
    const before = log;
    log += chunk;
    const [, port] = /answering on 127\.0\.0\.1:(\d+)/.exec(log) ?? [];
    const isNew = (text) => log.includes(text) && !before.includes(text);
    if (port !== undefined && isNew('answering on')) ask(Number(port)).catch(() => undefined);
    if (isNew('"event":"rehearsed"')) child.kill('SIGTERM');
  });
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  upstream.close();
  if (status === 0 && existsSync(join(PROGRAM, 'program.cache'))) return undefined;
  return `status ${status}: ${log.trimEnd().split('\n').at(-1)}`;
}

const TYPE_A = 1;
const TYPE_TLSA = 52;

/** A question as mail servers send them (RFC 1035 §4.1), with an OPT record and DO (RFC 6891). */
function question(labels, type) {
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
  const header = [0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 1];
  return Buffer.from([...header, ...name, 0, 0, type, 0, 1, 0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0]);
}

function framed(message) {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
}

/** A cold question, the same once more, one that is answered at once; over UDP and TCP. */
async function ask(port) {
  const cold = question(['_25', '_tcp', 'mx', 'example'], TYPE_TLSA);
  const local = question(['localhost'], TYPE_A);
  // What is not answered is not waited for: the child ends by itself.
  const socket = createSocket('udp4').unref();
  for (const message of [cold, cold, local, local]) {
    socket.send(message, port, '127.0.0.1');
    await once(socket, 'message');
  }
  socket.close();
  const connection = connect(port, '127.0.0.1').unref();
  connection.on('error', () => undefined);
  connection.end(framed(local));
  connection.resume();
}

/** Knows nothing; over UDP that its answer is too long. */
async function openUpstream() {
  const refusal = (query, flags) => {
    const reply = Buffer.from(query);
    reply[2] |= 0x80 | flags;
    reply[3] = 2;
    return reply;
  };
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.once('data', (data) => connection.end(framed(refusal(data.subarray(2), 0))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const socket = createSocket('udp4');
  const TRUNCATED = 0x02;
  socket.on('message', (query, { port: to, address }) => {
    socket.send(refusal(query, TRUNCATED), to, address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const close = () => {
    socket.close();
    server.close();
  };
  return { port, close };
}
