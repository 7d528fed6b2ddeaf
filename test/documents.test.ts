/** Documents against the sources: what is generated is current, what is linked is there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import { readCommandLine } from '../src/cli/command-line.js';
import { readYamlSettings } from '../src/config/index.js';
import { projectRoot, readSources } from './architecture/sources.js';

/** The folder with the compiled sources that belong to this compiled test. */
const build = fileURLToPath(new URL('..', import.meta.url));

interface Generator {
  generatedDocuments(build: string): Promise<ReadonlyMap<string, string>>;
}

function read(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8');
}

t.test('generated documents are those of the sources', async (t) => {
  const script = pathToFileURL(join(projectRoot, 'scripts', 'generated-documents.mjs')).href;
  const { generatedDocuments }: Generator = await import(script);
  for (const [file, text] of await generatedDocuments(build)) {
    const written = existsSync(join(projectRoot, file)) ? read(file) : '';
    t.equal(written, text, `${file}: run 'npm run docs', and look at what has changed`);
  }
});

const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'docs/api.md',
  'docs/dane.md',
  'docs/dane-review.md',
  'docs/rfcs.md',
  'docs/configuration.md',
  'docs/limits.md',
  'docs/mta.md',
];

t.test('links between documents lead somewhere', (t) => {
  for (const document of DOCUMENTS) {
    t.ok(existsSync(join(projectRoot, document)), document);
    if (!existsSync(join(projectRoot, document))) continue;
    for (const [, target = ''] of read(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target)) continue;
      const path = join(projectRoot, dirname(document), target);
      t.ok(existsSync(path), `${document} links to ${target}`);
    }
  }
  t.end();
});

t.test('source files that documents name exist', (t) => {
  for (const document of DOCUMENTS.filter((file) => existsSync(join(projectRoot, file)))) {
    for (const [, path = ''] of read(document).matchAll(
      /`((?:src|test|docs|scripts)\/[\w./-]+)`/g,
    )) {
      const exists = existsSync(join(projectRoot, path.replace(/\/$/, '')));
      t.ok(exists, `${document} names ${path}`);
    }
  }
  t.end();
});

t.test('every RFC that the sources cite is in the list', (t) => {
  const cited = new Set<string>();
  for (const { path, lines } of readSources()) {
    if (!path.startsWith('src/')) continue;
    for (const [, number = ''] of lines.join('\n').matchAll(/RFC (\d{4})/g)) cited.add(number);
  }
  const list = read('docs/rfcs.md');
  const missing = [...cited].filter((number) => !new RegExp(`\\b${number}\\b`).test(list));
  t.ok(cited.size > 50);
  t.same(missing.sort(), []);
  t.end();
});

t.test('commands that documents show are understood', (t) => {
  const { scripts } = JSON.parse(read('package.json'));
  for (const document of [
    'README.md',
    'ARCHITECTURE.md',
    'docs/api.md',
    'docs/dane.md',
    'docs/configuration.md',
  ]) {
    for (const [, command = ''] of read(document).matchAll(/^ {4,}((?:npm|npx|anchorite) .*)$/gm)) {
      const [shown = ''] = command.split(' # ');
      const words = shown
        .trim()
        .split(/\s+/)
        .filter((word) => !word.startsWith('['));
      const [program, ...rest] = words;
      if (program === 'npm') {
        const script = rest[0] === 'run' ? rest[1] : rest[0];
        t.ok(script !== undefined && script in scripts, `${document}: ${shown}`);
        continue;
      }
      const argv = program === 'npx' ? rest.slice(1) : rest;
      t.notMatch(readCommandLine(argv), { kind: 'wrong' }, `${document}: ${shown}`);
    }
  }
  t.end();
});

t.test('the example configuration is accepted', async (t) => {
  const example = await readYamlSettings(read('docs/examples/anchorite.yaml'), 'anchorite.yaml');
  t.same(example.errors, []);
  t.ok(example.settings.length > 0);
});

t.test('the package holds what it needs to run', (t) => {
  const { files, bin, exports: doors, version } = JSON.parse(read('package.json'));
  for (const needed of ['build/program', 'build/src', 'trust-anchors', 'docs', 'CHANGELOG.md']) {
    t.ok(files.includes(needed), needed);
  }
  t.equal(bin.anchorite, 'build/program/cli/main.js');
  t.equal(doors['.'].types, './build/src/index.d.ts');
  t.match(read('CHANGELOG.md'), new RegExp(`^## ${version.replaceAll('.', '\\.')}`, 'm'));
  t.end();
});
