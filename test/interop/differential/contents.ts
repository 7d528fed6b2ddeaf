// Fills a planned zone: each feature adds records and the questions that are worth asking about
// them. Names are text in master file form, relative to the zone unless they end in a dot.

import type { Dice } from './dice.js';
import { hostsZoneName, type PlannedZone } from './zone-plan.js';

/** Why a question is asked; the rows of the printed table. */
export const askKinds = [
  'exists',
  'other type',
  'nearly exists',
  'does not exist',
  'empty non-terminal',
  'wildcard',
  'alias',
  'DNAME',
  'odd name',
  'large answer',
  'delegation',
  'apex',
] as const;
export type AskKind = (typeof askKinds)[number];

export interface Ask {
  readonly name: string;
  readonly type: string;
  readonly kind: AskKind;
}

const commonTypes = [
  ...['A', 'AAAA', 'MX', 'TXT', 'NS', 'SOA', 'DS', 'CNAME', 'DNAME', 'SRV', 'TLSA', 'CAA', 'PTR'],
  ...['HTTPS', 'NAPTR', 'SSHFP', 'DNSKEY', 'TYPE65280'],
];

/** Odd first labels: dots, NUL, spaces, quotes, octets that are no UTF-8, letter case. */
const oddLabels = [
  ...['a\\.b', '\\000', 'nul\\000nul', '\\255\\254\\128', '\\195\\040', 'sp\\032ace', '\\092'],
  ...['\\034quoted\\034', '\\(x\\)', 'UPPER', 'MiXeD-CaSe', '_', '-', 'a*b', '\\@', '\\;', '\\$x'],
  ...['\\001\\002\\003', 'tab\\009', 'xn--mxahbxey0c', '0', '\\127', '\\192\\012', '\\046\\046'],
];

interface Existing {
  readonly owner: string;
  readonly type: string;
}

/** One zone being filled. */
export class Contents {
  readonly zone: PlannedZone;
  readonly lines: string[] = [];
  readonly asks: Ask[] = [];
  readonly #dice: Dice;
  readonly #existing: Existing[] = [];

  constructor(zone: PlannedZone, dice: Dice) {
    this.zone = zone;
    this.#dice = dice;
  }

  absolute(name: string): string {
    if (name.endsWith('.')) return name;
    if (name === '@') return this.zone.name;
    return this.zone.name === '.' ? `${name}.` : `${name}.${this.zone.name}`;
  }

  ask(name: string, type: string, kind: AskKind): void {
    this.asks.push({ name: this.absolute(name), type, kind });
  }

  /** A record that can be asked for, and around which others may be missed. */
  add(owner: string, type: string, data: string, kind: AskKind = 'exists'): void {
    this.lines.push(`${owner} ${type} ${data}`);
    this.ask(owner, type, kind);
    this.#existing.push({ owner, type });
  }

  /** Names of this zone that others may point to. */
  get targets(): readonly string[] {
    return this.#existing.map(({ owner }) => this.absolute(owner));
  }

  addBasics(): void {
    const dice = this.#dice;
    const address = (): string => `45.70.${dice.below(256)}.${1 + dice.below(250)}`;
    this.add('@', 'A', address());
    this.add('@', 'MX', '10 mail');
    this.add('@', 'TXT', `"v=spf1 mx -all" "${dice.word()}"`);
    this.add('www', 'A', address());
    this.add('www', 'AAAA', `2a0e:7000::${dice.hexOctets(2)}`);
    this.add('mail', 'A', address());
    this.add('_25._tcp.mail', 'TLSA', `3 1 1 ${dice.hexOctets(32)}`);
    for (const type of ['SOA', 'NS', 'DNSKEY', 'DS', 'NSEC3PARAM']) this.ask('@', type, 'apex');
    this.#addRandomHosts(address);
    // An empty non-terminal, or two.
    const outer = dice.word();
    const inner = dice.chance(0.5) ? `${dice.word()}.${outer}` : outer;
    this.add(`host.${inner}`, 'A', address());
    for (const name of [inner, outer]) {
      this.ask(name, dice.pick(commonTypes), 'empty non-terminal');
      this.ask(name, dice.pick(['A', 'MX', 'NS']), 'empty non-terminal');
    }
    this.ask(`x.${outer}`, 'A', 'does not exist');
    this.ask('_tcp.mail', 'TLSA', 'empty non-terminal');
  }

