/** How V8 is told to use memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const MEMORY = fileURLToPath(new URL('../../src/cli/memory.js', import.meta.url));
const LAUNCHED = new URL('../../program/cli/main.js', import.meta.url);
/** V8 waits for 8 seconds, and for as long again while it thinks that much is going on. */
const WITHIN_MS = 40_000;
const LONGER_MS = 2_000;

/** Fills the heap, does next to nothing, and says when V8 gave back all that could be spared. */
const PROGRAM = `
  import { constants, PerformanceObserver } from 'node:perf_hooks';
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) {
      if (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY) console.log('gave');
    }
  }).observe({ entryTypes: ['gc'] });
  const kept = [];
  while (kept.length < 400_000) kept.push({ index: kept.length });
  setInterval(() => Buffer.from(String(kept.length)), 100);
`;

function start(prepare: string) {
  const args = ['--input-type=module', '-e', prepare + PROGRAM];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  return child;
}

const nodeVersion = Number(process.versions.node.split('.')[0]);
const skip = nodeVersion < 24 ? false : 'the V8 of this Node gives nothing back in this time';

t.test('an idle daemon does not lose what V8 has compiled', { skip }, async (t) => {
  const usual = start('');
  const daemon = start(
    `import { keepCompiledCode } from ${JSON.stringify(MEMORY)}; keepCompiledCode();`,
  );
  t.teardown(() => [usual, daemon].map((child) => child.kill()));
  let said = '';
  daemon.stdout.on('data', (text) => (said += text));
  const signal = AbortSignal.timeout(WITHIN_MS);
  t.match(await once(usual.stdout, 'data', { signal }), ['gave\n'], 'by itself it gives back');
  await new Promise((resolve) => setTimeout(resolve, LONGER_MS));
  t.equal(said, '', 'the daemon does not');
  t.equal(daemon.exitCode, null, 'and runs');
});

t.test('what `anchorite` names tells V8 so', (t) => {
  // What nobody calls, esbuild leaves out.
  const program = readFileSync(LAUNCHED, 'utf8').replaceAll(/\s/g, '');
  t.match(program, 'keepCompiledCode();');
  t.end();
});
