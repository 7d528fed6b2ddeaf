/** `anchorite dane` as it is started, on the lab. */
import { execFile } from 'node:child_process';
import { program } from './running-program.js';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function dane(...args: string[]): Promise<Ended> {
  const words = [program, 'dane', ...args, '--lab', '--lab-delay', '1'];
  return new Promise((resolve) => {
    execFile(process.execPath, words, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}
