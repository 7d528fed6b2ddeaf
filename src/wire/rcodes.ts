/** Response codes and opcodes, IANA "DNS Parameters". */

export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

export const Opcode = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

const rcodeNames = new Map<number, string>(
  Object.entries(Rcode).map(([mnemonic, value]) => [value, mnemonic]),
);
const opcodeNames = new Map<number, string>(
  Object.entries(Opcode).map(([mnemonic, value]) => [value, mnemonic]),
);

/** Mnemonic of a response code, `RCODEnnn` when it has none. */
export function rcodeMnemonic(rcode: number): string {
  return rcodeNames.get(rcode) ?? `RCODE${rcode}`;
}

export function opcodeMnemonic(opcode: number): string {
  return opcodeNames.get(opcode) ?? `OPCODE${opcode}`;
}