  #addRandomHosts(address: () => string): void {
    const dice = this.#dice;
    const data: Readonly<Record<string, () => string>> = {
      A: address,
      AAAA: () => `2a0e:7000::${dice.hexOctets(2)}`,
      MX: () => `${dice.below(50)} mail`,
      TXT: () => `"${dice.word()} ${dice.word()}"`,
      SRV: () => `0 ${dice.below(9)} 5060 www`,
      CAA: () => `0 issue "${dice.word()}.example"`,
      PTR: () => `${dice.word()}.example.`,
      NAPTR: () => `10 20 "S" "SIP+D2U" "" _sip._udp`,
      SSHFP: () => `4 2 ${dice.hexOctets(32)}`,
      HTTPS: () => `1 . alpn="h2"`,
      TYPE65280: () => `\\# 4 ${dice.hexOctets(4)}`,
      DS: () => `${dice.below(65536)} 13 2 ${dice.hexOctets(32)}`,
    };
    const types = Object.keys(data).filter((type) => type !== 'DS');
    for (let at = 0; at < 4; at += 1) {
      const owner = dice.word() + at;
      for (const type of dice.some(types, 1 + dice.below(3))) this.add(owner, type, data[type]!());
    }
  }

  addWildcards(): void {
    const dice = this.#dice;
    this.lines.push('*.wild A 45.71.0.1', '*.wild TXT "from the wildcard"', '*.wild MX 5 mail');
    this.lines.push('there.wild TXT "exists"');
    for (const name of [dice.word(), `a.${dice.word()}`, `\\000.${dice.word()}`, '*.*']) {
      this.ask(`${name}.wild`, dice.pick(['A', 'TXT', 'MX']), 'wildcard');
      this.ask(`${name}.wild`, dice.pick(commonTypes), 'wildcard');
    }
    for (const name of ['there.wild', '*.wild', 'wild', `${dice.word()}.there.wild`]) {
      this.ask(name, dice.pick(['A', 'TXT', 'AAAA', 'DS', 'NS']), 'wildcard');
    }
    if (dice.chance(0.5)) {
      // Below an asterisk: the name exists, and is no wildcard's business.
      this.lines.push('*.nest A 45.71.0.2', 'below.*.nest TXT "below the asterisk"');
      for (const name of ['x.nest', 'x.*.nest', 'below.x.nest', 'below.*.nest', '*.nest']) {
        this.ask(name, dice.pick(['A', 'TXT']), 'wildcard');
      }
    }
    if (dice.chance(0.25)) {
      this.lines.push('* TXT "whatever is asked"');
      this.ask(dice.word(), 'TXT', 'wildcard');
      this.ask(`${dice.word()}.${dice.word()}`, 'TXT', 'wildcard');
      this.ask(`${dice.word()}.www`, 'TXT', 'wildcard');
    }
  }

  /** Aliases within the zone, into others and into nothing; `elsewhere` are names of others. */
  addAliases(elsewhere: readonly string[]): void {
    const dice = this.#dice;
    const alias = (owner: string, target: string): void => {
      this.lines.push(`${owner} CNAME ${target}`);
      this.ask(owner, dice.pick(['A', 'A', 'AAAA', 'MX', 'TXT', 'TLSA']), 'alias');
      this.ask(owner, dice.pick(['CNAME', ...commonTypes]), 'alias');
    };
    alias('alias', 'www');
    alias('nowhere', dice.word());
    alias('out', dice.pick(elsewhere));
    alias('out2', dice.pick(elsewhere));
    alias('lost', `${dice.word()}.${dice.pick(elsewhere)}`);
    alias('chain1', 'chain2');
    alias('chain2', 'chain3');
    alias('chain3', dice.pick(elsewhere));
    this.lines.push(`*.walias CNAME ${dice.pick(elsewhere)}`);
    this.ask(`${dice.word()}.walias`, dice.pick(['A', 'TXT', 'CNAME']), 'alias');
    this.ask(`${dice.word()}.alias`, 'A', 'nearly exists');
  }

  addDnames(elsewhere: readonly string[], zonesElsewhere: readonly string[]): void {
    const dice = this.#dice;
    const far = dice.pick(zonesElsewhere);
    this.lines.push(`dname DNAME ${far}`, 'near DNAME sub', 'leaf.sub A 45.72.0.1');
    this.lines.push(`dname TXT "beside the DNAME"`, `via CNAME www.dname`);
    const types = ['A', 'TXT', 'MX', 'AAAA'];
    for (const name of ['www', 'mail', dice.word(), `${dice.word()}.www`]) {
      this.ask(`${name}.dname`, dice.pick(types), 'DNAME');
    }
    this.ask('_25._tcp.mail.dname', 'TLSA', 'DNAME');
    this.ask('leaf.near', 'A', 'DNAME');
    this.ask('leaf.near', dice.pick(commonTypes), 'DNAME');
    this.ask(`${dice.word()}.near`, 'A', 'DNAME');
    this.ask('dname', dice.pick(['DNAME', 'TXT', 'A', 'DS']), 'DNAME');
    this.ask('via', 'A', 'DNAME');
    this.lines.push(`deep DNAME ${dice.pick(elsewhere)}`);
    this.ask(`${dice.word()}.deep`, 'A', 'DNAME');
    this.ask('www.alias.deep', 'A', 'DNAME');
  }

  addOddNames(): void {
    const dice = this.#dice;
    const count = this.zone.hosts.includes('pdns') ? 3 : 7;
    for (const label of dice.some(
      oddLabels.filter((each) => this.#canBeWritten(each)),
      count,
    )) {
      this.lines.push(`${label} A 45.73.0.${1 + dice.below(250)}`);
      this.ask(label, dice.pick(['A', 'A', 'TXT']), 'odd name');
      this.ask(`\\000.${label}`, 'A', 'odd name');
      this.ask(`${label}\\000`, 'A', 'odd name');
    }
    this.ask(dice.pick(oddLabels), 'A', 'odd name');
    this.ask('\\255', 'MX', 'odd name');
    this.#addLongestName();
  }

  #canBeWritten(label: string): boolean {
    // ldns prints these in names without an escape, and then nobody can read the file.
    if (this.zone.signing?.signer === 'ldns' && /\\034|[$@;()]/.test(label)) return false;
    // NSD 4.6 takes the dot after an escaped backslash for a part of the label.
    return !(this.zone.hosts.includes('nsd') && label.endsWith('\\092'));
  }

  /** A name of 255 octets in wire form (RFC 1035 §2.3.4), and neighbours as long. */
  #addLongestName(): void {
    const { signing, hosts } = this.zone;
    // BIND's signer and NSD (which crashes) want room for an asterisk before a name they hash.
    const hashesWildcards = signing?.signer === 'bind' || hosts.includes('nsd');
    const needsRoom = hashesWildcards && signing?.denial.kind === 'nsec3';
    const longest = needsRoom ? 253 : 255;
    const suffix = this.zone.name === '.' ? 1 : this.zone.name.length + 1;
    let left = longest - suffix;
    const lengths: number[] = [];
    while (left > 0) {
      const octets = Math.min(63, left - 1);
      // No label may be left with nothing in it.
      const taken = left - octets - 1 === 1 ? octets - 1 : octets;
      lengths.push(taken);
      left -= taken + 1;
    }
    const named = (letter: string): string => lengths.map((size) => letter.repeat(size)).join('.');
    this.lines.push(`${named('l')} A 45.73.1.1`);
    this.ask(named('l'), 'A', 'odd name');
    this.ask(named('l'), 'TXT', 'odd name');
    this.ask(named('m'), 'A', 'odd name');
    this.ask(named('l').slice(lengths[0]! + 1), 'A', 'odd name');
  }

  addLargeAnswers(): void {
    const dice = this.#dice;
    for (let at = 0; at < 24; at += 1) {
      this.lines.push(`large TXT "${at} ${dice.word().repeat(20)}"`);
    }
    for (let at = 1; at <= 90; at += 1) this.lines.push(`many A 45.74.0.${at}`);
    this.lines.push(
      `wide TXT ${Array.from({ length: 14 }, () => `"${'w'.repeat(255)}"`).join(' ')}`,
    );
    for (const [name, type] of [
      ['large', 'TXT'],
      ['many', 'A'],
      ['wide', 'TXT'],
    ] as const) {
      this.ask(name, type, 'large answer');
    }
    this.ask('large', 'A', 'other type');
    this.ask('x.large', 'TXT', 'does not exist');
  }

  /** Delegations that lead nowhere: what the parent proves about them is what counts. */
  addDelegations(): void {
    const dice = this.#dice;
    for (let at = 0; at < 6; at += 1) {
      const name = `cut${at}${dice.word()}`;
      this.lines.push(`${name} NS ns.${name}`, `ns.${name} A 45.98.0.1`);
      if (at === 0) this.lines.push(`${name} DS 12345 13 2 ${dice.hexOctets(32)}`);
      this.ask(name, 'DS', 'delegation');
      if (at > 3) this.ask(`x.${name}`, 'DS', 'delegation');
    }
  }

  /** Questions around what is there. */
  askAround(): void {
    const dice = this.#dice;
    for (const { owner } of dice.some(this.#existing, 6)) {
      this.ask(owner, dice.pick(commonTypes), 'other type');
      if (owner === '@') continue;
      const near = dice.pick([
        `x.${owner}`,
        `*.${owner}`,
        `${owner.slice(0, 1)}x${owner.slice(1)}`,
        `\\000.${owner}`,
        `0${owner}`,
        `_25._tcp.${owner}`,
      ]);
      this.ask(near, dice.pick(['A', 'TXT', 'TLSA', 'DS', 'MX']), 'nearly exists');
      const shouted = [...owner].map((each) => (dice.chance(0.5) ? each.toUpperCase() : each));
      this.ask(shouted.join(''), dice.pick(['A', 'TXT', 'MX']), 'exists');
    }
    for (let at = 0; at < 5; at += 1) {
      const prefix = dice.pick(['', '', '_25._tcp.', `${dice.word()}.`, '*.']);
      this.ask(`${prefix}${dice.word()}`, dice.pick(commonTypes), 'does not exist');
    }
  }
}

