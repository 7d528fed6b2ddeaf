/**
 * The house rules as a test: who may import whom, what the pure floors must not touch, how long a
 * file or function may get. Each rule is a table at the top; each refusal says what to do instead.
 */
import t from 'tap';
import { readSources, type SourceFile } from './architecture/sources.js';

/** Rooms import only from lower floors. A room is a folder of src/, or one of its own files. */
const FLOORS: Readonly<Record<string, number>> = {
  wire: 0,
  dnssec: 1,
  presentation: 1,
  cache: 2,
  resolver: 3,
  server: 4,
  lab: 4,
  dane: 4,
  doctor: 4,
  explanation: 4,
  runtime: 5,
  config: 5,
  embedding: 6,
  // Other people's shapes around what embedding/ has.
  adapters: 6.3,
  // The face of the library: it shows what embedding/ has.
  'index.ts': 6.5,
  cli: 7,
};

const HIGHEST_PURE_FLOOR = 4;

/** Programs and doors for others: what no one imports and is alive all the same. */
const ENTRY_POINTS = ['src/index.ts', 'src/cli/launch.ts', 'src/cli/main.ts'];

/** Doors beside the door, for what must not be loaded with the rest of its room. */
const SIDE_DOORS = ['src/dnssec/noble.ts'];

const FORBIDDEN_FOLDERS = ['utils', 'util', 'helpers', 'common', 'misc', 'shared', 'lib', 'stuff'];

