import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { CACHE_FILE, load, PROGRAM_FILE, sealed } from '../../src/cli/launch.js';
import { ended, program } from './running-program.js';

const require = createRequire(import.meta.url);
const made = dirname(program);
const source = readFileSync(join(made, PROGRAM_FILE));
const cache = readFileSync(join(made, CACHE_FILE));
const manifest = JSON.parse(readFileSync(join(made, '../../../package.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'anchorite-launch-'));
t.teardown(() => rmSync(folder, { recursive: true }));

/** Loads the program from a folder with these files. */
function loaded(files: { readonly source: Buffer; readonly cache?: Buffer }) {
  rmSync(join(folder, CACHE_FILE), { force: true });
  writeFileSync(join(folder, PROGRAM_FILE), files.source);
  if (files.cache !== undefined) writeFileSync(join(folder, CACHE_FILE), files.cache);
  return load(folder, program, require);
}

function changed(octets: Buffer, at: number): Buffer {
  const copy = Buffer.from(octets);
  copy[at]! ^= 1;
  return copy;
}

t.test('what was compiled when the program was built is taken on this Node', (t) => {
  const { isPrecompiled, program: loadedProgram } = loaded({ source, cache });
  t.equal(isPrecompiled, true);
  t.equal(loadedProgram.readVersion(), manifest.version);
  t.end();
});

t.test('anything else is left alone, and the program runs as it would without', (t) => {
  const data = cache.subarray(4);
  const wrong: Record<string, Buffer | undefined> = {
    'no file': undefined,
    'an empty file': Buffer.alloc(0),
    'less than a checksum': cache.subarray(0, 3),
    'a checksum of nothing': cache.subarray(0, 4),
    'half of a file': cache.subarray(0, cache.length >> 1),
    'all but the last octet': cache.subarray(0, -1),
    'one octet more': Buffer.concat([cache, Buffer.alloc(1)]),
    'a wrong bit in the checksum': changed(cache, 0),
    'a wrong bit in what is for V8 to check': changed(cache, 8),
    'a wrong bit in the middle': changed(cache, cache.length >> 1),
    'a wrong bit at the end': changed(cache, cache.length - 1),
    'another version of Node': sealed(source, data, '["v20.0.0"]'),
  };
  for (const [title, file] of Object.entries(wrong)) {
    const result = loaded({ source, ...(file === undefined ? {} : { cache: file }) });
    t.equal(result.isPrecompiled, false, title);
    t.equal(result.program.readVersion(), manifest.version, title);
  }
  t.end();
});

t.test('V8 has the last word', (t) => {
  // V8 would take what it has of the same text in memory.
  const unseen = Buffer.concat([source, Buffer.from('// ')]);
  const result = loaded({ source: unseen, cache: sealed(unseen, Buffer.from('not of V8')) });
  t.equal(result.isPrecompiled, false);
  t.equal(result.program.readVersion(), manifest.version);
  t.end();
});

t.test('what was compiled of another source of the same length is not run', (t) => {
  const text = source.toString('latin1');
  const other = text.replace('../../../package.json', '../../../packagf.json');
  t.equal(other.length, text.length);
  t.not(other, text);
  const result = loaded({ source: Buffer.from(other, 'latin1'), cache });
  t.equal(result.isPrecompiled, false);
  t.throws(() => result.program.readVersion(), /packagf\.json/, 'the source says what is run');
  t.end();
});

t.test('with other flags of V8 the program runs too', async (t) => {
  for (const flags of [[], ['--no-opt']]) {
    const script = `console.log(require(${JSON.stringify(program)}).isPrecompiled)`;
    const child = spawn(process.execPath, [...flags, '-e', script], { stdio: 'pipe' });
    const { status, stdout } = await ended(child);
    t.equal(status, 0);
    t.equal(stdout, `${flags.length === 0}\n`, `precompiled with flags [${flags}]`);
  }
});

t.test('the program runs by its name alone', async (t) => {
  const { status, stdout } = await ended(spawn(program, ['--version'], { stdio: 'pipe' }));
  t.equal(status, 0);
  t.equal(stdout, `${manifest.version}\n`);
});

t.test('the program is one file: it asks for nothing that Node has not', (t) => {
  const text = source.toString('latin1');
  const asked = [...text.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, name = '']) => name);
  t.ok(asked.includes('node:dgram'));
  t.same(
    asked.filter((name) => !isBuiltin(name)),
    [],
  );
  t.notMatch(text, /\bimport\(["'`]/, 'a script of node:vm has no import()');
  t.notMatch(text, /[^\0-\x7f]/, 'it is read as Latin-1');
  t.end();
});

t.test('licences come with the code that is copied', (t) => {
  const text = readFileSync(join(made, 'LICENCES.txt'), 'utf8');
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    t.ok(text.includes(`${name} ${version} (`), name);
  }
  t.end();
});
