// A machine between the mailer and everything else: it sees every packet of the mailer's, and what
// becomes of questions to name servers is for it to say (attack-box.ts).

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addressesOf, attacker, networks, reference } from './addresses.js';
import type { AttackConfiguration, AttackMode, Far } from './attack-box.js';
import { namespaceOf } from './namespaces.js';
import { inNamespace, run } from './processes.js';
import type { World } from './world.js';
import { serverIds } from './zone-spec.js';

async function inShell(machine: string, script: string): Promise<void> {
  await run(...inNamespace(namespaceOf(machine), 'sh', ['-ec', script]));
}

/** Puts the attacker's machine between the mailer and everything else. */
async function takeTheMiddle(): Promise<string[]> {
  const pairs = [...serverIds.flatMap((id) => addressesOf(id)), reference];
  const lines = pairs.flatMap(({ ipv4, ipv6 }) => [
    `ip address add ${ipv4}/32 dev lo`,
    `ip address add ${ipv6}/128 dev lo nodad`,
  ]);
  // Forward the rest, and do not tell the mailer that there is a shorter way; nor tell the others
  // that those addresses are here, or what is passed on would come back.
  const forward = [
    'echo 1 >/proc/sys/net/ipv4/ip_forward',
    'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore',
    'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
    ...['all', 'uplink'].map((name) => `echo 0 >/proc/sys/net/ipv4/conf/${name}/send_redirects`),
  ];
  await inShell('attacker', [...forward, ...lines].join('\n'));
  const routes = networks.map((network) => {
    const family = network.includes(':') ? 6 : 4;
    const via = family === 6 ? attacker.ipv6 : attacker.ipv4;
    return `ip -${family} route replace ${network} via ${via} dev uplink onlink`;
  });
  const deaf = ['ipv4', 'ipv6'].flatMap((family) =>
    ['all', 'uplink'].map(
      (name) => `echo 0 >/proc/sys/net/${family}/conf/${name}/accept_redirects`,
    ),
  );
  await inShell('mailer', [...deaf, ...routes].join('\n'));
  return pairs.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
}

export class Middle {
  readonly #world: World;
  readonly #victim: string;
  readonly #far: Far | undefined;
  readonly #modeFile: string;

  constructor(world: World, victim: string, far?: Far) {
    this.#world = world;
    this.#victim = victim;
    this.#far = far;
    this.#modeFile = join(world.folder, 'attack.mode');
  }

  async start(): Promise<void> {
    const { folder, mail, servers } = this.#world;
    const own = mail.all.find(({ id }) => id === 'attacker')!;
    const relaySocket = join(folder, `attack-${process.pid}.socket`);
    const configuration: AttackConfiguration = {
      addresses: await takeTheMiddle(),
      victim: this.#victim,
      ipv4: own.ipv4,
      ipv6: own.ipv6,
      tlsa: mail.matchingTlsa('attacker'),
      modeFile: this.#modeFile,
      relaySocket,
      ...(this.#far === undefined ? {} : { far: this.#far }),
    };
    const file = join(folder, 'attack.json');
    await writeFile(file, JSON.stringify(configuration));
    await this.turn('silent');
    const log = join(folder, 'attack.log');
    await rm(log, { force: true });
    const relay = [
      process.execPath,
      fileURLToPath(new URL('./attack-relay.js', import.meta.url)),
      relaySocket,
    ];
    servers.start('relay', namespaceOf('client'), relay, log);
    await this.#awaitReady(log, 1);
    const box = [
      process.execPath,
      fileURLToPath(new URL('./attack-box.js', import.meta.url)),
      file,
    ];
    servers.start('attacker', namespaceOf('attacker'), box, log);
    await this.#awaitReady(log, 2);
  }

  async #awaitReady(log: string, count: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
      this.#world.servers.checkAlive();
      if ((await readFile(log, 'utf8')).split('ready').length > count) return;
      await pause(50);
    }
    throw new Error(`the machine in the middle is not ready; see ${log}`);
  }

  async turn(mode: AttackMode): Promise<void> {
    await writeFile(this.#modeFile, mode);
    // The attacker looks every 50 ms.
    await pause(200);
  }
}
