/**
 * Files: text in, text out without ever leaving half a file behind, and the anchors that are
 * shipped with us.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly sentence: string };

export type FileWrite =
  { readonly ok: true } | { readonly ok: false; readonly code: string; readonly sentence: string };

/** No file that is read here is meant to be larger. */
const MAX_FILE_OCTETS = 64 * 1024 * 1024;

export function readTextFile(path: string): FileText {
  try {
    if (statSync(path).size > MAX_FILE_OCTETS) {
      return { ok: false, code: 'EFBIG', sentence: `${path} is larger than any such file` };
    }
    return { ok: true, text: readFileSync(path, 'utf8') };
  } catch (error) {
    return failed('read', path, error);
  }
}

/**
 * Replaces a file as a whole: after a power cut there is the old text or the new one, never a part.
 * A folder that cannot be written is an answer, not an exception: the caller warns and goes on.
 */
export function writeFileAtomically(path: string, text: string): FileWrite {
  const temporary = `${path}.new-${process.pid}`;
  let file: number | undefined;
  try {
    file = openSync(temporary, 'w', 0o644);
    const octets = Buffer.from(text, 'utf8');
    for (let at = 0; at < octets.length;) at += writeSync(file, octets, at);
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(temporary, path);
  } catch (error) {
    discard(file, temporary);
    return failed('write', path, error);
  }
  syncFolder(dirname(path));
  return { ok: true };
}

/** The new directory entry must reach the disk, too. Not every file system can be asked to. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The text is safe; at worst the old file is found after a power cut.
  }
}

function discard(file: number | undefined, path: string): void {
  try {
    if (file !== undefined) closeSync(file);
    unlinkSync(path);
  } catch {
    // It was never made, or the folder is read-only: nothing is left to clean up.
  }
}

function failed(verb: string, path: string, error: unknown): Extract<FileText, { ok: false }> {
  const code = codeOf(error);
  return { ok: false, code, sentence: `cannot ${verb} ${path}: ${CODES[code] ?? code}` };
}

const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
};

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : String(error);
}

/** The folder `trust-anchors/` of this package; undefined when it was taken out. */
export function findTrustAnchorsFolder(): string | undefined {
  return findBeside('trust-anchors');
}

/** The nearest folder of that name at or above this file, but never outside the package. */
function findBeside(name: string): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, name))) return join(folder, name);
    const above = dirname(folder);
    if (isPackage(folder) || above === folder) return undefined;
    folder = above;
  }
}

/** A package.json without a name says only how the files beside it are to be read. */
function isPackage(folder: string): boolean {
  try {
    return 'name' in JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return false;
  }
}
