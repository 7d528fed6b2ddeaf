/** Domain names as people write them: in any script (RFC 5890), where the DNS has ASCII only. */
import { domainToASCII } from 'node:url';
import { parseName } from '../presentation/index.js';
import { IpAddress, type Name } from '../wire/index.js';

const BEYOND_ASCII = /\P{ASCII}/u;
/** Letters of all scripts, joiners, full stops: what follows any other, Node takes for no name. */
const NAME_LIKE = /^(?:[\p{L}\p{M}\p{N}._\-\u3002\uff0e\uff61\u00b7\u30fb]|\u200c|\u200d)*$/u;

/** U-labels as A-labels (RFC 5891 §4.4); undefined for what cannot be one. ASCII stays as it is. */
export function asciiDomain(text: string): string | undefined {
  if (!BEYOND_ASCII.test(text)) return text;
  if (!NAME_LIKE.test(text)) return undefined;
  const ascii = domainToASCII(text);
  // Digits of other scripts may make an address, which is no name.
  return ascii === '' || IpAddress.parse(ascii) !== undefined ? undefined : ascii;
}

export function readDomain(text: string): Name | undefined {
  const ascii = asciiDomain(text);
  return ascii === undefined ? undefined : parseName(ascii);
}

/** RFC 6531: Postfix writes the key of a table in UTF-8. What is no UTF-8 stays as it is. */
export function asciiRequest(octets: Uint8Array): Uint8Array {
  if (octets.every((octet) => octet < 0x80)) return octets;
  const text = Buffer.from(octets).toString('utf8');
  // Between the brackets and the port of a next-hop destination stands the name.
  const ascii = text.replace(/[^\s[\]:]+/gu, (name) => asciiDomain(name) ?? name);
  return BEYOND_ASCII.test(ascii) ? octets : Uint8Array.from(Buffer.from(ascii, 'latin1'));
}
