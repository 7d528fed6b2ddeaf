/** Redirection of a tree: RFC 6672. The CNAME beside a DNAME is unsigned, so it is made anew. */
import { type Name, nameOfRdata, type RRset, RRType } from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';

/**
 * Where the DNAME leads `name`, and whether the server's CNAME says the same. The DNAME itself must
 * have been validated; what is found here is as secure as that.
 */
export function checkDnameSynthesis(
  dname: RRset,
  name: Name,
  cname?: RRset,
): { readonly target: Name } | 'too long' | Bogus {
  const { owner } = dname;
  const type = RRType.DNAME;
  const newSuffix = singleTarget(dname, type);
  // RFC 6672 §2.4: one DNAME per owner.
  if (newSuffix === undefined) return bogus('DNAME not single', { zone: owner, owner, type });
  // RFC 6672 §2.2: names below the owner are redirected, the owner itself is not.
  if (!name.isBelow(owner)) {
    return bogus('DNAME does not apply', { zone: owner, owner, type, detail: name.toString() });
  }
  const target = name.replaceSuffix(owner, newSuffix);
  // RFC 6672 §2.2: the server answers YXDOMAIN; a CNAME beside it would be a lie.
  if (target === undefined && cname === undefined) return 'too long';
  if (cname !== undefined && !saysTheSame(cname, name, target)) {
    return bogus('CNAME differs from DNAME', { zone: owner, owner: name, type: RRType.CNAME });
  }
  return target === undefined ? 'too long' : { target };
}

/** RFC 6672 §5.3.1: validators check that the unsigned CNAME was correctly synthesised. */
function saysTheSame(cname: RRset, name: Name, target: Name | undefined): boolean {
  if (!cname.owner.equals(name) || target === undefined) return false;
  return singleTarget(cname, RRType.CNAME)?.equals(target) === true;
}

function singleTarget(rrset: RRset, type: number): Name | undefined {
  if (rrset.type !== type || rrset.rdatas.length !== 1) return undefined;
  return nameOfRdata(type, rrset.rdatas[0]!);
}
