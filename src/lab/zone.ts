/**
 * One zone as its primary server holds it: names, RRsets, zone cuts, and the search of
 * RFC 1034 §4.3.2 within it. Signing and denial of existence stand beside it, not in it.
 */
import { type Name, type ResourceRecord, RRClass, RRType } from '../wire/index.js';

/** An RRset whose RDATA may be made when first asked for: keys cost time, most are never used. */
export interface ZoneRRset {
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdatas: () => readonly Uint8Array[];
}

/**
 * - `authoritative`: the zone answers for it (empty non-terminals included);
 * - `cut`: a delegation point, of which only NS is not the parent's own;
 * - `occluded`: below a cut or a DNAME; glue at best.
 */
export type NodeKind = 'authoritative' | 'cut' | 'occluded';

export interface ZoneNode {
  readonly name: Name;
  readonly rrsets: Map<number, ZoneRRset>;
  kind: NodeKind;
}

/** Where the search of RFC 1034 §4.3.2 step 3 ends. */
export type Found =
  | { readonly kind: 'name'; readonly node: ZoneNode }
  | { readonly kind: 'referral'; readonly cut: ZoneNode }
  | { readonly kind: 'dname'; readonly node: ZoneNode }
  | { readonly kind: 'wildcard'; readonly node: ZoneNode; readonly closestEncloser: Name }
  | { readonly kind: 'name error'; readonly closestEncloser: Name };

export class Zone {
  readonly origin: Name;
  readonly #nodes = new Map<string, ZoneNode>();
  #sorted: readonly ZoneNode[] | undefined;

  constructor(origin: Name, records: readonly ResourceRecord[], lazy: readonly ZoneRRset[] = []) {
    this.origin = origin;
    for (const set of rrsetsOf(records)) this.#addSet(set);
    for (const set of lazy) this.#addSet(set);
    this.#classify();
    this.#addEmptyNonTerminals();
  }

  node(name: Name): ZoneNode | undefined {
    return this.#nodes.get(name.key);
  }

  rrset(name: Name, type: number): ZoneRRset | undefined {
    return this.#nodes.get(name.key)?.rrsets.get(type);
  }

  get soa(): ZoneRRset {
    const soa = this.rrset(this.origin, RRType.SOA);
    if (soa === undefined) throw new Error(`the zone ${this.origin} has no SOA record`);
    return soa;
  }

  /** Everything the zone answers for or delegates, in canonical order; no glue. */
  nodesInOrder(): readonly ZoneNode[] {
    this.#sorted ??= [...this.#nodes.values()]
      .filter((node) => node.kind !== 'occluded')
      .sort((a, b) => a.name.compareCanonical(b.name));
    return this.#sorted;
  }

  /** Looks for `name`, which must be at or below the origin. */
  find(name: Name, type: number): Found {
    const apexLabels = this.origin.labelCount;
    let closestEncloser = this.origin;
    for (let labels = apexLabels; labels <= name.labelCount; labels++) {
      const ancestor = name.suffix(labels);
      const node = this.#nodes.get(ancestor.key);
      if (node === undefined) return this.#synthesise(closestEncloser);
      closestEncloser = node.name;
      const isWhole = labels === name.labelCount;
      // RFC 4035 §3.1.4.1: the parent answers for the DS RRset of a delegation point.
      if (node.kind === 'cut' && !(isWhole && type === RRType.DS)) {
        return { kind: 'referral', cut: node };
      }
      // RFC 6672 §2.3: a DNAME redirects what is below its owner, not the owner.
      if (!isWhole && node.rrsets.has(RRType.DNAME)) return { kind: 'dname', node };
    }
    return { kind: 'name', node: this.#nodes.get(name.key)! };
  }

  /** RFC 4592 §3.3.1: only the closest encloser's own wildcard is the source of synthesis. */
  #synthesise(closestEncloser: Name): Found {
    const wildcard = closestEncloser.wildcard();
    const node = wildcard && this.#nodes.get(wildcard.key);
    if (node === undefined) return { kind: 'name error', closestEncloser };
    return { kind: 'wildcard', node, closestEncloser };
  }

  #addSet(set: ZoneRRset): void {
    if (!set.owner.isAtOrBelow(this.origin)) {
      throw new Error(`${set.owner} is not in the zone ${this.origin}`);
    }
    const { key } = set.owner;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = { name: set.owner, rrsets: new Map(), kind: 'authoritative' };
      this.#nodes.set(key, node);
    }
    node.rrsets.set(set.type, set);
  }

  #classify(): void {
    for (const node of this.#nodes.values()) {
      if (node.name.equals(this.origin)) continue;
      if (this.#isBelowCutOrDname(node.name)) node.kind = 'occluded';
      else if (node.rrsets.has(RRType.NS)) node.kind = 'cut';
    }
  }

  #isBelowCutOrDname(name: Name): boolean {
    for (let labels = this.origin.labelCount; labels < name.labelCount; labels++) {
      const above = this.#nodes.get(name.suffix(labels).key);
      if (above === undefined) continue;
      if (above.rrsets.has(RRType.DNAME)) return true;
      if (labels > this.origin.labelCount && above.rrsets.has(RRType.NS)) return true;
    }
    return false;
  }

  /** RFC 4592 §2.2.2: a name with nothing but descendants exists. */
  #addEmptyNonTerminals(): void {
    for (const { name, kind } of [...this.#nodes.values()]) {
      if (kind === 'occluded') continue;
      for (let labels = name.labelCount - 1; labels > this.origin.labelCount; labels--) {
        const ancestor = name.suffix(labels);
        if (this.#nodes.has(ancestor.key)) continue;
        this.#nodes.set(ancestor.key, { name: ancestor, rrsets: new Map(), kind: 'authoritative' });
      }
    }
  }
}

function rrsetsOf(records: readonly ResourceRecord[]): ZoneRRset[] {
  const sets = new Map<string, { owner: Name; type: number; ttl: number; rdatas: Uint8Array[] }>();
  for (const { owner, type, ttlSeconds, rdata } of records) {
    const key = `${type} ${owner.key}`;
    const set = sets.get(key);
    if (set === undefined) sets.set(key, { owner, type, ttl: ttlSeconds, rdatas: [rdata] });
    else set.rdatas.push(rdata);
  }
  return [...sets.values()].map(({ owner, type, ttl, rdatas }) => {
    return { owner, type, ttlSeconds: ttl, rdatas: () => rdatas };
  });
}

/** The records of a set with another owner when it was synthesised from a wildcard. */
export function recordsOf(
  set: ZoneRRset,
  owner: Name,
  rdatas: readonly Uint8Array[],
  type = set.type,
): ResourceRecord[] {
  return rdatas.map((rdata) => {
    return { owner, type, class: RRClass.IN, ttlSeconds: set.ttlSeconds, rdata };
  });
}
