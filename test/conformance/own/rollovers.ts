/**
 * Key rollovers of RFC 6781 §4.1, stage by stage. A question right after each change finds the
 * caches full of the stage before; another comes when all of it is gone. The broken ones leave out
 * a step or take two at once.
 */
import { example, ROOT } from './families.js';
import type { KeyLabel } from './keys.js';
import type { OwnScenario, Stage, Step } from './script.js';
import type { Signing } from './signer.js';
import { TTL_SECONDS } from './world.js';

const SERVICE = '_25._tcp.mx.example. TLSA';
/** Never asked before the stage that asks for them. */
const FRESH = Array.from({ length: 8 }, (_, index) => `host${index} A 192.0.2.${100 + index}`);

type Keys = Pick<Signing, 'published' | 'keySigners' | 'dataSigners' | 'ds'>;

function keys(
  published: readonly KeyLabel[],
  keySigners: readonly KeyLabel[],
  dataSigners: readonly KeyLabel[],
  ds: readonly KeyLabel[],
): Keys {
  return { published, keySigners, dataSigners, ds };
}

type Verdict = 'secure' | 'bogus';

interface Move {
  readonly keys: Keys;
  /** Right after the change, and when the caches have forgotten the stage before. */
  readonly soon?: Verdict;
  readonly later?: Verdict;
  readonly ede?: number;
}

function stageOf(
  { keys: changes, soon = 'secure', later = 'secure', ede }: Move,
  at: number,
): Stage {
  const step = (ask: string, expect: Verdict): Step => {
    return { ask, expect, ...(expect === 'bogus' && ede !== undefined && { ede }) };
  };
  const { text = '' } = example();
  return {
    zones: [ROOT, example({ text: [text, ...FRESH].join('\n') }, changes)],
    steps: [step(`host${at}.example. A`, soon), { wait: TTL_SECONDS + 60 }, step(SERVICE, later)],
  };
}

function rollover(file: string, title: string, moves: readonly Move[]): OwnScenario {
  return { file: `rollover-${file}`, title, stages: moves.map(stageOf) };
}

const broken = (keys: Keys, ede: number): Move => ({ keys, later: 'bogus', soon: 'bogus', ede });

export function rollovers(): OwnScenario[] {
  return [...prePublish(), ...doubleSignature(), ...doubleDs(), ...keySigningKey(), ...algorithm()];
}

// --- RFC 6781 §4.1.1.1 ---

