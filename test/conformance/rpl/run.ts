/**
 * `npm run conformance -- [--folder DIR] [--group G] [--file F] [--level strict|relaxed] [--trace]
 * [--json]`: plays replay scenarios and prints a table by group.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Level } from './differences.js';
import { play, type Played } from './play.js';
import { parseScenario } from './scenario-file.js';
import { projectPath, sharedPath } from '../../vectors/shared-data.js';

export interface Row {
  readonly file: string;
  readonly group: string;
  readonly core: boolean;
  readonly policy: string | undefined;
  readonly pass: boolean;
  readonly skipped: boolean;
  readonly reason: string;
}

/** The core scenarios that pass, one per line: what passes or not never changes unseen. */
const PASSING = projectPath('test', 'conformance', 'passing.txt');

export function passingList(): Set<string> {
  return new Set(readFileSync(PASSING, 'utf8').split('\n').filter(Boolean));
}

/** Core scenarios that do not do what the list says they do. */
export function surprises(rows: readonly Row[], list: ReadonlySet<string>): string[] {
  return rows
    .filter((row) => row.core && row.pass !== list.has(row.file))
    .map((row) => (row.pass ? `${row.file} passes now: list it` : `${row.file}: ${row.reason}`));
}

interface Listed {
  readonly group: string;
  readonly core: boolean;
  readonly policy: string | undefined;
}

function readTable(path: string): Map<string, Listed> {
  const table = new Map<string, Listed>();
  if (!existsSync(path)) return table;
  for (const line of readFileSync(path, 'utf8').split('\n').slice(1)) {
    const [file, group, , verdict, , strict = ''] = line.split('\t');
    if (file === undefined || group === undefined) continue;
    const policy = /policy:([^,]*)/.exec(strict)?.[1];
    table.set(file, { group, core: verdict === 'core', policy });
  }
  return table;
}

export interface RunOptions {
  readonly folder?: string;
  readonly group?: string;
  readonly file?: string;
  readonly strict?: boolean;
  readonly trace?: boolean;
}

export function runScenarios(options: RunOptions): Row[] {
  const folder = options.folder ?? sharedPath('conformance', 'rpl');
  if (folder === undefined) throw new Error('no folder with scenarios: name one with --folder');
  const table = new Map([
    ...readTable(join(folder, '..', 'scenarios.tsv')),
    ...readTable(join(folder, 'scenarios.tsv')),
  ]);
  const rows: Row[] = [];
  for (const file of scenarioFiles(folder)) {
    const { group, core, policy } = table.get(basename(file)) ?? {
      group: 'own',
      core: true,
      policy: undefined,
    };
    if (options.group !== undefined && options.group !== group) continue;
    if (options.file !== undefined && !isNamed(file, options.file)) continue;
    const trace = options.trace === true ? (line: string) => console.error(line) : undefined;
    const played = playFile(join(folder, file), { strict: options.strict === true }, trace);
    const reason = played.pass ? '' : played.reason;
    const skipped = !played.pass && played.skipped;
    rows.push({ file, group, core, policy, pass: played.pass, skipped, reason });
  }
  return rows;
}

/** All scenarios of a folder and of those in it. */
function scenarioFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rpl'))
    .sort();
}

function isNamed(file: string, wanted: string): boolean {
  return [file, basename(file)].some((name) => name === wanted || name === `${wanted}.rpl`);
}

/** Whatever the file is like, it ends in a verdict with a reason. */
function playFile(path: string, level: Level, trace?: (line: string) => void): Played {
  try {
    return play(parseScenario(readFileSync(path, 'latin1')), level, trace);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { pass: false, reason: `broken: ${reason}`, skipped: false };
  }
}

function printTable(rows: readonly Row[]): void {
  const groups = [...new Set(rows.map(({ group }) => group))].sort();
  console.log('group             core  pass  policy  optional  pass  not offered');
  for (const group of [...groups, 'all']) {
    const mine = rows.filter((row) => group === 'all' || row.group === group);
    const core = mine.filter((row) => row.core);
    const optional = mine.filter((row) => !row.core);
    const counts = [
      core.length,
      core.filter((row) => row.pass).length,
      core.filter((row) => !row.pass && row.policy !== undefined).length,
      optional.length,
      optional.filter((row) => row.pass).length,
      optional.filter((row) => row.skipped).length,
    ];
    console.log(group.padEnd(16) + counts.map((count) => String(count).padStart(7)).join(' '));
  }
  for (const row of rows.filter(({ pass, skipped, core }) => !pass && (core || !skipped))) {
    const policy = row.policy === undefined ? '' : ` [policy: ${row.policy}]`;
    console.log(`${row.core ? 'core' : 'optional'} ${row.file}: ${row.reason}${policy}`);
  }
}

export function main(args: readonly string[]): number {
  try {
    return run(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

function run(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string' },
      group: { type: 'string' },
      file: { type: 'string' },
      level: { type: 'string', default: 'relaxed' },
      trace: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const { folder, group, file, trace, level } = values;
  if (level !== 'strict' && level !== 'relaxed') throw new Error(`no level ${level}`);
  const rows = runScenarios({
    ...(folder === undefined ? {} : { folder }),
    ...(group === undefined ? {} : { group }),
    ...(file === undefined ? {} : { file }),
    ...(trace === undefined ? {} : { trace }),
    strict: level === 'strict',
  });
  if (values.json === true) {
    const scenarios = rows.map((row) => {
      const { pass, reason } = row;
      return { file: row.file, group: row.group, pass, reason };
    });
    console.log(JSON.stringify({ scenarios }));
  } else {
    printTable(rows);
    const core = rows.filter((row) => row.core);
    const passed = core.filter(({ pass }) => pass).length;
    console.log(`${passed} of ${core.length} core scenarios pass at the ${level} level`);
  }
  // In a folder of others every scenario counts; in the shared one, the list of what passes does.
  const troubles =
    folder === undefined && file === undefined && group === undefined && level !== 'strict'
      ? surprises(rows, passingList())
      : rows.filter(({ core, pass }) => core && !pass).map((row) => row.file);
  if (troubles.length > 0) console.error(`\nnot as listed:\n  ${troubles.join('\n  ')}`);
  return troubles.length === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith('rpl/run.js') === true) process.exit(main(process.argv.slice(2)));
