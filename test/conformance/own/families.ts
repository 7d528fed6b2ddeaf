/** A scenario that must be accepted, and its forged twins that must not. */
import type { Forgery, OwnScenario, Stage, Step } from './script.js';
import { type OwnZone, signedBy } from './world.js';
import type { Signing } from './signer.js';

export interface Twin {
  /** The last part of the file's name. */
  readonly forged: string;
  readonly title: string;
  readonly forgeries?: readonly Forgery[];
  /** Zones of the twin, when the forger is not on the line but in the zone. */
  readonly zones?: readonly OwnZone[];
  /** RFC 8914 code that the refusal has to give. */
  readonly ede?: number;
  /** What the client asks and gets; unless told, the same questions and only SERVFAIL. */
  readonly steps?: readonly Step[];
  readonly settings?: readonly string[];
}

export interface Family extends Stage {
  readonly file: string;
  readonly title: string;
  readonly settings?: readonly string[];
  readonly twins: readonly Twin[];
}

export function scenariosOf({ file, title, settings, twins, ...stage }: Family): OwnScenario[] {
  const accepted: OwnScenario = { file, title, stages: [stage], ...(settings && { settings }) };
  const forged = twins.map((twin): OwnScenario => {
    const { ede, forgeries = [], zones = stage.zones } = twin;
    const refused = stage.steps.map((step): Step => {
      if (!('ask' in step)) return step;
      return { ask: step.ask, expect: 'bogus', ...(ede !== undefined && { ede }) };
    });
    const steps = twin.steps ?? refused;
    const own = twin.settings ?? settings;
    return {
      file: `${file}.forged-${twin.forged}`,
      title: twin.title,
      ...(own && { settings: own }),
      stages: [{ ...stage, zones, forgeries, steps }],
    };
  });
  return [accepted, ...forged];
}

export const ROOT: OwnZone = { origin: '.', server: '198.41.0.4', signing: signedBy() };

/** Digests that no certificate has. */
export const TLSA = (digit: string): string => `TLSA 3 1 1 ${digit.repeat(64)}`;

export const MAIL = [
  '@ MX 10 mx',
  'mx A 192.0.2.25',
  'mx AAAA 2001:db8::25',
  `_25._tcp.mx ${TLSA('a')}`,
  'www A 192.0.2.80',
  'zoo A 192.0.2.81',
].join('\n');

/** The zone `example.` with a mail host. */
export function example(changes: Partial<OwnZone> = {}, signing: Partial<Signing> = {}): OwnZone {
  return {
    origin: 'example.',
    server: '192.0.2.1',
    text: MAIL,
    signing: signedBy(13, signing),
    ...changes,
  };
}

export const unsignedExample = (text = MAIL): OwnZone => ({
  origin: 'example.',
  server: '192.0.2.1',
  text,
});

export const OPT_OUT = {
  kind: 'NSEC3',
  iterations: 0,
  salt: Uint8Array.of(),
  optOut: true,
} as const;
export const NSEC3 = { ...OPT_OUT, optOut: false } as const;

export const SERVICE = '_25._tcp.mx.example.';
export const ASKED = `${SERVICE} TLSA`;

/** Another domain, whose operator publishes TLSA records for his customers. */
export const host = (changes: Partial<OwnZone> = {}): OwnZone => ({
  origin: 'host.',
  server: '192.0.2.2',
  text: `mx A 192.0.2.26\n_25._tcp.mx ${TLSA('b')}\n_dane ${TLSA('c')}`,
  signing: signedBy(15),
  ...changes,
});

export const unsignedHost = (): OwnZone => {
  const { signing: _, ...zone } = host();
  return zone;
};
