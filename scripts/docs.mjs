/** `npm run docs`: writes the documents that are made from tables in the sources. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './prepare.mjs';

ensureInstalled();
ensureBuilt();
const { configReference } = await import('../build/src/config/index.js');
write('docs/configuration.md', configReference());

function write(file, text) {
  const path = join(root, file);
  let before = '';
  try {
    before = readFileSync(path, 'utf8');
  } catch {
    // It is written for the first time.
  }
  if (before !== text) writeFileSync(path, text);
  console.log(`${file}: ${before === text ? 'unchanged' : 'written'}`);
}
