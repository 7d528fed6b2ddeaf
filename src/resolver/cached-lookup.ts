/** What memory already knows about a question. */
import type { CachedNegative } from '../cache/index.js';
import { checkDnameSynthesis } from '../dnssec/index.js';
import { type Name, RRType } from '../wire/index.js';
import { type Alias, aliasFromCname, aliasFromDname } from './aliases.js';
import { type HeldDenial, heldDenial } from './learned.js';
import type { Machine } from './machine.js';
import type { HeldRRset } from './outcome.js';

export type CacheHit =
  | { readonly kind: 'data'; readonly held: HeldRRset }
  | { readonly kind: 'alias'; readonly alias: Alias }
  | { readonly kind: 'denial'; readonly denial: HeldDenial };

export function lookUp(machine: Machine, name: Name, type: number): CacheHit | undefined {
  const { clock, rrsets, negatives } = machine;
  const data = rrsets.getAnswer(name, type, clock);
  if (data !== undefined) return { kind: 'data', held: data };
  if (type !== RRType.CNAME && type !== RRType.DS) {
    const cname = rrsets.getAnswer(name, RRType.CNAME, clock);
    const alias = cname === undefined ? undefined : aliasFromCname(cname);
    if (alias !== undefined) return { kind: 'alias', alias: withItsDname(machine, name, alias) };
  }
  const negative = negatives.get(name, type, clock) ?? nameErrorAbove(machine, name);
  if (negative !== undefined) return { kind: 'denial', denial: heldDenial(negative) };
  const redirected = dnameAbove(machine, name);
  if (redirected !== undefined) return { kind: 'alias', alias: redirected };
  if (!machine.config.aggressiveNsec) return undefined;
  const synthesised = machine.aggressive.synthesise(name, type, clock);
  if (synthesised === undefined || machine.isCutOffFrom(synthesised.zone, name)) return undefined;
  return { kind: 'denial', denial: heldDenial(synthesised) };
}

/** RFC 8020 §2: where nothing is, there is nothing below. */
function nameErrorAbove(machine: Machine, name: Name): CachedNegative | undefined {
  const negative = machine.negatives.getNameErrorAbove(name, machine.clock);
  if (negative === undefined) return undefined;
  return machine.isCutOffFrom(negative.name, name) ? undefined : negative;
}

/**
 * RFC 6672 §3.1: the DNAME goes with the CNAME that was made from it, where it is still there. An
 * unsigned one leads no other names anywhere, so this is the way in which it is shown again.
 */
function withItsDname(machine: Machine, name: Name, alias: Alias): Alias {
  const [cname] = alias.links;
  if (machine.dnamesSeen === 0 || cname === undefined || cname.security.status === 'secure') {
    return alias;
  }
  for (let at = name; !at.isRoot;) {
    at = at.parent();
    const held = machine.rrsets.getAnswer(at, RRType.DNAME, machine.clock);
    if (held === undefined) continue;
    if (held.security.status === 'secure' || machine.isCutOffFrom(at, name)) return alias;
    const made = checkDnameSynthesis(held.rrset, name, undefined);
    const isSource =
      typeof made === 'object' && 'target' in made && made.target.equals(alias.target);
    return isSource ? { ...alias, links: [held, cname] } : alias;
  }
  return alias;
}

/** RFC 6672 §2.3: a DNAME redirects everything below its owner, not the owner itself. */
function dnameAbove(machine: Machine, name: Name): Alias | undefined {
  if (machine.dnamesSeen === 0) return undefined;
  for (let at = name; !at.isRoot;) {
    at = at.parent();
    const held = machine.rrsets.getAnswer(at, RRType.DNAME, machine.clock);
    // One forged DNAME would take all names below it along; a CNAME takes one.
    if (held?.security.status !== 'secure') continue;
    if (machine.isCutOffFrom(at, name)) return undefined;
    const synthesis = checkDnameSynthesis(held.rrset, name, undefined);
    return typeof synthesis === 'object' && 'target' in synthesis
      ? aliasFromDname(held, name, synthesis.target)
      : undefined;
  }
  return undefined;
}
