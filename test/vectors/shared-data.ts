/** Large data that is not part of the repository: beside it, or where ANCHORITE_SHARED says. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const SHARED = process.env.ANCHORITE_SHARED ?? join(PROJECT, '..', 'shared');

/** The path of a shared file or folder; undefined when it is not there. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = join(SHARED, ...parts);
  return existsSync(path) ? path : undefined;
}

/** The path of a file of the project. */
export function projectPath(...parts: readonly string[]): string {
  return join(PROJECT, ...parts);
}
