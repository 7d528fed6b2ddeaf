/**
 * Whether the certificates that a server presented are those that its TLSA records speak of
 * (RFC 7671 §5, RFC 7672 §3). One record that matches is enough.
 */
import type { Tlsa } from '../wire/index.js';
import { equalOctets } from '../wire/index.js';
import type { Name } from '../wire/index.js';
import { type Anchor, type Certificate, findPath, openCertificate } from './certificate-path.js';
import type { CertificateTools } from './certificate-tools.js';
import { CertificateData, type Presented } from './certificate-data.js';
import { readPublicKeyInfo } from './certificate-layout.js';
import { DANE_LIMITS } from './limits.js';
import { nameText } from './lookup.js';
import { explainMismatch, type TlsaMistake } from './mismatch.js';
import { permitsName } from './name-constraints.js';
import { Selector, type TlsaJudgement, Usage } from './tlsa-records.js';

export interface PresentedChain {
  /** As TLS presents them: the server's own first, in DER. */
  readonly certificates: readonly Uint8Array[];
  readonly nowSeconds: number;
}

export type ChainFailure =
  | 'no certificate'
  | 'unreadable certificate'
  | 'too many certificates'
  | 'no usable record'
  | 'no match'
  | 'authority missing'
  | 'name mismatch'
  | 'expired'
  | 'not yet valid'
  | 'not an authority'
  | 'not for servers'
  | 'extension'
  | 'weak signature'
  | 'too much work';

export type ChainVerdict =
  | {
      readonly ok: true;
      readonly record: TlsaJudgement;
      /** Of the matching certificate; 0 is the server's own. Undefined when it was not sent. */
      readonly depth: number | undefined;
      /** The reference name that the certificate has; DANE-EE asks for none. */
      readonly name: Name | undefined;
      readonly sentence: string;
      readonly section: string;
    }
  | {
      readonly ok: false;
      readonly code: ChainFailure;
      readonly sentence: string;
      readonly section: string;
      /** For each record that could have matched, why it did not. */
      readonly attempts: readonly ChainAttempt[];
    };

export interface ChainAttempt {
  readonly record: TlsaJudgement;
  readonly code: ChainFailure;
  /** Of 'no match': the fields that are written wrongly, where the data show it. */
  readonly mistakes: readonly TlsaMistake[];
  readonly sentence: string;
  readonly section: string;
}

type Outcome = Extract<ChainVerdict, { ok: true }> | ChainAttempt;

export function verifyChain(
  records: readonly TlsaJudgement[],
  chain: PresentedChain,
  referenceNames: readonly Name[],
  tools: CertificateTools,
): ChainVerdict {
  const opened = openChain(chain, tools);
  if ('code' in opened) return opened;
  const usable = records.filter(({ state }) => state === 'usable');
  if (usable.length === 0) {
    return failure('no usable record', 'no TLSA record can authenticate it', 'RFC 7672 §2.2');
  }
  const check = new ChainCheck(opened, chain, referenceNames, tools);
  const attempts: ChainAttempt[] = [];
  for (const record of usable) {
    const outcome = check.against(record);
    if ('ok' in outcome) return outcome;
    attempts.push(outcome);
  }
  // What came furthest says most: a name that is wrong more than data that do not match.
  const told = attempts.findLast(({ code }) => code !== 'no match') ?? attempts[0]!;
  const { code, sentence, section } = told;
  return { ok: false, code, sentence, section, attempts };
}

/**
 * RFC 7671 §8: clients differ in what they support, so each combination of usage, selector and
 * matching type must match what the server has now. Those that do not, as `3 1 2`; what this client
 * would pass over for a stronger digest counts as well.
 */
