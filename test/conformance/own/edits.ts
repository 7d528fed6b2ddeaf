/** What a forger does to a reply: he has every record that was ever published, and no key. */
import type { Answer } from '../../../src/lab/authority.js';
import { parseRdataText } from '../../../src/presentation/index.js';
import { type ResourceRecord, RRClass, RRType, typeFromMnemonic } from '../../../src/wire/index.js';
import { coveredType } from './script.js';
import { type OwnWorld, question } from './world.js';

export const TLSA_FORGED = `3 1 1 ${'f'.repeat(64)}`;

export type Change = (answer: Answer, world: OwnWorld) => Answer;

function eachSection(change: (records: readonly ResourceRecord[]) => ResourceRecord[]): Change {
  return (said) => ({
    ...said,
    answer: change(said.answer),
    authority: change(said.authority),
    additional: change(said.additional),
  });
}

function typesOf(mnemonics: readonly string[]): Set<number> {
  return new Set(mnemonics.map((mnemonic) => typeFromMnemonic(mnemonic)!));
}

/** Leaves out signatures over these types; over all without any. */
export function unsign(...mnemonics: string[]): Change {
  const types = typesOf(mnemonics);
  return eachSection((records) =>
    records.filter((record) => {
      const isHit = types.size === 0 || types.has(coveredType(record));
      return record.type !== RRType.RRSIG || !isHit;
    }),
  );
}

/** Leaves out records of these types with their signatures. */
export function strip(...mnemonics: string[]): Change {
  const types = typesOf(mnemonics);
  return eachSection((records) => records.filter((record) => !types.has(coveredType(record))));
}

/** Leaves out the denial records of one owner. */
export function stripProofOf(owner: string): Change {
  const { name } = question(`${owner} A`);
  const proofs = typesOf(['NSEC', 'NSEC3']);
  return eachSection((records) =>
    records.filter((record) => !(proofs.has(coveredType(record)) && record.owner.equals(name))),
  );
}

/** Other data under the same signatures. */
export function rewrite(mnemonic: string, text: string): Change {
  const type = typeFromMnemonic(mnemonic)!;
  const rdata = parseRdataText(type, text);
  if (rdata === undefined) throw new Error(`not the data of a ${mnemonic} record: ${text}`);
  return eachSection((records) => {
    const first = records.find((record) => record.type === type);
    return records
      .filter((record) => record.type !== type || record === first)
      .map((record) => (record === first ? { ...record, rdata } : record));
  });
}

/** One more record in an RRset. */
export function insert(mnemonic: string, text: string): Change {
  const type = typeFromMnemonic(mnemonic)!;
  const rdata = parseRdataText(type, text)!;
  return (said) => {
    const model = said.answer.find((record) => record.type === type)!;
    return { ...said, answer: [...said.answer, { ...model, rdata }] };
  };
}

/** One record less in an RRset. */
export function drop(mnemonic: string): Change {
  const type = typeFromMnemonic(mnemonic)!;
  return (said) => {
    const last = said.answer.findLast((record) => record.type === type);
    return { ...said, answer: said.answer.filter((record) => record !== last) };
  };
}

/** One bit of the signatures over these types. */
export function flip(...mnemonics: string[]): Change {
  const types = typesOf(mnemonics);
  return eachSection((records) =>
    records.map((record) => {
      if (record.type !== RRType.RRSIG || !types.has(coveredType(record))) return record;
      const rdata = record.rdata.slice();
      rdata[rdata.length - 12] = rdata[rdata.length - 12]! ^ 0x10;
      return { ...record, rdata };
    }),
  );
}

/** The genuine reply to another question instead. */
export function replay(text: string): Change {
  return (_said, world) => {
    const asked = question(text);
    return world.says(world.zoneFor(asked), asked);
  };
}

/** The denial of another question instead of this one's, with its own response code. */
export function denialOf(text: string, rcode: number): Change {
  return (said, world) => {
    const asked = question(text);
    const { authority } = world.says(world.zoneFor(asked), asked);
    return { ...said, rcode, authoritative: true, answer: [], authority, additional: [] };
  };
}

/** The genuine answer to another question, under the owner name of this one. */
export function underThisName(text: string, owner: string): Change {
  return (said, world) => {
    const asked = question(text);
    const { name } = question(`${owner} A`);
    const { answer } = world.says(world.zoneFor(asked), asked);
    const authority: ResourceRecord[] = [];
    const renamed = answer.map((record) => ({ ...record, owner: name }));
    return { ...said, rcode: 0, answer: renamed, authority };
  };
}

/** An answer of the forger's own, without signatures. */
export function invent(owner: string, mnemonic: string, text: string): Change {
  const type = typeFromMnemonic(mnemonic)!;
  const { name } = question(`${owner} A`);
  const rdata = parseRdataText(type, text)!;
  const record = { owner: name, type, class: RRClass.IN, ttlSeconds: 3_600, rdata };
  return (said) => ({ ...said, rcode: 0, answer: [record], authority: [] });
}

export function withRcode(rcode: number): Change {
  return (said) => ({ ...said, rcode });
}

export function both(...changes: readonly Change[]): Change {
  return (said, world) => changes.reduce((changed, change) => change(changed, world), said);
}

/** The algorithm field of all signatures. */
export function signatureAlgorithm(algorithm: number): Change {
  return eachSection((records) =>
    records.map((record) => {
      if (record.type !== RRType.RRSIG) return record;
      const rdata = record.rdata.slice();
      rdata[2] = algorithm;
      return { ...record, rdata };
    }),
  );
}

/** The denial record that another zone, the parent say, has for a name. */
export function denialOfZone(origin: string, name: string, rcode: number): Change {
  return (said, world) => {
    const authority = world.denialIn(origin, name);
    return { ...said, rcode, authoritative: true, answer: [], authority, additional: [] };
  };
}
