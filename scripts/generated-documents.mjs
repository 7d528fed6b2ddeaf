/** The documents that are made from tables in the sources: what docs.mjs writes and a test compares. */
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** Text of each document, by its path; `build` is a folder with compiled sources. */
export async function generatedDocuments(build) {
  const load = (path) => import(pathToFileURL(join(build, path)).href);
  const { configReference } = await load('src/config/index.js');
  const { LIMITS } = await load('src/resolver/index.js');
  const { CACHE_LIMITS } = await load('src/cache/index.js');
  const { CLIENT_LIMITS } = await load('src/server/index.js');
  const { DANE_LIMITS } = await load('src/dane/index.js');
  return new Map([
    ['docs/configuration.md', configReference()],
    [
      'docs/limits.md',
      limitsDocument([
        ['One question, its servers and its answers', 'src/resolver/limits.ts', LIMITS],
        ['Memory', 'src/cache/limits.ts', CACHE_LIMITS],
        ['Clients', 'src/server/client-limits.ts', CLIENT_LIMITS],
        ['DANE for mail', 'src/dane/limits.ts', DANE_LIMITS],
      ]),
    ],
    ['docs/api/public-types.txt', publicTypes(join(build, 'src', 'index.d.ts'))],
  ]);
}

const LIMITS_HEAD = `# Limits

<!-- Written by \`npm run docs\` from the tables named below; a test compares. Do not edit. -->

Every bound on work, memory and time. A question that exceeds one ends with SERVFAIL and an Extended
DNS Error; never with an answer that is insecure, empty or partial, since an attacker could then
switch DANE off by making work. \`insecureTlsaMs\` bounds the wait in zones that are proven to be
unsigned, where there is no DANE to switch off.
`;

function limitsDocument(tables) {
  let text = LIMITS_HEAD;
  for (const [title, file, limits] of tables) {
    text += `\n## ${title}\n\nFrom \`${file}\`.\n\n`;
    text += '| Limit | Value | Why this much | What it stops |\n|---|---|---|---|\n';
    for (const [name, { value, unit, reason, stops }] of Object.entries(limits)) {
      const amount = `${value.toLocaleString('en')} ${unit}`;
      text += `| \`${name}\` | ${amount} | ${reason} | ${stops} |\n`;
    }
  }
  return text;
}

const TYPES_HEAD = `// The public types of Anchorite: every name that src/index.ts exports, as compiled.
// Written by \`npm run docs\`; a test compares. A change here is a change for users.
`;

/** The declarations behind the exports, in order of name; without the compiler's own library. */
function publicTypes(entry) {
  const program = ts.createProgram([entry], { noLib: true, types: [], noResolve: false });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} is no module; compile first`);
  const exported = checker.getExportsOfModule(module);
  const names = new Set(exported.map(({ name }) => name));
  const parts = exported
    .map((symbol) => declarationText(symbol, checker, entry, names))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `${TYPES_HEAD}${parts.map(([, text]) => `\n${text}\n`).join('')}`;
}

function declarationText(symbol, checker, entry, names) {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  const texts = (target.declarations ?? []).map((declaration) => {
    const file = declaration.getSourceFile();
    for (const name of foreignNames(declaration, checker, dirname(entry))) {
      if (names.has(name)) continue;
      const where = relative(dirname(entry), file.fileName);
      throw new Error(`${where}: ${symbol.name} shows ${name}, which src/index.ts does not export`);
    }
    return declaration.getFullText(file).trim();
  });
  return [symbol.name, texts.join('\n')];
}

/** Whether a name was imported from Node, and so needs no words of ours. */
function isNodes(declaration) {
  for (let at = declaration; at !== undefined; at = at.parent) {
    if (ts.isImportDeclaration(at)) return at.moduleSpecifier.text.startsWith('node:');
  }
  return false;
}

/** Types of our own that a declaration mentions. */
function foreignNames(declaration, checker, folder) {
  const names = new Set();
  const visit = (node) => {
    if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) {
      const symbol = checker.getSymbolAtLocation(node.typeName);
      const isParameter = symbol && (symbol.flags & ts.SymbolFlags.TypeParameter) !== 0;
      const declared = symbol?.declarations?.[0];
      const isOurs = declared?.getSourceFile().fileName.startsWith(folder) === true;
      if (!isParameter && isOurs && !isNodes(declared)) names.add(node.typeName.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return names;
}