export function unmatchedKinds(
  records: readonly TlsaJudgement[],
  chain: PresentedChain,
  referenceNames: readonly Name[],
  tools: CertificateTools,
): readonly string[] {
  const kinds = new Map<string, TlsaJudgement[]>();
  for (const record of records) {
    const { tlsa, state } = record;
    if (tlsa === undefined || state === 'unusable') continue;
    const kind = `${tlsa.usage} ${tlsa.selector} ${tlsa.matchingType}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { ...record, state: 'usable' }]);
  }
  return [...kinds].flatMap(([kind, alike]) =>
    verifyChain(alike, chain, referenceNames, tools).ok ? [] : [kind],
  );
}

function failure(
  code: ChainFailure,
  sentence: string,
  section: string,
): ChainVerdict & { ok: false } {
  return { ok: false, code, sentence, section, attempts: [] };
}

interface OpenedChain {
  /** What DANE-EE looks at. */
  readonly server: Presented;
  /** The same, where it can be read as a certificate with names and dates, as DANE-TA needs it. */
  readonly leaf: Certificate | undefined;
  readonly others: readonly Certificate[];
  readonly isTooLong: boolean;
}

function openChain(
  { certificates }: PresentedChain,
  tools: CertificateTools,
): OpenedChain | (ChainVerdict & { ok: false }) {
  const [first, ...rest] = certificates;
  if (first === undefined) {
    return failure('no certificate', 'the server sent no certificate', 'RFC 7671 §5');
  }
  const { value: mostOctets } = DANE_LIMITS.certificateOctets;
  if (first.length > mostOctets) {
    const sentence = `the server's certificate cannot be read: it has more than ${mostOctets} octets`;
    return failure('unreadable certificate', sentence, 'RFC 5280 §4.1');
  }
  const isTooLong = certificates.length > DANE_LIMITS.certificates.value;
  // An authority's certificate that cannot be read is of no use, and does no harm.
  const others = isTooLong ? [] : rest.map((octets) => openCertificate(octets, tools));
  return {
    server: { octets: first, publicKeyInfo: readPublicKeyInfo(first) },
    leaf: openCertificate(first, tools),
    others: others.filter((each) => each !== undefined),
    isTooLong,
  };
}

const UNREADABLE = "the server's certificate cannot be read";

class ChainCheck {
  readonly #chain: OpenedChain;
  readonly #others: readonly Certificate[];
  readonly #nowSeconds: number;
  readonly #names: readonly Name[];
  readonly #tools: CertificateTools;
  readonly #data: CertificateData;

  constructor(
    chain: OpenedChain,
    { nowSeconds }: PresentedChain,
    names: readonly Name[],
    tools: CertificateTools,
  ) {
    this.#chain = chain;
    this.#others = chain.others;
    this.#nowSeconds = nowSeconds;
    this.#names = names;
    this.#tools = tools;
    this.#data = new CertificateData(tools);
  }

  against(record: TlsaJudgement): Outcome {
    const { tlsa } = record;
    if (tlsa === undefined) throw new Error('a usable record has no data');
    if (tlsa.usage === Usage.DANE_EE) return this.#endEntity(record, tlsa);
    const { leaf, isTooLong } = this.#chain;
    if (isTooLong) {
      const sentence = `the server sent more than ${DANE_LIMITS.certificates.value} certificates`;
      const section = 'RFC 7671 §5.2';
      return { record, code: 'too many certificates', sentence, section, mistakes: [] };
    }
    return leaf === undefined ? unreadable(record) : this.#trustAnchor(record, tlsa, leaf);
  }

  /**
   * RFC 7671 §5.1: the key is all that counts; neither names nor dates nor signatures do, nor
   * whether anybody can read them, nor what else was sent.
   */
  #endEntity(record: TlsaJudgement, tlsa: Tlsa): Outcome {
    const { server, leaf } = this.#chain;
    if (!this.#data.matches(tlsa, server)) {
      if (leaf === undefined) return unreadable(record);
      const mismatch = explainMismatch(tlsa, leaf, this.#others, this.#data);
      return { record, code: 'no match', section: 'RFC 7671 §5.1', ...mismatch };
    }
    const sentence = "the server's certificate matches (DANE-EE; names and dates do not count)";
    return { ok: true, record, depth: 0, name: undefined, sentence, section: 'RFC 7671 §5.1' };
  }

