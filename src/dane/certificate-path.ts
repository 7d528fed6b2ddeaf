/**
 * From a server's certificate up to the authority that a TLSA record names (RFC 7671 §5.2), through
 * the certificates that the server sent, in whatever order (RFC 5280 §6, as far as one anchor
 * that DNS has named needs it).
 */
import { type CertificateLayout, readCertificate } from './certificate-layout.js';
import type { Presented } from './certificate-data.js';
import type { CertificateTools, OpenedCertificate } from './certificate-tools.js';
import { DANE_LIMITS } from './limits.js';

export interface Certificate extends Presented {
  readonly opened: OpenedCertificate;
  readonly layout: CertificateLayout;
}

export function openCertificate(
  octets: Uint8Array,
  tools: CertificateTools,
): Certificate | undefined {
  if (octets.length > DANE_LIMITS.certificateOctets.value) return undefined;
  const layout = readCertificate(octets);
  const opened = layout === undefined ? undefined : tools.open(octets);
  if (layout === undefined || opened === undefined) return undefined;
  return { octets, publicKeyInfo: layout.publicKeyInfo, opened, layout };
}

/** What a path ends at. */
export interface Anchor {
  /** The certificate is the authority. */
  isAuthority(certificate: Certificate): boolean;
  /** The authority is no certificate of the chain, but has signed this one. */
  hasSigned(certificate: Certificate): boolean;
}

export type FoundPath =
  | { readonly ok: true; readonly path: readonly Certificate[] }
  /** Signatures lead to the authority, but RFC 5280 does not let them count. */
  | { readonly ok: false; readonly reason: 'flaw'; readonly flaw: PathFlaw }
  | { readonly ok: false; readonly reason: 'no path' | 'too much work' };

/**
 * Depth first, never through one certificate twice, within a number of checks. A path with a flaw
 * is not the end: servers send an authority's old certificate along with its new one.
 */
export function findPath(
  leaf: Certificate,
  others: readonly Certificate[],
  anchor: Anchor,
  nowSeconds: number,
): FoundPath {
  let checks = 0;
  let spent = false;
  let flaw: PathFlaw | undefined;
  const isRight = (path: readonly Certificate[]): boolean => {
    const found = whyPathIsWrong(path, anchor, nowSeconds);
    flaw ??= found;
    return found === undefined;
  };
  const may = (check: () => boolean): boolean => {
    if (checks >= DANE_LIMITS.issuerChecks.value) spent = true;
    else checks++;
    return !spent && check();
  };
  const extend = (path: readonly Certificate[]): readonly Certificate[] | undefined => {
    const top = path[path.length - 1]!;
    // RFC 7671 §5.2: the authority is never the server's own certificate.
    if (path.length > 1 && anchor.isAuthority(top) && isRight(path)) return path;
    for (const issuer of others) {
      if (path.includes(issuer)) continue;
      if (!may(() => top.opened.isIssuedBy(issuer.opened))) continue;
      const whole = extend([...path, issuer]);
      if (whole !== undefined) return whole;
    }
    return may(() => anchor.hasSigned(top)) && isRight(path) ? path : undefined;
  };
  const path = extend([leaf]);
  if (path !== undefined) return { ok: true, path };
  if (flaw !== undefined) return { ok: false, reason: 'flaw', flaw };
  return { ok: false, reason: spent ? 'too much work' : 'no path' };
}

export interface PathFlaw {
  readonly code:
    | 'expired'
    | 'not yet valid'
    | 'not an authority'
    | 'not for servers'
    | 'extension'
    | 'weak signature';
  readonly sentence: string;
  readonly section: string;
}

/** RFC 5280 §6.1: dates, who may sign for whom, and nothing critical that is not understood. */
function whyPathIsWrong(
  path: readonly Certificate[],
  anchor: Anchor,
  nowSeconds: number,
): PathFlaw | undefined {
  for (const [depth, certificate] of path.entries()) {
    const flaw =
      whyNotNow(certificate, nowSeconds) ??
      whyNotIssuer(path, depth, anchor) ??
      whyNotUsable(certificate) ??
      whyNotSigned(path, depth, anchor);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function whyNotNow({ opened, layout }: Certificate, nowSeconds: number): PathFlaw | undefined {
  const section = 'RFC 5280 §6.1.3';
  const { subject } = opened;
  if (nowSeconds > layout.notAfterSeconds) {
    return { code: 'expired', sentence: `the certificate of ${subject} has expired`, section };
  }
  if (nowSeconds >= layout.notBeforeSeconds) return undefined;
  return {
    code: 'not yet valid',
    sentence: `the certificate of ${subject} is not valid yet`,
    section,
  };
}

function whyNotIssuer(
  path: readonly Certificate[],
  depth: number,
  anchor: Anchor,
): PathFlaw | undefined {
  const certificate = path[depth]!;
  const { isVersion1, maySignCertificates, pathLength } = certificate.layout;
  if (depth === 0) return undefined;
  // RFC 5280 §6.1.4 (k): version 1 cannot say that it is an authority. The TLSA record says it for
  // the one that it names; of any other it would be a customer's word that he may issue, too.
  const isAuthority =
    certificate.layout.isAuthority || (isVersion1 && anchor.isAuthority(certificate));
  const { subject } = certificate.opened;
  // RFC 5280 §4.2.1.9: how many authorities may follow, those that renew themselves not counted.
  const between = path.slice(1, depth).filter(({ layout }) => !layout.isSelfIssued).length;
  const why = !isAuthority
    ? 'is not that of an authority'
    : !maySignCertificates
      ? 'may not sign certificates'
      : pathLength !== undefined && between > pathLength
        ? `allows ${pathLength} authorities below it, not ${between}`
        : undefined;
  if (why === undefined) return undefined;
  const sentence = `the certificate of ${subject} ${why}`;
  return { code: 'not an authority', sentence, section: 'RFC 5280 §4.2.1' };
}

/** RFC 8446 §4.4.2.4; the authority itself is believed for the record's sake, not a signature's. */
function whyNotSigned(
  path: readonly Certificate[],
  depth: number,
  anchor: Anchor,
): PathFlaw | undefined {
  const certificate = path[depth]!;
  const { weakHash } = certificate.layout;
  const isAnchor = depth > 0 && depth === path.length - 1 && anchor.isAuthority(certificate);
  if (weakHash === undefined || isAnchor) return undefined;
  const { subject } = certificate.opened;
  const sentence = `the certificate of ${subject} is signed with ${weakHash}, which can be forged`;
  return { code: 'weak signature', sentence, section: 'RFC 8446 §4.4.2.4' };
}

function whyNotUsable({ opened, layout }: Certificate): PathFlaw | undefined {
  const { subject } = opened;
  if (!layout.mayServe) {
    const sentence = `the certificate of ${subject} is not for servers`;
    return { code: 'not for servers', sentence, section: 'RFC 5280 §4.2.1.12' };
  }
  const [unknown] = layout.unknownCritical;
  if (unknown === undefined) return undefined;
  const sentence = `the certificate of ${subject} has a critical extension nobody knows (${unknown})`;
  return { code: 'extension', sentence, section: 'RFC 5280 §4.2' };
}
