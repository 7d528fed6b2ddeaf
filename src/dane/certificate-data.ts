/** Certificate association data (RFC 6698 §2.1.4) of presented certificates, each made once. */
import { equalOctets, type Tlsa } from '../wire/index.js';
import type { CertificateTools } from './certificate-tools.js';
import { matchingRow, Selector } from './tlsa-records.js';

/** A certificate as far as DANE-EE needs it: whatever else it says, or fails to say. */
export interface Presented {
  readonly octets: Uint8Array;
  /** Undefined where no public key can be found in it. */
  readonly publicKeyInfo: Uint8Array | undefined;
}

export class CertificateData {
  readonly #tools: CertificateTools;
  readonly #made = new Map<Presented, Map<string, Uint8Array>>();

  constructor(tools: CertificateTools) {
    this.#tools = tools;
  }

  matches({ selector, matchingType, data }: Tlsa, certificate: Presented): boolean {
    const made = this.of(certificate, selector, matchingType);
    return made !== undefined && equalOctets(made, data);
  }

  of(certificate: Presented, selector: number, matchingType: number): Uint8Array | undefined {
    const row = matchingRow(matchingType);
    if (row === undefined || selector > Selector.PUBLIC_KEY) return undefined;
    const { octets, publicKeyInfo } = certificate;
    const selected = selector === Selector.CERTIFICATE ? octets : publicKeyInfo;
    if (selected === undefined || row.hash === undefined) return selected;
    const made = this.#made.get(certificate) ?? new Map<string, Uint8Array>();
    this.#made.set(certificate, made);
    const key = `${selector} ${matchingType}`;
    const digest = made.get(key) ?? this.#tools.digest(row.hash, selected);
    made.set(key, digest);
    return digest;
  }
}
