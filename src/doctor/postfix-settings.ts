/** Postfix's main.cf and master.cf (postconf(5), master(5)), as far as DNS is concerned. */

/** Settings by name, with `$name`, `${name}` and `$(name)` expanded where they are known. */
export function readMainCf(text: string): ReadonlyMap<string, string> {
  const raw = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const [, name, value] = /^([A-Za-z0-9_]+)\s*=\s*(.*)$/.exec(line) ?? [];
    // The last line counts.
    if (name !== undefined && value !== undefined) raw.set(name, value.trim());
  }
  const settings = new Map<string, string>();
  for (const [name, value] of raw) settings.set(name, expand(value, raw, MOST_EXPANSIONS));
  return settings;
}

/** Settings may name each other in a circle; Postfix refuses that, and here it ends somewhere. */
const MOST_EXPANSIONS = 8;

function expand(value: string, raw: ReadonlyMap<string, string>, left: number): string {
  if (left === 0) return value;
  const expanded = value.replace(/\$(?:\{(\w+)\}|\((\w+)\)|(\w+))/g, (whole, a, b, c) => {
    return raw.get(a ?? b ?? c) ?? whole;
  });
  return expanded === value ? value : expand(expanded, raw, left - 1);
}

/** Whether any smtp client of master.cf runs in the chroot: its fifth column says `y`. */
export function isChrooted(masterCf: string): boolean {
  return logicalLines(masterCf).some((line) => {
    const [, type, , , chroot, , , command] = line.split(/\s+/);
    return type === 'unix' && command === 'smtp' && chroot === 'y';
  });
}

/** Without comments; a line that begins with white space goes on with the one before. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (/^\s/.test(line) && lines.length > 0) lines[lines.length - 1] += ` ${line.trim()}`;
    else lines.push(line.trim());
  }
  return lines;
}
