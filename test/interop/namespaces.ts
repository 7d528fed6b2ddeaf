// The network: one namespace for each machine, all on one bridge that stands in a namespace of
// its own, so that nothing of it can be seen or reached from outside.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AddressPair,
  addressesOf,
  attacker,
  client,
  mailer,
  networks,
  reference,
  refusing,
  silent,
  subject,
} from './addresses.js';
import type { MailHosts } from './mail-hosts.js';
import { mailHostIds } from './mail-hosts.js';
import { finish, run } from './processes.js';
import { serverIds } from './zone-spec.js';

/** Everything of this name is ours, made here and removed here; each command has a prefix. */
export const namespacePrefix = process.env.ANCHORITE_INTEROP_PREFIX ?? 'anch-iop-';
const hub = `${namespacePrefix}hub`;
/** No machine has this link-layer address. */
const nobody = '02:00:00:00:00:99';

export function namespaceOf(machine: string): string {
  return `${namespacePrefix}${machine}`;
}

export function machines(mail: MailHosts): Map<string, readonly AddressPair[]> {
  const all = new Map<string, readonly AddressPair[]>();
  for (const server of serverIds) all.set(server, addressesOf(server));
  all.set('reference', [reference]);
  all.set('subject', [subject]);
  all.set('client', [client]);
  all.set('mailer', [mailer]);
  all.set('mail', mail.all.slice(0, mailHostIds.length));
  all.set('refusing', [refusing]);
  all.set('attacker', [attacker]);
  return all;
}

async function ip(namespace: string, lines: readonly string[]): Promise<void> {
  const input = `${lines.join('\n')}\n`;
  await run('ip', ['-n', namespace, '-batch', '-'], { input });
}

function setUpLines(addresses: readonly AddressPair[]): string[] {
  const lines = ['link set lo up', 'link set uplink up'];
  for (const { ipv4, ipv6 } of addresses) {
    lines.push(`address add ${ipv4}/32 dev uplink`);
    // Without duplicate detection the address can be used at once.
    lines.push(`address add ${ipv6}/128 dev uplink nodad`);
  }
  for (const network of networks) {
    const family = network.includes(':') ? '-6 ' : '';
    lines.push(`${family}route add ${network} dev uplink`);
  }
  for (const address of [silent.ipv4, silent.ipv6]) {
    lines.push(`neighbour add ${address} lladdr ${nobody} dev uplink nud permanent`);
  }
  return lines;
}

export async function makeNamespaces(
  inhabitants: ReadonlyMap<string, readonly AddressPair[]>,
): Promise<void> {
  await removeNamespaces();
  await run('ip', ['netns', 'add', hub]);
  await ip(hub, ['link add bridge type bridge mcast_snooping 0', 'link set bridge up']);
  let port = 0;
  for (const [machine, addresses] of inhabitants) {
    const namespace = namespaceOf(machine);
    await run('ip', ['netns', 'add', namespace]);
    port += 1;
    const peer = `peer name uplink netns ${namespace}`;
    await ip(hub, [
      `link add port${port} type veth ${peer}`,
      `link set port${port} master bridge up`,
    ]);
    // `ip -batch` takes -6 only as an option of the whole batch, so each family has its own.
    const lines = setUpLines(addresses);
    await ip(
      namespace,
      lines.filter((line) => !line.startsWith('-6 ')),
    );
    const six = lines.filter((line) => line.startsWith('-6 ')).map((line) => line.slice(3));
    await run('ip', ['-6', '-n', namespace, '-batch', '-'], { input: `${six.join('\n')}\n` });
  }
}

async function ourNamespaces(): Promise<string[]> {
  const { output } = await finish('ip', ['netns', 'list'], { anyStatus: true });
  const names = output.split('\n').map((line) => line.split(' ')[0]!);
  return names.filter((name) => name.startsWith(namespacePrefix));
}

/** Ends what still runs in our namespaces, which we alone put there, and removes them. */
export async function removeNamespaces(): Promise<void> {
  for (const namespace of await ourNamespaces()) {
    const { output } = await finish('ip', ['netns', 'pids', namespace], { anyStatus: true });
    for (const id of output.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(id), 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    // Whoever starts anew next must not meet those who are just dying.
    for (let tries = 0; tries < 100; tries += 1) {
      const left = await finish('ip', ['netns', 'pids', namespace], { anyStatus: true });
      if (left.output.trim() === '') break;
      await pause(50);
    }
    await run('ip', ['netns', 'delete', namespace]);
  }
}

/** The reason why no namespace can be made here, or undefined. */
export async function whyNotHere(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'it needs root, to make network namespaces';
  let release = '';
  try {
    release = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // Not a Linux distribution.
  }
  if (!/^ID=debian$/m.test(release)) return 'it needs Debian, to install other resolvers';
  const attempt = await finish('ip', ['netns', 'list'], { anyStatus: true }).catch(() => undefined);
  if (attempt === undefined || attempt.status !== 0) return 'ip netns does not work here';
  return undefined;
}
