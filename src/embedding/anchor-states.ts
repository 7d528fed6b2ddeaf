/** Where the states of RFC 5011 are kept between two runs: one small file for each trust point. */
import { join } from 'node:path';
import {
  adoptAnchor,
  type CryptoProvider,
  initialState,
  parseRfc5011State,
  type Rfc5011State,
  serialiseRfc5011State,
  type TrustAnchors,
} from '../dnssec/index.js';
import { readTextFile, writeFileAtomically } from '../runtime/index.js';
import { formatHex, type Name } from '../wire/index.js';

export interface LoadedStates {
  readonly states: readonly Rfc5011State[];
  readonly warnings: readonly string[];
}

/** The states of a former run, with what is configured today; without a folder, the latter only. */
export function loadStates(
  anchors: TrustAnchors,
  folder: string | undefined,
  nowSeconds: number,
  crypto: CryptoProvider,
): LoadedStates {
  const states: Rfc5011State[] = [];
  const warnings: string[] = [];
  for (const zone of anchors.zones) {
    const anchor = anchors.forName(zone);
    if (anchor === undefined) continue;
    const kept = folder === undefined ? undefined : readState(stateFile(folder, zone), zone);
    if (typeof kept === 'string') warnings.push(kept);
    states.push(
      typeof kept === 'object'
        ? adoptAnchor(kept, anchor, nowSeconds, crypto)
        : initialState(anchor, nowSeconds),
    );
  }
  return { states, warnings };
}

/** The state, a warning, or undefined when there is no file yet. */
function readState(path: string, zone: Name): Rfc5011State | string | undefined {
  const file = readTextFile(path);
  if (!file.ok) return file.code === 'ENOENT' ? undefined : `state-dir: ${file.sentence}`;
  const parsed = parseRfc5011State(file.text);
  const startingOver = 'starting from the configured anchors';
  if (!parsed.ok) {
    const { line, message } = parsed.error;
    return `state-dir: ${path} line ${line}: ${message}; ${startingOver}`;
  }
  if (parsed.state.zone.equals(zone)) return parsed.state;
  return `state-dir: ${path} is about ${parsed.state.zone}; ${startingOver}`;
}

/** Writes states as they come; that the folder cannot be written is told once. */
export function stateKeeper(
  folder: string | undefined,
  warn: (sentence: string) => void,
): (state: Rfc5011State) => void {
  let told = false;
  return (state) => {
    if (folder === undefined) return;
    const written = writeFileAtomically(
      stateFile(folder, state.zone),
      serialiseRfc5011State(state),
    );
    if (written.ok || told) return;
    told = true;
    warn(`state-dir: ${written.sentence}; key rolls are followed, but forgotten at the end`);
  };
}

function stateFile(folder: string, zone: Name): string {
  const text = zone.toString().toLowerCase().slice(0, -1);
  const isPlain = /^[a-z\d-]+(?:\.[a-z\d-]+)*$/.test(text);
  const label = zone.isRoot ? 'root' : isPlain ? text : formatHex(zone.canonicalOctets());
  return join(folder, `rfc5011.${label}.state`);
}
