// tinydns, which knows neither DNSSEC nor EDNS nor IPv6, for unsigned zones; and beside it
// axfrdns, which answers over TCP for it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServedZone } from './authorities.js';
import { run } from './processes.js';
import { ttlSeconds } from './zone-text.js';

function octal(octets: Uint8Array): string {
  return [...octets].map((octet) => `\\${octet.toString(8).padStart(3, '0')}`).join('');
}

function ipv6Octets(text: string): Buffer {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** One line of a zone text of this world, as tinydns-data wants it; undefined for the rest. */
function dataLine(line: string, zone: string): string | undefined {
  const [owner, type, ...fields] = line.split(' ') as [string, string, ...string[]];
  const absolute = (name: string): string => {
    const whole = name === '@' ? zone : name.endsWith('.') ? name : `${name}.${zone}`;
    return whole.slice(0, -1);
  };
  const name = absolute(owner);
  switch (type) {
    case 'SOA':
      return [
        `Z${name}`,
        absolute(fields[0]!),
        absolute(fields[1]!),
        ...fields.slice(2),
        ttlSeconds,
      ].join(':');
    case 'NS':
      return `&${name}::${absolute(fields[0]!)}:${ttlSeconds}`;
    case 'A':
      return `+${name}:${fields[0]}:${ttlSeconds}`;
    case 'CNAME':
      return `C${name}:${absolute(fields[0]!)}:${ttlSeconds}`;
    case 'MX':
      return `@${name}::${absolute(fields[1]!)}:${fields[0]}:${ttlSeconds}`;
    case 'TXT':
      return `'${name}:${octal(Buffer.from(fields.join(' ').replaceAll('"', '')))}:${ttlSeconds}`;
    case 'AAAA':
      return `:${name}:28:${octal(ipv6Octets(fields[0]!))}:${ttlSeconds}`;
    case 'TLSA': {
      const numbers = fields.slice(0, 3).map(Number);
      const octets = Buffer.concat([Buffer.from(numbers), Buffer.from(fields[3]!, 'hex')]);
      return `:${name}:52:${octal(octets)}:${ttlSeconds}`;
    }
    default:
      return undefined;
  }
}

export async function configureTinydns(
  addresses: readonly string[],
  folder: string,
  zones: readonly ServedZone[],
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const lines: string[] = [];
  for (const { name, file } of zones) {
    const text = await readFile(file, 'utf8');
    for (const line of text.split('\n')) {
      const made = dataLine(line, name);
      if (made !== undefined) lines.push(made);
    }
  }
  await writeFile(join(folder, 'data'), `${lines.join('\n')}\n`);
  await run('tinydns-data', [], { folder });
  const script = join(folder, 'run.sh');
  // One process for each address, in a root folder that holds data.cdb. To the shell, UID is not a
  // variable like others.
  const settings = `ROOT=${folder} UID=65534 GID=65534`;
  const starts = addresses
    .filter((address) => !address.includes(':'))
    .flatMap((address) => [
      `env ${settings} IP=${address} tinydns &`,
      `env ${settings} tcpserver -H -R -l 0 ${address} 53 axfrdns &`,
    ]);
  const text = [
    '#!/bin/bash',
    `cd ${folder}`,
    ...starts,
    // Ends its children with itself.
    "trap 'kill $(jobs -p); exit 0' TERM",
    'wait',
    '',
  ];
  await writeFile(script, text.join('\n'), { mode: 0o755 });
  return [script];
}
