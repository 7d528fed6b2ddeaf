/**
 * Readiness for systemd (sd_notify(3)). The protocol is one datagram to an AF_UNIX socket, and Node
 * has no such sockets; so systemd's own `systemd-notify` sends it. That program is a child of ours,
 * which is why a unit with `Type=notify` also needs `NotifyAccess=all`. Outside systemd, where
 * NOTIFY_SOCKET is not set, nothing is started.
 */
import { spawn } from 'node:child_process';

export type NotifyOutcome =
  | { readonly kind: 'not under systemd' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly sentence: string };

export interface NotifySettings {
  /** Where NOTIFY_SOCKET is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program; a name is searched for in PATH. */
  readonly program: string;
  readonly timeLimitMs: number;
}

const DEFAULTS: NotifySettings = {
  environment: process.env,
  program: 'systemd-notify',
  timeLimitMs: 5_000,
};

export function notifyReady(
  status: string,
  settings: Partial<NotifySettings> = {},
): Promise<NotifyOutcome> {
  return notify(['--ready', `--status=${status}`], { ...DEFAULTS, ...settings });
}

export function notifyStopping(settings: Partial<NotifySettings> = {}): Promise<NotifyOutcome> {
  return notify(['STOPPING=1'], { ...DEFAULTS, ...settings });
}

function notify(
  assignments: readonly string[],
  { environment, program, timeLimitMs }: NotifySettings,
): Promise<NotifyOutcome> {
  const socket = environment.NOTIFY_SOCKET;
  if (socket === undefined || socket === '') return Promise.resolve({ kind: 'not under systemd' });
  return new Promise((resolve) => {
    const child = spawn(program, [...assignments], {
      stdio: 'ignore',
      // Nothing of the daemon's surroundings but what the program needs.
      env: { NOTIFY_SOCKET: socket, PATH: environment.PATH ?? '' },
    });
    const timer = setTimeout(() => child.kill(), timeLimitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ kind: 'failed', sentence: `cannot run ${program}: ${error.message}` });
    });
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `with status ${status}` : `by ${signal}`;
      if (status === 0) resolve({ kind: 'sent' });
      else resolve({ kind: 'failed', sentence: `${program} ended ${how}` });
    });
  });
}
