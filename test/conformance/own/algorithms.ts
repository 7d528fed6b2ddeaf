/** Zones signed with each algorithm of today (RFC 8624 §3.1), below a root of another one. */
import { flip, rewrite, signatureAlgorithm } from './edits.js';
import { example, type Family, ROOT, scenariosOf, TLSA } from './families.js';
import type { OwnScenario, Step } from './script.js';
import { signedBy } from './world.js';

const SERVICE = '_25._tcp.mx.example. TLSA';

const ALGORITHMS = [
  [13, 'p256', 'ECDSA P-256'],
  [14, 'p384', 'ECDSA P-384'],
  [15, 'ed25519', 'Ed25519'],
  [16, 'ed448', 'Ed448'],
] as const;

export function algorithms(): OwnScenario[] {
  return ALGORITHMS.map(([number, file, name]): Family => {
    const signing = signedBy(number);
    const other = number === 13 ? 15 : 13;
    const steps: readonly Step[] = [
      { ask: 'example. MX', expect: 'secure' },
      { ask: SERVICE, expect: 'secure' },
      { ask: 'www.example. TLSA', expect: 'secure' },
      { ask: 'yak.example. MX', expect: 'secure' },
    ];
    return {
      file: `algorithm-${file}`,
      title: `a zone signed with ${name}: data, no data and no name, all with AD`,
      zones: [{ ...ROOT, signing: signedBy(other) }, example({ signing })],
      steps,
      twins: [
        {
          forged: 'signature',
          title: `${name} signatures with one wrong bit`,
          forgeries: [{ reply: SERVICE, change: flip('TLSA') }],
          steps: [{ ask: SERVICE, expect: 'bogus', ede: 6 }],
        },
        {
          forged: 'data',
          title: `other data under ${name} signatures`,
          forgeries: [{ reply: SERVICE, change: rewrite('TLSA', TLSA('f').slice(5)) }],
          steps: [{ ask: SERVICE, expect: 'bogus', ede: 6 }],
        },
        {
          forged: 'algorithm',
          title: `${name} signatures that call themselves another algorithm's`,
          forgeries: [{ reply: SERVICE, change: signatureAlgorithm(other) }],
          steps: [{ ask: SERVICE, expect: 'bogus', ede: 9 }],
        },
        {
          forged: 'keys',
          title: `the ${name} signature over the keys has one wrong bit`,
          forgeries: [{ reply: 'example. DNSKEY', change: flip('DNSKEY') }],
          steps: [{ ask: SERVICE, expect: 'bogus', ede: 6 }],
        },
      ],
    };
  }).flatMap(scenariosOf);
}
