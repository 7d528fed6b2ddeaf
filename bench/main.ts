/**
 * `npm run bench`: what Anchorite costs and how long it takes, as its users would measure it;
 * with `--compare`, other resolvers on the same zones in the same run.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Allocations, countAllocations, overallocated } from './allocation-work.js';
import type { AuthorityZones } from './authority.js';
import { Authority } from './authority-process.js';
import { HIT_DOMAINS, NO_DOMAINS } from './bench-world.js';
import { type CoreFigure, coreBench } from './core-bench.js';
import { type Growth, measureGrowth } from './growth.js';
import { type Budget, countWork, overspent, underspent } from './counted-work.js';
import { type MicroFigure, microBench } from './micro-bench.js';
import { isInside, runInside, setUpAddresses } from './namespace.js';
import {
  type ColdFigures,
  NetworkBench,
  type Scale,
  type SubjectFigures,
  supplyFor,
} from './network-bench.js';
import { hasNsd } from './nsd.js';
import { drawBars, drawLines } from './plots.js';
import { ProgressBar } from './progress.js';
import { growthPlots, microPlots, subjectPlots } from './report-plots.js';
import {
  allocationTable,
  coreTable,
  inTurnTable,
  mailTable,
  microTable,
  scalingTable,
  subjectTables,
  virtualTable,
  workTable,
} from './report-tables.js';
import type { Scaling } from './scaling-bench.js';
import { ANCHORITE, FLOOR, PEERS, type Product } from './subjects.js';
import { type VirtualFigure, virtualBench } from './virtual-bench.js';

const USAGE = `npm run bench -- [options]

  --compare         also measure the other resolvers that are installed here
  --only PART       micro, virtual, network, cold, scaling or growth; the first
                    three unless told
  --authority WHO   nsd or lab; nsd unless it is not installed
  --quick           fewer samples, no memory figure: to see that it runs
  --round-trip MS   distance of the authoritative servers (20)
  --check           count the work of some questions; fail when it exceeds bench/*-budget.json
  --update          with --check: write what was counted into these files
  --out FOLDER      where results.json and the SVG plots go (build/bench-results)
`;

const FULL: Scale = {
  samples: 30,
  tailSamples: 300,
  peerTailSamples: 60,
  cpuSamples: 300,
  warmUp: 3_000,
  hitSeconds: 2,
  loadSeconds: 1,
  rrsets: 100_000,
  starts: 5,
  rounds: 3,
  roundTripMs: 20,
};

const QUICK: Scale = {
  ...FULL,
  samples: 5,
  tailSamples: 20,
  peerTailSamples: 20,
  cpuSamples: 50,
  warmUp: 200,
  hitSeconds: 1,
  loadSeconds: 1,
  rrsets: 0,
  starts: 1,
  rounds: 1,
};

interface Results {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  core?: readonly CoreFigure[];
  micro?: readonly MicroFigure[];
  roundTripMs?: number;
  authority?: AuthorityZones['backend'];
  subjects?: readonly SubjectFigures[];
  inTurn?: readonly ColdFigures[];
  virtual?: readonly VirtualFigure[];
  growth?: Growth;
  scaling?: Readonly<Record<string, Scaling>>;
}

const program = fileURLToPath(import.meta.url);
const FIRST_PORT = 5_400;
const BUDGET_FILE = fileURLToPath(new URL('../../bench/work-budget.json', import.meta.url));
const ALLOCATION_FILE = fileURLToPath(
  new URL('../../bench/allocation-budget.json', import.meta.url),
);

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      compare: { type: 'boolean' },
      only: { type: 'string' },
      authority: { type: 'string' },
      quick: { type: 'boolean' },
      'round-trip': { type: 'string' },
      out: { type: 'string' },
      check: { type: 'boolean' },
      update: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.check === true) return check(values.update === true);
  if (!isInside()) {
    const status = await runInside(program, process.argv.slice(2));
    if (status !== undefined) return status;
    process.stderr.write('no network namespace can be made here: nothing is measured over it\n');
  }
  const scale = {
    ...(values.quick === true ? QUICK : FULL),
    ...(values['round-trip'] === undefined ? {} : { roundTripMs: Number(values['round-trip']) }),
  };
  const results: Results = {
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    node: process.version,
  };
  const progress = new ProgressBar();
  const products = values.compare === true ? [ANCHORITE, ...PEERS] : [ANCHORITE];
  if (isInside() && values.only === 'growth') {
    results.growth = await growth(products, scale, values.quick === true, progress);
  } else if (isInside() && values.only === 'scaling') {
    results.scaling = await scaling(products, scale, progress);
  } else if (isInside() && values.only !== 'micro' && values.only !== 'virtual') {
    const backend = values.authority ?? (hasNsd() ? 'nsd' : 'lab');
    if (backend !== 'nsd' && backend !== 'lab') throw new Error('--authority is nsd or lab');
    await network(results, scale, backend, products, values.only, progress);
  }
  if (values.only === undefined || values.only === 'virtual') {
    results.virtual = virtualBench(values.quick === true ? 100 : 3_000, progress.show);
    progress.end();
    process.stdout.write(`\n${virtualTable(results.virtual)}\n`);
  }
  if (values.only === undefined || values.only === 'micro') {
    results.micro = await microBench(values.quick === true ? 50 : 500, progress.show);
    progress.end();
    results.core = coreBench(values.quick === true ? 30 : 200, progress.show);
    progress.end();
    process.stdout.write(`\n${coreTable(results.core)}\n\n${microTable(results.micro)}\n`);
  }
  save(results, values.out ?? fileURLToPath(new URL('../bench-results', import.meta.url)));
  return 0;
}

/** Prints counts as every suite does: each figure of each case is one. */
function check(update: boolean): number {
  const progress = new ProgressBar();
  const counted = countWork(progress.show);
  progress.end();
  process.stdout.write(`${workTable(counted)}\n\n`);
  if (update) writeFileSync(BUDGET_FILE, `${JSON.stringify(counted, null, 2)}\n`);
  const budget = JSON.parse(readFileSync(BUDGET_FILE, 'utf8')) as Budget;
  const allocated = countAllocations();
  process.stdout.write(`${allocationTable(allocated)}\n\n`);
  if (update) writeFileSync(ALLOCATION_FILE, `${JSON.stringify(allocated, null, 2)}\n`);
  const allowed = JSON.parse(readFileSync(ALLOCATION_FILE, 'utf8')) as Allocations;
  const found = [...overspent(counted, budget), ...overallocated(allocated, allowed)];
  for (const sentence of found) process.stdout.write(`over budget: ${sentence}\n`);
  const saved = underspent(counted, budget);
  if (saved > 0) process.stdout.write(`${saved} figures are below budget: lower it (--update)\n`);
  const figures = Object.values(counted).reduce(
    (sum, work) => sum + Object.keys(work).length,
    Object.keys(allocated).length,
  );
  process.stdout.write(`${figures - found.length} passed, ${found.length} failed\n`);
  return found.length === 0 ? 0 : 1;
}

