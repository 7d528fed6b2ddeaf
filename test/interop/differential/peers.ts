// Starts the resolvers that are compared, configured as in the benchmark, and puts questions to
// them.

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { ANCHORITE, PEERS, type Product } from '../../../bench/subjects.js';
import { namespaceOf } from '../namespaces.js';
import { finish, run } from '../processes.js';
import type { ProgramPath } from '../programs.js';
import type { AskRequest } from './ask.js';
import type { Internet } from './internet.js';
import type { Asked } from './judge.js';
import type { blindName } from './places.js';
import { machineOf, placeOfResolver, type ResolverName } from './places.js';
import type { View } from './view.js';

export function productNamed(name: ResolverName): Product {
  const found = [ANCHORITE, ...PEERS].find((product) => product.name === name);
  if (found?.program === undefined) throw new Error(`${name} is not installed`);
  return found;
}

/** Starts `product` in the namespace and at the address of `name`. */
export async function startResolver(
  internet: Internet,
  name: ResolverName | typeof blindName,
  product: Product,
  program: ProgramPath,
): Promise<void> {
  const machine = machineOf(name);
  const folder = join(internet.folder, machine);
  await mkdir(join(folder, 'cache'), { recursive: true });
  const { ipv4 } = placeOfResolver(name);
  const { hints, anchor } = internet;
  const line = product.prepare(
    folder,
    { host: ipv4, port: 53, ipv6: false, parallel: 1 },
    { hints, anchor },
  );
  const copy = program(basename(line.command));
  const command = copy.includes('/') ? copy : line.command;
  const log = join(internet.folder, `${machine}.log`);
  internet.servers.start(machine, namespaceOf(machine), [command, ...line.args], log);
  await awaitAnswer(internet, ipv4, name);
}

async function awaitAnswer(internet: Internet, address: string, name: string): Promise<void> {
  const dig = ['dig', `@${address}`, '+tries=1', '+time=2', '.', 'NS'];
  for (let attempt = 0; attempt < 200; attempt += 1) {
    internet.servers.checkAlive();
    const { output } = await finish('ip', ['netns', 'exec', namespaceOf('client'), ...dig], {
      anyStatus: true,
    });
    if (/status: /.test(output)) return;
    await pause(50);
  }
  throw new Error(`${name} does not answer; see its log in ${internet.folder}`);
}

/** For each question, the view of each address. */
export async function putQuestions(
  asked: readonly Asked[],
  addresses: readonly string[],
): Promise<View[][]> {
  const request: AskRequest = {
    addresses,
    width: 24,
    timeoutMs: 10_000,
    questions: asked.map(({ name, type, manner }) => ({ name, type, manner })),
  };
  const entry = fileURLToPath(new URL('ask.js', import.meta.url));
  const args = ['netns', 'exec', namespaceOf('client'), process.execPath, entry];
  const output = await run('ip', args, { input: JSON.stringify(request), timeoutMs: 270_000 });
  return JSON.parse(output) as View[][];
}
