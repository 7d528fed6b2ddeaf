/** The setting that somebody may have meant. */

const MOST_EDITS = 3;

export function nearestName(written: string, names: readonly string[]): string | undefined {
  const wanted = written.toLowerCase().replaceAll('_', '-');
  let nearest: string | undefined;
  let fewest = Math.min(MOST_EDITS, Math.floor(wanted.length / 2)) + 1;
  for (const name of names) {
    const edits = editDistance(wanted, name);
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = name;
  }
  if (nearest !== undefined) return nearest;
  return names.find((name) => wanted.length > 3 && name.includes(wanted));
}

/** Insertions, deletions and replacements that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const removed = (above[column] ?? 0) + 1;
      const inserted = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, inserted));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