async function growth(
  products: readonly Product[],
  { roundTripMs }: Scale,
  quick: boolean,
  progress: ProgressBar,
): Promise<Growth> {
  setUpAddresses();
  const installed = products.filter(({ program: path }) => path !== undefined);
  const scale = quick
    ? { messages: 200, rrsets: 5_000, samples: 10 }
    : { messages: 5_000, rrsets: 100_000, samples: 60 };
  const firstPort = FIRST_PORT + 100;
  const measured = await measureGrowth(
    installed,
    { ...scale, roundTripMs, firstPort },
    progress.show,
  );
  progress.end();
  process.stdout.write(`\n${mailTable(measured.mail)}\n`);
  return measured;
}

/** Only what a second process or thread brings. */
async function scaling(
  products: readonly Product[],
  scale: Scale,
  progress: ProgressBar,
): Promise<Readonly<Record<string, Scaling>>> {
  setUpAddresses();
  const supply = { ...NO_DOMAINS, p256: HIT_DOMAINS };
  const authority = await Authority.start(
    { supply, largeZoneNames: 0, mail: false, backend: 'lab' },
    progress.show,
  );
  const bench = new NetworkBench(authority, scale, progress.show);
  const figures: Record<string, Scaling> = {};
  try {
    for (const [index, product] of products.entries()) {
      if (product.program === undefined) continue;
      figures[product.name] = await bench.scaling(product, FIRST_PORT + index);
    }
  } finally {
    progress.end();
    authority.stop();
  }
  process.stdout.write(`\n${scalingTable(figures)}\n`);
  return figures;
}

async function network(
  results: Results,
  scale: Scale,
  backend: AuthorityZones['backend'],
  products: readonly Product[],
  only: string | undefined,
  progress: ProgressBar,
): Promise<void> {
  setUpAddresses();
  const authority = await Authority.start(
    { supply: supplyFor(scale), largeZoneNames: scale.rrsets, mail: false, backend },
    progress.show,
  );
  const installed = products.filter(({ name, program: path }) => {
    if (path === undefined) process.stderr.write(`${name} is not installed here and left out\n`);
    return path !== undefined;
  });
  const bench = new NetworkBench(authority, scale, progress.show);
  try {
    await bench.prepare();
    results.roundTripMs = bench.roundTripMs;
    results.authority = backend;
    if (only !== 'cold') results.subjects = await bench.measure(installed, FIRST_PORT);
    results.inTurn = await bench.alternate([FLOOR, ...installed], FIRST_PORT + 50);
  } finally {
    progress.end();
    authority.stop();
  }
  if (results.subjects !== undefined) {
    process.stdout.write(`\n${subjectTables(results.subjects, bench.roundTripMs)}\n`);
  }
  process.stdout.write(`\n${inTurnTable(results.inTurn)}\n`);
}

function save(results: Results, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const plots = [
    ...(results.subjects === undefined ? [] : subjectPlots(results.subjects)),
    ...(results.micro === undefined ? [] : microPlots(results.micro)),
  ];
  for (const plot of plots) writeFileSync(join(folder, `${plot.file}.svg`), drawBars(plot));
  const lines = results.growth === undefined ? [] : growthPlots(results.growth);
  for (const plot of lines) writeFileSync(join(folder, `${plot.file}.svg`), drawLines(plot));
  const count = plots.length + lines.length;
  process.stdout.write(`\nresults.json and ${count} plots: ${folder}\n`);
}

process.exitCode = await run();
