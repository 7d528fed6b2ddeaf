/** Reads the TypeScript sources of the repository as the architecture test needs them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to the project root, with slashes. */
  readonly path: string;
  readonly lines: readonly string[];
  /** The same lines with comments and the insides of strings blanked out, but not specifiers. */
  readonly codeLines: readonly string[];
  /** With strings blanked out and comments left: what a formatter could have broken up. */
  readonly breakableLines: readonly string[];
  readonly imports: readonly Import[];
  /** Programs that this file starts as processes of their own. */
  readonly starts: readonly string[];
  readonly functions: readonly FunctionExtent[];
  /** Started by a script. */
  readonly isProgram: boolean;
}

export interface Import {
  readonly specifier: string;
  /** Path of the imported source; undefined for packages. */
  readonly target: string | undefined;
  readonly line: number;
}

export interface FunctionExtent {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
}

export const projectRoot = findProjectRoot();

/** Compiled tests live in a build folder, which may be anywhere below the project. */
function findProjectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) || !existsSync(join(folder, 'src'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('the project root is not above this test');
    folder = above;
  }
  // A build folder holds src/ too, but no package.json.
  return folder;
}

const FOLDERS = ['src', 'test', 'bench'];

/** Scripts that start compiled programs, as one text. */
const SCRIPTS = readScripts();

function readScripts(): string {
  let text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  for (const folder of ['scripts', '.ci', 'test', 'bench']) {
    if (!existsSync(join(projectRoot, folder))) continue;
    const options = { recursive: true, withFileTypes: true } as const;
    for (const entry of readdirSync(join(projectRoot, folder), options)) {
      // Shell scripts often have no ending at all.
      if (!entry.isFile() || !/^[^.]+$|\.(?:sh|mjs)$/.test(entry.name)) continue;
      text += readFileSync(join(entry.parentPath, entry.name), 'utf8');
    }
  }
  return text;
}

export function readSources(): SourceFile[] {
  const sources: SourceFile[] = [];
  for (const folder of FOLDERS) {
    if (!existsSync(join(projectRoot, folder))) continue;
    const entries = readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
    for (const entry of entries.sort()) {
      if (!entry.endsWith('.ts') || entry.includes('node_modules')) continue;
      sources.push(readSource(posix.join(folder, entry.replaceAll('\\', '/'))));
    }
  }
  return sources;
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(projectRoot, path), 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, false);
  const imports: Import[] = [];
  const functions: FunctionExtent[] = [];
  const blanks: Array<readonly [start: number, end: number]> = [];
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;

  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      const line = lineOf(specifier.getStart(tree));
      imports.push({ specifier: specifier.text, target: targetOf(path, specifier.text), line });
    } else if (isText(node) && !isSpecifier(node)) {
      blanks.push([node.getStart(tree), node.end]);
    }
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const line = lineOf(node.getStart(tree));
      const lineCount = lineOf(node.end) - line + 1;
      functions.push({ name: nameOf(node, tree), line, lineCount });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const breakable = blankOut(text, blanks);
  for (const comment of commentsOf(text, tree)) blanks.push(comment);

  return {
    path,
    lines: withoutLastEmpty(text.split('\n')),
    codeLines: blankOut(text, blanks).split('\n'),
    breakableLines: breakable.split('\n'),
    imports,
    starts: startsOf(path, text),
    functions,
    isProgram: SCRIPTS.includes(path.replace(/\.ts$/, '.js')),
  };
}

function specifierOf(node: ts.Node): ts.StringLiteral | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const { moduleSpecifier } = node;
    return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier)
      ? moduleSpecifier
      : undefined;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteral(argument) ? argument : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    return ts.isStringLiteral(literal) ? literal : undefined;
  }
  return undefined;
}

function isText(node: ts.Node): boolean {
  return (
    ts.isStringLiteral(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node) ||
    ts.isRegularExpressionLiteral(node)
  );
}

/** `node:` in a specifier must stay visible to the banned words. */
function isSpecifier(node: ts.Node): boolean {
  return ts.isStringLiteral(node) && node.text.startsWith('node:');
}

function nameOf(node: ts.SignatureDeclaration, tree: ts.SourceFile): string {
  if (node.name !== undefined) return node.name.getText(tree);
  return ts.isConstructorDeclaration(node) ? 'constructor' : '(anonymous)';
}

function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

/** `new URL('./program.js', import.meta.url)` */
function startsOf(path: string, text: string): string[] {
  const targets = [...text.matchAll(/new URL\(\s*'([^']+\.js)'/g)].map(([, target = '']) => target);
  return targets.map((target) => posix.join(posix.dirname(path), target).replace(/\.js$/, '.ts'));
}

function commentsOf(text: string, tree: ts.SourceFile): Array<readonly [number, number]> {
  const comments = new Map<number, number>();
  const collect = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) comments.set(pos, end);
  };
  const visit = (node: ts.Node): void => {
    collect(ts.getLeadingCommentRanges(text, node.pos));
    collect(ts.getTrailingCommentRanges(text, node.end));
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
  return [...comments];
}

function blankOut(text: string, blanks: ReadonlyArray<readonly [number, number]>): string {
  const ordered = [...blanks].sort(([a], [b]) => a - b);
  let result = '';
  let at = 0;
  for (const [start, end] of ordered) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    result += text.slice(at, from);
    result += text.slice(from, end).replace(/[^\n]/g, ' ');
    at = end;
  }
  return result + text.slice(at);
}

function withoutLastEmpty(lines: string[]): string[] {
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
