/** The reviews name functions and tests: what they name has to be there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { projectRoot } from '../architecture/sources.js';

/** Each with how many functions and tests it names at the least. */
const REVIEWS = [
  { file: 'docs/validator-review.md', least: 80 },
  { file: 'docs/dane-review.md', least: 30 },
] as const;

function source(path: string): string | undefined {
  const file = join(projectRoot, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

for (const { file, least } of REVIEWS) t.test(file, (t) => checkReview(t, file, least));

function checkReview(t: Test, document: string, least: number): void {
  const review = readFileSync(join(projectRoot, document), 'utf8');
  const rows = review.split('\n').filter((line) => /^\| .* \|$/.test(line));

  t.test('functions', (t) => {
    let named = 0;
    for (const [, path = '', name = ''] of review.matchAll(/`([\w/-]+\.ts)#(#?\w+)`/g)) {
      named++;
      const text = source(`src/${path}`);
      t.ok(text?.includes(name), `src/${path} has ${name}`);
    }
    t.ok(named > least, `${named} are named`);
    t.end();
  });

  t.test('tests', (t) => {
    let named = 0;
    for (const row of rows) {
      // One file may be named for several tests: `file` “one”, “another”.
      for (const [, file = '', titles = ''] of row.matchAll(
        /`([\w-]+\/[\w-]+)` ((?:“[^”]+”(?:, )?)+)/g,
      )) {
        const text = source(`test/${file}.test.ts`);
        for (const [, title = ''] of titles.matchAll(/“([^”]+)”/g)) {
          named++;
          t.ok(text?.includes(title), `test/${file}.test.ts has “${title}”`);
        }
      }
    }
    t.ok(named > least, `${named} are named`);
    t.end();
  });

  t.test('every clause has a function and a test, or a reason why not', (t) => {
    for (const row of rows) {
      const cells = row.split('|').map((cell) => cell.trim());
      const [, clause = '', , enforced = '', held = '', verdict = ''] = cells;
      // Other tables have other columns; the worked examples name tests alone.
      if (cells.length !== 7 || /^-+$|^Clause$/.test(clause)) continue;
      const isHeld = held.includes('“') && (enforced.includes('#') || clause === '§5.6');
      t.ok(isHeld || verdict.startsWith('difference'), `${clause}: ${enforced}; ${held}`);
      t.match(verdict, /^(holds|gap|difference)/, clause);
    }
    t.end();
  });
  t.end();
}
