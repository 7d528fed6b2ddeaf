/**
 * `npm run conformance:own [-- --zones DIR]`: writes our own scenarios anew. Keys and signatures
 * are the same every time, so a file changes only when what it plays changes. With --zones, also
 * the signed zones as master files, for other people's verifiers.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatRecord } from '../../../src/presentation/index.js';
import { projectPath } from '../../vectors/shared-data.js';
import { ownScenarios } from './scenarios.js';
import { scriptOf } from './script.js';
import { OwnWorld } from './world.js';

export const OWN_FOLDER = projectPath('test', 'conformance', 'own');

/** File names and what belongs into them. */
export function ownFiles(): Map<string, string> {
  return new Map(
    ownScenarios().map((scenario) => [`${scenario.file}.rpl`, scriptOf(scenario)] as const),
  );
}

function writeScenarios(): void {
  for (const file of readdirSync(OWN_FOLDER)) {
    if (file.endsWith('.rpl')) rmSync(join(OWN_FOLDER, file));
  }
  const files = ownFiles();
  for (const [file, text] of files) writeFileSync(join(OWN_FOLDER, file), text);
  console.log(`${files.size} scenarios written`);
}

function writeZones(folder: string): void {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const { file, stages } of ownScenarios()) {
    for (const [index, { zones }] of stages.entries()) {
      const world = new OwnWorld(zones);
      for (const zone of zones) {
        if (zone.signing === undefined) continue;
        const name = `${file}.${index}.${zone.origin === '.' ? 'root.' : zone.origin}zone`;
        const lines = world.wholeZone(zone).map(formatRecord);
        writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
        count++;
      }
    }
  }
  console.log(`${count} zones written`);
}

if (process.argv[1]?.endsWith('own/generate.js') === true) {
  const { values } = parseArgs({ options: { zones: { type: 'string' } } });
  writeScenarios();
  if (values.zones !== undefined) writeZones(values.zones);
}
