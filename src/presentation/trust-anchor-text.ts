/** Trust anchors as people write them: DS and DNSKEY records in master-file syntax. */
import { type ResourceRecord, RRClass, RRType, typeMnemonic } from '../wire/index.js';
import { type MasterFile, parseMasterFile } from './master-file.js';

/** DS and DNSKEY records of class IN, or the first thing that is neither, with its line. */
export function parseTrustAnchors(text: string): MasterFile {
  const parsed = parseMasterFile(text);
  if (parsed.error !== undefined) return parsed;
  for (let index = 0; index < parsed.records.length; index++) {
    const message = whyNoAnchor(parsed.records[index]!);
    if (message !== undefined) return { error: { line: parsed.lines[index]!, message } };
  }
  return parsed;
}

function whyNoAnchor({ type, class: rrClass }: ResourceRecord): string | undefined {
  if (type !== RRType.DS && type !== RRType.DNSKEY) {
    return `a trust anchor is a DS or DNSKEY record, not ${typeMnemonic(type)}`;
  }
  return rrClass === RRClass.IN ? undefined : 'a trust anchor has class IN';
}
