// Damages a signed zone file, line by line. It understands the files that the signers of this
// world write: one record on each line, `owner ttl [IN] type ...`, the owner always given.

import type { Fault, ZoneSpec } from './zone-spec.js';

type SignatureFault = Exclude<Fault, { readonly kind: 'drop type' }>;
export type DamagedZone = Pick<ZoneSpec, 'name' | 'faults'>;

interface Line {
  readonly owner: string;
  readonly type: string;
  readonly rest: readonly string[];
}

function parseLine(text: string): Line | undefined {
  if (/^(;|\s|\$|$)/.test(text)) return undefined;
  const fields = text.split(/\s+/);
  const owner = fields[0]!.toLowerCase();
  const rest = fields.slice(1).filter((field) => field !== 'IN');
  return { owner, type: rest[1] ?? '', rest: rest.slice(2) };
}

/** Another text of the same length, so that the record stays well formed. */
function flipFirstBit(base64: string): string {
  const octets = Buffer.from(base64, 'base64');
  octets[0] = octets[0]! ^ 0x40;
  return octets.toString('base64');
}

function damageLine(text: string, fault: Fault, zone: string): string | undefined {
  const line = parseLine(text);
  if (line === undefined) return text;
  if (fault.kind === 'drop type') {
    const isOfType = line.type === fault.type;
    const coversType = line.type === 'RRSIG' && line.rest[0] === fault.type;
    return isOfType || coversType ? undefined : text;
  }
  // RFC 4034 §3.2: type covered, algorithm, labels, original TTL, ...
  const isOfAlgorithm = line.rest[1] === String(fault.algorithm ?? line.rest[1]);
  const covers = line.type === 'RRSIG' && line.rest[0] === fault.type && isOfAlgorithm;
  if (!covers || line.owner !== (fault.owner === '@' ? zone : `${fault.owner}.${zone}`))
    return text;
  if (fault.kind === 'drop signature') return undefined;
  // The signature is the last part; signers may break it with spaces.
  const signature = line.rest.slice(8).join('');
  const start = text.indexOf(line.rest[8]!);
  return `${text.slice(0, start)}${flipFirstBit(signature)}`;
}

/**
 * Where the fault hits the line, the line of the same zone signed in the past: same keys, same
 * data, a signature that was good and has expired.
 */
function ageLine(
  text: string,
  fault: SignatureFault,
  zone: string,
  aged: readonly string[],
): string {
  const hits = (line: string): boolean =>
    damageLine(line, { ...fault, kind: 'drop signature' }, zone) === undefined;
  return hits(text) ? aged.find(hits)! : text;
}

/** `agedText` is the zone signed in the past, for zones in which a signature has expired. */
export function applyFaults(text: string, zone: DamagedZone, agedText = ''): string {
  let lines = text.split('\n');
  const aged = agedText.split('\n');
  for (const fault of zone.faults ?? []) {
    const damaged = lines.map((line) =>
      fault.kind === 'expired signature'
        ? ageLine(line, fault, zone.name, aged)
        : damageLine(line, fault, zone.name),
    );
    if (damaged.every((line, index) => line === lines[index])) {
      throw new Error(`${zone.name}: nothing to damage for ${JSON.stringify(fault)}`);
    }
    lines = damaged.filter((line) => line !== undefined);
  }
  return lines.join('\n');
}
