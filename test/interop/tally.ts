// Counts what passed and failed, by group, and prints the table.

import type { Explanation } from './explained.js';
import { zones } from './zones.js';

interface Group {
  passed: number;
  failed: number;
  explained: number;
}

export class Tally {
  readonly #groups = new Map<string, Group>();
  readonly #explanations = new Map<string, number>();
  readonly #notes: string[] = [];

  get passed(): number {
    return [...this.#groups.values()].reduce((sum, group) => sum + group.passed, 0);
  }

  get failed(): number {
    return [...this.#groups.values()].reduce((sum, group) => sum + group.failed, 0);
  }

  add(name: string, passed: boolean, explanation?: string): void {
    const group = this.#groups.get(name) ?? { passed: 0, failed: 0, explained: 0 };
    this.#groups.set(name, group);
    if (passed) group.passed += 1;
    else group.failed += 1;
    if (explanation === undefined) return;
    group.explained += 1;
    this.#explanations.set(explanation, (this.#explanations.get(explanation) ?? 0) + 1);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  print(explanations: readonly Explanation[]): void {
    const column = (text: string | number, width: number): string => String(text).padStart(width);
    console.log(`\n${'zone or tool'.padEnd(22)}passed failed explained  shows`);
    for (const [name, group] of this.#groups) {
      const shows = zones.find((zone) => zone.name === name)?.shows ?? '';
      const counts = [column(group.passed, 6), column(group.failed, 6), column(group.explained, 9)];
      console.log(`${name.padEnd(22)}${counts.join(' ')}  ${shows}`);
    }
    for (const { name, reason, section } of explanations) {
      const count = this.#explanations.get(name) ?? 0;
      console.log(`\nexplained ${count} times: ${name} (${section})\n  ${reason}`);
    }
    if (this.#notes.length > 0) console.log('');
    for (const note of this.#notes) console.log(`  ${note}`);
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
  }
}
