/** The guard's part about memory: what a question allocates, held against the committed budget. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Octets by case. */
export type Allocations = Readonly<Record<string, number>>;

const PROGRAM = fileURLToPath(new URL('./allocations.js', import.meta.url));
const FLAGS = ['--no-opt', '--min-semi-space-size=256', '--max-semi-space-size=512'];
/** What another version of V8 may need for the same objects. */
const MARGIN = 0.1;

export function countAllocations(): Allocations {
  const printed = execFileSync(process.execPath, [...FLAGS, PROGRAM], { encoding: 'utf8' });
  return JSON.parse(printed) as Allocations;
}

/** One sentence for each case that grew, and for each that only one side knows. */
export function overallocated(counted: Allocations, budget: Allocations): string[] {
  const found: string[] = [];
  for (const [title, octets] of Object.entries(counted)) {
    const allowed = budget[title];
    if (allowed === undefined) found.push(`${title}: not in the budget of allocations`);
    else if (octets > allowed * (1 + MARGIN)) {
      found.push(`${title}: ${octets} octets allocated, the budget is ${allowed}`);
    }
  }
  for (const title of Object.keys(budget)) {
    if (counted[title] === undefined) found.push(`${title}: in the budget, but not counted`);
  }
  return found;
}
