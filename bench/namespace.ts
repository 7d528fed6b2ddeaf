/**
 * A network namespace of our own: the lab's addresses are local there, port 53 is free, and nothing
 * can leave. The program starts itself again inside; an ordinary user becomes root there only.
 */
import { spawn, spawnSync } from 'node:child_process';

const INSIDE = 'ANCHORITE_BENCH_INSIDE';

export function isInside(): boolean {
  return process.env[INSIDE] === '1';
}

/** Runs this program inside; undefined when this system has no namespaces for us. */
export async function runInside(
  program: string,
  args: readonly string[],
): Promise<number | undefined> {
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  if (spawnSync('unshare', [...flags, 'true']).status !== 0) return undefined;
  const child = spawn('unshare', [...flags, process.execPath, program, ...args], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  return await new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Makes every address of the lab's servers one of this machine's own. */
export function setUpAddresses(): void {
  run('link', 'set', 'lo', 'up');
  run('route', 'add', 'local', '11.53.0.0/16', 'dev', 'lo');
}

function run(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
