// Starts the two resolvers that are compared: Unbound as the reference, and the subject, which
// is Anchorite or, to test this harness itself, a second Unbound that agrees (`unbound`) or one
// that does not validate (`blind`), which the walk must notice.

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseRfc5011State } from '../../src/dnssec/index.js';
import { type AddressPair, loopback, policyTablePort, reference, subject } from './addresses.js';
import { namespaceOf } from './namespaces.js';
import { finish } from './processes.js';
import type { World } from './world.js';

const subjectKinds = ['anchorite', 'unbound', 'blind'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

export function isSubjectKind(text: string): text is SubjectKind {
  return (subjectKinds as readonly string[]).includes(text);
}

interface UnboundSettings {
  readonly machine: string;
  readonly place: AddressPair;
  readonly validates: boolean;
}

function unboundConfiguration(world: World, folder: string, settings: UnboundSettings): string {
  const { place, validates } = settings;
  return [
    'server:',
    `  interface: ${place.ipv4}`,
    `  interface: ${place.ipv6}`,
    '  access-control: 0.0.0.0/0 allow',
    '  access-control: ::0/0 allow',
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    '  use-syslog: no',
    '  log-servfail: yes',
    '  val-log-level: 2',
    '  ede: yes',
    '  num-threads: 1',
    `  module-config: "${validates ? 'validator ' : ''}iterator"`,
    `  root-hints: "${world.rootHintsFile}"`,
    `  trust-anchor-file: "${world.trustAnchorFile}"`,
    '  trust-anchor-signaling: no',
    // RFC 9276 §3.2 lets a validator choose; 50 is what current releases of Unbound do,
    // Debian 12's still has 150.
    '  val-nsec3-keysize-iterations: "1024 50 2048 50 4096 50"',
    'remote-control:',
    '  control-enable: no',
    '',
  ].join('\n');
}

async function startUnbound(world: World, settings: UnboundSettings): Promise<void> {
  const { machine } = settings;
  const folder = join(world.folder, machine);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'unbound.conf');
  await writeFile(file, unboundConfiguration(world, folder, settings));
  const command = [world.program('unbound'), '-d', '-c', file];
  world.servers.start(machine, namespaceOf(machine), command, join(world.folder, `${machine}.log`));
}

/** The daemon's entry, beside this file in the build folder. */
export function anchoriteEntry(): string {
  const besideThis = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  return process.env.ANCHORITE_MAIN ?? besideThis;
}

interface AnchoritePlace {
  readonly machine: string;
  readonly listens: readonly string[];
  /** Where Postfix's policy table is served. */
  readonly policyTable: string;
  readonly state: string;
  readonly log: string;
  readonly flags?: readonly string[];
}

async function startAnchorite(world: World, place: AnchoritePlace): Promise<void> {
  const entry = anchoriteEntry();
  if (!existsSync(entry)) throw new Error(`Anchorite is not built: ${entry} is missing`);
  const command = [
    ...[process.execPath, entry, 'serve'],
    ...place.listens.flatMap((each) => ['--listen', each]),
    ...['--socketmap', `${place.policyTable}:${policyTablePort}`],
    ...['--root-hints', world.rootHintsFile, '--trust-anchor-file', world.trustAnchorFile],
    ...['--allow', '0.0.0.0/0', '--allow', '::/0', '--state-dir', place.state],
    ...(place.flags ?? []),
    ...(process.env.ANCHORITE_FLAGS ?? '').split(' ').filter((flag) => flag !== ''),
  ];
  await mkdir(place.state, { recursive: true });
  world.servers.start('subject', namespaceOf(place.machine), command, place.log);
}

function stateFolder(world: World): string {
  return join(world.folder, 'state');
}

/** What the subject has written down about the root's keys (RFC 5011), or why it cannot be read. */
export async function keptRootState(world: World): Promise<string> {
  const file = join(stateFolder(world), 'rfc5011.root.state');
  const parsed = parseRfc5011State(await readFile(file, 'utf8').catch(() => ''));
  if (!parsed.ok) return `line ${parsed.error.line}: ${parsed.error.message}`;
  return parsed.state.keys.map(({ tag, state }) => `${tag} ${state}`).join(', ');
}

export function subjectLogFile(world: World): string {
  return join(world.folder, 'subject.log');
}

/** Waits until the resolver gives any answer; what it says is the walk's affair. */
async function awaitAnswer(
  world: World,
  place: AddressPair,
  what: string,
  from = 'client',
): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < 20_000) {
    world.servers.checkAlive();
    const dig = ['dig', `@${place.ipv4}`, '+tries=1', '+time=2', '.', 'NS'];
    const { output } = await finish('ip', ['netns', 'exec', namespaceOf(from), ...dig], {
      anyStatus: true,
    });
    if (/status: /.test(output)) return performance.now() - begun;
    await pause(50);
  }
  throw new Error(`${what} does not answer; see its log in ${world.folder}`);
}

export function besideMailerLog(world: World): string {
  return join(world.folder, 'beside-mailer.log');
}

/** Anchorite where it belongs: on the mailer's own machine, on the loopback interface. */
export async function startBesideMailer(
  world: World,
  flags: readonly string[] = [],
): Promise<void> {
  await startAnchorite(world, {
    machine: 'mailer',
    listens: [`${loopback.ipv4}:53`],
    policyTable: loopback.ipv4,
    state: join(world.folder, 'state-beside-mailer'),
    log: besideMailerLog(world),
    flags,
  });
  await awaitAnswer(world, loopback, 'Anchorite beside the mailer', 'mailer');
}

export async function startReference(world: World): Promise<void> {
  await startUnbound(world, { machine: 'reference', place: reference, validates: true });
  await awaitAnswer(world, reference, 'the reference Unbound');
}

export async function startSubject(world: World, kind: SubjectKind): Promise<void> {
  if (kind === 'anchorite') {
    await startAnchorite(world, {
      machine: 'subject',
      listens: [`${subject.ipv4}:53`, `[${subject.ipv6}]:53`],
      policyTable: subject.ipv4,
      state: stateFolder(world),
      log: subjectLogFile(world),
    });
  } else
    await startUnbound(world, {
      machine: 'subject',
      place: subject,
      validates: kind === 'unbound',
    });
  await awaitAnswer(world, subject, kind);
}
