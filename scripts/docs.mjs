/** `npm run docs`: writes the documents that are made from tables in the sources. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './prepare.mjs';

ensureInstalled();
// Another folder with compiled sources may be named.
const [, , build = join(root, 'build')] = process.argv;
if (build === join(root, 'build')) ensureBuilt();
const { generatedDocuments } = await import('./generated-documents.mjs');
for (const [file, text] of await generatedDocuments(build)) write(file, text);

function write(file, text) {
  const path = join(root, file);
  let before = '';
  try {
    before = readFileSync(path, 'utf8');
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  if (before !== text) writeFileSync(path, text);
  console.log(`${file}: ${before === text ? 'unchanged' : 'written'}`);
}
