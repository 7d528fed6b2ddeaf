/** Reads a replay scenario (`.rpl`): its configuration, ranges and steps. Form only, no meaning. */

export interface Entry {
  readonly match: readonly string[];
  readonly adjust: readonly string[];
  readonly reply: readonly string[];
  /** Lines of each section, comments removed. */
  readonly sections: Readonly<Record<SectionName, readonly string[]>>;
  readonly hexAnswer: string | undefined;
  readonly hexEdns: string | undefined;
}

export type SectionName = 'QUESTION' | 'ANSWER' | 'AUTHORITY' | 'ADDITIONAL';

export interface Range {
  readonly first: number;
  readonly last: number;
  readonly address: string | undefined;
  readonly entries: readonly Entry[];
}

export interface Step {
  readonly number: number;
  readonly type: string;
  readonly words: readonly string[];
  /** The rest of the line after the type. */
  readonly text: string;
  readonly address: string | undefined;
  readonly entry: Entry | undefined;
  readonly file: readonly string[] | undefined;
}

export interface Clause {
  readonly name: string;
  readonly settings: readonly (readonly [string, string])[];
}

export interface Scenario {
  readonly title: string;
  readonly clauses: readonly Clause[];
  readonly autotrust: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly ranges: readonly Range[];
  readonly steps: readonly Step[];
}

export function parseScenario(text: string): Scenario {
  const lines = text.split(/\r?\n/);
  const end = lines.findIndex((line) => line.trim().startsWith('CONFIG_END'));
  if (end < 0) throw new Error('there is no CONFIG_END');
  const config = readConfig(lines.slice(0, end));
  const reader = new ScenarioReader(lines.slice(end + 1));
  reader.read();
  if (reader.steps.length === 0) throw new Error('there are no steps');
  return { ...config, title: reader.title, ranges: reader.ranges, steps: reader.steps };
}

// --- configuration ---

function readConfig(lines: readonly string[]): Pick<Scenario, 'clauses' | 'autotrust' | 'files'> {
  const autotrust = new Map<string, string[]>();
  const files = new Map<string, string[]>();
  const plain: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim();
    const [word, id] = line.split(/\s+/);
    if (word === 'AUTOTRUST_FILE' || word === 'TEMPFILE_CONTENTS') {
      const ending = word === 'AUTOTRUST_FILE' ? 'AUTOTRUST_END' : 'TEMPFILE_END';
      const body: string[] = [];
      for (at++; lines[at] !== undefined && !lines[at]!.trim().startsWith(ending); at++) {
        body.push(...included(lines[at]!, files));
      }
      (word === 'AUTOTRUST_FILE' ? autotrust : files).set(id ?? '', body);
      if (word === 'AUTOTRUST_FILE') plain.push('server:', `auto-trust-anchor-file: "${id}"`);
    } else if (word === 'TEMPFILE_NAME') plain.push(`"${id}"`);
    else if (!line.startsWith(';') && word !== 'COMMANDLINE') plain.push(lines[at]!);
  }
  return { clauses: readClauses(plain.join('\n')), autotrust, files };
}

/** `$INCLUDE_TEMPFILE id` stands for what is in that file. */
function included(line: string, files: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const id = /^\s*\$INCLUDE_TEMPFILE\s+(\S+)/.exec(line)?.[1];
  return id === undefined ? [line] : (files.get(id) ?? []);
}

const CLAUSES = new Set([
  'server',
  'stub-zone',
  'forward-zone',
  'auth-zone',
  'rpz',
  'view',
  'remote-control',
  'dnstap',
  'python',
  'dynlib',
  'cachedb',
]);

