/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012), the keyed hash that RFC 9018 §4.4 makes server
 * cookies from. 64-bit words are pairs of 32-bit halves, because BigInt would be the slower by far.
 */

export const SIP_KEY_OCTETS = 16;
export const SIP_HASH_OCTETS = 8;

// The state v0..v3 as halves: even places are the upper 32 bits, odd ones the lower.
const v = new Int32Array(8);

/** The 8-octet hash, least significant octet first, as SipHash and RFC 9018 write it. */
export function sipHash24(key: Uint8Array, data: Uint8Array): Uint8Array {
  // "somepseudorandomlygeneratedbytes", mixed with both halves of the key.
  v[0] = 0x736f6d65 ^ word(key, 4);
  v[1] = 0x70736575 ^ word(key, 0);
  v[2] = 0x646f7261 ^ word(key, 12);
  v[3] = 0x6e646f6d ^ word(key, 8);
  v[4] = 0x6c796765 ^ word(key, 4);
  v[5] = 0x6e657261 ^ word(key, 0);
  v[6] = 0x74656462 ^ word(key, 12);
  v[7] = 0x79746573 ^ word(key, 8);
  const whole = data.length & ~7;
  for (let at = 0; at < whole; at += 8) absorb(word(data, at + 4), word(data, at));
  // The last word: what is left of the data, and its length in the top octet.
  let high = data.length << 24;
  let low = 0;
  for (let at = whole; at < data.length; at++) {
    const place = at - whole;
    if (place < 4) low |= data[at]! << (8 * place);
    else high |= data[at]! << (8 * (place - 4));
  }
  absorb(high, low);
  v[5]! ^= 0xff;
  round();
  round();
  round();
  round();
  const hash = new Uint8Array(SIP_HASH_OCTETS);
  const lower = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
  const upper = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
  for (let at = 0; at < 4; at++) {
    hash[at] = lower >>> (8 * at);
    hash[at + 4] = upper >>> (8 * at);
  }
  return hash;
}

function absorb(high: number, low: number): void {
  v[6]! ^= high;
  v[7]! ^= low;
  round();
  round();
  v[0]! ^= high;
  v[1]! ^= low;
}

function round(): void {
  add(0, 2);
  rotate(2, 13);
  mix(2, 0);
  swap(0);
  add(4, 6);
  rotate(6, 16);
  mix(6, 4);
  add(0, 6);
  rotate(6, 21);
  mix(6, 0);
  add(4, 2);
  rotate(2, 17);
  mix(2, 4);
  swap(4);
}

function add(into: number, from: number): void {
  const low = (v[into + 1]! >>> 0) + (v[from + 1]! >>> 0);
  v[into + 1] = low;
  v[into] = v[into]! + v[from]! + (low > 0xffffffff ? 1 : 0);
}

/** To the left, by fewer than 32 bits. */
function rotate(word: number, bits: number): void {
  const high = v[word]!;
  const low = v[word + 1]!;
  v[word] = (high << bits) | (low >>> (32 - bits));
  v[word + 1] = (low << bits) | (high >>> (32 - bits));
}

/** To the left by 32 bits. */
function swap(word: number): void {
  const high = v[word]!;
  v[word] = v[word + 1]!;
  v[word + 1] = high;
}

function mix(into: number, from: number): void {
  v[into]! ^= v[from]!;
  v[into + 1]! ^= v[from + 1]!;
}

/** 32 bits, least significant octet first. */
function word(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}
