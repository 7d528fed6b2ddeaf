// Lets other people's clients ask Anchorite, which runs on its laboratory inside a network
// namespace, and prints which of them got what it needs. The last line counts.
//   node main.js [--verbose]

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { namespaceOf, removeNamespaces, whyNotHere } from '../namespaces.js';
import { finish, inNamespace, inParallel, run, Servers } from '../processes.js';
import { anchoriteEntry } from '../resolvers.js';
import { type Case, casesFor, isShown, purposes, type Tools } from './cases.js';
import { askDnsperf, askDnsviz } from './judges.js';

const namespace = namespaceOf('host');
/** Documentation addresses (RFC 5737): nothing leaves the namespace. */
const server = '192.0.2.53';
/** The same daemon's listener for clients that cannot see AD. */
const secureOnlyServer = '192.0.2.55';
/** Where a copy listens that validates nothing, for the proof that this run can fail. */
const blindServer = '192.0.2.54';
/** glibc's AI_ADDRCONFIG asks for IPv4 only where there is an address besides loopback. */
const own = '192.0.2.10';

const sources = fileURLToPath(new URL('../../../../test/interop/clients/', import.meta.url));

async function makeNamespace(): Promise<void> {
  await removeNamespaces();
  await run('ip', ['netns', 'add', namespace]);
  const lines = [
    'link set lo up',
    'link add uplink type bridge',
    'link set uplink up',
    ...[own, server, secureOnlyServer, blindServer].map(
      (address) => `address add ${address}/24 dev uplink`,
    ),
  ];
  await run('ip', ['-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  // `ip netns exec` puts these in the place of the system's own files (ip-netns(8)).
  await mkdir(`/etc/netns/${namespace}`, { recursive: true });
  await writeFile(`/etc/netns/${namespace}/resolv.conf`, `nameserver ${server}\n`);
  await writeFile(`/etc/netns/${namespace}/nsswitch.conf`, 'hosts: dns\n');
}

async function inside(command: readonly string[], options?: string): Promise<string> {
  const { output, complaints } = await finish(
    ...inNamespace(namespace, command[0]!, command.slice(1)),
    {
      anyStatus: true,
      timeoutMs: 30_000,
      ...(options === undefined ? {} : { environment: { RES_OPTIONS: options } }),
    },
  );
  return `${output}${complaints}`;
}

async function startDaemon(servers: Servers, address: string, log: string): Promise<void> {
  const command = [process.execPath, anchoriteEntry(), 'serve', '--lab'];
  const flags = ['--listen', `${address}:53`, '--allow', '192.0.2.0/24', '--log-queries', 'on'];
  const more =
    address === blindServer
      ? ['--negative-trust-anchor', '.']
      : ['--listen-secure-only', `${secureOnlyServer}:53`];
  servers.start(address, namespace, [...command, ...flags, ...more], log);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    servers.checkAlive();
    if (/status: NOERROR/.test(await inside(['dig', `@${address}`, '+tries=1', '.', 'NS']))) return;
    await pause(50);
  }
  throw new Error(`the daemon at ${address} does not answer`);
}

/** Compiles the small programs and writes the root's keys down in the forms that clients want. */
async function prepareTools(folder: string): Promise<Tools> {
  const glibc = join(folder, 'lookup-glibc');
  const musl = join(folder, 'lookup-musl');
  const go = join(folder, 'lookup-go');
  const c = join(sources, 'lookup.c');
  await Promise.all([
    run('gcc', ['-o', glibc, c, '-lresolv']),
    run('musl-gcc', ['-static', '-o', musl, c]),
    run('go', ['build', '-o', go, join(sources, 'lookup.go')], {
      environment: { CGO_ENABLED: '0', GOCACHE: join(folder, 'go'), GO111MODULE: 'off' },
      timeoutMs: 120_000,
    }),
  ]);
  const keys = await inside(['dig', `@${server}`, '+noall', '+answer', '.', 'DNSKEY']);
  const rootKeys = join(folder, 'root.keys');
  await writeFile(rootKeys, keys);
  const delvAnchors = join(folder, 'delv.anchors');
  const anchors = keys
    .trim()
    .split('\n')
    .map((line) => {
      const [flags, protocol, algorithm, ...key] = line.split(/\s+/).slice(4);
      return `  . static-key ${flags} ${protocol} ${algorithm} "${key.join('')}";`;
    });
  await writeFile(delvAnchors, ['trust-anchors {', ...anchors, '};', ''].join('\n'));
  const lookup = fileURLToPath(new URL('./node-lookup.js', import.meta.url));
  const node = [process.execPath, lookup];
  const modern = process.env.ANCHORITE_NODE_22;
  const modernNode = modern === undefined ? undefined : [modern, lookup];
  const python = join(sources, 'lookup.py');
  const places = { server, secureOnlyServer, rootKeys, delvAnchors };
  return { ...places, glibc, musl, go, python, node, modernNode };
}

interface Result {
  readonly of: Case;
  readonly passed: boolean;
  readonly said: string;
}

async function runCases(cases: readonly Case[]): Promise<Result[]> {
  const results: Result[] = [];
  await inParallel(cases, 4, async (of) => {
    const said = await inside(of.command, of.options);
    const shown = of.shows.every((wanted) => isShown(wanted, said));
    const hidden = (of.hides ?? []).every((pattern) => !pattern.test(said));
    results.push({ of, passed: shown && hidden, said });
  });
  return results;
}

/** SERVFAILs of sound domains, with their reasons. */
async function failuresIn(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8')).split('\n');
  return indented(lines.filter((line) => /SERVFAIL/.test(line) && !/broken/.test(line)).join('\n'));
}

function printTable(results: readonly Result[]): void {
  const cell = (text: string): string => text.padStart(13);
  console.log(`\n${'client'.padEnd(20)}${purposes.map(cell).join('')}`);
  for (const client of new Set(casesOf(results))) {
    const cells = purposes.map((purpose) => {
      const all = results.filter(({ of }) => of.client === client && of.purpose === purpose);
      if (all.length === 0) return cell('-');
      return cell(all.every(({ passed }) => passed) ? 'yes' : 'NO');
    });
    console.log(`${client.padEnd(20)}${cells.join('')}`);
  }
}

function casesOf(results: readonly Result[]): string[] {
  return results.map(({ of }) => of.client).sort();
}

function indented(text: string): string {
  return text
    .trim()
    .split('\n')
    .slice(0, 25)
    .map((line) => `      ${line}`)
    .join('\n');
}

async function clients(verbose: boolean): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'anchorite-clients-'));
  const servers = new Servers();
  let passed = 0;
  let failed = 0;
  const count = (what: string, ok: boolean, said: string): void => {
    if (ok) passed += 1;
    else failed += 1;
    if (!ok || verbose) console.log(`\n  ${ok ? 'passed' : 'FAILED'}: ${what}\n${indented(said)}`);
  };
  try {
    await makeNamespace();
    const log = join(folder, 'daemon.log');
    await startDaemon(servers, server, log);
    const tools = await prepareTools(folder);
    const results = await runCases(casesFor(tools));
    printTable(results);
    for (const { of, passed: ok, said } of results) {
      count(`${of.client}, ${of.purpose}: ${[...of.command].join(' ')}`, ok, said);
    }
    const place = { namespace, folder, server, rootKeys: tools.rootKeys };
    const verdicts = [
      await askDnsperf(place, false),
      await askDnsperf(place, true),
      ...(await askDnsviz(place)),
    ];
    console.log('');
    for (const { what, passed: ok, said } of verdicts) {
      console.log(`${what.padEnd(42)}${ok ? 'yes' : 'NO'}`);
      count(what, ok, said);
    }
    // A resolver that validates nothing must not pass for one that does.
    await startDaemon(servers, blindServer, join(folder, 'blind.log'));
    const blind = await runCases(
      casesFor({ ...tools, server: blindServer }).filter(({ client }) => client === 'dig'),
    );
    const noticed = blind.filter((result) => !result.passed).map(({ of }) => of.purpose);
    const isNoticed = noticed.includes('UDP') && noticed.includes('bogus');
    console.log(`canary: a resolver that does not validate is ${isNoticed ? '' : 'NOT '}noticed`);
    count('canary', isNoticed, noticed.join(', '));
    servers.checkAlive();
    if (failed > 0) console.log(`\n  what the daemon says of failures\n${await failuresIn(log)}`);
  } finally {
    await servers.stopAll();
    await removeNamespaces();
    await rm(`/etc/netns/${namespace}`, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

const { values } = parseArgs({
  options: { verbose: { type: 'boolean', short: 'v', default: false } },
});
const skipped = await whyNotHere();
if (skipped === undefined) {
  process.exitCode = (await clients(values.verbose)) ? 0 : 1;
} else {
  console.log(`clients: SKIPPED: ${skipped}`);
}
