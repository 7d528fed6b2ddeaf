// The systemd unit of docs/systemd, as far as it can be tried without systemd as process 1:
// systemd-analyze reads it; then what ExecStart says is run as an unprivileged user who may only
// bind low ports, as DynamicUser and AmbientCapabilities would have it, and must tell
// NOTIFY_SOCKET that it is ready, answer, keep its state, and end in order.
//   node service.js [--zones FOLDER]

import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { namespaceOf, whyNotHere } from './namespaces.js';
import { finish, inNamespace, run } from './processes.js';
import { anchoriteEntry } from './resolvers.js';
import { World } from './world.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const unitFile = join(root, 'docs/systemd/anchorite.service');
/** `nobody`, in place of the user that systemd would make up. */
const nobody = 65534;
const capability = 'CAP_NET_BIND_SERVICE';

/**
 * Prints what it hears. Perl, which every Debian has, because Node has no such sockets; and it
 * drops the descriptor that systemd-notify passes and waits for, as systemd itself does.
 */
const listenerProgram = `
  socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) || die $!;
  chmod 0666, $ARGV[0];
  $| = 1;
  print "$heard\\n" while defined recv(S, $heard, 4096, 0);
`;

interface Unit {
  readonly command: readonly string[];
  readonly settings: ReadonlyMap<string, string>;
}

async function readUnit(): Promise<Unit> {
  const lines = (await readFile(unitFile, 'utf8')).split('\n');
  const settings = new Map(
    lines.flatMap((line) => {
      const match = /^(\w+)=(.*)$/.exec(line);
      return match === null ? [] : [[match[1]!, match[2]!] as const];
    }),
  );
  return { command: settings.get('ExecStart')!.split(' '), settings };
}

/** What setpriv needs to give a process the rights that the unit gives, and no others. */
function rights({ settings }: Unit): string[] {
  const only = `-all,+${settings.get('AmbientCapabilities')!.slice('CAP_'.length).toLowerCase()}`;
  return [
    ...['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`],
  ];
}

interface Surroundings {
  readonly socket: string;
  readonly heard: string;
  readonly state: string;
  readonly command: readonly string[];
}

/** The folders, the configuration and the listener that systemd and the operator would make. */
async function surround(world: World, unit: Unit): Promise<Surroundings> {
  const folder = join(world.folder, 'service');
  await rm(folder, { recursive: true, force: true });
  const state = join(folder, 'state');
  await mkdir(join(folder, 'bin'), { recursive: true });
  await mkdir(state);
  await chown(state, nobody, nobody);
  // As `npm install -g` would link it.
  await symlink(anchoriteEntry(), join(folder, 'bin', 'anchorite'));
  await chmod(anchoriteEntry(), 0o755);
  const configuration = join(folder, 'anchorite.yaml');
  const example = await readFile(join(root, 'docs/examples/anchorite.yaml'), 'utf8');
  const own = [
    `root-hints: ${world.rootHintsFile}`,
    `trust-anchor-file: ${world.trustAnchorFile}`,
    '',
  ];
  await writeFile(configuration, `${example}\n${own.join('\n')}`);
  const socket = join(folder, 'notify.socket');
  const heard = join(folder, 'notify.log');
  const listener = ['perl', '-MSocket', '-e', listenerProgram, socket];
  world.servers.start('listener', namespaceOf('subject'), listener, heard);
  for (let waitedMs = 0; waitedMs < 5000 && !existsSync(socket); waitedMs += 50) await pause(50);
  const command = unit.command.map((word) =>
    word === '/etc/anchorite.yaml' ? configuration : word,
  );
  const path = `${join(folder, 'bin')}:${process.env.PATH ?? ''}`;
  const environment = [`PATH=${path}`, `NOTIFY_SOCKET=${socket}`, `STATE_DIRECTORY=${state}`];
  return { socket, heard, state, command: ['env', '-i', ...environment, ...command] };
}

async function hears(heard: string, what: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    if ((await readFile(heard, 'utf8')).includes(what)) return true;
    await pause(100);
  }
  return false;
}

async function tryService(world: World): Promise<boolean> {
  let passed = 0;
  let failed = 0;
  const check = (what: string, isSo: boolean, told = ''): void => {
    if (isSo) passed += 1;
    else failed += 1;
    console.log(`${isSo ? 'ok    ' : 'FAILED'} ${what}${isSo ? '' : `: ${told}`}`);
  };
  const verify = await finish('systemd-analyze', ['verify', unitFile], { anyStatus: true });
  // The program itself is not installed here.
  const complaints = `${verify.output}${verify.complaints}`.trim();
  check('systemd-analyze verify has no complaint', complaints === '', complaints);
  const unit = await readUnit();
  check('the unit waits for readiness', unit.settings.get('Type') === 'notify');
  const { heard, state, command } = await surround(world, unit);
  const log = join(world.folder, 'service.log');
  world.servers.start('service', namespaceOf('subject'), [...rights(unit), ...command], log);
  check('READY=1 is sent', await hears(heard, 'READY=1'), await readFile(log, 'utf8'));
  const dig = ['dig', '@127.0.0.1', '+adflag', '+tries=2', '_25._tcp.mail.alpha-mail.se', 'TLSA'];
  const { output } = await finish(...inNamespace(namespaceOf('subject'), dig[0]!, dig.slice(1)), {
    anyStatus: true,
  });
  check('port 53 of the loopback interface answers with AD', /flags: qr rd ra ad;/.test(output));
  const processes = await run('ip', ['netns', 'pids', namespaceOf('subject')]);
  const statuses = await Promise.all(
    processes.split('\n').map((id) => readFile(`/proc/${id}/status`, 'utf8').catch(() => '')),
  );
  const daemon = statuses.find((text) => /^Name:\s+(node|anchorite)/m.test(text)) ?? '';
  check('it is nobody', /^Uid:\s+65534\s+65534\s/m.test(daemon), daemon);
  // Bit 10 of linux/capability.h.
  check(`it has ${capability} and nothing else`, /^CapEff:\s+0000000000000400$/m.test(daemon));
  const kept = join(state, 'rfc5011.root.state');
  for (let waitedMs = 0; waitedMs < 10_000 && !existsSync(kept); waitedMs += 100) await pause(100);
  check('its state is kept', existsSync(kept), kept);
  check('it ends in order', (await world.servers.stop('service')) === 0);
  check('STOPPING=1 is sent', await hears(heard, 'STOPPING=1'));
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { zones: { type: 'string' } } });
  const world = await World.prepare(values.zones);
  try {
    await world.build();
    await world.start();
    process.exitCode = (await tryService(world)) ? 0 : 1;
  } finally {
    await world.end();
  }
}

const skipped = await whyNotHere();
if (skipped === undefined) await main();
else console.log(`service: SKIPPED: ${skipped}\n0 passed, 0 failed`);
