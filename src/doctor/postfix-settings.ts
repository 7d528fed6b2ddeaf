/** Postfix's main.cf and master.cf (postconf(5), master(5)), as far as DNS is concerned. */

/** A service of master.cf that sends over SMTP. */
export interface SmtpClient {
  /** Its name in master.cf; Postfix calls the usual one `smtp`. */
  readonly service: string;
  /** What `-o` sets for it, above main.cf. */
  readonly overrides: ReadonlyMap<string, string>;
  readonly isChrooted: boolean;
}

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

/** The smtp clients of master.cf; whether they run in the chroot stands in the fifth column. */
export function readSmtpClients(
  masterCf: string,
  mainCf: ReadonlyMap<string, string>,
): readonly SmtpClient[] {
  return logicalLines(masterCf).flatMap((line) => {
    const [service = '', type, , , chroot, , , command] = line.split(/\s+/);
    if (type !== 'unix' || command !== 'smtp') return [];
    return [{ service, overrides: readOverrides(line, mainCf), isChrooted: chroot === 'y' }];
  });
}

/**
 * `-o name=value`, with or without the space, or, since Postfix 3.0, `-o { name = a value }`; what
 * the values name is taken from main.cf.
 */
function readOverrides(
  line: string,
  mainCf: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const overrides = new Map<string, string>();
  for (const [, braced, value, bare, word] of line.matchAll(
    /\s-o\s*(?:\{\s*(\w+)\s*=\s*([^}]*?)\s*\}|(\w+)=(\S*))/g,
  )) {
    const written = value ?? word ?? '';
    overrides.set(braced ?? bare ?? '', expand(written, mainCf, MOST_EXPANSIONS));
  }
  return overrides;
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
