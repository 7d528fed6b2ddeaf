/**
 * RFC 8976 Appendix A: zones and their digests. Anchorite takes zones from nobody and so has no use
 * for ZONEMD; what is tested is that text, wire form, canonical form and order of whole zones are
 * right to the last octet. The digest itself (§3.3) is computed here.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { canonicalRdatas } from '../../../src/dnssec/index.js';
import { formatRecord, parseMasterFile, parseName } from '../../../src/presentation/index.js';
import {
  concatOctets,
  groupRRsets,
  type Name,
  octetKey,
  type ResourceRecord,
  type RRset,
  RRType,
} from '../../../src/wire/index.js';
import { projectPath } from '../../vectors/shared-data.js';
import { readExample, tampered, WorkedExample } from './worked-example.js';

const ZONEMD = 63;
const HASHES: Readonly<Record<number, string>> = { 1: 'sha384', 2: 'sha512' };

interface Published {
  readonly scheme: number;
  readonly algorithm: number;
  readonly digest: string;
}

const covers = ({ type, rdata }: ResourceRecord): number =>
  type === RRType.RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;

/** §3.3.1: every record once, but for the apex's ZONEMD RRset and its signatures. */
function collate(records: readonly ResourceRecord[], apex: Name): RRset[] {
  const mine = records.filter((record) => {
    const isApexDigest = record.owner.equals(apex) && covers(record) === ZONEMD;
    return record.owner.isAtOrBelow(apex) && !isApexDigest;
  });
  const distinct = new Map(
    mine.map((one) => [`${one.type} ${octetKey(one.rdata)} ${one.owner.key}`, one]),
  );
  // Signatures are records like others here.
  const bare = [...distinct.values()].filter(({ type }) => type !== RRType.RRSIG);
  const signatures = [...distinct.values()].filter(({ type }) => type === RRType.RRSIG);
  const sets: RRset[] = groupRRsets(bare);
  for (const record of signatures) {
    const known = sets.find((set) => set.type === RRType.RRSIG && set.owner.equals(record.owner));
    if (known !== undefined) (known.rdatas as Uint8Array[]).push(record.rdata);
    else sets.push({ ...record, rdatas: [record.rdata], signatures: [] });
  }
  return sets.sort((a, b) => a.owner.compareCanonical(b.owner) || a.type - b.type);
}

function digestOf(records: readonly ResourceRecord[], apex: Name, algorithm: number): string {
  const hash = createHash(HASHES[algorithm]!);
  for (const set of collate(records, apex)) {
    for (const rdata of canonicalRdatas(set)) {
      const fixed = new DataView(new ArrayBuffer(10));
      fixed.setUint16(0, set.type);
      fixed.setUint16(2, set.class);
      // Signatures of one owner have the TTLs of what they cover.
      const ttl = set.type === RRType.RRSIG ? originalTtl(records, set, rdata) : set.ttlSeconds;
      fixed.setUint32(4, ttl);
      fixed.setUint16(8, rdata.length);
      hash.update(concatOctets(set.owner.canonicalOctets(), new Uint8Array(fixed.buffer), rdata));
    }
  }
  return hash.digest('hex');
}

function originalTtl(records: readonly ResourceRecord[], set: RRset, rdata: Uint8Array): number {
  const key = octetKey(rdata);
  const found = records.find((one) => one.owner.equals(set.owner) && octetKey(one.rdata) === key);
  return found?.ttlSeconds ?? set.ttlSeconds;
}

function readZone(file: string, apex: Name): ResourceRecord[] {
  const text = readFileSync(projectPath('test', 'conformance', 'rfc', file), 'utf8');
  const parsed = parseMasterFile(text, { origin: apex });
  if (parsed.error !== undefined) throw new Error(`${file}: ${parsed.error.message}`);
  return parsed.records;
}

function published(records: readonly ResourceRecord[], apex: Name): Published[] {
  return records
    .filter(({ type, owner }) => type === ZONEMD && owner.equals(apex))
    .map(({ rdata }) => ({
      scheme: rdata[4]!,
      algorithm: rdata[5]!,
      digest: Buffer.from(rdata.subarray(6)).toString('hex'),
    }));
}

const ZONES = [
  ['A.1: simple zone', 'rfc8976-a1.zone', 'example.', 6, 1],
  ['A.2: complex zone', 'rfc8976-a2.zone', 'example.', 21, 1],
  ['A.3: multiple digests', 'rfc8976-a3.zone', 'example.', 10, 2],
  ['A.4: uri.arpa', 'rfc8976-a4.zone', 'uri.arpa.', 35, 1],
  ['A.5: root-servers.net', 'rfc8976-a5.zone', 'root-servers.net.', 43, 1],
] as const;

for (const [section, file, origin, count, checked] of ZONES) {
  t.test(section, (t) => {
    const apex = parseName(origin)!;
    const records = readZone(file, apex);
    t.equal(records.length, count);
    const usable = published(records, apex).filter(
      ({ scheme, algorithm }) => scheme === 1 && HASHES[algorithm] !== undefined,
    );
    t.equal(usable.length, checked);
    for (const { algorithm, digest } of usable) {
      t.equal(digestOf(records, apex, algorithm), digest, HASHES[algorithm]!);
      t.equal(digestOf([...records].reverse(), apex, algorithm), digest, 'in any order');
      for (const [index, record] of records.entries()) {
        const isDigest = covers(record) === ZONEMD && record.owner.equals(apex);
        const isTwice = records.some(
          (one, at) => at !== index && formatRecord(one) === formatRecord(record),
        );
        const left = digestOf(records.toSpliced(index, 1), apex, algorithm);
        const matters = !isDigest && !isTwice && record.owner.isAtOrBelow(apex);
        t.equal(left !== digest, matters, `without ${formatRecord(record)}`);
      }
    }
    // Text and back.
    const again = parseMasterFile(records.map(formatRecord).join('\n'));
    t.same(again.records?.map(formatRecord), records.map(formatRecord));
    t.end();
  });
}

t.test('A.4: the zone is signed, and so is its digest', (t) => {
  const rrsets = readExample('rfc8976-a4.zone');
  const zone = new WorkedExample('uri.arpa', rrsets, { time: '20210201000000' });
  const late = new WorkedExample('uri.arpa', rrsets, { time: '20210218000000' });
  t.equal(rrsets.length, 14);
  for (const rrset of rrsets) {
    const label = `${String(rrset.owner)} ${rrset.type}`;
    t.equal(zone.answer(rrset), 'secure', label);
    t.equal(zone.answer(tampered(rrset)), 'signature does not verify', label);
    t.equal(late.answer(rrset), 'signature expired', label);
  }
  t.end();
});
