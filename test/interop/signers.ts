// Signs zones with the signers of BIND, ldns and Knot. PowerDNS signs while it answers, so for
// its zones this file only makes keys and settings (see powerdns.ts).

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyFaults } from './faults.js';
import { run } from './processes.js';
import { isLiveSigner } from './zone-spec.js';
import type { Denial, DsKind, Signing, ZoneSpec } from './zone-spec.js';

interface AlgorithmNames {
  readonly bind: string;
  readonly ldns: string;
  readonly knot: string;
  readonly pdns: string;
}

export const algorithmNames: Readonly<Record<Signing['algorithm'], AlgorithmNames>> = {
  5: { bind: 'RSASHA1', ldns: 'RSASHA1', knot: 'rsasha1', pdns: 'rsasha1' },
  7: {
    bind: 'NSEC3RSASHA1',
    ldns: 'RSASHA1-NSEC3-SHA1',
    knot: 'rsasha1-nsec3-sha1',
    pdns: 'rsasha1-nsec3-sha1',
  },
  8: { bind: 'RSASHA256', ldns: 'RSASHA256', knot: 'rsasha256', pdns: 'rsasha256' },
  10: { bind: 'RSASHA512', ldns: 'RSASHA512', knot: 'rsasha512', pdns: 'rsasha512' },
  13: {
    bind: 'ECDSAP256SHA256',
    ldns: 'ECDSAP256SHA256',
    knot: 'ecdsap256sha256',
    pdns: 'ecdsa256',
  },
  14: {
    bind: 'ECDSAP384SHA384',
    ldns: 'ECDSAP384SHA384',
    knot: 'ecdsap384sha384',
    pdns: 'ecdsa384',
  },
  15: { bind: 'ED25519', ldns: 'ED25519', knot: 'ed25519', pdns: 'ed25519' },
  16: { bind: 'ED448', ldns: 'ED448', knot: 'ed448', pdns: 'ed448' },
};

export function isRsa(algorithm: number): boolean {
  return algorithm < 13;
}

function denialIsNsec3(denial: Denial): denial is Extract<Denial, { kind: 'nsec3' }> {
  return denial.kind === 'nsec3';
}

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;

/** Inception and expiration in seconds since 1970. */
function validityOf(signing: Signing): readonly [number, number] {
  const now = Math.floor(Date.now() / 1000);
  switch (signing.validity ?? 'now') {
    case 'now':
      return [now - hourSeconds, now + 14 * daySeconds];
    case 'over':
      return [now - 30 * daySeconds, now - 2 * daySeconds];
    case 'not yet':
      return [now + 10 * daySeconds, now + 30 * daySeconds];
  }
}

/** 20260131235959, as signers want it. */
function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
}

async function signWithBind(zone: SignedSpec, signing: Signing, folder: string): Promise<string> {
  const nsec3 = denialIsNsec3(signing.denial) ? ['-3'] : [];
  const second = signing.secondAlgorithm === undefined ? [] : [signing.secondAlgorithm];
  for (const algorithm of [signing.algorithm, ...second]) {
    const name = algorithmNames[algorithm].bind;
    const size = isRsa(algorithm) ? ['-b', String(signing.rsaBits ?? 2048)] : [];
    for (const role of [['-f', 'KSK'], []]) {
      const args = ['-q', '-K', folder, ...nsec3, '-a', name, ...size, ...role, zone.name];
      await run('dnssec-keygen', args, { folder });
    }
  }
  return signZoneFile(zone, signing, folder, 'signed');
}

/** Signs `unsigned` with the keys that are in the folder. */
async function signZoneFile(
  zone: SignedSpec,
  signing: Signing,
  folder: string,
  target: string,
): Promise<string> {
  const [inception, expiration] = validityOf(signing);
  const denial = denialIsNsec3(signing.denial)
    ? [
        ...['-3', signing.denial.salt === '' ? '-' : signing.denial.salt],
        ...['-H', String(signing.denial.iterations)],
        ...(signing.denial.optOut ? ['-A'] : []),
      ]
    : [];
  await run(
    'dnssec-signzone',
    [
      ...['-q', '-P', '-S', '-K', folder, '-O', 'full', '-o', zone.name, ...denial],
      ...['-s', timestamp(inception), '-e', timestamp(expiration)],
      ...['-f', target, 'unsigned'],
    ],
    { folder },
  );
  return join(folder, target);
}

/** The zone with the same keys, signed long ago; BIND's signer only. */
async function signInThePast(zone: SignedSpec, signing: Signing, folder: string): Promise<string> {
  if (signing.signer !== 'bind') throw new Error(`${zone.name}: only BIND's signer looks back`);
  return readFile(
    await signZoneFile(zone, { ...signing, validity: 'over' }, folder, 'aged'),
    'utf8',
  );
}