function prePublish(): OwnScenario[] {
  const ksk = 'ksk-1/13';
  const [a, b] = ['zsk-1/13', 'zsk-2/13'] as const;
  const zsk = (published: readonly KeyLabel[], signer: KeyLabel): Keys =>
    keys([ksk, ...published], [ksk], [signer], [ksk]);
  const initial = { keys: zsk([a], a) };
  const introduced = { keys: zsk([a, b], a) };
  const signed = { keys: zsk([a, b], b) };
  return [
    rollover('pre-publish', 'ZSK rollover by pre-publication: AD at every stage', [
      initial,
      introduced,
      signed,
      { keys: zsk([b], b) },
    ]),
    rollover('pre-publish.forged-never', 'signatures by a ZSK that was never published', [
      initial,
      broken(zsk([a], b), 9),
    ]),
    rollover('pre-publish.forged-early', 'the old ZSK is gone while its signatures are in use', [
      initial,
      introduced,
      // The keys of the stage before are in the cache still, and good for an hour.
      { keys: zsk([b], a), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
    rollover('pre-publish.forged-at-once', 'key and signatures change together: an hour is lost', [
      initial,
      { keys: zsk([b], b), soon: 'bogus', later: 'secure', ede: 9 },
    ]),
  ];
}

// --- RFC 6781 §4.1.1.2 ---

function doubleSignature(): OwnScenario[] {
  const ksk = 'ksk-1/13';
  const [a, b] = ['zsk-1/13', 'zsk-2/13'] as const;
  const zsk = (published: readonly KeyLabel[], signers: readonly KeyLabel[]): Keys =>
    keys([ksk, ...published], [ksk], signers, [ksk]);
  const initial = { keys: zsk([a], [a]) };
  const both = { keys: zsk([a, b], [a, b]) };
  return [
    rollover('double-signature', 'ZSK rollover by double signatures: AD at every stage', [
      initial,
      both,
      { keys: zsk([b], [b]) },
    ]),
    rollover('double-signature.forged-stage', 'signatures of both, but only one key: still AD', [
      initial,
      // RFC 4035 §5.3.3: one good signature is enough.
      { keys: zsk([a], [a, b]) },
      { keys: zsk([a], [b]), soon: 'bogus', later: 'bogus', ede: 9 },
    ]),
    rollover('double-signature.forged-early', 'the old signatures go before the new key is known', [
      initial,
      { keys: zsk([a, b], [b]), soon: 'bogus', later: 'secure', ede: 9 },
    ]),
  ];
}

// --- RFC 6781 §4.1.2, RFC 7583 §2.2 ---

function doubleDs(): OwnScenario[] {
  const zsk = 'zsk-1/13';
  const [a, b] = ['ksk-1/13', 'ksk-2/13'] as const;
  const ksk = (key: KeyLabel, ds: readonly KeyLabel[]): Keys => keys([key, zsk], [key], [zsk], ds);
  const initial = { keys: ksk(a, [a]) };
  const both = { keys: ksk(a, [a, b]) };
  return [
    rollover('double-ds', 'KSK rollover with both DS records: AD at every stage', [
      initial,
      both,
      { keys: ksk(b, [a, b]) },
      { keys: ksk(b, [b]) },
    ]),
    rollover('double-ds.forged-key-first', 'the KSK changes, the DS records do not', [
      initial,
      // The keys in the cache outlive the change by an hour.
      { keys: ksk(b, [a]), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
    rollover('double-ds.forged-ds-early', 'the old DS record goes before the key changes', [
      initial,
      both,
      { keys: ksk(a, [b]), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
  ];
}

function keySigningKey(): OwnScenario[] {
  const zsk = 'zsk-1/13';
  const [a, b] = ['ksk-1/13', 'ksk-2/13'] as const;
  const ksk = (
    published: readonly KeyLabel[],
    signers: readonly KeyLabel[],
    ds: readonly KeyLabel[],
  ): Keys => keys([...published, zsk], signers, [zsk], ds);
  const initial = { keys: ksk([a], [a], [a]) };
  const both = { keys: ksk([a, b], [a, b], [a]) };
  return [
    rollover('double-ksk', 'KSK rollover with both keys signing: AD at every stage', [
      initial,
      both,
      { keys: ksk([a, b], [a, b], [b]) },
      { keys: ksk([b], [b], [b]) },
    ]),
    rollover('double-ksk.forged-silent', 'the new KSK is published and named, and signs nothing', [
      initial,
      { keys: ksk([a, b], [a], [b]), soon: 'secure', later: 'bogus', ede: 10 },
    ]),
    rollover('double-ksk.forged-early', 'the old KSK goes while the DS record names it', [
      initial,
      both,
      { keys: ksk([b], [b], [a]), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
  ];
}

// --- RFC 6781 §4.1.4 ---

function algorithm(): OwnScenario[] {
  const [kskA, zskA] = ['ksk-1/13', 'zsk-1/13'] as const;
  const [kskB, zskB] = ['ksk-2/15', 'zsk-2/15'] as const;
  const oldKeys = [kskA, zskA];
  const newKeys = [kskB, zskB];
  const all = [...oldKeys, ...newKeys];
  const initial = { keys: keys(oldKeys, [kskA], [zskA], [kskA]) };
  const signatures = { keys: keys(oldKeys, [kskA], [zskA, zskB], [kskA]) };
  const introduced = { keys: keys(all, [kskA, kskB], [zskA, zskB], [kskA]) };
  const delegated = { keys: keys(all, [kskA, kskB], [zskA, zskB], [kskB]) };
  const removed = { keys: keys(newKeys, [kskB], [zskA, zskB], [kskB]) };
  return [
    rollover('algorithm', 'from ECDSA P-256 to Ed25519, six stages: AD at each', [
      initial,
      signatures,
      introduced,
      delegated,
      removed,
      { keys: keys(newKeys, [kskB], [zskB], [kskB]) },
    ]),
    rollover('algorithm.forged-ds-first', 'a DS record for an algorithm that has no keys yet', [
      initial,
      { keys: keys(oldKeys, [kskA], [zskA], [kskB]), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
    rollover('algorithm.forged-unsigned-keys', 'the new KSK is named and does not sign the keys', [
      initial,
      signatures,
      { keys: keys(all, [kskA], [zskA, zskB], [kskB]), soon: 'secure', later: 'bogus', ede: 10 },
    ]),
    rollover('algorithm.forged-early', 'the old keys go while the data have old signatures only', [
      initial,
      introduced,
      delegated,
      { keys: keys(newKeys, [kskB], [zskA], [kskB]), soon: 'secure', later: 'bogus', ede: 9 },
    ]),
    rollover('algorithm.forged-lenient', 'no signatures of the new algorithm: RFC 6840 §5.11, AD', [
      initial,
      { keys: keys(all, [kskA, kskB], [zskA], [kskA, kskB]) },
      broken(keys(all, [kskA, kskB], [], [kskA, kskB]), 10),
    ]),
  ];
}
