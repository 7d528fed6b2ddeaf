/**
 * `npm run conformance:own [-- --zones DIR]`: writes our own scenarios anew. Keys and signatures
 * are the same every time, so a file changes only when what it plays changes. With --zones, also the
 * signed zones as master files, for other people's verifiers.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatRecord } from '../../../src/presentation/index.js';
import { projectPath } from '../../vectors/shared-data.js';
import { ownScenarios } from './scenarios.js';
import { scriptOf } from './script.js';
import { OwnWorld } from './world.js';

const { values } = parseArgs({ options: { zones: { type: 'string' } } });
const folder = projectPath('test', 'conformance', 'own');

for (const file of readdirSync(folder)) if (file.endsWith('.rpl')) rmSync(join(folder, file));
const scenarios = ownScenarios();
for (const scenario of scenarios) {
  writeFileSync(join(folder, `${scenario.file}.rpl`), scriptOf(scenario));
}
console.log(`${scenarios.length} scenarios written`);

if (values.zones !== undefined) {
  mkdirSync(values.zones, { recursive: true });
  let count = 0;
  for (const { file, stages } of scenarios) {
    for (const [index, { zones }] of stages.entries()) {
      const world = new OwnWorld(zones);
      for (const zone of zones) {
        if (zone.signing === undefined) continue;
        const name = `${file}.${index}.${zone.origin === '.' ? 'root' : zone.origin}zone`;
        const lines = world.wholeZone(zone).map(formatRecord);
        writeFileSync(join(values.zones, name), `${lines.join('\n')}\n`);
        count++;
      }
    }
  }
  console.log(`${count} zones written`);
}
