/** Reads a configuration file's text: YAML 1.2, one mapping of setting names to values. */
import type { Document, Node, Scalar } from 'yaml';
import type { ConfigError, RawSetting } from './config.js';
import type { RawScalar } from './setting.js';

export interface YamlSettings {
  readonly settings: readonly RawSetting[];
  readonly errors: readonly ConfigError[];
}

type Yaml = typeof import('yaml');

/** Loads the YAML reader when there is something to read: it costs a start-up 40 ms. */
export async function readYamlSettings(text: string, fileName: string): Promise<YamlSettings> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const lineOf = (node: { range?: readonly number[] | null | undefined }): number =>
    lines.linePos(node.range?.[0] ?? 0).line;
  const errors = syntaxErrors(document, text, fileName);
  if (errors.length > 0) return { settings: [], errors };
  return readMapping(yaml, document, fileName, lineOf);
}

function syntaxErrors(document: Document, text: string, fileName: string): ConfigError[] {
  return document.errors.map((error) => {
    const line = error.linePos?.[0].line ?? 1;
    const [summary = ''] = error.message.split(' at line ');
    const written = text.split('\n')[line - 1] ?? '';
    const hint = /\[[\da-f:.]*:[\da-f:.]*\]/i.test(written)
      ? "; an IPv6 address in brackets needs quotes: '[::1]:5335'"
      : '';
    return { line, message: `${fileName} line ${line}: not YAML: ${summary}${hint}` };
  });
}

function readMapping(
  yaml: Yaml,
  document: Document,
  fileName: string,
  lineOf: (node: Node) => number,
): YamlSettings {
  const settings: RawSetting[] = [];
  const errors: ConfigError[] = [];
  const { contents } = document;
  // An empty file, or one of comments only, asks for the defaults.
  if (contents === null || (yaml.isScalar(contents) && contents.value === null)) {
    return { settings, errors };
  }
  if (!yaml.isMap(contents)) {
    const line = lineOf(contents);
    const message = `${fileName} line ${line}: expected lines of the form 'setting: value'`;
    return { settings, errors: [{ line, message }] };
  }
  for (const { key, value } of contents.items) {
    const name = String((key as Scalar).value ?? key);
    const line = lineOf(key as Node);
    const place = `${fileName} line ${line}`;
    const subject = `${place}: ${name}`;
    const read = readValue(yaml, value as Node | null);
    if ('problem' in read) errors.push({ key: name, line, message: `${subject} ${read.problem}` });
    else settings.push({ name, value: read.value, place, subject, line });
  }
  return { settings, errors };
}

type ReadValue =
  { readonly value: RawScalar | readonly RawScalar[] } | { readonly problem: string };

function readValue(yaml: Yaml, node: Node | null): ReadValue {
  if (yaml.isScalar(node)) return readScalarNode(node);
  if (yaml.isSeq(node)) {
    const entries: RawScalar[] = [];
    for (const item of node.items) {
      const entry = yaml.isScalar(item) ? readScalarNode(item) : NO_PLAIN_VALUE;
      if ('problem' in entry) return entry;
      entries.push(entry.value as RawScalar);
    }
    return { value: entries };
  }
  return node === null ? { problem: NO_VALUE } : NO_PLAIN_VALUE;
}

const NO_VALUE = "has no value; write '[]' for an empty list";
const NO_PLAIN_VALUE = { problem: 'must be a plain value or a list of plain values' };

function readScalarNode(node: Scalar): ReadValue {
  const { value } = node;
  if (value === null || value === undefined) return { problem: NO_VALUE };
  if (typeof value === 'string' || typeof value === 'boolean') return { value };
  // Digits as they were written: 0x10, 1e3 and 1_000 are refused later, not reinterpreted here.
  if (typeof value === 'number') return { value: node.source ?? value };
  return NO_PLAIN_VALUE;
}
