// Asks through tools that judge for themselves: delv fetches the whole chain through the
// resolver and validates it again, so a proof that is missing or cut short shows; kdig and dig
// show that common clients understand the replies.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namespaceOf } from './namespaces.js';
import { finish } from './processes.js';
import type { World } from './world.js';

export interface ToolCase {
  readonly tool: 'delv' | 'kdig' | 'dig';
  readonly args: readonly string[];
  /** What the output must hold. */
  readonly expected: RegExp;
}

const secure = /^; fully validated/m;
const secureDenial = /^; negative response, fully validated/m;
const unsigned = /^; (negative response, )?unsigned answer/m;
const failed = /resolution failed: /;

function delv(name: string, type: string, expected: RegExp): ToolCase {
  return { tool: 'delv', args: [name, type], expected };
}

export const toolCases: readonly ToolCase[] = [
  delv('_25._tcp.mail.alpha-mail.se', 'TLSA', secure),
  delv('alpha-mail.se', 'MX', secure),
  delv('www.sub.alpha-mail.se', 'A', secure),
  delv('www.post10.org', 'A', secure),
  delv('www.zehn.org', 'A', secure),
  delv('www.kurve.net', 'AAAA', secure),
  delv('www.eddy.net', 'A', secure),
  delv('www.eddy448.net', 'A', secure),
  delv('gross.grossbrief.se', 'TXT', secure),
  delv('www.alt.umzug.se', 'A', secure),
  delv('lang.alias.de', 'A', secure),
  delv('any.wild.wild3.org', 'A', secure),
  delv('any.wild.wild.de', 'MX', secure),
  delv('any.wild.schmal.de', 'A', secure),
  delv('nope.alpha-mail.se', 'A', secureDenial),
  delv('x.y.alpha-mail.se', 'A', secureDenial),
  delv('_25._tcp.www.zehn.org', 'TLSA', secureDenial),
  delv('www.kurve.net', 'TLSA', secureDenial),
  delv('nope.schmal.de', 'A', secureDenial),
  delv('there.wild.wild3.org', 'A', secureDenial),
  delv('any.wild.wild3.org', 'AAAA', secureDenial),
  delv('any.wild.pdns8.de', 'AAAA', secureDenial),
  delv('nosuchtld', 'A', secureDenial),
  delv('plain.se', 'DS', secureDenial),
  delv('www.plain.se', 'A', unsigned),
  delv('www.plain.net', 'A', unsigned),
  delv('www.kunde.optout.net', 'A', unsigned),
  delv('www.insel.ru', 'A', unsigned),
  delv('nope.optout.net', 'A', /^; negative response/m),
  delv('www.wrongds.se', 'A', failed),
  delv('www.expired.org', 'A', failed),
  delv('bad.forged.se', 'A', failed),
  delv('www.nosig.net', 'A', failed),
  { tool: 'kdig', args: ['+dnssec', 'alpha-mail.se', 'MX'], expected: /Flags: qr rd ra ad;/ },
  { tool: 'kdig', args: ['+tcp', '+dnssec', 'nope.net', 'A'], expected: /Flags: qr rd ra;/ },
  { tool: 'kdig', args: ['+cookie', 'www.zehn.org', 'A'], expected: /status: NOERROR/ },
  { tool: 'kdig', args: ['+dnssec', 'www.wrongds.se'], expected: /status: SERVFAIL/ },
  { tool: 'kdig', args: ['gross.grossbrief.se', 'TXT'], expected: /ANSWER: 24;/ },
  { tool: 'dig', args: ['+dnssec', 'alpha-mail.se', 'MX'], expected: /flags: qr rd ra ad;/ },
  { tool: 'dig', args: ['+bufsize=512', 'gross.grossbrief.se', 'TXT'], expected: /ANSWER: 24,/ },
  { tool: 'dig', args: ['+tcp', '+adflag', 'www.eddy448.net'], expected: /flags: qr rd ra ad;/ },
  { tool: 'dig', args: ['+cdflag', '+dnssec', 'bad.forged.se'], expected: /status: NOERROR/ },
  {
    tool: 'dig',
    args: ['+edns=1', '+noednsnegotiation', 'se', 'SOA'],
    expected: /status: BADVERS/,
  },
  { tool: 'dig', args: ['-x', '45.80.0.1'], expected: /PTR\s+mail\.alpha-mail\.se\./ },
];

/** delv takes its anchors as BIND writes them, not as DS lines. */
export async function writeDelvAnchors(world: World): Promise<string> {
  const lines = (await readFile(world.trustAnchorFile, 'utf8')).trim().split('\n');
  const anchors = lines.map((line) => {
    const [tag, algorithm, digestType, ...digest] = line.split(' DS ')[1]!.split(' ');
    return `  . static-ds ${tag} ${algorithm} ${digestType} "${digest.join('')}";`;
  });
  const file = join(world.folder, 'delv.anchors');
  await writeFile(file, ['trust-anchors {', ...anchors, '};', ''].join('\n'));
  return file;
}

export async function askWithTool(
  toolCase: ToolCase,
  address: string,
  anchorFile: string,
): Promise<{ passed: boolean; output: string }> {
  const { tool, args, expected } = toolCase;
  const anchors = tool === 'delv' ? ['-a', anchorFile, '+root=.'] : [];
  const command = [tool, `@${address}`, ...anchors, ...args];
  const finished = await finish('ip', ['netns', 'exec', namespaceOf('client'), ...command], {
    anyStatus: true,
    timeoutMs: 30_000,
  });
  const output = `${finished.output}${finished.complaints}`;
  return { passed: expected.test(output), output };
}
