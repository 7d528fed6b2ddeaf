/** From a scenario as data to the text of a replay file. */
import type { Answer } from '../../../src/lab/authority.js';
import { absoluteName } from '../../../src/lab/index.js';
import { formatRecord } from '../../../src/presentation/index.js';
import { Rcode, type ResourceRecord, RRType, typeMnemonic } from '../../../src/wire/index.js';
import { START_SECONDS } from './signer.js';
import { OwnWorld, type OwnZone, type Question, question } from './world.js';

/** How the client asks: with DO, with AD alone (RFC 6840 §5.7), with neither, or with CD and DO. */
export type ClientKind = 'DO' | 'AD' | 'plain' | 'CD';

export interface Ask {
  /** `name. TYPE`. */
  readonly ask: string;
  /** `secure`: the truth with AD; `insecure`: the truth without; `bogus`: SERVFAIL. */
  readonly expect: 'secure' | 'insecure' | 'bogus';
  /** RFC 8914 code that a refusal has to give. */
  readonly ede?: number;
  readonly client?: ClientKind;
  /** What is expected, when it is not the truth of the present stage. */
  readonly truth?: (world: OwnWorld) => Answer;
  /** TTLs are compared as well. */
  readonly ttl?: boolean;
}

/** `wait`: the clock goes on, or back, by so many seconds; `rest`: what is on its way arrives. */
export type Step = Ask | { readonly wait: number } | { readonly rest: true };

export interface Forgery {
  /** The reply to `name. TYPE`, or `name. referral`; or all of `name. *`, or all with that code. */
  readonly reply: string;
  readonly change: (answer: Answer, world: OwnWorld) => Answer;
}

/** A span of time in which the servers say the same; without zones nobody answers. */
export interface Stage {
  readonly zones: readonly OwnZone[];
  readonly steps: readonly Step[];
  readonly forgeries?: readonly Forgery[];
  /** Questions that servers are asked besides those of the client. */
  readonly also?: readonly string[];
}

export interface OwnScenario {
  /** Without `.rpl`. */
  readonly file: string;
  readonly title: string;
  readonly settings?: readonly string[];
  /** The clock of the first question; the day of the signatures unless told. */
  readonly startSeconds?: number;
  readonly stages: readonly Stage[];
}

const SETTINGS = [
  'target-fetch-policy: "0 0 0 0 0"',
  'qname-minimisation: yes',
  'minimal-responses: yes',
  'rrset-roundrobin: no',
  'trust-anchor-signaling: no',
  'ede: yes',
];

const isAsk = (step: Step): step is Ask => 'ask' in step;

export function scriptOf(scenario: OwnScenario): string {
  const worlds = scenario.stages.map(({ zones }) => new OwnWorld(zones));
  const root = scenario.stages[0]!.zones.find(({ origin }) => origin === '.')!;
  const anchors = worlds[0]!.anchors().map((anchor) => `\ttrust-anchor: "${textOf(anchor)}"`);
  const lines = [
    `; ${scenario.title}`,
    '; Made by test/conformance/own/generate.ts.',
    'server:',
    ...anchors,
    ...[...SETTINGS, ...(scenario.settings ?? [])].map((line) => `\t${line}`),
    'stub-zone:',
    '\tname: "."',
    `\tstub-addr: ${root.server}`,
    'CONFIG_END',
    '',
    `SCENARIO_BEGIN ${scenario.title}`,
    '',
  ];
  const ranges: string[] = [];
  const start = scenario.startSeconds ?? START_SECONDS;
  const steps: string[] = [`STEP 1 TIME_PASSES ELAPSE ${start}`];
  let number = 10;
  for (const [index, stage] of scenario.stages.entries()) {
    const world = worlds[index]!;
    const first = index === 0 ? 0 : number;
    for (const step of stage.steps) {
      steps.push('', ...stepLines(step, number, world));
      number += 10;
    }
    ranges.push(...rangesOf(stage, world, first, number - 1));
  }
  return [...lines, ...ranges, ...steps, '', 'SCENARIO_END', ''].join('\n');
}

function textOf(record: ResourceRecord): string {
  return formatRecord(record).replaceAll('\t', ' ');
}

function stepLines(step: Step, number: number, world: OwnWorld): string[] {
  if ('wait' in step) return [`STEP ${number} TIME_PASSES ELAPSE ${step.wait}`];
  if ('rest' in step) return [`STEP ${number} TRAFFIC`];
  const { client = 'DO' } = step;
  const asked = question(step.ask);
  const flags = { DO: 'RD DO', AD: 'RD AD', plain: 'RD', CD: 'RD CD DO' }[client];
  return [
    `STEP ${number} QUERY`,
    'ENTRY_BEGIN',
    `REPLY ${flags}`,
    ...questionLines(asked),
    'ENTRY_END',
    '',
    `STEP ${number + 1} CHECK_ANSWER`,
    'ENTRY_BEGIN',
    ...expectedLines(step, asked, world),
    'ENTRY_END',
  ];
}

function questionLines({ name, type }: Question): string[] {
  return ['SECTION QUESTION', `${name} IN ${typeMnemonic(type)}`];
}

