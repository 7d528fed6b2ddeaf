/**
 * Why a TLSA record does not match, beyond 'it does not': the mistakes that owners make when they
 * write one are few, and each leaves a trace that can be found.
 */
import { equalOctets, type Tlsa } from '../wire/index.js';
import type { CertificateData, Presented } from './certificate-data.js';
import { MATCHING_TYPES, Selector, Usage } from './tlsa-records.js';

const WHATS = ['certificate', 'public key'] as const;

/** The field of a record that is written wrongly. */
export type TlsaMistake = 'certificate usage' | 'selector' | 'matching type';

export interface Mismatch {
  readonly sentence: string;
  /** Empty when the data belong to nothing that the server sent. */
  readonly mistakes: readonly TlsaMistake[];
}

export function explainMismatch(
  tlsa: Tlsa,
  leaf: Presented,
  others: readonly Presented[],
  data: CertificateData,
): Mismatch {
  const { usage, selector, matchingType } = tlsa;
  const mine = usage === Usage.DANE_EE ? [leaf] : others;
  const theirs = usage === Usage.DANE_EE ? others : [leaf];
  const found = [mine, theirs].flatMap((group, index) =>
    group.flatMap((certificate) => {
      const match = parametersThatMatch(tlsa, certificate, data);
      return match === undefined ? [] : [{ ...match, isElsewhere: index === 1 }];
    }),
  );
  const [hit] = found;
  if (hit === undefined) {
    const sentence =
      usage === Usage.DANE_EE
        ? "the record's data belong to another certificate or key than the server has"
        : 'no certificate of an authority that the server sent is the one that the record names';
    return { sentence, mistakes: [] };
  }
  const mistakes: TlsaMistake[] = [];
  const words: string[] = [];
  if (hit.selector !== selector) {
    mistakes.push('selector');
    words.push(`the data are those of the ${WHATS[hit.selector]} (selector ${hit.selector})`);
  }
  if (hit.matchingType !== matchingType) {
    const { name } = MATCHING_TYPES[hit.matchingType]!;
    mistakes.push('matching type');
    words.push(`the data are ${name} (matching type ${hit.matchingType})`);
  }
  if (hit.isElsewhere) {
    mistakes.push('certificate usage');
    words.push(
      usage === Usage.DANE_EE
        ? 'the data belong to an authority (usage 2), not to the server'
        : "the data belong to the server's own certificate (usage 3), not to an authority",
    );
  }
  return { sentence: `the record is written wrongly: ${words.join(', and ')}`, mistakes };
}

interface Parameters {
  readonly selector: 0 | 1;
  readonly matchingType: number;
}

function parametersThatMatch(
  tlsa: Tlsa,
  certificate: Presented,
  data: CertificateData,
): Parameters | undefined {
  for (const selector of [Selector.PUBLIC_KEY, Selector.CERTIFICATE]) {
    for (const { matchingType } of MATCHING_TYPES) {
      const made = data.of(certificate, selector, matchingType);
      if (made !== undefined && equalOctets(made, tlsa.data)) return { selector, matchingType };
    }
  }
  return undefined;
}
