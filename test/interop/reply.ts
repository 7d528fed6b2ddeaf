// A reply as the walk compares it: names in lower case, each record one line of text, and
// signatures named by what they cover, since two signings of the same data differ.

import packet from 'dns-packet';

export interface Reply {
  /** A mnemonic, or `silence`, or `unreadable: why`. */
  readonly rcode: string;
  readonly ad: boolean;
  readonly cd: boolean;
  readonly ra: boolean;
  readonly edns: boolean;
  readonly transport: 'udp' | 'tcp';
  readonly answer: readonly string[];
  /** `owner type` and, for a signature, what it covers. */
  readonly answerSignatures: readonly string[];
  /** An answer was expanded from a wildcard: its signature counts fewer labels than its owner. */
  readonly expanded: boolean;
  readonly authorityTypes: readonly string[];
  readonly leastTtlSeconds: number;
  readonly greatestTtlSeconds: number;
  /** Extended errors as `code text`. */
  readonly errors: readonly string[];
  readonly elapsedMs: number;
}

interface AnyRecord {
  readonly type: string;
  readonly name: string;
  readonly ttl?: number;
  readonly data?: unknown;
  readonly options?: readonly { readonly code: number; readonly data: Buffer }[];
}

const nothing: Omit<Reply, 'rcode' | 'transport' | 'elapsedMs'> = {
  ad: false,
  cd: false,
  ra: false,
  edns: false,
  answer: [],
  answerSignatures: [],
  expanded: false,
  authorityTypes: [],
  leastTtlSeconds: 0,
  greatestTtlSeconds: 0,
  errors: [],
};

/** Type names that hold domain names, which compare without regard to case. */
const namesInData = new Set(['NS', 'CNAME', 'DNAME', 'PTR', 'MX', 'SOA', 'SRV']);

function dataText(record: AnyRecord): string {
  const text = JSON.stringify(record.data, (_, value: unknown) => {
    const isBuffer = typeof value === 'object' && value !== null && 'type' in value;
    if (!isBuffer || (value as { type: unknown }).type !== 'Buffer') return value;
    return Buffer.from((value as unknown as { data: number[] }).data).toString('hex');
  });
  return namesInData.has(record.type) ? text.toLowerCase() : text;
}

function signatureText(record: AnyRecord): string {
  const data = record.data as { typeCovered: string; algorithm: number; keyTag: number };
  const owner = record.name.toLowerCase();
  return `${owner} ${data.typeCovered} by ${data.algorithm}/${data.keyTag}`;
}

/** RFC 4034 §3.1.3: neither the root nor a leading asterisk counts as a label. */
function isExpanded(record: AnyRecord): boolean {
  const labels = record.name.split('.').filter((label) => label !== '');
  const counted = labels[0] === '*' ? labels.length - 1 : labels.length;
  return (record.data as { labels: number }).labels < counted;
}

function rcodeOf(octets: Buffer, opt: AnyRecord | undefined): string {
  const extended = (opt as { extendedRcode?: number } | undefined)?.extendedRcode ?? 0;
  const number = (extended << 4) | (octets[3]! & 0x0f);
  const names = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN'];
  return names[number] ?? `RCODE${number}`;
}

function extendedErrors(opt: AnyRecord | undefined): string[] {
  return (opt?.options ?? [])
    .filter((option) => option.code === 15 && option.data.length >= 2)
    .map((option) => `${option.data.readUInt16BE(0)} ${option.data.subarray(2).toString()}`.trim());
}

function isEchoed(octets: Buffer, question: { name: string; type: string }): boolean {
  const asked = packet.decode(octets).questions?.[0];
  const name = question.name === '.' ? '.' : question.name.slice(0, -1);
  return asked !== undefined && asked.name === name;
}

export function readReply(
  octets: Buffer | undefined,
  transport: 'udp' | 'tcp',
  question: { name: string; type: string },
  elapsedMs: number,
): Reply {
  const bare = { ...nothing, transport, elapsedMs };
  if (octets === undefined) return { ...bare, rcode: 'silence' };
  try {
    const message = packet.decode(octets);
    if (!isEchoed(octets, question)) return { ...bare, rcode: 'unreadable: other question' };
    const answers = (message.answers ?? []) as unknown as AnyRecord[];
    const authorities = (message.authorities ?? []) as unknown as AnyRecord[];
    const opt = ((message.additionals ?? []) as unknown as AnyRecord[]).find(
      (record) => record.type === 'OPT',
    );
    const data = answers.filter((record) => record.type !== 'RRSIG');
    const signatures = answers.filter((record) => record.type === 'RRSIG');
    const ttls = answers.map((record) => record.ttl ?? 0);
    return {
      ...bare,
      rcode: rcodeOf(octets, opt),
      ad: (octets[3]! & 0x20) !== 0,
      cd: (octets[3]! & 0x10) !== 0,
      ra: (octets[3]! & 0x80) !== 0,
      edns: opt !== undefined,
      answer: data
        .map((record) => `${record.name.toLowerCase()} ${record.type} ${dataText(record)}`)
        .sort(),
      answerSignatures: signatures.map(signatureText).sort(),
      expanded: signatures.some(isExpanded),
      authorityTypes: authorities.map((record) => record.type).sort(),
      leastTtlSeconds: ttls.length === 0 ? 0 : Math.min(...ttls),
      greatestTtlSeconds: Math.max(0, ...ttls),
      errors: extendedErrors(opt),
    };
  } catch (error) {
    return { ...bare, rcode: `unreadable: ${String(error)}` };
  }
}