async function signWithLdns(zone: SignedSpec, signing: Signing, folder: string): Promise<string> {
  const algorithm = algorithmNames[signing.algorithm].ldns;
  const size = isRsa(signing.algorithm) ? ['-b', '2048'] : [];
  const generate = async (...role: readonly string[]): Promise<string> => {
    const args = ['-a', algorithm, ...size, ...role, zone.name];
    return (await run('ldns-keygen', args, { folder })).trim();
  };
  let keys: readonly string[];
  // Files are named by key tags: with equal ones the second key overwrites the first.
  do keys = [await generate('-k'), await generate()];
  while (keys[0] === keys[1]);
  const [inception, expiration] = validityOf(signing);
  const denial = denialIsNsec3(signing.denial)
    ? [
        ...['-n', '-t', String(signing.denial.iterations)],
        ...(signing.denial.salt === '' ? [] : ['-s', signing.denial.salt]),
        ...(signing.denial.optOut ? ['-p'] : []),
      ]
    : [];
  await run(
    'ldns-signzone',
    [
      ...['-o', zone.name, '-f', 'signed', ...denial],
      ...['-i', timestamp(inception), '-e', timestamp(expiration), 'unsigned', ...keys],
    ],
    { folder },
  );
  return join(folder, 'signed');
}

async function signWithKnot(zone: SignedSpec, signing: Signing, folder: string): Promise<string> {
  const denial = denialIsNsec3(signing.denial)
    ? [
        '    nsec3: on',
        `    nsec3-iterations: ${signing.denial.iterations}`,
        `    nsec3-opt-out: ${signing.denial.optOut ? 'on' : 'off'}`,
        `    nsec3-salt-length: ${signing.denial.salt.length / 2}`,
      ]
    : ['    nsec3: off'];
  const configuration = [
    'server:',
    `    rundir: "${folder}"`,
    'database:',
    `    storage: "${folder}/database"`,
    'policy:',
    '  - id: own',
    `    algorithm: ${algorithmNames[signing.algorithm].knot}`,
    // No CDS and CDNSKEY sets: the parent takes the DS from the key itself.
    '    cds-cdnskey-publish: none',
    ...denial,
    'zone:',
    `  - domain: "${zone.name}"`,
    `    file: "${folder}/unsigned"`,
    '    dnssec-signing: on',
    '    dnssec-policy: own',
    '',
  ];
  await writeFile(join(folder, 'knot.conf'), configuration.join('\n'));
  await mkdir(join(folder, 'out'), { recursive: true });
  await mkdir(join(folder, 'database'), { recursive: true });
  await run('kzonesign', ['-c', 'knot.conf', '-o', join(folder, 'out'), zone.name], { folder });
  return join(folder, 'out', 'unsigned');
}

/** What a signer has to know of a zone. */
export type SignedSpec = Pick<ZoneSpec, 'name' | 'faults' | 'faultsAt'>;

export interface SignedZone {
  readonly file: string;
  /** The damaged copy, where the zone has one; the same file when all servers have it. */
  readonly damagedFile: string;
  readonly ds: readonly string[];
}

/** Signs the zone in `folder`/unsigned, and damages what it was told to damage. */
export async function signZone(
  zone: SignedSpec,
  signing: Signing,
  folder: string,
): Promise<SignedZone> {
  const signers = { bind: signWithBind, ldns: signWithLdns, knot: signWithKnot };
  const { signer } = signing;
  if (isLiveSigner(signer)) throw new Error(`${zone.name} is signed while it is served`);
  const file = await signers[signer](zone, signing, folder);
  const ds = await dsRecords(zone, file);
  if (zone.faults === undefined) return { file, damagedFile: file, ds };
  const damagedFile = join(folder, 'damaged');
  const ages = zone.faults.some(({ kind }) => kind === 'expired signature');
  const aged = ages ? await signInThePast(zone, signing, folder) : '';
  await writeFile(damagedFile, applyFaults(await readFile(file, 'utf8'), zone, aged));
  return { file: zone.faultsAt === undefined ? damagedFile : file, damagedFile, ds };
}

/** DS contents (tag, algorithm, digest type, digest) for the zone's secure entry point. */
async function dsRecords(zone: SignedSpec, signedFile: string): Promise<string[]> {
  const digests = ['-a', 'SHA-1', '-a', 'SHA-256', '-a', 'SHA-384'];
  const output = await run('dnssec-dsfromkey', [...digests, '-f', signedFile, zone.name]);
  return output.split('\n').flatMap((line) => {
    const start = line.indexOf(' DS ');
    return start < 0 ? [] : [line.slice(start + 4).trim()];
  });
}

/** Chooses and, where the world wants it wrong, falsifies what the parent says of the key. */
export function dsForParent(kind: DsKind, all: readonly string[]): string[] {
  const ofType = (type: string): string[] => all.filter((ds) => ds.split(' ')[2] === type);
  const withField = (index: number, value: (old: string) => string): string[] =>
    ofType('2').map((ds) => {
      const fields = ds.split(' ');
      const whole = [...fields.slice(0, 3), fields.slice(3).join('')];
      return whole.map((field, at) => (at === index ? value(field) : field)).join(' ');
    });
  switch (kind) {
    case 'none':
      return [];
    case 'sha256':
      return ofType('2');
    case 'sha384':
      return ofType('4');
    case 'three digests':
      return [...all];
    case 'wrong digest':
      return withField(3, (digest) => [...digest].reverse().join(''));
    case 'with a stranger':
      // A key that is not there, of another algorithm (RFC 6840 §5.11), beside the right one.
      return [...withField(1, () => '8'), ...ofType('2')];
    case 'unknown digest type':
      return withField(2, () => '99');
    case 'unknown algorithm':
      return withField(1, () => '200');
  }
}
