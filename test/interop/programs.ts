// Where a profile of AppArmor keeps a server of the system out of our folders, a copy of the
// program runs in its place.

import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The path of a program by its name: the name itself, or the path of a copy. */
export type ProgramPath = (program: string) => string;

/** Is there an AppArmor profile that would keep the program from reading our folder? */
function isConfined(path: string): boolean {
  try {
    return readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').includes(path);
  } catch {
    return false;
  }
}

export function programsIn(folder: string): ProgramPath {
  return (name) => {
    const copy = join(folder, 'programs', name);
    return existsSync(copy) ? copy : name;
  };
}

/** Copies those programs into `folder` that a profile of the system would keep out of it. */
export async function freePrograms(folder: string): Promise<void> {
  for (const name of ['named', 'unbound', 'nsd', 'knotd']) {
    const path = `/usr/sbin/${name}`;
    if (!isConfined(path)) continue;
    await mkdir(join(folder, 'programs'), { recursive: true });
    await copyFile(path, join(folder, 'programs', name));
    await chmod(join(folder, 'programs', name), 0o755);
  }
}
