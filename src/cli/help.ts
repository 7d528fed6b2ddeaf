/** Help texts and shell completion, drawn by yargs; loaded only when somebody asks for them. */
import yargs, { type Argv } from 'yargs';
import type { Command, Flag } from './command.js';
import { COMMANDS } from './commands.js';

const GROUP_TITLES: Readonly<Record<string, string>> = {
  listening: 'Clients:',
  trust: 'Trust:',
  resolution: 'Resolution:',
  cache: 'Cache:',
  process: 'Process:',
};

const WIDEST = 100;

export async function helpText(command: Command | undefined): Promise<string> {
  return `${await describe(command).getHelp()}\n`;
}

/** Answers the shell's question for completions, or prints the script that makes it ask. */
export async function complete(argv: readonly string[]): Promise<void> {
  const parser = describe(undefined).completion('completion', 'Print a completion script.');
  for (const command of COMMANDS) parser.command(command.path, command.summary, withFlags(command));
  await parser.parse([...argv]);
}

function describe(command: Command | undefined): Argv {
  const parser = yargs([])
    .scriptName('anchorite')
    // As all other words here are.
    .locale('en')
    .version(false)
    .help(false)
    .exitProcess(false)
    .wrap(Math.min(WIDEST, process.stdout.columns ?? WIDEST));
  if (command === undefined) {
    parser.usage('anchorite COMMAND [flags]\n\nDNSSEC-validating resolver for mail servers.');
    for (const { path, summary } of COMMANDS) parser.command(path, summary);
    return parser.epilogue("'anchorite COMMAND --help' describes the flags of a command.");
  }
  const words = command.positionals.map(({ name, required }) => (required ? name : `[${name}]`));
  parser.usage(['anchorite', command.path, ...words, '[flags]'].join(' '));
  parser.usage(`\n${command.summary}`);
  withFlags(command)(parser);
  return command.epilogue === undefined ? parser : parser.epilogue(command.epilogue);
}

function withFlags(command: Command): (parser: Argv) => Argv {
  return (parser) => {
    for (const flag of command.flags) {
      if (flag.hidden === true) continue;
      parser.option(flag.name, {
        describe: describeFlag(flag),
        ...(flag.group === undefined ? {} : { group: GROUP_TITLES[flag.group] ?? flag.group }),
        ...(flag.fallback === undefined ? {} : { defaultDescription: flag.fallback }),
      });
    }
    return parser;
  };
}

function describeFlag({ description, placeholder, repeatable }: Flag): string {
  if (placeholder === undefined) return description;
  return `${description} (${placeholder}${repeatable === true ? ', repeatable' : ''})`;
}
