/** `anchorite config check` and `anchorite config show`. */
import { type ConfigError, showConfig } from '../config/index.js';
import { EXIT, type Run } from './command.js';
import { readConfig, readConfigFile } from './read-config.js';

export const checkConfig: Run = async ({ positionals }) => {
  const [fileName = ''] = positionals;
  const result = await readConfigFile(fileName);
  if (!result.ok) return refuse(result.errors);
  const { readFoundations } = await import('../embedding/index.js');
  const read = readFoundations(result.config, Date.now() / 1000);
  if (!read.ok) return refuse(read.problems.map((message) => ({ message })));
  process.stdout.write(`${fileName}: good\n`);
  return EXIT.ok;
};

export const printConfig: Run = async ({ flags }) => {
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  process.stdout.write(showConfig(result.config, result.places));
  return EXIT.ok;
};

/** One line per mistake, and the exit status for wrong configurations. */
export function refuse(errors: readonly ConfigError[]): number {
  for (const { message } of errors) process.stderr.write(`anchorite: ${message}\n`);
  return EXIT.usage;
}
