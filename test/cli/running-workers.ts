/** A daemon with two workers, and what it says about itself. */
import type { Served } from './running-program.js';

export const TWO_WORKERS = [
  '--lab',
  '--workers',
  '2',
  '--log-format',
  'text',
  '--metrics',
  '127.0.0.1:0',
];

export async function samples(server: Served): Promise<Map<string, number>> {
  const [, port] = /counters on http:\/\/127\.0\.0\.1:(\d+)\/metrics/.exec(server.log()) ?? [];
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

export async function logged(server: Served, what: RegExp, times = 1): Promise<void> {
  const all = new RegExp(what, 'g');
  for (let tries = 0; tries < 500; tries++) {
    if ((server.log().match(all) ?? []).length >= times) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never logged: ${what}\n${server.log()}`);
}

/** Two that answer; while there is none at all, nobody holds the sockets. */
export async function aliveAgain(server: Served): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await samples(server)).get('anchorite_workers') === 2) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function stop(server: Served): Promise<number | null> {
  server.child.kill('SIGTERM');
  return (await server.end).status;
}
