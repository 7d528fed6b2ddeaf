/** `anchorite bench`: hands over to the benchmark, which only a checkout has. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT, type Run } from './command.js';

export const bench: Run = ({ rest }) => {
  const program = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
  if (!existsSync(program)) {
    process.stderr.write('anchorite bench: the benchmark is part of the source checkout only\n');
    return Promise.resolve(EXIT.failure);
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...rest], { stdio: 'inherit' });
    child.on('error', () => resolve(EXIT.failure));
    child.on('exit', (code) => resolve(code ?? EXIT.failure));
  });
};
