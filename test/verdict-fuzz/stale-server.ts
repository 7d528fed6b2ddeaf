/**
 * A secondary that lost touch with its primary: it goes on with its old copy of the zone, whose
 * signatures are over, while the zone's other server is well. Nobody means any harm, and no answer
 * of that zone may be refused (RFC 4035 §5.5).
 */
import type { LabReply } from '../../src/lab/index.js';
import {
  decodeMessage,
  encodeMessage,
  type Name,
  parseRrsig,
  type ResourceRecord,
  RRType,
} from '../../src/wire/index.js';

const DAY = 86_400;
/** RFC 4034 §3.1: where the two times stand in the RDATA. */
const EXPIRATION = 8;
const INCEPTION = 12;

export function staleReply(reply: LabReply, origin: Name, nowSeconds: number): LabReply {
  const said = reply.kind === 'reply' ? decodeMessage(reply.octets) : undefined;
  if (said?.ok !== true) return reply;
  const { answer, authority } = said.value;
  const outdated = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((record) => (isOf(record, origin) ? outdate(record, nowSeconds) : record));
  const old = { ...said.value, answer: outdated(answer), authority: outdated(authority) };
  return { kind: 'reply', octets: encodeMessage(old, { maxOctets: 65_535 }) };
}

function isOf({ type, rdata }: ResourceRecord, origin: Name): boolean {
  return type === RRType.RRSIG && parseRrsig(rdata)?.signer.equals(origin) === true;
}

function outdate(record: ResourceRecord, nowSeconds: number): ResourceRecord {
  const rdata = record.rdata.slice();
  const view = new DataView(rdata.buffer);
  view.setUint32(EXPIRATION, nowSeconds - DAY);
  view.setUint32(INCEPTION, nowSeconds - 2 * DAY);
  return { ...record, rdata };
}
