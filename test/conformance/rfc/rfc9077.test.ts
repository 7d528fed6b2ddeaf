/** RFC 9077 §3: a denial lives no longer than the lesser of the SOA's TTL and its MINIMUM. */
import t from 'tap';
import { validateNegative } from '../../../src/dnssec/index.js';
import { type RRset, RRType } from '../../../src/wire/index.js';
import { DenialZone, soaRdata } from '../../dnssec/denial-zone.js';
import { context, unsigned } from '../../dnssec/signed-zone.js';
import { OwnWorld, question } from '../own/world.js';
import { example, NSEC3, ROOT } from '../own/families.js';

const zone = new DenialZone('example', { '@': 'SOA NS DNSKEY', host: 'A' });

/** A denial of MX records at `host`, with these numbers in its SOA and NSEC records. */
function lifeOf(soaTtl: number, minimum: number, denialTtl: number, nsec3 = false): number {
  const soa = zone.sign(unsigned(zone.origin, RRType.SOA, [soaRdata(minimum)], soaTtl));
  const made: RRset = nsec3 ? zone.nsec3Ring({}).matching('host') : zone.nsec('host');
  const denial = zone.sign({ ...made, ttlSeconds: denialTtl, signatures: [] });
  const claim = { name: zone.name('host'), type: RRType.MX, kind: 'no data' } as const;
  const verdict = validateNegative(claim, [soa, denial], zone.keys, context());
  if ('status' in verdict) throw new Error(verdict.sentence);
  return verdict.proofTtlSeconds;
}

t.test('§3: the least of three numbers, for NSEC and NSEC3 alike', (t) => {
  const numbers = [60, 900, 3_600, 86_400];
  let count = 0;
  for (const soaTtl of numbers) {
    for (const minimum of numbers) {
      for (const denialTtl of numbers) {
        const least = Math.min(soaTtl, minimum, denialTtl);
        for (const nsec3 of [false, true]) {
          count++;
          const label = `SOA ${soaTtl}, MINIMUM ${minimum}, denial ${denialTtl}`;
          t.equal(lifeOf(soaTtl, minimum, denialTtl, nsec3), least, label);
        }
      }
    }
  }
  t.equal(count, 128);
  t.end();
});

t.test('§3.2, §3.3: a signer gives the records that TTL in the first place', (t) => {
  for (const denial of [{ kind: 'NSEC' }, NSEC3] as const) {
    const world = new OwnWorld([ROOT, example({}, { denial })]);
    const { authority } = world.truth(question('www.example. MX'));
    const ttls = authority.map(({ ttlSeconds }) => ttlSeconds);
    t.same([...new Set(ttls)], [900], denial.kind);
    t.ok(ttls.length >= 4);
  }
  t.end();
});
