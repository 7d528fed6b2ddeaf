// Two judges of another kind: dnsperf, which counts what is lost or wrong under load, and dnsviz,
// which looks at the answers as an expert of DNSSEC would.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { finish, inNamespace, inParallel, run } from '../processes.js';

export interface Verdict {
  readonly what: string;
  readonly passed: boolean;
  readonly said: string;
}

interface Place {
  readonly namespace: string;
  readonly folder: string;
  readonly server: string;
  readonly rootKeys: string;
}

/** Each question with the code that it must get. */
const load: readonly (readonly [question: string, rcode: string])[] = [
  ['p256.dane MX', 'NOERROR'],
  ['mx.p256.dane A', 'NOERROR'],
  ['mx.p256.dane AAAA', 'NOERROR'],
  ['_25._tcp.mx.p256.dane TLSA', 'NOERROR'],
  ['_25._tcp.mx.cname-tlsa.dane TLSA', 'NOERROR'],
  ['any.wildcard.hashed TXT', 'NOERROR'],
  ['mx.nsec3.hashed TXT', 'NOERROR'],
  ['unsigned.dane MX', 'NOERROR'],
  ['nobody.nsec.dane A', 'NXDOMAIN'],
  ['nobody.nsec3.hashed A', 'NXDOMAIN'],
];
const bogusQuestion = ['expired.broken MX', 'SERVFAIL'] as const;

/** No question lost, and every reply code as often as it should be. No times are judged. */
export async function askDnsperf(place: Place, dnssecOk: boolean): Promise<Verdict> {
  const rounds = 400;
  const all = [...load, ...load, bogusQuestion];
  const file = join(place.folder, 'dnsperf.questions');
  await writeFile(file, `${all.map(([question]) => question).join('\n')}\n`);
  const args = ['-s', place.server, '-d', file, '-n', String(rounds), '-c', '8', '-q', '100'];
  const flags = dnssecOk ? ['-D'] : [];
  const said = await run(...inNamespace(place.namespace, 'dnsperf', [...args, ...flags]));
  const expected = ['NOERROR', 'NXDOMAIN', 'SERVFAIL'].map((rcode) => {
    const count = rounds * all.filter(([, each]) => each === rcode).length;
    return `${rcode} ${count} `;
  });
  const completed = new RegExp(`Queries completed: +${rounds * all.length} `).test(said);
  const asExpected = expected.every((text) => said.includes(text));
  const passed = completed && asExpected && /Queries lost: +0 /.test(said);
  return { what: `dnsperf${dnssecOk ? ' with DO' : ''}`, passed, said };
}

/** Debian's dnsviz looks for a module that its pygraphviz no longer has; it wants the version. */
const shim = `
import sys, types
try:
    import pygraphviz
    if not hasattr(pygraphviz, 'release'):
        release = types.ModuleType('pygraphviz.release')
        release.version = pygraphviz.__version__
        sys.modules['pygraphviz.release'] = pygraphviz.release = release
except ImportError:
    pass
`;

const sound = [
  ...['p256.dane', 'rsa.dane', 'ed25519.dane', 'ed448.dane', 'p384.dane', 'nsec3.hashed'],
  ...['signed.optout', 'co-hosted.dane', 'unsigned.dane', '_25._tcp.mx.wildcard.dane'],
  '_25._tcp.mx.wildcard.hashed',
];
const broken = ['expired.broken', 'bad-keys.broken'];

async function awaitKeys({ namespace, server }: Place, name: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const dig = [`@${server}`, '+tries=1', '+time=9', name, 'SOA'];
    const { output } = await finish(...inNamespace(namespace, 'dig', dig), { anyStatus: true });
    if (/status: NOERROR/.test(output)) return;
    await pause(500);
  }
}

/** Nothing to complain of in sound domains, and complaints about each broken one. */
export async function askDnsviz(place: Place): Promise<Verdict[]> {
  const { namespace, folder, server, rootKeys } = place;
  const modules = join(folder, 'python');
  await mkdir(modules, { recursive: true });
  await writeFile(join(modules, 'sitecustomize.py'), shim);
  const environment = { PYTHONPATH: modules };
  const probe = join(folder, 'dnsviz.probe');
  const found = join(folder, 'dnsviz.found');
  const names = [...sound, ...broken];
  // The laboratory makes RSA keys when they are first needed, which takes long on a busy machine.
  await inParallel(sound, 2, (name) => awaitKeys(place, name));
  const options = { environment, timeoutMs: 100_000 };
  const probing = ['probe', '-t', '4', '-s', server, '-R', 'A,MX,TXT,TLSA', '-o', probe, ...names];
  await run(...inNamespace(namespace, 'dnsviz', probing), options);
  const grok = ['grok', '-r', probe, '-t', rootKeys, '-l', 'warning', '-o', found];
  await run(...inNamespace(namespace, 'dnsviz', grok), options);
  const text = await readFile(found, 'utf8');
  const complaints = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
  const of = (name: string): string => JSON.stringify(complaints[`${name}.`] ?? null, null, 1);
  return [
    ...sound.map((name) => ({
      what: `dnsviz: ${name}`,
      passed: !(`${name}.` in complaints),
      said: of(name),
    })),
    ...broken.map((name) => ({
      what: `dnsviz: ${name}`,
      passed: `${name}.` in complaints,
      said: 'no complaint about a broken domain',
    })),
  ];
}
