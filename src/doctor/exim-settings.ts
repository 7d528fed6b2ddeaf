/** Exim's configuration file, as far as DNS is concerned: the main section, and smtp transports. */
import type { EximFacts } from './facts.js';

export function readEximSettings(text: string, path: string): EximFacts {
  const main = new Map<string, string>();
  const transports = new Map<string, Map<string, string>>();
  let section = 'main';
  let current: Map<string, string> | undefined;
  for (const line of joinedLines(text)) {
    const [, begun] = /^begin\s+(\w+)/.exec(line) ?? [];
    if (begun !== undefined) {
      section = begun;
      continue;
    }
    const [, transport] = /^(\w+):$/.exec(line) ?? [];
    if (section === 'transports' && transport !== undefined) {
      current = new Map();
      transports.set(transport, current);
      continue;
    }
    const setting = readSetting(line);
    if (setting === undefined) continue;
    if (section === 'main') main.set(...setting);
    else if (section === 'transports') current?.set(...setting);
  }
  const isSmtp = ([, settings]: [string, Map<string, string>]): boolean =>
    settings.get('driver') === 'smtp';
  return { path, main, smtpTransports: new Map([...transports].filter(isSmtp)) };
}

/** A switch may stand alone: `name` or `no_name`. */
function readSetting(line: string): [name: string, value: string] | undefined {
  const [, name, value] = /^(?:hide\s+)?([a-z]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [name, value.trim()];
  const [, no, word] = /^(no_|not_)?([a-z]\w*)$/.exec(line) ?? [];
  return word === undefined ? undefined : [word, no === undefined ? 'true' : 'false'];
}

/** Without comments and conditions; a backslash at the end of a line joins it with the next. */
function joinedLines(text: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue;
    const trimmed = line.trim();
    if (trimmed.endsWith('\\')) {
      begun += `${trimmed.slice(0, -1)} `;
      continue;
    }
    const whole = (begun + trimmed).trim();
    begun = '';
    if (whole !== '' && !whole.startsWith('.')) lines.push(whole);
  }
  return lines;
}