function readClauses(text: string): Clause[] {
  const tokens = [...text.matchAll(/#[^\n]*|"([^"]*)"|'([^']*)'|[^\s"']+/g)]
    .filter((match) => !match[0].startsWith('#'))
    .map((match) => ({ text: match[1] ?? match[2] ?? match[0], quoted: /^["']/.test(match[0]) }));
  const clauses: { name: string; settings: [string, string][] }[] = [];
  let current = { name: 'server', settings: [] as [string, string][] };
  clauses.push(current);
  for (let at = 0; at < tokens.length; at++) {
    const { text: word, quoted } = tokens[at]!;
    const [, joined, rest] = (quoted ? null : /^([a-z][a-z0-9-]*):(.+)$/.exec(word)) ?? [];
    const key = joined ?? (word.endsWith(':') && !quoted ? word.slice(0, -1) : undefined);
    if (key === undefined) throw new Error(`a value without a key: ${word}`);
    if (CLAUSES.has(key)) {
      current = { name: key, settings: [] };
      clauses.push(current);
      continue;
    }
    const values: string[] = rest === undefined ? [] : [rest];
    while (rest === undefined && at + 1 < tokens.length) {
      const next = tokens[at + 1]!;
      if (!next.quoted && next.text.endsWith(':') && /^[a-z0-9-]+:$/.test(next.text)) break;
      values.push(next.text);
      at++;
    }
    current.settings.push([key, values.join(' ')]);
  }
  return clauses;
}

// --- scenario ---

/** Cuts a comment off, but not inside quotes. */
export function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line[at] === '"') quoted = !quoted;
    else if (!quoted && (line[at] === ';' || (line[at] === '#' && /^\s*#/.test(line)))) {
      return line.slice(0, at);
    }
  }
  return line;
}

function sectionName(word: string | undefined): SectionName {
  const names: readonly SectionName[] = ['QUESTION', 'ANSWER', 'AUTHORITY', 'ADDITIONAL'];
  const name = names.find((each) => each === word);
  if (name === undefined) throw new Error(`there is no section ${word ?? ''}`);
  return name;
}

class ScenarioReader {
  title = '';
  readonly ranges: Range[] = [];
  readonly steps: Step[] = [];
  readonly #lines: readonly string[];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  read(): void {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]!.trim();
      if (line.startsWith('SCENARIO_BEGIN')) this.title = line.slice(14).trim();
      else if (line.startsWith('SCENARIO_END')) return;
      else if (line.startsWith('RANGE_BEGIN')) this.#range(line);
      else if (line.startsWith('STEP')) this.#step(line);
    }
  }

  #range(line: string): void {
    const [, first, last] = withoutComment(line).trim().split(/\s+/);
    let address: string | undefined;
    const entries: Entry[] = [];
    for (this.#at++; this.#at < this.#lines.length; this.#at++) {
      const inner = withoutComment(this.#lines[this.#at]!).trim();
      if (inner.startsWith('RANGE_END')) break;
      if (inner.startsWith('ADDRESS')) address = inner.split(/\s+/)[1];
      else if (inner.startsWith('ENTRY_BEGIN')) entries.push(this.#entry());
    }
    this.ranges.push({ first: Number(first), last: Number(last), address, entries });
  }

  #step(line: string): void {
    const words = withoutComment(line).trim().split(/\s+/);
    const type = words[2] ?? '';
    const text = withoutComment(line)
      .trim()
      .replace(/^STEP\s+\S+\s+\S+\s*/, '');
    const where = words.indexOf('ADDRESS');
    let address = where < 0 ? undefined : words[where + 1];
    let entry: Entry | undefined;
    let file: string[] | undefined;
    while (this.#at + 1 < this.#lines.length) {
      const raw = this.#lines[this.#at + 1]!;
      const next = withoutComment(raw).trim();
      if (next.startsWith('ENTRY_BEGIN')) {
        this.#at++;
        entry = this.#entry();
      } else if (next.startsWith('ADDRESS')) {
        this.#at++;
        address = next.split(/\s+/)[1];
      } else if (raw.startsWith('FILE_BEGIN')) {
        file = [];
        for (this.#at += 2; !this.#line().startsWith('FILE_END'); this.#at++) {
          file.push(this.#line());
        }
      } else if (next === '') this.#at++;
      else break;
    }
    this.steps.push({ number: Number(words[1]), type, words, text, address, entry, file });
  }

  #line(): string {
    const line = this.#lines[this.#at];
    if (line === undefined) throw new Error('the file ends in the middle of something');
    return line;
  }

  #entry(): Entry {
    const match: string[] = [];
    const adjust: string[] = [];
    const reply: string[] = [];
    const sections: Record<SectionName, string[]> = {
      QUESTION: [],
      ANSWER: [],
      AUTHORITY: [],
      ADDITIONAL: [],
    };
    let section: SectionName = 'QUESTION';
    let hexAnswer: string | undefined;
    let hexEdns: string | undefined;
    for (this.#at++; this.#at < this.#lines.length; this.#at++) {
      const line = withoutComment(this.#lines[this.#at]!).trim();
      const [word = '', ...rest] = line.split(/\s+/);
      if (word === 'ENTRY_END') break;
      if (word === 'MATCH') match.push(...rest);
      else if (word === 'ADJUST') adjust.push(...rest);
      else if (word === 'REPLY') reply.push(...rest);
      else if (word === 'SECTION') section = sectionName(rest[0]);
      else if (word === 'HEX_ANSWER_BEGIN') hexAnswer = this.#hex('HEX_ANSWER_END');
      else if (word === 'HEX_EDNSDATA_BEGIN') hexEdns = this.#hex('HEX_EDNSDATA_END');
      else if (word === 'EXTRA_PACKET') break;
      else if (line !== '') sections[section].push(line);
    }
    return { match, adjust, reply, sections, hexAnswer, hexEdns };
  }

  #hex(end: string): string {
    let hex = '';
    for (this.#at++; !this.#line().trim().startsWith(end); this.#at++) {
      hex += withoutComment(this.#line()).replace(/\s+/g, '');
    }
    return hex;
  }
}
