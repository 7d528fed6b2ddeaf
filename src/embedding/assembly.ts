/** Puts the resolver together: settings in, a driver that can be asked out. */
import type { ClockSetting, Config } from '../config/index.js';
import { resolverSettings } from '../config/index.js';
import type { Entropy } from '../resolver/index.js';
import { type Report, Resolver } from '../resolver/index.js';
import {
  type Clock,
  Driver,
  loadCryptoProvider,
  type OpenUpstream,
  openSockets,
  SystemClock,
  SystemEntropy,
  type WallClockSetting,
} from '../runtime/index.js';
import { loadStates, stateKeeper } from './anchor-states.js';
import { type Foundations, judgeAnchors, readFoundations } from './foundations.js';
import type { LabSettings } from './lab-settings.js';

export interface Assembly {
  readonly config: Config;
  readonly driver: Driver;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** What the operator should hear before anything is resolved. */
  readonly warnings: readonly string[];
}

export type Assembled =
  | { readonly ok: true; readonly assembly: Assembly }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface AssemblyOptions {
  readonly report: (report: Report) => void;
  /** Whether anybody wants to hear of every step, or only of what is wrong. */
  readonly tracing: boolean;
  readonly lab?: LabSettings;
}

export async function assemble(config: Config, options: AssemblyOptions): Promise<Assembled> {
  const clock = new SystemClock(wallClock(config.clock));
  const entropy = new SystemEntropy();
  const crypto = await loadCryptoProvider({ implementation: config.crypto, sha1: config.sha1 });
  let foundations: Foundations;
  let openUpstream: OpenUpstream;
  if (options.lab === undefined) {
    const read = readFoundations(config, clock.now().wallSeconds);
    if (!read.ok) return read;
    foundations = read.foundations;
    openUpstream = openSockets({ entropy, sourceAddresses: config.queryAddresses });
  } else {
    const { openLab } = await import('./lab-upstream.js');
    ({ foundations, openUpstream } = openLab(options.lab, crypto, clock));
  }
  const { anchors, warnings } = judgeAnchors(foundations.anchorRecords, config, crypto);
  const followsRolls = config.rfc5011 && options.lab === undefined && !anchors.isEmpty;
  const folder = followsRolls ? config.stateFolder : undefined;
  const loaded = loadStates(anchors, folder, clock.now().wallSeconds, crypto);
  const resolver = new Resolver({
    config: { ...resolverSettings(config), hints: foundations.hints },
    crypto,
    entropy,
    anchors,
    ...(followsRolls ? { maintained: { states: loaded.states, fixed: [] } } : {}),
  });
  resolver.reporting = options.tracing;
  const driver = new Driver({
    machine: resolver,
    clock,
    openUpstream,
    report: options.report,
    keepAnchors: stateKeeper(folder, (sentence) => {
      options.report({ kind: 'trust anchor', sentence });
    }),
  });
  const assembly = { config, driver, resolver, clock, entropy };
  return { ok: true, assembly: { ...assembly, warnings: [...warnings, ...loaded.warnings] } };
}

function wallClock(setting: ClockSetting): WallClockSetting {
  if (setting.kind === 'fixed') return { kind: 'fixed', wallSeconds: setting.epochSeconds };
  if (setting.kind === 'offset') return { kind: 'offset', offsetSeconds: setting.seconds };
  return setting;
}
