/** Mail prefetch: what a mailer asks after the MX records is at hand before it asks. */
import { rewrite, TLSA_FORGED, unsign } from './edits.js';
import { example, ROOT, unsignedExample } from './families.js';
import type { OwnScenario, Stage, Step } from './script.js';
import { OwnWorld, question } from './world.js';

const ALSO = ['mx.example. A', 'mx.example. AAAA', '_25._tcp.mx.example. TLSA'];
const settings = ['mail-prefetch: yes'];
const zones = [ROOT, example()];

const known = (ask: string): Step => {
  return { ask, expect: 'secure', truth: () => new OwnWorld(zones).truth(question(ask)) };
};

const asked = (changes: Partial<Stage> = {}): Stage => ({
  zones,
  also: ALSO,
  steps: [{ ask: 'example. MX', expect: 'secure' }, { rest: true }],
  ...changes,
});

export function mailPrefetch(): OwnScenario[] {
  const unreachable = ALSO.map((ask): Step => ({ ask, expect: 'bogus', ede: 22 }));
  return [
    {
      file: 'mail-prefetch',
      title: 'after a secure MX answer, addresses and TLSA records are known when servers are gone',
      settings,
      stages: [asked(), { zones: [], steps: ALSO.map(known) }],
    },
    {
      file: 'mail-prefetch.forged-tlsa',
      title: 'TLSA records that were forged while they were prefetched are refused when asked for',
      settings,
      stages: [
        asked({
          forgeries: [{ reply: '_25._tcp.mx.example. TLSA', change: rewrite('TLSA', TLSA_FORGED) }],
        }),
        {
          zones: [],
          steps: [
            known('mx.example. A'),
            { ask: '_25._tcp.mx.example. TLSA', expect: 'bogus', ede: 22 },
          ],
        },
      ],
    },
    {
      file: 'mail-prefetch.forged-mx',
      title: 'MX records without the signatures that their zone owes start nothing',
      settings,
      stages: [
        asked({
          forgeries: [{ reply: 'example. MX', change: unsign('MX') }],
          steps: [{ ask: 'example. MX', expect: 'bogus', ede: 10 }, { rest: true }],
        }),
        { zones: [], steps: unreachable },
      ],
    },
    {
      file: 'mail-prefetch.forged-insecure',
      title: 'insecure MX records, which anybody can write, start nothing',
      settings,
      stages: [
        asked({
          zones: [ROOT, unsignedExample()],
          steps: [{ ask: 'example. MX', expect: 'insecure' }, { rest: true }],
        }),
        { zones: [], steps: unreachable },
      ],
    },
  ];
}
