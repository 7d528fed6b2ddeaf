/** One case played: a fresh resolver, its questions in order, the attacker on all wires. */
import type { Lab } from '../../src/lab/index.js';
import { Rcode, typeFromMnemonic } from '../../src/wire/index.js';
import { nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { Adversary, type Scheme } from './adversary.js';
import { check } from './check.js';
import type { Case, Tampering } from './plan.js';
import { crypto, islandAnchors, type Scene } from './scene.js';
import { Stage } from './stage.js';
import { Truth } from './truth.js';

export interface Played {
  readonly flaws: readonly string[];
  /** The index of the first question whose answer was wrong. */
  readonly firstWrong: number | undefined;
  readonly done: readonly Tampering[];
  readonly secure: number;
  readonly insecure: number;
  readonly failed: number;
}

/** What many lives in one scene have in common. */
export class Theatre {
  readonly scene: Scene;
  readonly stage: Stage;
  readonly truth: Truth;
  readonly #lab: Lab;

  constructor(scene: Scene) {
    const { lab } = scene;
    // The resolver is given all anchors alike.
    this.#lab = { ...lab, rootAnchors: () => [...lab.rootAnchors(), ...islandAnchors(scene)] };
    this.scene = scene;
    this.stage = new Stage(scene);
    this.truth = new Truth(scene);
  }

  play({ seed, minimisation, questions }: Case, scheme: Scheme, honest: boolean): Played {
    const { scene, truth } = this;
    const world = new SimulatedWorld({
      seed,
      lab: this.#lab,
      crypto,
      config: {
        minimisation,
        mailPrefetch: false,
        prefetch: false,
        negativeTrustAnchors: scene.plan.negativeAnchors.map(nameOf),
      },
    });
    world.resolver.reporting = false;
    const adversary = new Adversary(this.stage, scheme);
    const leave = adversary.begin();
    const flaws: string[] = [];
    const counts = { secure: 0, insecure: 0, failed: 0 };
    let firstWrong: number | undefined;
    try {
      for (const [index, { name, type, cd = false, afterSeconds = 0 }] of questions.entries()) {
        if (afterSeconds > 0) world.sleep(afterSeconds * 1_000);
        const seen = world.resolve(name, type, { cd });
        if (seen.rcode === Rcode.SERVFAIL) counts.failed++;
        else if (seen.security.status === 'secure') counts.secure++;
        else counts.insecure++;
        const wrong = check(truth, nameOf(name), typeFromMnemonic(type)!, seen, honest);
        if (wrong.length === 0) continue;
        firstWrong ??= index;
        flaws.push(...wrong.map((flaw) => `${name} ${type}: ${flaw}`));
      }
    } finally {
      leave();
    }
    for (const report of world.reports) {
      if (report.kind === 'internal error') flaws.push(`internal error: ${report.sentence}`);
    }
    return { flaws, firstWrong, done: adversary.done, ...counts };
  }
}