/** Packages that production code may import, and where. Node's own: floors 5 and up. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@noble/curves': ['dnssec'],
  '@noble/hashes': ['dnssec'],
  'lru-cache': ['cache', 'resolver'],
  yaml: ['config'],
  yargs: ['cli'],
  'yargs-parser': ['cli'],
  pino: ['cli'],
};

/** Words of the pure floors: what is refused, and what to use instead. */
const BANNED_IN_PURE_FLOORS: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [/\bDate\.now\b/, 'take the time as an argument (Now, CacheClock, nowSeconds)'],
  [/\bnew Date\(/, 'take the time as an argument; calendar arithmetic on numbers'],
  [/\bperformance\b/, 'take monotonic milliseconds as an argument (Now)'],
  [/\bMath\.random\b/, 'draw from the Entropy that is passed in'],
  [/\bset(?:Timeout|Interval|Immediate)\b/, 'return a deadline; the driver wakes the machine'],
  [/\bqueueMicrotask\b/, 'return an effect; the driver acts on it'],
  [/\bprocess\b/, 'take it as an argument; only runtime/ and cli/ see the process'],
  [/\bBuffer\b/, 'Uint8Array'],
  [/['"]node:/, 'put it behind an interface that runtime/ implements'],
  [/\basync\b/, 'return effects; the machine never waits'],
  [/\bawait\b/, 'return effects; the machine never waits'],
  [/\bPromise\b/, 'return effects; the machine never waits'],
  [/\bconsole\b/, 'emit a report effect; cli/ finds the words'],
  [/\bcrypto\.(?:subtle|getRandomValues)\b/, 'CryptoProvider and Entropy'],
];

const MAX_FILE_LINES = 500;
/** Each test program costs a start, so they are few and large; beyond this, hard to find. */
const MAX_TEST_FILE_LINES = 800;
/** The head of a longer file says why it is one file, in these words. */
const LONG_FILE_REASON = /Over 500 lines because /;

const MAX_FUNCTION_LINES = 70;
/** Functions that are longer, and how long. The number may only fall; a new row needs a reason. */
const LONG_FUNCTIONS: Readonly<Record<string, number>> = {
  // Tables of domains with what each shows: a list, not a procedure.
  'src/lab/broken-domains.ts#keys': 80,
  'src/lab/server-domains.ts#serverDomains': 79,
};

const MAX_COLUMNS = 100;

const sources = readSources();
const product = sources.filter((file) => file.path.startsWith('src/'));
const byPath = new Map(sources.map((file) => [file.path, file]));

t.test('every room stands on a floor and has a door', (t) => {
  for (const room of new Set(product.map(roomOf))) {
    t.ok(room in FLOORS, `src/${room}: give it a floor in ${'test/architecture.test.ts'}`);
    if (!room.endsWith('.ts')) {
      t.ok(byPath.has(`src/${room}/${doorFile(room)}`), `src/${room} has a door`);
    }
  }
  t.end();
});

t.test('imports go down, and through the door', (t) => {
  const refusals: string[] = [];
  for (const file of product) {
    for (const { specifier, target, line } of file.imports) {
      if (target === undefined) continue;
      const refusal = refuseImport(file, target);
      if (refusal !== undefined) refusals.push(`${file.path}:${line} '${specifier}': ${refusal}`);
    }
  }
  t.same(refusals, []);
  t.end();
});

t.test('packages are imported only where the table says', (t) => {
  const refusals: string[] = [];
  for (const file of product) {
    for (const { specifier, target, line } of file.imports) {
      if (target !== undefined) continue;
      const refusal = refusePackage(file, specifier);
      if (refusal !== undefined) refusals.push(`${file.path}:${line} '${specifier}': ${refusal}`);
    }
  }
  t.same(refusals, []);
  t.end();
});

t.test('no import cycles, type-only ones included', (t) => {
  t.same(findCycles(product), []);
  t.end();
});

t.test('no dead files', (t) => {
  const tests = sources.filter(({ path }) => path.endsWith('.test.ts')).map(({ path }) => path);
  const programs = sources.filter(({ isProgram }) => isProgram).map(({ path }) => path);
  const alive = reachableFrom(ENTRY_POINTS);
  const aliveWithTests = reachableFrom([...ENTRY_POINTS, ...tests, ...programs]);
  const dead = sources.filter(({ path }) =>
    path.startsWith('src/') ? !alive.has(path) : !aliveWithTests.has(path),
  );
  t.same(
    dead.map(({ path }) => path),
    [],
    'every file is reached from an entry point, tests and benchmarks from their programs',
  );
  t.end();
});

t.test('no junk drawers', (t) => {
  const found = sources
    .flatMap(({ path }) =>
      path.split('/').map((part) => [path, part.replace(/\.ts$/, '')] as const),
    )
    .filter(([, part]) => FORBIDDEN_FOLDERS.includes(part))
    .map(([path, part]) => `${path}: '${part}' is not a noun of the field; see RFC 9499`);
  t.same(found, []);
  t.end();
});

t.test('floors 0 to 4 do not touch the world', (t) => {
  const refusals: string[] = [];
  for (const file of product) {
    if (floorOf(file) > HIGHEST_PURE_FLOOR) continue;
    file.codeLines.forEach((text, index) => {
      for (const [pattern, instead] of BANNED_IN_PURE_FLOORS) {
        const found = pattern.exec(text);
        if (found === null) continue;
        refusals.push(`${file.path}:${index + 1} ${found[0]}: instead, ${instead}`);
      }
    });
  }
  t.same(refusals, []);
  t.end();
});

t.test('files stay short, or say why not', (t) => {
  const tooLong = sources
    .filter(({ path, lines }) => lines.length > mostLines(path))
    .filter(({ lines }) => !LONG_FILE_REASON.test(headOf(lines)))
    .map(
      ({ path, lines }) =>
        `${path}: ${lines.length} lines; split it, or write 'Over 500 lines because …' at its head`,
    );
  t.same(tooLong, []);
  t.end();
});

t.test('functions stay short', (t) => {
  const tooLong: string[] = [];
  const seen = new Set<string>();
  for (const file of product) {
    for (const { name, line, lineCount } of file.functions) {
      const key = `${file.path}#${name}`;
      const allowed = LONG_FUNCTIONS[key];
      if (allowed !== undefined) seen.add(key);
      if (lineCount > (allowed ?? MAX_FUNCTION_LINES)) {
        tooLong.push(`${file.path}:${line} ${name}: ${lineCount} lines; cut out a named step`);
      } else if (allowed !== undefined && lineCount < allowed) {
        tooLong.push(`${key} shrank to ${lineCount} lines: lower its number in LONG_FUNCTIONS`);
      }
    }
  }
  for (const key of Object.keys(LONG_FUNCTIONS)) {
    if (!seen.has(key)) tooLong.push(`${key} is gone: take it out of LONG_FUNCTIONS`);
  }
  t.same(tooLong, []);
  t.end();
});

t.test('lines fit in 100 columns', (t) => {
  const tooWide: string[] = [];
  for (const { path, breakableLines } of sources) {
    breakableLines.forEach((text, index) => {
      // A long string, such as a key, stands on a line of its own, whatever closes after it.
      const width = text.replace(/\s+[\s,;)\]}]*$/, '').length;
      if (width > MAX_COLUMNS) tooWide.push(`${path}:${index + 1} ${width} columns`);
    });
  }
  t.same(tooWide, []);
  t.end();
});

