/** Reads lists of messages in text, as Unbound's test data have them (ENTRY_BEGIN … ENTRY_END). */
import { readFileSync } from 'node:fs';
import { parseMasterFile, parseName } from '../../src/presentation/index.js';
import {
  groupRRsets,
  type Name,
  type ResourceRecord,
  type RRset,
  typeFromMnemonic,
} from '../../src/wire/index.js';

export interface Entry {
  readonly question: { readonly name: Name; readonly type: number };
  readonly sections: Readonly<Record<SectionName, readonly ResourceRecord[]>>;
}

const SECTION_NAMES = ['ANSWER', 'AUTHORITY', 'ADDITIONAL'] as const;
type SectionName = (typeof SECTION_NAMES)[number];

export function readEntries(path: string): Entry[] {
  const entries: Entry[] = [];
  for (const part of readFileSync(path, 'latin1').split('ENTRY_BEGIN').slice(1)) {
    entries.push(readEntry(part.slice(0, part.indexOf('ENTRY_END')), path));
  }
  return entries;
}

function readEntry(text: string, path: string): Entry {
  const parts = new Map<string, string>();
  for (const section of text.split(/^SECTION\s+/m).slice(1)) {
    const end = section.search(/\s/);
    parts.set(section.slice(0, end), section.slice(end));
  }
  const records = (section: SectionName): readonly ResourceRecord[] => {
    const parsed = parseMasterFile(parts.get(section) ?? '', { defaultTtlSeconds: 3600 });
    if (parsed.error !== undefined) throw new Error(`${path}: ${parsed.error.message}`);
    return parsed.records;
  };
  const line = (parts.get('QUESTION') ?? '').replace(/;.*/g, '').trim().split(/\s+/);
  const name = parseName(line[0] ?? '');
  const type = typeFromMnemonic(line.at(-1) ?? '');
  if (name === undefined || type === undefined) throw new Error(`${path}: ${line.join(' ')}`);
  const [ANSWER, AUTHORITY, ADDITIONAL] = SECTION_NAMES.map(records) as [
    readonly ResourceRecord[],
    readonly ResourceRecord[],
    readonly ResourceRecord[],
  ];
  return { question: { name, type }, sections: { ANSWER, AUTHORITY, ADDITIONAL } };
}

/** The RRsets of all sections, each section by itself. */
export function rrsetsOf(entry: Entry): RRset[] {
  return SECTION_NAMES.flatMap((section) => groupRRsets(entry.sections[section]));
}
