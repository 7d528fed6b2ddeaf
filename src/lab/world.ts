/**
 * The lab's Internet: a signed root, six top-level domains, and some hundred mail domains below
 * them. `labWorld()` is data; `buildLab` makes it answer.
 */
import { aliasDomains } from './alias-domains.js';
import { brokenDomains } from './broken-domains.js';
import { extendedErrorDomains } from './extended-error-domains.js';
import { LAB_ALGORITHMS } from './lab-signer.js';
import { mailDomains } from './mail-domains.js';
import { serverDomains } from './server-domains.js';
import { soundDomains } from './sound-domains.js';
import { nsec3, OPT_OUT, splitKeys, type World, type ZoneSpec } from './world-spec.js';

const P256 = LAB_ALGORITHMS.ECDSAP256SHA256;

const ROOT: ZoneSpec = {
  origin: '.',
  signing: splitKeys(P256),
  servers: [{ name: 'a.root-servers.' }, { name: 'b.root-servers.' }],
  ttlSeconds: 86_400,
};

/** What each top-level domain is for, in one sentence. */
export const TOP_LEVEL_DOMAINS: readonly { readonly spec: ZoneSpec; readonly shows: string }[] = [
  { spec: { origin: 'dane.', signing: splitKeys(P256) }, shows: 'signed, NSEC' },
  { spec: { origin: 'hashed.', signing: splitKeys(P256, nsec3()) }, shows: 'signed, NSEC3' },
  {
    spec: { origin: 'optout.', signing: splitKeys(P256, OPT_OUT) },
    shows: 'signed, NSEC3 opt-out',
  },
  { spec: { origin: 'plain.' }, shows: 'not signed' },
  {
    spec: { origin: 'broken.', signing: splitKeys(P256) },
    shows: 'signed; what is below is not sound',
  },
  {
    spec: { origin: 'ede.', signing: splitKeys(P256, nsec3()) },
    shows: 'signed; one case of RFC 8914 each',
  },
];

export function labWorld(): World {
  return {
    zones: [ROOT, ...TOP_LEVEL_DOMAINS.map(({ spec }) => spec)],
    domains: [
      ...soundDomains(),
      ...aliasDomains(),
      ...mailDomains(),
      ...serverDomains(),
      ...brokenDomains(),
      ...extendedErrorDomains(),
    ],
  };
}
