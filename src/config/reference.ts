/** docs/configuration.md, written from the schema. */
import { describeFallback } from './flag-settings.js';
import { SETTINGS } from './schema.js';
import { type Group, isList, type Setting } from './setting.js';
import { showScalar } from './show.js';

const GROUPS: readonly (readonly [group: Group, title: string])[] = [
  ['listening', 'Clients'],
  ['trust', 'Trust'],
  ['resolution', 'Resolution'],
  ['cache', 'Cache'],
  ['process', 'Process'],
];

const HEAD = `# Configuration

<!-- Written by \`npm run docs\` from src/config/schema.ts; a test compares. Do not edit. -->

Settings come from a YAML file (\`anchorite serve --config FILE\`), from flags of the same names,
and as options of the library, where the names are in camel case (\`edns-size\` is \`ednsSize\`). A
flag overrides the file. Lists are replaced, not added to. Switches take \`on\` or \`off\`; as flags
also \`--name\` and \`--no-name\`.

    anchorite config check FILE     # status 2, and one line per mistake, when something is wrong
    anchorite config show [flags]   # the effective configuration and where each value came from

A mistake names the line, the setting and what is allowed. Unknown settings are refused.
`;

export function configReference(): string {
  let text = HEAD;
  for (const [group, title] of GROUPS) {
    text += `\n## ${title}\n`;
    for (const row of Object.values(SETTINGS)) {
      const setting = row as Setting<unknown>;
      if (setting.group === group) text += describeSetting(setting);
    }
  }
  return text;
}

function describeSetting(setting: Setting<unknown>): string {
  const example = exampleOf(setting);
  return `
### ${setting.name}

${setting.description}

- Allowed: ${setting.kind.allowed}${isList(setting) ? '; may be given several times' : ''}.
- Default: ${describeFallback(setting)}.
- Why: ${setting.reason}

${example.replace(/^/gm, '    ')}
`;
}

function exampleOf(setting: Setting<unknown>): string {
  const value = showScalar(setting.example);
  return isList(setting) ? `${setting.name}:\n  - ${value}` : `${setting.name}: ${value}`;
}
