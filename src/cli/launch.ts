/**
 * What `anchorite` names: loads the program, which scripts/bundle.mjs has put into one file beside
 * this one, together with what V8 had compiled of it when it was built. Without the latter the
 * start takes half as long again and nothing else changes. Nothing is ever written here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { keepCompiledCode } from './memory.js';

export const PROGRAM_FILE = 'program.cjs';
export const CACHE_FILE = 'program.cache';
const CHECKSUM_OCTETS = 4;

/** What main.ts exports. */
export interface Program {
  runCommandLine(argv: readonly string[], startedMs?: number): Promise<void>;
  readVersion(): string;
}

export interface Loaded {
  readonly program: Program;
  readonly script: Script;
  /** Whether V8 has taken what was compiled before. */
  readonly isPrecompiled: boolean;
}

/** The program in this folder; it runs when `file` is the program that Node was started with. */
export function load(folder: string, file: string, require: NodeJS.Require): Loaded {
  keepCompiledCode();
  const filename = join(folder, PROGRAM_FILE);
  const source = readFileSync(filename);
  const cachedData = compiledBefore(folder, source);
  // The file is ASCII, and V8 keeps it: as Latin-1 that takes half of the memory.
  const script = new Script(source.toString('latin1'), {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} };
  // The file is the body of one function (`WRAPPER` in scripts/bundle.mjs).
  script.runInThisContext()(module, module.exports, require, pathToFileURL(file).href);
  return {
    program: module.exports as Program,
    script,
    isPrecompiled: cachedData !== undefined && script.cachedDataRejected === false,
  };
}

/**
 * V8 compares version and flags of its own, but of the source only the length, and of its data not
 * even that they are whole: a file with a wrong bit ends the process, that of another build runs
 * what is not in the source. So both are summed up, and Node has to be the very same.
 */
function compiledBefore(folder: string, source: Buffer): Buffer | undefined {
  let file: Buffer;
  try {
    file = readFileSync(join(folder, CACHE_FILE));
  } catch {
    return undefined;
  }
  if (file.length <= CHECKSUM_OCTETS) return undefined;
  const data = file.subarray(CHECKSUM_OCTETS);
  return file.readUInt32BE(0) === checksum(thisBuild(), source, data) ? data : undefined;
}

/** What the file of compiled code has to hold: for this Node, unless told otherwise. */
export function sealed(source: Buffer, data: Buffer, build = thisBuild()): Buffer {
  const head = Buffer.alloc(CHECKSUM_OCTETS);
  head.writeUInt32BE(checksum(build, source, data));
  return Buffer.concat([head, data]);
}

function checksum(build: string, source: Buffer, data: Buffer): number {
  return crc32(data, crc32(source, crc32(build)));
}

/** With how Node was built: two builds of one version may differ inside V8. */
function thisBuild(): string {
  const { version, arch, platform, config } = process;
  return JSON.stringify([version, arch, platform, config]);
}
