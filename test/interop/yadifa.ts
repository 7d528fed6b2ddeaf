// YADIFA as a primary for zones that are signed already.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServedZone } from './authorities.js';

export async function configureYadifa(
  addresses: readonly string[],
  folder: string,
  zones: readonly ServedZone[],
): Promise<string[]> {
  await mkdir(join(folder, 'keys'), { recursive: true });
  const file = join(folder, 'yadifad.conf');
  const settings = [
    '<main>',
    ' daemonize off',
    ' chroot off',
    ' uid root',
    ' gid root',
    // One list: of several lines only one would count.
    ` listen ${addresses.map((address) => `${address} port 53`).join(', ')}`,
    ` logpath ${folder}`,
    ` pidfile ${folder}/yadifad.pid`,
    ` datapath ${folder}`,
    ` keyspath ${folder}/keys`,
    ` xfrpath ${folder}`,
    ' statistics off',
    '</main>',
    ...zones.flatMap(({ name, file: zoneFile }) => [
      '<zone>',
      ' type primary',
      ` domain ${name.slice(0, -1)}`,
      ` file ${zoneFile}`,
      // What is signed stays as it is.
      ' maintain-dnssec no',
      '</zone>',
    ]),
    '',
  ];
  await writeFile(file, settings.join('\n'));
  return ['yadifad', '-c', file];
}
