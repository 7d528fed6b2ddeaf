/** What resolution starts from: the trust anchors and the root hints that the settings ask for. */
import type { Config } from '../config/index.js';
import { type CryptoProvider, TrustAnchors, type UnusableAnchor } from '../dnssec/index.js';
import {
  parseTrustAnchors,
  type RootAnchor,
  readRootAnchorsXml,
  readRootHints,
} from '../presentation/index.js';
import type { Hint } from '../resolver/index.js';
import { findTrustAnchorsFolder, readTextFile } from '../runtime/index.js';
import { Name, type ResourceRecord, RRClass, RRType } from '../wire/index.js';

export interface Foundations {
  readonly hints: readonly Hint[];
  /** As they were given, the unusable ones included. */
  readonly anchorRecords: readonly ResourceRecord[];
}

export type ReadFoundations =
  | { readonly ok: true; readonly foundations: Foundations }
  | { readonly ok: false; readonly problems: readonly string[] };

export function readFoundations(config: Config, nowSeconds: number): ReadFoundations {
  const hints = readHints(config.rootHintsFile);
  const anchors = readAnchors(config, nowSeconds);
  const problems = [hints, anchors].flatMap((read) => ('problem' in read ? [read.problem] : []));
  if ('problem' in hints || 'problem' in anchors) return { ok: false, problems };
  return { ok: true, foundations: { hints: hints.value, anchorRecords: anchors.value } };
}

type Read<T> = { readonly value: T } | { readonly problem: string };

function readHints(fileName: string | undefined): Read<readonly Hint[]> {
  const path = fileName ?? shipped('root.hints');
  const file = readTextFile(path);
  if (!file.ok) return { problem: `root-hints: ${file.sentence}` };
  const { hints, error } = readRootHints(file.text);
  if (error === undefined) return { value: hints };
  return { problem: `root-hints: ${path} line ${error.line}: ${error.message}` };
}

/** What is given replaces what is shipped: a private root must not be joined by IANA's. */
function readAnchors(config: Config, nowSeconds: number): Read<readonly ResourceRecord[]> {
  const { trustAnchors, trustAnchorFile } = config;
  if (trustAnchors === undefined && trustAnchorFile === undefined) {
    return readAnchorFile(shipped('root.ds'), nowSeconds);
  }
  const given = (trustAnchors ?? []).flatMap(({ records }) => records);
  if (trustAnchorFile === undefined) return { value: given };
  const file = readAnchorFile(trustAnchorFile, nowSeconds);
  return 'problem' in file ? file : { value: [...given, ...file.value] };
}

function readAnchorFile(path: string, nowSeconds: number): Read<readonly ResourceRecord[]> {
  const file = readTextFile(path);
  if (!file.ok) return { problem: `trust-anchor-file: ${file.sentence}` };
  const wrong = (what: string): Read<never> => ({ problem: `trust-anchor-file: ${path} ${what}` });
  if (/^\ufeff?\s*</.test(file.text)) {
    const { anchors, error } = readRootAnchorsXml(file.text);
    if (error !== undefined) return wrong(`is not a list of root anchors (RFC 9718): ${error}`);
    const inForce = anchors.filter((anchor) => isInForce(anchor, nowSeconds));
    // The end of an anchor's time must not switch validation off.
    return inForce.length > 0
      ? { value: inForce.map(dsOf) }
      : wrong('has no anchor that is in force today');
  }
  const parsed = parseTrustAnchors(file.text);
  if (parsed.error !== undefined) {
    return wrong(`line ${parsed.error.line}: ${parsed.error.message}`);
  }
  return parsed.records.length > 0 ? { value: parsed.records } : wrong('holds no anchor');
}

/** RFC 9718 §2.1.3 */
function isInForce(anchor: RootAnchor, nowSeconds: number): boolean {
  const { validFromSeconds = 0, validUntilSeconds = Number.POSITIVE_INFINITY } = anchor;
  return validFromSeconds <= nowSeconds && nowSeconds < validUntilSeconds;
}

function dsOf({ keyTag, algorithm, digestType, digest }: RootAnchor): ResourceRecord {
  const rdata = new Uint8Array(4 + digest.length);
  rdata.set([keyTag >> 8, keyTag & 0xff, algorithm, digestType]);
  rdata.set(digest, 4);
  return { owner: Name.root, type: RRType.DS, class: RRClass.IN, ttlSeconds: 0, rdata };
}

function shipped(fileName: string): string {
  return `${findTrustAnchorsFolder() ?? 'trust-anchors'}/${fileName}`;
}

export interface JudgedAnchors {
  readonly anchors: TrustAnchors;
  /** For the log: what was left out, and what follows from it. */
  readonly warnings: readonly string[];
}

export function judgeAnchors(
  records: readonly ResourceRecord[],
  config: Config,
  crypto: CryptoProvider,
): JudgedAnchors {
  const { sha1, nsec3MaxIterations, rsaMinimumBits } = config;
  const policy = {
    sha1,
    nsec3MaxIterations,
    rsaMinimumBits,
    rsaMaximumBits: 4_096,
    inceptionSkewSeconds: 60,
  };
  const anchors = TrustAnchors.from(records, { crypto, policy });
  const warnings = anchors.unsupported.map(describeUnusable);
  if (records.length === 0) {
    warnings.push('no trust anchor is configured: nothing is validated, AD is never set');
  } else if (anchors.isEmpty) {
    warnings.push('no trust anchor is usable: nothing is validated, AD is never set');
  }
  return { anchors, warnings };
}

function describeUnusable({ record, why }: UnusableAnchor): string {
  const [upper = 0, lower = 0] = record.rdata;
  const tag = record.type === RRType.DS ? ` with key tag ${(upper << 8) | lower}` : '';
  return `the trust anchor of ${record.owner}${tag} is ignored: ${why}`;
}