/** Fills every zone below the top level; the upper zones get questions about what is not there. */
export function fillZones(zones: readonly PlannedZone[], dice: Dice): Map<string, Contents> {
  const all = new Map<string, Contents>();
  for (const zone of zones) {
    const contents = new Contents(zone, dice);
    all.set(zone.name, contents);
    const isUpper = zone.parent === undefined || zone.parent.parent === undefined;
    if (isUpper || zone.name === hostsZoneName) {
      for (const type of ['SOA', 'NS', 'DNSKEY', 'DS', 'A', 'TXT']) contents.ask('@', type, 'apex');
      for (let at = 0; at < 12; at += 1) {
        const name = dice.chance(0.4) ? `${dice.word()}.${dice.word()}` : dice.word();
        contents.ask(name, dice.pick(commonTypes), 'does not exist');
      }
    } else {
      contents.addBasics();
    }
  }
  const filled = [...all.values()].filter(({ lines }) => lines.length > 0);
  const elsewhere = filled.flatMap((contents) => dice.some(contents.targets, 4));
  for (const contents of filled) {
    if (dice.chance(0.5)) contents.addWildcards();
    if (dice.chance(0.6)) contents.addAliases(elsewhere);
    if (dice.chance(0.35)) {
      contents.addDnames(
        elsewhere,
        filled.map(({ zone }) => zone.name),
      );
    }
    if (dice.chance(0.4)) contents.addOddNames();
    if (dice.chance(0.2)) contents.addLargeAnswers();
    if (dice.chance(0.35)) contents.addDelegations();
    contents.askAround();
  }
  return all;
}
