/**
 * One look-up as DANE sees it. RFC 7672 §2.1 knows three outcomes, and everything hangs on telling
 * them apart: secure, insecure, and failed. A failure is never treated as 'insecure' or as 'none'.
 */
import { isSecure } from '../dnssec/index.js';
import { type AnsweredRRset, type Resolution, type Why, whyOf } from '../resolver/index.js';
import { type Name, nameOfRdata, Rcode, RRType, typeMnemonic } from '../wire/index.js';

export interface Lookup {
  readonly name: Name;
  readonly type: number;
}

export interface LookedUp {
  readonly lookup: Lookup;
  readonly state: 'found' | 'no data' | 'no such name' | 'failed';
  /** Every link, the data or the proof that there is none: all of it was validated. */
  readonly isSecure: boolean;
  /** RFC 7672 §2.1.3: of an alias, only the first link. Without an alias the same as `isSecure`. */
  readonly isFirstLinkSecure: boolean;
  /** Where the aliases lead; without any, the name that was looked up. */
  readonly expandedName: Name;
  readonly data: AnsweredRRset | undefined;
  readonly ttlSeconds: number;
  readonly why: Why;
}

export function readResolution(lookup: Lookup, resolution: Resolution): LookedUp {
  const { rcode, security, answer, authority } = resolution;
  const data = answer.find(({ rrset }) => rrset.type === lookup.type);
  const aliases = answer.filter(({ rrset }) => isAlias(rrset.type) && rrset.type !== lookup.type);
  const state = stateOf(resolution, data);
  const sets = [...answer, ...authority];
  const secure = state !== 'failed' && isSecure(security);
  const [firstLink] = aliases;
  return {
    lookup,
    state,
    isSecure: secure,
    isFirstLinkSecure:
      state !== 'failed' && (firstLink === undefined ? secure : isSecure(firstLink.security)),
    expandedName: data?.rrset.owner ?? lastTarget(aliases) ?? lookup.name,
    data: state === 'found' ? data : undefined,
    ttlSeconds: sets.length === 0 ? 0 : Math.min(...sets.map(({ ttlSeconds }) => ttlSeconds)),
    why: whyOf({ rcode, security, errors: resolution.errors }),
  };
}

function stateOf(
  { rcode, security }: Resolution,
  data: AnsweredRRset | undefined,
): LookedUp['state'] {
  // RFC 7672 §2.1.2: bogus answers, errors and silence all mean that nothing is known.
  if (security.status === 'bogus') return 'failed';
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return 'failed';
  if (data !== undefined) return 'found';
  return rcode === Rcode.NXDOMAIN ? 'no such name' : 'no data';
}

function isAlias(type: number): boolean {
  return type === RRType.CNAME || type === RRType.DNAME;
}

/** A DNAME is followed by the CNAME that it makes, so the last CNAME has the last word. */
function lastTarget(aliases: readonly AnsweredRRset[]): Name | undefined {
  const last = aliases.findLast(({ rrset }) => rrset.type === RRType.CNAME);
  const [rdata] = last?.rrset.rdatas ?? [];
  return rdata === undefined ? undefined : nameOfRdata(RRType.CNAME, rdata);
}

/** The same name, with its final dot only where it is the root: how people write names. */
export function nameText(name: Name): string {
  const text = name.toString().toLowerCase();
  return text === '.' ? text : text.slice(0, -1);
}

/** Why a look-up failed: name, type, zone, and the server that said so. */
export function failureText({ lookup, why }: LookedUp): string {
  const what = `${nameText(lookup.name)} ${typeMnemonic(lookup.type)}`;
  const reason = why.sentence.replace(/\.$/, '');
  const zone = reason.includes(why.zone) ? '' : ` in the zone ${why.zone}`;
  const server = why.server === undefined ? '' : ` (server ${why.server})`;
  return `the look-up of ${what} failed${zone}: ${reason}${server}`;
}