  #trustAnchor(record: TlsaJudgement, tlsa: Tlsa, leaf: Certificate): Outcome {
    const known = this.#namedCertificate(tlsa);
    const others = known === undefined ? this.#others : [...this.#others, known];
    const found = findPath(leaf, others, this.#anchorOf(tlsa), this.#nowSeconds);
    const section = 'RFC 7671 §5.2';
    if (!found.ok) {
      if (found.reason === 'flaw') return { record, ...found.flaw, mistakes: [] };
      if (found.reason === 'too much work') {
        const sentence = 'the certificates are signed across too many ways to follow';
        return { record, code: found.reason, sentence, section, mistakes: [] };
      }
      return { record, ...this.#whyNoPath(tlsa, leaf) };
    }
    // RFC 7672 §3.2.2: an authority may have many customers; the name says which one this is.
    const held = this.#names.filter((each) => leaf.opened.matchesName(nameText(each)));
    const [, ...authorities] = found.path;
    const name = held.find((each) => whoForbids(authorities, each) === undefined);
    if (name === undefined) {
      const [first] = held;
      if (first !== undefined) return { record, ...forbidden(authorities, first), mistakes: [] };
      const names = this.#names.map(nameText).join(', ');
      const sentence = `the certificate is from the right authority, but not for ${names}`;
      const code = 'name mismatch';
      return { record, code, sentence, section: 'RFC 7672 §3.2.2', mistakes: [] };
    }
    const top = found.path[found.path.length - 1]!;
    const depth = [leaf, ...this.#others].indexOf(top);
    const sentence =
      `the certificate was issued, for ${nameText(name)}, by the authority that the record names ` +
      '(DANE-TA)';
    const isSent = depth > 0;
    return { ok: true, record, depth: isSent ? depth : undefined, name, sentence, section };
  }

  #anchorOf(tlsa: Tlsa): Anchor {
    const isBareKey = tlsa.selector === Selector.PUBLIC_KEY && tlsa.matchingType === 0;
    return {
      isAuthority: (certificate) => this.#data.matches(tlsa, certificate),
      // RFC 7671 §5.2.2: a whole key can check a signature without the authority's certificate.
      hasSigned: ({ opened }) => isBareKey && opened.isSignedBy(tlsa.data),
    };
  }

  /** RFC 7671 §5.2.2: a whole certificate in the record need not be sent. */
  #namedCertificate({ selector, matchingType, data }: Tlsa): Certificate | undefined {
    if (selector !== Selector.CERTIFICATE || matchingType !== 0) return undefined;
    const isSent = this.#others.some(({ opened }) => equalOctets(opened.octets, data));
    return isSent ? undefined : openCertificate(data, this.#tools);
  }

  #whyNoPath(tlsa: Tlsa, leaf: Certificate): Omit<ChainAttempt, 'record'> {
    const section = 'RFC 7671 §5.2';
    const authority = this.#others.find((each) => this.#data.matches(tlsa, each));
    if (authority !== undefined) {
      const sentence =
        `the authority of the record was sent (${authority.opened.subject}), but it has not ` +
        "issued the server's certificate";
      return { code: 'authority missing', sentence, section, mistakes: [] };
    }
    const mismatch = explainMismatch(tlsa, leaf, this.#others, this.#data);
    return { code: 'no match', section, ...mismatch };
  }
}

function unreadable(record: TlsaJudgement): ChainAttempt {
  const code = 'unreadable certificate';
  return { record, code, sentence: UNREADABLE, section: 'RFC 5280 §4.1', mistakes: [] };
}

function whoForbids(authorities: readonly Certificate[], name: Name): Certificate | undefined {
  return authorities.find(({ layout }) => !permitsName(layout.nameConstraints, nameText(name)));
}

function forbidden(
  authorities: readonly Certificate[],
  name: Name,
): Pick<ChainAttempt, 'code' | 'sentence' | 'section'> {
  const subject = whoForbids(authorities, name)?.opened.subject ?? 'nobody';
  const sentence = `the certificate of ${subject} does not permit the name ${nameText(name)}`;
  return { code: 'name mismatch', sentence, section: 'RFC 5280 §4.2.1.10' };
}
