/** What must not stand in any tracked file, whatever its language. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from './architecture/sources.js';

// Put together from parts, so that this file does not contain what it looks for.
const FORBIDDEN: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [new RegExp(['TO', 'DO'].join('')), 'finish it, or open an issue'],
  [new RegExp(['FIX', 'ME'].join('')), 'finish it, or open an issue'],
  [new RegExp(['(?<![\\w.~-])/', '(?:work|home|root|Users)/\\w'].join('')), 'a relative path'],
  [new RegExp(['registry', 'npmjs', 'org'].join('\\.')), 'leave registries to npm'],
];

const BINARY = /\.(?:gz|png|jpg|ico|woff2?|pcap|bin)$/;

const files = trackedFiles();
const skip = files.length === 0 ? 'not a git checkout: there is no list of tracked files' : false;

t.test('tracked files', { skip }, (t) => {
  const refusals: string[] = [];
  for (const file of files) {
    if (BINARY.test(file)) continue;
    readText(file)
      .split('\n')
      .forEach((line, index) => {
        for (const [pattern, instead] of FORBIDDEN) {
          const found = pattern.exec(line);
          if (found === null) continue;
          refusals.push(`${file}:${index + 1} '${found[0]}': instead, ${instead}`);
        }
      });
  }
  t.same(refusals, []);
  t.end();
});

t.test('dependencies are pinned and run nothing when they are installed', (t) => {
  const manifest = JSON.parse(readText('package.json'));
  const lock = JSON.parse(readText('package-lock.json'));
  for (const group of ['dependencies', 'devDependencies']) {
    for (const [name, version] of Object.entries<string>(manifest[group])) {
      t.match(version, /^\d+\.\d+\.\d+$/, `${name} is pinned to one version`);
    }
  }
  const packages = Object.entries<{ dev?: boolean; hasInstallScript?: boolean }>(lock.packages);
  const scripted = packages.filter(([, entry]) => entry.hasInstallScript === true && !entry.dev);
  t.same(
    scripted.map(([path]) => path),
    [],
    'no package of the product has an install script',
  );
  t.end();
});

function trackedFiles(): string[] {
  try {
    const output = execFileSync('git', ['ls-files', '-z'], {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\0').filter((file) => file !== '');
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(join(projectRoot, file), 'utf8');
  } catch {
    return '';
  }
}
