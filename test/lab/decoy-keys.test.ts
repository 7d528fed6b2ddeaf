/** Decoys of the lab: as many keys of one tag as a zone wants, at a cost that no tag can move. */
import t from 'tap';
import { keyTag } from '../../src/dnssec/index.js';
import { type LabSigner, NSEC, SeededRandom, ZoneSigner } from '../../src/lab/index.js';
import { parseName } from '../../src/presentation/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';

const SECURE_ZONE_KEY = [1, 1, 3, 13]; // flags 257, protocol 3, P-256
const KEY_OCTETS = 64;
const DECOYS = 60;
/** One key in four can be steered; that 60 of 720 cannot be is out of the question. */
const MOST_KEYS = 12 * DECOYS;

/** Keys of random octets, the first of them such that the zone's key has this tag. */
function signerOfTag(tag: number, random: SeededRandom): LabSigner {
  let generated = 0;
  return {
    generateKey: () => {
      if (generated === MOST_KEYS) throw new Error(`tag ${tag}: ${generated} keys did not do`);
      const publicKey = Uint8Array.from({ length: KEY_OCTETS }, () => random.uint16() & 0xff);
      if (generated++ === 0) {
        publicKey.fill(0);
        const view = new DataView(publicKey.buffer);
        const missing = tag - keyTag(Uint8Array.of(...SECURE_ZONE_KEY, ...publicKey));
        view.setUint16(0, missing < 0 ? missing + 0xffff : missing);
      }
      return { privateKey: undefined as never, publicKey };
    },
    sign: () => Uint8Array.of(),
  };
}

t.test('decoys have the tag of the zone key, whatever it is, and soon', (t) => {
  const random = new SeededRandom(4034);
  const spec = { algorithms: [13], keys: 'single', denial: NSEC, decoyKeys: DECOYS } as const;
  // Below 0x0100, no sum without a carry has both this tag and the zone key's flag.
  for (const tag of [2, 0x00ff, 0x0100, 0x0101, 2_400, 0x8000, 0xfeff, 0xffff]) {
    const tools = { signer: signerOfTag(tag, random), crypto: new NodeCryptoProvider() };
    const zone = new ZoneSigner(parseName('keytrap.example.')!, spec, [], tools);
    const [own, ...decoys] = zone.publishedKeys();
    t.equal(keyTag(own!), tag, `tag ${tag}`);
    t.same(new Set(decoys.map(keyTag)), new Set([tag]), 'that of all decoys');
    t.equal(new Set(decoys.map(String)).size, DECOYS, 'each is another key');
    t.ok(
      decoys.every(([high, low]) => (high! & 1) === 1 && (low! & 0x80) === 0),
      'each may sign: the zone key flag is set (RFC 4034 §2.1.1), REVOKE is not (RFC 5011 §7)',
    );
  }
  t.end();
});
