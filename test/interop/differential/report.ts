// Counts what agreed and what did not, and prints the tables.

import { askKinds } from './contents.js';
import { explanations } from './explained.js';
import { type Asked, type Judgement, type Outcome, outcomes } from './judge.js';
import { resolverNames } from './places.js';
import type { View } from './view.js';
import { troubles } from './zone-plan.js';

/** Counts by row and column. */
class Table {
  readonly #rows = new Map<string, Map<string, number>>();

  add(row: string, column: string): void {
    const cells = this.#rows.get(row) ?? new Map<string, number>();
    this.#rows.set(row, cells);
    cells.set(column, (cells.get(column) ?? 0) + 1);
  }

  cell(row: string, column: string): number {
    return this.#rows.get(row)?.get(column) ?? 0;
  }

  count(column: string): number {
    return [...this.#rows.values()].reduce((sum, cells) => sum + (cells.get(column) ?? 0), 0);
  }

  print(title: string, rows: readonly string[], columns: readonly string[]): void {
    const cell = (text: string | number): string => String(text).padStart(15);
    console.log(`\n${title.padEnd(30)}${columns.map(cell).join('')}`);
    for (const row of rows) {
      const cells = this.#rows.get(row);
      if (cells === undefined) continue;
      console.log(`${row.padEnd(30)}${columns.map((each) => cell(cells.get(each) ?? 0)).join('')}`);
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A zone as the table groups it: by what is wrong with it, or how it is signed. */
function groupOf({ zone: { trouble, signing } }: Asked): string {
  if (trouble !== 'none' || signing === undefined) return trouble;
  const { denial } = signing;
  const kind = denial.kind === 'nsec' ? 'NSEC' : denial.optOut ? 'NSEC3 opt-out' : 'NSEC3';
  return `${signing.signer}, ${kind}`;
}

const soundGroups = ['bind', 'ldns', 'knot', 'pdns'].flatMap((signer) =>
  ['NSEC', 'NSEC3', 'NSEC3 opt-out'].map((kind) => `${signer}, ${kind}`),
);

export class Report {
  readonly #verbose: boolean;
  readonly #byKind = new Table();
  readonly #byZone = new Table();
  readonly #explained = new Table();
  readonly #resolvers = new Table();
  readonly #times = new Map<string, number[]>();
  readonly #notes: string[] = [];
  #adFaults = 0;
  #canary: readonly [noticed: number, of: number] = [0, 0];

  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  async timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work();
    console.log(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    return result;
  }

  add(asked: Asked, views: readonly View[], judgement: Judgement): void {
    const { outcome, dissenters, explanation, fault, concernsAd } = judgement;
    this.#byKind.add(asked.kind, outcome);
    this.#byZone.add(groupOf(asked), outcome);
    views.forEach(({ rcode, transport, elapsedMs }, at) => {
      const name = resolverNames[at]!;
      const says = ['NOERROR', 'NXDOMAIN', 'SERVFAIL'].includes(rcode) ? rcode : 'other';
      this.#resolvers.add(name, says);
      if (transport === 'tcp') this.#resolvers.add(name, 'over TCP');
      if (at > 0 && dissenters.includes(at - 1)) this.#resolvers.add(name, 'dissents');
      this.#times.set(name, [...(this.#times.get(name) ?? []), elapsedMs]);
    });
    if (outcome === 'explained' || outcome === 'unexplained') {
      this.#resolvers.add('anchorite', 'dissents');
    }
    if (explanation !== undefined) this.#explained.add(explanation.name, 'times');
    if (concernsAd) this.#adFaults += 1;
    if (fault !== undefined || (this.#verbose && outcome !== 'agrees')) {
      this.#notes.push(describe(asked, views, judgement));
    }
  }

  addCanary(noticed: number, of: number): void {
    this.#canary = [noticed, of];
  }

  get #canaryFailed(): boolean {
    return this.#canary[0] === 0;
  }

  get failed(): number {
    return this.#byKind.count('unexplained') + (this.#canaryFailed ? 1 : 0);
  }

  print(): void {
    this.#byKind.print('question', askKinds, outcomes);
    this.#byZone.print('zone', [...soundGroups, ...troubles], outcomes);
    const columns = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'other', 'over TCP', 'dissents'];
    this.#resolvers.print('resolver', resolverNames, columns);
    const times = [...this.#times].map(
      ([name, all]) => `${name} ${median(all).toFixed(1)}/${Math.max(...all).toFixed(0)}`,
    );
    console.log(`median/worst milliseconds, all asked at once: ${times.join(', ')}`);
    for (const { name, section, reason } of explanations) {
      console.log(`\nexplained ${this.#explained.cell(name, 'times')} times: ${name} (${section})`);
      console.log(`  ${reason}`);
    }
    for (const note of this.#notes) console.log(`\n  ${note}`);
    const counts = new Map<Outcome, number>(
      outcomes.map((outcome) => [outcome, this.#byKind.count(outcome)]),
    );
    const unexplained = counts.get('unexplained')!;
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const share = ((100 * unexplained) / Math.max(1, all)).toFixed(3);
    console.log(`\n${outcomes.map((each) => `${each} ${counts.get(each)}`).join(', ')}`);
    console.log(`unexplained ${share} %, of these ${this.#adFaults} in AD`);
    const [noticed, of] = this.#canary;
    const verdict = this.#canaryFailed ? 'NOT noticed' : 'noticed';
    console.log(`canary: a resolver that does not validate is ${verdict} (${noticed} of ${of})`);
    console.log(
      `${all - unexplained + (this.#canaryFailed ? 0 : 1)} passed, ${this.failed} failed`,
    );
  }
}

function describe(asked: Asked, views: readonly View[], judgement: Judgement): string {
  const { signing, trouble, hosts } = asked.zone;
  const zone = [
    `${asked.zone.name} on ${hosts.join('+')}`,
    signing === undefined ? 'unsigned' : `${signing.signer} ${signing.algorithm}`,
    signing === undefined ? '' : JSON.stringify(signing.denial),
    trouble,
  ];
  const all = views.map((view, at) => {
    const errors = view.errors.length === 0 ? '' : ` (EDE ${view.errors.join('; ')})`;
    return `${resolverNames[at]} ${view.rcode}${view.ad ? ' AD' : ''} ${view.answer.length}${errors}`;
  });
  return [
    `${asked.name} ${asked.type} [${asked.manner}] ${asked.kind}: ${judgement.outcome}`,
    `    ${zone.filter((each) => each !== '').join(', ')}`,
    `    ${all.join(', ')}`,
    ...(judgement.fault === undefined ? [] : [`    ${judgement.fault}`]),
    ...(judgement.explanation === undefined ? [] : [`    ${judgement.explanation.name}`]),
  ].join('\n');
}
