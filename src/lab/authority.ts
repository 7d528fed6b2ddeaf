/**
 * Authoritative answering: RFC 1034 §4.3.2 as changed by RFC 2308 (negative answers), RFC 4035
 * §3.1, RFC 5155 §7.2, RFC 6672 (DNAME) and RFC 4592 (wildcards). Question in, sections out.
 */
import {
  type Name,
  nameOfRdata,
  parseMx,
  type Question,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../wire/index.js';
import type { HostedZone } from './hosted-zone.js';
import { type Found, recordsOf, type ZoneNode, type ZoneRRset } from './zone.js';

/** What a server says about one question, before EDNS and size come in. */
export interface Answer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

/** RFC 1034 §3.6.2 asks to follow aliases; a loop in a zone must still come to an end. */
const MAX_ALIASES = 8;

/** The zones of one server by origin key. */
export type HostedZones = ReadonlyMap<string, HostedZone>;

export function answerQuestion(
  zones: HostedZones,
  question: Question,
  dnssecOk: boolean,
  nowSeconds: number,
): Answer | undefined {
  const hosted = zoneFor(zones, question);
  if (hosted === undefined) return undefined;
  return new Answering(hosted, question, dnssecOk, nowSeconds).run();
}

/**
 * RFC 1034 §4.3.2 step 2: the nearest enclosing zone. RFC 4035 §3.1.4.1: for DS that is the
 * parent, if this server has it.
 */
function zoneFor(zones: HostedZones, { name, type }: Question): HostedZone | undefined {
  let own: HostedZone | undefined;
  for (let labels = name.labelCount; labels >= 0; labels--) {
    const hosted = zones.get(name.suffix(labels).key);
    if (hosted === undefined) continue;
    if (type !== RRType.DS || labels < name.labelCount) return hosted;
    own = hosted;
  }
  return own;
}

class Answering {
  readonly #hosted: HostedZone;
  readonly #question: Question;
  readonly #dnssecOk: boolean;
  readonly #nowSeconds: number;
  readonly #answer: ResourceRecord[] = [];
  readonly #authority: ResourceRecord[] = [];
  readonly #additional: ResourceRecord[] = [];

  constructor(hosted: HostedZone, question: Question, dnssecOk: boolean, nowSeconds: number) {
    this.#hosted = hosted;
    this.#question = question;
    this.#dnssecOk = dnssecOk;
    this.#nowSeconds = nowSeconds;
  }

  run(): Answer {
    let target: Name | undefined = this.#question.name;
    let rcode: number = Rcode.NOERROR;
    let authoritative = true;
    for (let links = 0; target !== undefined && links < MAX_ALIASES; links++) {
      const found = this.#hosted.zone.find(target, this.#question.type);
      if (found.kind === 'referral') {
        // RFC 1034 §4.3.2 step 3b. After a CNAME the answer is still authoritative (step 3a).
        if (this.#answer.length === 0) authoritative = false;
        this.#refer(found.cut);
        break;
      }
      const next = this.#act(found, target);
      rcode = next.rcode;
      // Only aliases that stay in this zone are followed: other zones speak for themselves.
      target = next.alias?.isAtOrBelow(this.#hosted.origin) ? next.alias : undefined;
    }
    return {
      rcode,
      authoritative,
      answer: this.#answer,
      authority: this.#authority,
      additional: this.#additional,
    };
  }

  #act(
    found: Exclude<Found, { kind: 'referral' }>,
    name: Name,
  ): { rcode: number; alias?: Name | undefined } {
    switch (found.kind) {
      case 'name':
        return this.#atNode(found.node, name, undefined);
      case 'wildcard':
        return this.#atNode(found.node, name, found.closestEncloser);
      case 'dname':
        return this.#redirect(found.node, name);
      case 'name error':
        return this.#nameError(name, found.closestEncloser);
      default:
        return found satisfies never;
    }
  }

  #atNode(
    node: ZoneNode,
    name: Name,
    closestEncloser: Name | undefined,
  ): { rcode: number; alias?: Name | undefined } {
    const { type } = this.#question;
    const denial = this.#denial;
    const sets = this.#setsAt(node, type);
    const cname = node.rrsets.get(RRType.CNAME);
    if (sets.length === 0 && cname === undefined) {
      this.#addSoa();
      if (closestEncloser === undefined) this.#prove(denial?.noData(name));
      else this.#prove(denial?.wildcardNoData(name, closestEncloser));
      return { rcode: Rcode.NOERROR };
    }
    if (closestEncloser !== undefined) this.#prove(denial?.wildcardAnswer(name, closestEncloser));
    if (sets.length > 0) {
      for (const set of sets) {
        this.#addSet(this.#answer, set, name);
        this.#addAddressesFor(set);
      }
      return { rcode: Rcode.NOERROR };
    }
    this.#addSet(this.#answer, cname!, name);
    return { rcode: Rcode.NOERROR, alias: nameOfRdata(RRType.CNAME, cname!.rdatas()[0]!) };
  }

  #setsAt(node: ZoneNode, type: number): ZoneRRset[] {
    if (type === RRType.ANY) return [...node.rrsets.values()];
    const set = node.rrsets.get(type);
    // A fault may have emptied the set; the proofs then still speak of it.
    return set === undefined || set.rdatas().length === 0 ? [] : [set];
  }

  /** RFC 6672 §3.1: the DNAME, and the CNAME that it means for this name, which is not signed. */
  #redirect(node: ZoneNode, name: Name): { rcode: number; alias?: Name | undefined } {
    const dname = node.rrsets.get(RRType.DNAME)!;
    this.#addSet(this.#answer, dname, node.name);
    const target = nameOfRdata(RRType.DNAME, dname.rdatas()[0]!);
    const alias = target && name.replaceSuffix(node.name, target);
    // RFC 6672 §2.2: a name that would be too long.
    if (alias === undefined) return { rcode: Rcode.YXDOMAIN };
    this.#answer.push({
      owner: name,
      type: RRType.CNAME,
      class: RRClass.IN,
      ttlSeconds: dname.ttlSeconds,
      rdata: alias.octets,
    });
    return { rcode: Rcode.NOERROR, alias };
  }

  #nameError(name: Name, closestEncloser: Name): { rcode: number } {
    this.#addSoa();
    const denial = this.#denial;
    this.#prove(denial?.nameError(name, closestEncloser));
    return { rcode: denial?.nameErrorIsNoData === true ? Rcode.NOERROR : Rcode.NXDOMAIN };
  }

  /** RFC 4035 §3.1.4: NS, then DS or the proof that there is none, then glue. */
  #refer(cut: ZoneNode): void {
    const ns = cut.rrsets.get(RRType.NS)!;
    this.#authority.push(...recordsOf(ns, cut.name, ns.rdatas()));
    const ds = cut.rrsets.get(RRType.DS);
    if (this.#dnssecOk) {
      if (ds !== undefined) this.#addSet(this.#authority, ds, cut.name);
      else this.#prove(this.#denial?.referralToUnsigned(cut.name));
    }
    this.#addAddressesFor(ns);
  }

  /** RFC 1034 §4.3.2 step 6; glue is not signed (RFC 4035 §2.2). */
  #addAddressesFor(set: ZoneRRset): void {
    for (const rdata of set.rdatas()) {
      const host = hostOf(set.type, rdata);
      if (host === undefined) continue;
      const node = this.#hosted.zone.node(host);
      for (const type of [RRType.A, RRType.AAAA]) {
        const addresses = node?.rrsets.get(type);
        if (node === undefined || addresses === undefined) continue;
        if (node.kind === 'authoritative') this.#addSet(this.#additional, addresses, host);
        else this.#additional.push(...recordsOf(addresses, host, addresses.rdatas()));
      }
    }
  }

  /** RFC 2308 §3: the TTL of the SOA in a negative answer is at most its MINIMUM. */
  #addSoa(): void {
    const { soa } = this.#hosted.zone;
    this.#addSet(this.#authority, soa, soa.owner);
  }

  get #denial() {
    return this.#dnssecOk ? this.#hosted.signed?.denial : undefined;
  }

  #prove(records: readonly ZoneRRset[] | undefined): void {
    for (const record of records ?? []) this.#addDenial(record);
  }

  /** Denial records are signed as they are; faults change them afterwards. */
  #addDenial(record: ZoneRRset): void {
    const signatures = this.#signaturesFor(record, record.owner);
    let owner = record.owner;
    let rdata: Uint8Array | undefined = record.rdatas()[0];
    for (const fault of this.#hosted.faults) {
      if (rdata !== undefined && fault.denialRdata !== undefined) rdata = fault.denialRdata(rdata);
      if (record.type === RRType.NSEC3 && fault.denialOwnerLabel !== undefined) {
        owner = owner.parent().prepend(fault.denialOwnerLabel(owner.label(0))) ?? owner;
      }
    }
    if (rdata === undefined) return;
    const records = [...recordsOf(record, owner, [rdata])];
    records.push(...recordsOf(record, owner, signatures, RRType.RRSIG));
    // A record proves once, however many links of an alias chain call for it.
    for (const made of records) {
      if (!this.#authority.some((there) => isSameRecord(there, made))) this.#authority.push(made);
    }
  }

  #addSet(section: ResourceRecord[], set: ZoneRRset, owner: Name): void {
    section.push(...recordsOf(set, owner, set.rdatas()));
    if (!this.#dnssecOk) return;
    section.push(...recordsOf(set, owner, this.#signaturesFor(set, owner), RRType.RRSIG));
  }

  #signaturesFor(set: ZoneRRset, owner: Name): readonly Uint8Array[] {
    const signed = this.#hosted.signed;
    if (signed === undefined) return [];
    const { signer, denial } = signed;
    if (!denial.nameErrorIsNoData) return signer.signaturesOf(set, this.#nowSeconds);
    // RFC 9824: made on the spot, for the name that was asked.
    return signer.signNow({ ...set, owner }, this.#nowSeconds);
  }
}

function hostOf(type: number, rdata: Uint8Array): Name | undefined {
  if (type === RRType.NS) return nameOfRdata(RRType.NS, rdata);
  return type === RRType.MX ? parseMx(rdata)?.exchange : undefined;
}

function isSameRecord(a: ResourceRecord, b: ResourceRecord): boolean {
  if (a.type !== b.type || a.rdata.length !== b.rdata.length || !a.owner.equals(b.owner)) {
    return false;
  }
  return a.rdata.every((octet, at) => octet === b.rdata[at]);
}