t.test('the rules bite', (t) => {
  const wire = fakeFile('src/wire/name.ts', []);
  const nsec = fakeFile('src/dnssec/nsec.ts', []);
  t.match(refuseImport(wire, 'src/dnssec/index.ts'), /floor 0.*floor 1/);
  t.match(refuseImport(nsec, 'src/presentation/index.ts'), /same floor/);
  t.match(refuseImport(nsec, 'src/wire/name.ts'), /door/);
  t.match(refuseImport(nsec, 'src/dnssec/index.ts'), /own door/);
  t.match(refuseImport(nsec, 'test/dnssec/keys.ts'), /outside src/);
  t.equal(refuseImport(nsec, 'src/wire/index.ts'), undefined);
  t.equal(refuseImport(nsec, 'src/dnssec/nsec3.ts'), undefined);
  t.match(refusePackage(nsec, 'dns-packet'), /not in the table/);
  t.match(refusePackage(nsec, 'node:crypto'), /floor 1/);
  t.match(refusePackage(wire, '@noble/hashes/sha2.js'), /only in dnssec/);
  t.equal(refusePackage(nsec, '@noble/hashes/sha2.js'), undefined);
  const cycle = [
    fakeFile('src/wire/a.ts', ['src/wire/b.ts']),
    fakeFile('src/wire/b.ts', ['src/wire/a.ts']),
    fakeFile('src/wire/c.ts', ['src/wire/a.ts']),
  ];
  t.same(findCycles(cycle), ['src/wire/a.ts -> src/wire/b.ts -> src/wire/a.ts']);
  t.end();
});

function refuseImport(file: SourceFile, target: string): string | undefined {
  if (!target.startsWith('src/')) return 'the product imports nothing from outside src/';
  const room = roomOf(file);
  const targetRoom = roomOf({ path: target });
  if (room === targetRoom) {
    const isDoor = target === `src/${room}/${doorFile(room)}` && room !== 'cli';
    return isDoor ? 'a room does not use its own door; import the file' : undefined;
  }
  const floor = FLOORS[room] ?? -1;
  const targetFloor = FLOORS[targetRoom] ?? Number.POSITIVE_INFINITY;
  if (targetFloor === floor) {
    return `${room} and ${targetRoom} are on the same floor and do not see each other`;
  }
  if (targetFloor > floor) {
    return `${room} (floor ${floor}) must not know ${targetRoom} (floor ${targetFloor})`;
  }
  const isDoor = target === `src/${targetRoom}/index.ts` || SIDE_DOORS.includes(target);
  if (!targetRoom.endsWith('.ts') && !isDoor) {
    return `go through the door: src/${targetRoom}/index.js`;
  }
  return undefined;
}

function refusePackage(file: SourceFile, specifier: string): string | undefined {
  const room = roomOf(file);
  if (specifier.startsWith('node:')) {
    const floor = FLOORS[room] ?? 0;
    return floor > HIGHEST_PURE_FLOOR ? undefined : `Node is not to be had on floor ${floor}`;
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const rooms = PACKAGES[name];
  if (rooms === undefined) return `${name} is not in the table of packages`;
  return rooms.includes(room) ? undefined : `${name} only in ${rooms.join(', ')}`;
}

function findCycles(files: readonly SourceFile[]): string[] {
  const paths = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const trail: string[] = [];
  const visit = (path: string): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    trail.push(path);
    for (const { target } of paths.get(path)?.imports ?? []) {
      if (target !== undefined && paths.has(target)) visit(target);
    }
    trail.pop();
    state.set(path, 'done');
  };
  for (const path of paths.keys()) visit(path);
  return cycles;
}

function reachableFrom(starts: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...starts];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target !== undefined) waiting.push(target);
    }
    waiting.push(...(byPath.get(path)?.starts ?? []));
  }
  return reached;
}

function mostLines(path: string): number {
  return path.endsWith('.test.ts') ? MAX_TEST_FILE_LINES : MAX_FILE_LINES;
}

function roomOf({ path }: { readonly path: string }): string {
  return path.split('/')[1] ?? path;
}

function floorOf(file: SourceFile): number {
  return FLOORS[roomOf(file)] ?? 0;
}

/** The command line is a program: its door is its entry point. */
function doorFile(room: string): string {
  return room === 'cli' ? 'main.ts' : 'index.ts';
}

function headOf(lines: readonly string[]): string {
  return lines
    .slice(0, 25)
    .join(' ')
    .replace(/\s*\*\s+/g, ' ');
}

function fakeFile(path: string, targets: readonly string[]): SourceFile {
  const imports = targets.map((target) => ({ specifier: target, target, line: 1 }));
  return {
    path,
    lines: [],
    codeLines: [],
    breakableLines: [],
    imports,
    starts: [],
    functions: [],
    isProgram: false,
  };
}
