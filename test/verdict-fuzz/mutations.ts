/**
 * Changes that need no plan: what a careless or hostile middlebox does to any reply. And those
 * that change nothing that counts: under them every honest answer must still be believed.
 */
import { Name, parseRrsig, Rcode, type ResourceRecord, RRType } from '../../src/wire/index.js';
import {
  answered,
  data,
  denials,
  falseRdata,
  type Operator,
  plain,
  recordsOf,
  renamed,
  type Touch,
} from './stage.js';

type Records = readonly ResourceRecord[];

const LETTER = /[a-z]/i;
/** Of an RRSIG, before the signer's name (RFC 4034 §3.1). */
const FIXED_OCTETS = 18;

function inSections(
  { reply }: Touch,
  change: (records: Records) => ResourceRecord[],
): Touch['reply'] {
  return { ...reply, answer: change(reply.answer), authority: change(reply.authority) };
}

function shuffled(records: Records, { dice }: Touch): ResourceRecord[] {
  const rest = [...records];
  const result: ResourceRecord[] = [];
  while (rest.length > 0) result.push(...rest.splice(dice.below(rest.length), 1));
  return result;
}

/** RFC 4343: letter case of owner names means nothing. */
function recased(name: Name, { dice }: Touch): Name {
  const octets = name.octets.map((octet) => {
    const isLetter = LETTER.test(String.fromCharCode(octet));
    return isLetter && dice.oneIn(2) ? octet ^ 0x20 : octet;
  });
  return Name.fromOctets(octets) ?? name;
}

/** One octet of what precedes a signature: type, algorithm, labels, TTL, times, tag or signer. */
function scratched(one: ResourceRecord, { dice }: Touch): ResourceRecord {
  if (one.type !== RRType.RRSIG || dice.oneIn(2)) return one;
  const rdata = one.rdata.slice();
  const place = dice.below(22);
  rdata[place] = dice.oneIn(2) ? (rdata[place]! + dice.one([1, 255])) & 0xff : dice.below(256);
  return { ...one, rdata };
}

export const MUTATIONS: Readonly<Record<string, Operator>> = {
  dropped: () => undefined,
  'another rcode': ({ reply, dice }) => {
    const codes = [Rcode.NXDOMAIN, Rcode.YXDOMAIN, Rcode.REFUSED, Rcode.SERVFAIL, Rcode.FORMERR];
    return { ...reply, rcode: dice.one([Rcode.NOERROR, ...codes]) };
  },
  'without answer': ({ reply }) => ({ ...reply, answer: [] }),
  'without authority': ({ reply }) => ({ ...reply, authority: [] }),
  'some records': (touch) =>
    inSections(touch, (records) => records.filter(() => !touch.dice.oneIn(3))),
  'a record of a set left out': ({ reply, dice, type }) => {
    const mine = reply.answer.filter((one) => one.type === type);
    const gone = mine[dice.below(Math.max(1, mine.length))];
    return mine.length < 2 ? reply : { ...reply, answer: reply.answer.filter((r) => r !== gone) };
  },
  'a false record in the set': ({ reply, name, type, dice }) => {
    const lie = plain(name, type, falseRdata(type));
    return { ...reply, answer: dice.oneIn(2) ? [lie, ...reply.answer] : [...reply.answer, lie] };
  },
  'other denials added': (touch) => {
    const { reply, dice } = touch;
    return {
      ...reply,
      authority: [...reply.authority, ...recordsOf(dice.some(denials(touch), 3))],
    };
  },
  'other denials instead': (touch) => {
    const { reply, dice } = touch;
    return { ...reply, answer: [], authority: recordsOf(dice.some(denials(touch), 4)) };
  },
  'other data instead': (touch) => {
    const chosen = touch.dice.pick(data(touch, () => true))!;
    return answered(touch.reply, chosen.records);
  },
  'data of this type under this name': (touch) => {
    const { reply, name, type, dice } = touch;
    const chosen = dice.pick(data(touch, (one) => one.type === type));
    return chosen === undefined ? reply : answered(reply, renamed(chosen.records, name));
  },
  'scratched signatures': (touch) =>
    inSections(touch, (records) => records.map((one) => scratched(one, touch))),
  'flags flipped': ({ reply, dice }) => ({
    ...reply,
    authoritative: dice.oneIn(2),
    authenticData: true,
    checkingDisabled: dice.oneIn(2),
    recursionAvailable: dice.oneIn(4),
  }),
  truncated: ({ reply }) => ({ ...reply, truncated: true, answer: [], authority: [] }),
};

/** F23 and its like: what RFC 4034 §6 and RFC 2181 §5 make equal. */
export const HARMLESS: Readonly<Record<string, Operator>> = {
  're-ordered': (touch) => inSections(touch, (records) => shuffled(records, touch)),
  doubled: (touch) =>
    inSections(touch, (records) =>
      records.flatMap((one) => (touch.dice.oneIn(3) ? [one, one] : [one])),
    ),
  'letter case': (touch) =>
    inSections(touch, (records) =>
      records.map((one) => ({ ...one, owner: recased(one.owner, touch) })),
    ),
  // RFC 6840 §5.1: the signer's name is signed in lower case.
  'letter case of the signer': (touch) =>
    inSections(touch, (records) =>
      records.map((one) => {
        if (one.type !== RRType.RRSIG) return one;
        const signer = parseRrsig(one.rdata)!.signer.octets.length;
        const rdata = one.rdata.slice();
        const name = Name.fromOctets(rdata.subarray(FIXED_OCTETS, FIXED_OCTETS + signer))!;
        rdata.set(recased(name, touch).octets, FIXED_OCTETS);
        return { ...one, rdata };
      }),
    ),
  'short lives': (touch) =>
    inSections(touch, (records) => records.map((one) => ({ ...one, ttlSeconds: 1 }))),
  'an unsigned stranger besides': ({ reply, stage }) => {
    const stranger = plain(stage.evil[0]!.origin, RRType.TXT, falseRdata(RRType.TXT));
    return { ...reply, additional: [...reply.additional, stranger] };
  },
};
