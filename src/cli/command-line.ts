/** Reads the command line: which command, its flags and positionals, or what is wrong with it. */
import parse from 'yargs-parser';
import { nearestName } from '../config/index.js';
import type { Command, Invocation } from './command.js';
import { COMMANDS } from './commands.js';

export type ReadCommandLine =
  | { readonly kind: 'run'; readonly command: Command; readonly invocation: Invocation }
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion' }
  | {
      readonly kind: 'wrong';
      readonly command: Command | undefined;
      readonly problems: readonly string[];
    };

export function readCommandLine(argv: readonly string[], startedMs = 0): ReadCommandLine {
  const [first = '', second = ''] = argv;
  const wantsHelp = argv.includes('--help') || argv.includes('-h');
  if (argv.includes('--get-yargs-completions') || first === 'completion') {
    return { kind: 'completion' };
  }
  if (first === '--version' || first === 'version') return { kind: 'version' };
  if (first === '' || first === 'help' || first.startsWith('-')) {
    return first === '' || first === 'help' || wantsHelp
      ? { kind: 'help', command: undefined }
      : wrong(undefined, [`'${first}' comes before a command`]);
  }
  const command =
    COMMANDS.find(({ path }) => path === first) ??
    COMMANDS.find(({ path }) => path === `${first} ${second}`);
  if (command === undefined) return noSuchCommand(first, second, wantsHelp);
  const rest = argv.slice(command.path.split(' ').length);
  if (command.passesThrough === true) {
    return { kind: 'run', command, invocation: { flags: {}, positionals: [], rest, startedMs } };
  }
  return wantsHelp ? { kind: 'help', command } : readInvocation(command, rest, startedMs);
}

function noSuchCommand(first: string, second: string, wantsHelp: boolean): ReadCommandLine {
  const siblings = COMMANDS.filter(({ path }) => path.startsWith(`${first} `));
  if (siblings.length === 0) {
    const names = [...new Set(COMMANDS.map(({ path }) => path.split(' ')[0] ?? ''))];
    const nearest = nearestName(first, names);
    const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
    return wrong(undefined, [`'${first}' is not a command${hint}`]);
  }
  if (wantsHelp) return { kind: 'help', command: undefined };
  const choices = siblings.map(({ path }) => `'${path}'`).join(' or ');
  const found = second === '' || second.startsWith('-') ? 'nothing' : `'${second}'`;
  return wrong(undefined, [`${found} follows '${first}'; expected ${choices}`]);
}

function readInvocation(
  command: Command,
  rest: readonly string[],
  startedMs: number,
): ReadCommandLine {
  const valued = command.flags.filter(({ placeholder }) => placeholder !== undefined);
  const { error, argv } = parse.detailed([...rest], {
    string: valued.map(({ name }) => name),
    boolean: command.flags.filter(({ placeholder }) => placeholder === undefined).map(nameOf),
    configuration: {
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
      'strip-aliased': true,
    },
  });
  const { _: words, ...flags } = argv;
  const positionals = words.map(String);
  const problems = [
    ...(error === null ? [] : [error.message]),
    ...wrongFlags(command, flags),
    ...wrongPositionals(command, positionals),
  ];
  if (problems.length > 0) return wrong(command, problems);
  return { kind: 'run', command, invocation: { flags, positionals, rest, startedMs } };
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function wrongFlags(command: Command, flags: Readonly<Record<string, unknown>>): string[] {
  const names = command.flags.map(nameOf);
  const problems: string[] = [];
  for (const [name, value] of Object.entries(flags)) {
    const flag = command.flags.find((candidate) => candidate.name === name);
    if (flag === undefined) {
      const nearest = nearestName(name, names);
      const hint = nearest === undefined ? '' : `; did you mean '--${nearest}'?`;
      problems.push(`${name.length === 1 ? '-' : '--'}${name} is not a flag${hint}`);
    } else if (flag.group === undefined && Array.isArray(value)) {
      // Flags that are settings are checked by the schema, in its words.
      problems.push(`--${name} is given ${value.length} times`);
    } else if (flag.group === undefined && flag.placeholder !== undefined && value === '') {
      problems.push(`--${name} needs a value: ${flag.placeholder}`);
    }
  }
  return problems;
}

function wrongPositionals(command: Command, positionals: readonly string[]): string[] {
  const missing = command.positionals.slice(positionals.length).filter(({ required }) => required);
  const surplus = positionals.slice(command.positionals.length);
  return [
    ...missing.map(({ name }) => `${name} is missing`),
    ...surplus.map((word) => `'${word}' is more than '${command.path}' takes`),
  ];
}

function wrong(command: Command | undefined, problems: readonly string[]): ReadCommandLine {
  return { kind: 'wrong', command, problems };
}