function expectedLines(step: Ask, asked: Question, world: OwnWorld): string[] {
  const { expect, client = 'DO' } = step;
  const match = ['all', ...(step.ttl === true ? ['ttl'] : [])];
  if (step.ede !== undefined) match.push(`ede=${step.ede}`);
  const flags = ['QR', 'RD', 'RA'];
  if (client === 'CD') flags.push('CD');
  if (client === 'DO' || client === 'CD') flags.push('DO');
  if (expect === 'bogus') {
    return [
      `MATCH ${match.join(' ')}`,
      `REPLY ${flags.join(' ')} SERVFAIL`,
      ...questionLines(asked),
    ];
  }
  const { rcode, answer, authority } = step.truth?.(world) ?? world.truth(asked);
  // RFC 6840 §5.8: AD for those who asked with AD or DO.
  if (expect === 'secure' && client !== 'plain' && client !== 'CD') flags.push('AD');
  const wantsProofs = client === 'DO' || client === 'CD';
  const seen = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    wantsProofs
      ? [...records]
      : records.filter(({ type }) => !PROOFS.has(type) || type === asked.type);
  // RFC 2308 §5: a resolver shows the SOA of a denial, and no NS RRset need go along.
  const shown = seen(authority).filter((record) => coveredType(record) !== RRType.NS);
  return [
    `MATCH ${match.join(' ')}`,
    `REPLY ${flags.join(' ')} ${rcodeWord(rcode)}`,
    ...questionLines(asked),
    ...sectionLines('ANSWER', seen(answer)),
    ...sectionLines('AUTHORITY', shown),
  ];
}

const PROOFS: ReadonlySet<number> = new Set([RRType.RRSIG, RRType.NSEC, RRType.NSEC3]);

export function coveredType({ type, rdata }: ResourceRecord): number {
  return type === RRType.RRSIG ? (rdata[0]! << 8) | rdata[1]! : type;
}

function rcodeWord(rcode: number): string {
  return Object.entries(Rcode).find(([, value]) => value === rcode)![0];
}

function sectionLines(section: string, records: readonly ResourceRecord[]): string[] {
  return records.length === 0 ? [] : [`SECTION ${section}`, ...records.map(textOf)];
}

// --- what the servers say ---

function rangesOf(stage: Stage, world: OwnWorld, first: number, last: number): string[] {
  const used = new Set<Forgery>();
  const lines = stage.zones.flatMap((zone) => [
    `; ${zone.origin}`,
    `RANGE_BEGIN ${first} ${last}`,
    `\tADDRESS ${zone.server}`,
    ...entriesOf(zone, stage, world, used).flatMap((entry) => entry),
    'RANGE_END',
    '',
  ]);
  for (const forgery of stage.forgeries ?? []) {
    if (!used.has(forgery)) throw new Error(`no server is asked for ${forgery.reply}`);
  }
  return lines;
}

function entriesOf(zone: OwnZone, stage: Stage, world: OwnWorld, used: Set<Forgery>): string[][] {
  const forge = (name: string, what: string, answer: Answer): Answer => {
    const fitting = new Set([`${name} ${what}`, `${name} *`, rcodeWord(answer.rcode)]);
    const found = (stage.forgeries ?? []).filter(({ reply }) => fitting.has(reply));
    for (const one of found) used.add(one);
    return found.reduce((changed, one) => one.change(changed, world), answer);
  };
  const exact = questionsFor(zone, stage, world).map((asked) => {
    const answer = forge(String(asked.name), typeMnemonic(asked.type), world.says(zone, asked));
    return entryLines('opcode qtype qname', 'copy_id', asked, answer);
  });
  const referrals = world.childrenOf(zone).map((child) => {
    const asked = question(`${child.origin} NS`);
    const answer = forge(child.origin, 'referral', world.says(zone, asked));
    return entryLines('opcode subdomain', 'copy_id copy_query', asked, answer);
  });
  return [...exact, ...referrals];
}

/** All that this zone's server is asked: about itself, about its children's DS, and by clients. */
function questionsFor(zone: OwnZone, stage: Stage, world: OwnWorld): Question[] {
  const own = zone.origin === '.' ? 'ns.' : `ns.${zone.origin}`;
  const texts = [`${zone.origin} NS`, `${zone.origin} SOA`, `${own} A`, `${own} AAAA`];
  if (zone.signing !== undefined) texts.push(`${zone.origin} DNSKEY`);
  for (const child of world.childrenOf(zone)) texts.push(`${child.origin} DS`);
  const asked = [...stage.steps.filter(isAsk).map(({ ask }) => ask), ...(stage.also ?? [])];
  const chased = asked.flatMap((text) => world.chase(question(text)));
  const mine = chased.filter((one) => world.zoneFor(one) === zone);
  const origin = absoluteName(zone.origin);
  // Minimised names, of either type that resolvers use, and the search for cuts on the way.
  const types =
    zone.signing === undefined ? [RRType.A, RRType.NS] : [RRType.A, RRType.NS, RRType.DS];
  const passing = chased.filter(({ name }) => name.isAtOrBelow(origin));
  const above = passing.flatMap(({ name }) => {
    const names: Question[] = [];
    for (let labels = origin.labelCount + 1; labels <= name.labelCount; labels++) {
      for (const type of types) names.push({ name: name.suffix(labels), type });
    }
    return names;
  });
  const all = [...texts.map(question), ...mine, ...above];
  return [...new Map(all.map((one) => [`${one.type} ${one.name.key}`, one])).values()].filter(
    (one) => world.zoneFor(one) === zone,
  );
}

function entryLines(match: string, adjust: string, asked: Question, answer: Answer): string[] {
  const flags = answer.authoritative ? 'QR AA' : 'QR';
  return [
    'ENTRY_BEGIN',
    `MATCH ${match}`,
    `ADJUST ${adjust}`,
    `REPLY ${flags} ${rcodeWord(answer.rcode)}`,
    ...questionLines(asked),
    ...sectionLines('ANSWER', answer.answer),
    ...sectionLines('AUTHORITY', answer.authority),
    ...sectionLines('ADDITIONAL', answer.additional),
    'ENTRY_END',
  ];
}
