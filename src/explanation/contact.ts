/** Whom to write to about a zone. */
import type { Name } from '../wire/index.js';

/** RFC 1035 §8: the first label is the local part; a dot within it is escaped. */
export function mailbox(rname: Name): string | undefined {
  if (rname.labelCount < 2) return undefined;
  const text = rname.toString();
  const end = /^(?:\\.|[^\\.])*/s.exec(text)?.[0].length ?? 0;
  const local = text.slice(0, end).replace(/\\(\D)/g, '$1');
  const domain = text.slice(end + 1).replace(/\.$/, '');
  // What would need quoting is not worth guessing at.
  return /^[\w.!#$%&'*+/=?^`{|}~-]+$/.test(local) ? `${local}@${domain}` : undefined;
}
