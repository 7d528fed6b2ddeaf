/** Clocks that jump: signatures that are over or not begun, and a cache that lives through it. */
import { example, MAIL, ROOT } from './families.js';
import type { OwnScenario, Stage, Step } from './script.js';
import { DAY, type Signing, START_SECONDS } from './signer.js';
import { OwnWorld, type OwnZone, question, signedBy } from './world.js';

const SERVICE = '_25._tcp.mx.example. TLSA';
const HOUR = 3_600;
/** A refusal is remembered for less than this. */
const FORGOTTEN = { wait: 600 } as const;

const secure = (ask: string): Step => ({ ask, expect: 'secure' });
const expired = (ask: string): Step => ({ ask, expect: 'bogus', ede: 7 });
const early = (ask: string): Step => ({ ask, expect: 'bogus', ede: 8 });

/** Both zones, signed from and until so many seconds around the start. */
function signed(from: number, until: number, startSeconds = START_SECONDS): OwnZone[] {
  const times: Partial<Signing> = {
    inceptionSeconds: startSeconds + from,
    expirationSeconds: startSeconds + until,
  };
  return [{ ...ROOT, signing: signedBy(13, times) }, example({ text: MAIL }, times)];
}

const ROOM = 100 * DAY;

export function clocks(): OwnScenario[] {
  return [...forward(), ...backward(), ...wrongAtStart(), ...cappedTtl(), ...afterTheWrap()];
}

function forward(): OwnScenario[] {
  const zones = signed(-DAY, DAY);
  return [
    {
      file: 'clock-forward',
      title:
        'the clock jumps ten days ahead, and the servers have signed anew: AD before and after',
      stages: [
        { zones, steps: [secure(SERVICE), { wait: 10 * DAY }] },
        { zones: signed(9 * DAY, 20 * DAY), steps: [secure(SERVICE), secure('example. MX')] },
      ],
    },
    {
      file: 'clock-forward.forged-replay',
      title: 'the clock jumps ten days ahead, and somebody replays the signatures of before',
      stages: [
        {
          zones,
          steps: [secure(SERVICE), { wait: 10 * DAY }, expired(SERVICE), expired('example. MX')],
        },
        { zones: signed(9 * DAY, 20 * DAY), steps: [FORGOTTEN, secure(SERVICE)] },
      ],
    },
  ];
}

function backward(): OwnScenario[] {
  return [
    {
      file: 'clock-backward',
      title: 'the clock is set back by a day, inside the life of the signatures: AD all along',
      stages: [
        {
          zones: signed(-ROOM, ROOM),
          steps: [secure(SERVICE), { wait: -DAY }, secure('example. MX'), secure(SERVICE)],
        },
      ],
    },
    {
      file: 'clock-backward.forged-future',
      title: 'the clock is set back to before the signatures began: new data are refused',
      stages: [
        {
          zones: signed(-DAY, ROOM),
          steps: [
            secure(SERVICE),
            { wait: -10 * DAY },
            early('example. MX'),
            { wait: 10 * DAY },
            FORGOTTEN,
            secure('example. MX'),
          ],
        },
      ],
    },
    {
      file: 'clock-backward.forged-expired',
      title: 'what has expired is not good again because the clock was set back and then right',
      stages: [
        {
          zones: signed(-DAY, DAY),
          steps: [
            secure('www.example. A'),
            { wait: 4 * DAY },
            expired(SERVICE),
            { wait: -3 * DAY - 12 * HOUR },
            FORGOTTEN,
            secure(SERVICE),
            { wait: 4 * DAY },
            expired('example. MX'),
            expired(SERVICE),
          ],
        },
      ],
    },
  ];
}

function wrongAtStart(): OwnScenario[] {
  const startSeconds = START_SECONDS - 30 * DAY;
  const zones = signed(-DAY, ROOM);
  return [
    {
      file: 'clock-corrected',
      title: 'a machine that wakes up a month too early, set right before the first question: AD',
      startSeconds,
      stages: [{ zones, steps: [{ wait: 30 * DAY }, secure(SERVICE)] }],
    },
    {
      file: 'clock-corrected.forged-too-late',
      title: 'a question before the clock is right is refused, and does no harm afterwards',
      startSeconds,
      stages: [{ zones, steps: [early(SERVICE), { wait: 30 * DAY }, FORGOTTEN, secure(SERVICE)] }],
    },
  ];
}

/** RFC 4035 §5.3.3: the TTL ends with the signature. */
function cappedTtl(): OwnScenario[] {
  const zones = signed(-DAY, 600);
  const truth = (): ReturnType<OwnWorld['truth']> => {
    const said = new OwnWorld(zones).truth(question(SERVICE));
    return { ...said, answer: said.answer.map((record) => ({ ...record, ttlSeconds: 600 })) };
  };
  const first: Stage = {
    zones,
    steps: [{ ...secure(SERVICE), ask: SERVICE, expect: 'secure', truth, ttl: true }],
  };
  return [
    {
      file: 'clock-ttl',
      title: 'a TTL of an hour ends after ten minutes, with the signature; then there is a new one',
      stages: [
        { ...first, steps: [...first.steps, { wait: 700 }] },
        { zones: signed(0, ROOM), steps: [secure(SERVICE)] },
      ],
    },
    {
      file: 'clock-ttl.forged-outlived',
      title: 'when the signature is over, what was cached is not shown any longer',
      stages: [{ ...first, steps: [...first.steps, { wait: 8_000 }, expired(SERVICE)] }],
    },
  ];
}

/** RFC 4034 §3.1.5: times are serial numbers, which begin anew on 2106-02-07. */
function afterTheWrap(): OwnScenario[] {
  const startSeconds = 2 ** 32 - HOUR;
  return [
    {
      file: 'clock-wrap',
      title: 'signatures across the end of 32-bit time, asked before and after: AD',
      startSeconds,
      stages: [
        {
          zones: signed(-DAY, 10 * DAY, startSeconds),
          steps: [secure(SERVICE), { wait: 2 * HOUR }, secure('example. MX'), secure(SERVICE)],
        },
      ],
    },
    {
      file: 'clock-wrap.forged-expired',
      title: 'signatures that ended before the end of 32-bit time are over after it',
      startSeconds,
      stages: [
        {
          zones: signed(-10 * DAY, HOUR / 2, startSeconds),
          steps: [secure(SERVICE), { wait: 2 * DAY }, expired('example. MX')],
        },
      ],
    },
  ];
}
