/**
 * A bounded memory of values by octets, which makes no garbage: what is remembered is copied into
 * places that are used again. Two places for each hash, the one that was used last first. Whoever
 * chooses octets can drive others out, and win nothing by it: what is not remembered is worked out.
 */
interface Place<V> {
  /** Both parts, and room for longer ones. */
  octets: Uint8Array;
  firstOctets: number;
  sizeOctets: number;
  value: V;
}

const LEAST_ROOM_OCTETS = 256;
/** From the end of the first part, where keys and signatures differ most. */
const HASHED_OCTETS = 8;
const NONE: Uint8Array = new Uint8Array(0);

export class OctetMemo<V extends object> {
  readonly #places: (Place<V> | undefined)[];
  #count = 0;

  /** `mostEntries` is rounded down to a power of two, and is two at least. */
  constructor(mostEntries: number) {
    const size = 1 << Math.max(1, 31 - Math.clz32(mostEntries));
    this.#places = Array.from({ length: size }, () => undefined);
  }

  get count(): number {
    return this.#count;
  }

  /** What was put in for exactly these octets, divided in the same way. */
  get(first: Uint8Array, second = NONE): V | undefined {
    const places = this.#places;
    const at = this.#placeFor(first);
    const place = places[at];
    if (place !== undefined && isFor(place, first, second)) return place.value;
    const other = places[at + 1];
    if (other === undefined || !isFor(other, first, second)) return undefined;
    places[at] = other;
    places[at + 1] = place;
    return other.value;
  }

  put(value: V, first: Uint8Array, second = NONE): void {
    const places = this.#places;
    const at = this.#placeFor(first);
    const kept = places[at + 1];
    if (kept === undefined) this.#count++;
    const sizeOctets = first.length + second.length;
    const octets = kept !== undefined && kept.octets.length >= sizeOctets ? kept.octets : undefined;
    const place: Place<V> = kept ?? { octets: NONE, firstOctets: 0, sizeOctets: 0, value };
    place.octets = octets ?? new Uint8Array(Math.max(LEAST_ROOM_OCTETS, sizeOctets));
    place.octets.set(first);
    place.octets.set(second, first.length);
    place.firstOctets = first.length;
    place.sizeOctets = sizeOctets;
    place.value = value;
    places[at + 1] = places[at];
    places[at] = place;
  }

  #placeFor(first: Uint8Array): number {
    let hash = first.length;
    for (let at = Math.max(0, first.length - HASHED_OCTETS); at < first.length; at++) {
      hash = Math.imul(hash ^ first[at]!, 0x0100_0193);
    }
    return (hash ^ (hash >>> 15)) & (this.#places.length - 1) & ~1;
  }
}

function isFor<V>(place: Place<V>, first: Uint8Array, second: Uint8Array): boolean {
  const { octets, firstOctets, sizeOctets } = place;
  if (firstOctets !== first.length || sizeOctets !== first.length + second.length) return false;
  for (let at = 0; at < firstOctets; at++) if (octets[at] !== first[at]) return false;
  for (let at = firstOctets; at < sizeOctets; at++) {
    if (octets[at] !== second[at - firstOctets]) return false;
  }
  return true;
}
