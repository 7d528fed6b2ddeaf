/** One case played: a fresh resolver, its questions in order, the attacker on the wires. */
import type { Lab } from '../../src/lab/index.js';
import { Rcode, typeFromMnemonic } from '../../src/wire/index.js';
import { nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { Adversary, type Scheme } from './adversary.js';
import { check, type Reach } from './check.js';
import { checkReply } from './check-reply.js';
import { Clerk, type Errand } from './clerk.js';
import type { Case, QuestionPlan, Tampering } from './plan.js';
import { crypto, islandAnchors, type Scene } from './scene.js';
import { SMALL_CACHE_OCTETS } from './small-tables.js';
import { Stage } from './stage.js';
import { Truth } from './truth.js';

export interface Played {
  readonly flaws: readonly string[];
  readonly done: readonly Tampering[];
  readonly asked: number;
  readonly secure: number;
  readonly insecure: number;
  readonly failed: number;
}

/** No TTL and no memory of a failure is longer (a day, and the margins of either). */
const ALL_IS_OVER_SECONDS = 90_000;
const ASKED_AGAIN = 4;

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

  play(life: Case, scheme: Scheme, honest: boolean): Played {
    const adversary = new Adversary(this.stage, scheme, life.ownServersOnly);
    const leave = adversary.begin();
    const reach = honest ? 'none' : life.ownServersOnly === true ? 'own servers' : 'everywhere';
    try {
      const performance = new Performance(this.truth, this.#worldFor(life));
      performance.ask(life.questions, reach);
      if (life.aftermath === true) {
        adversary.isGone = true;
        performance.aftermath(life.questions);
      }
      return { ...performance.end(), done: adversary.done };
    } finally {
      leave();
    }
  }

  #worldFor({ seed, minimisation }: Case): SimulatedWorld {
    const world = new SimulatedWorld({
      seed,
      lab: this.#lab,
      crypto,
      config: {
        minimisation,
        mailPrefetch: false,
        prefetch: false,
        cacheSizeOctets: SMALL_CACHE_OCTETS,
        negativeTrustAnchors: this.scene.plan.negativeAnchors.map(nameOf),
      },
    });
    world.resolver.reporting = false;
    return world;
  }
}

class Performance {
  readonly #truth: Truth;
  readonly #world: SimulatedWorld;
  readonly #clerk: Clerk;
  readonly #flaws: string[] = [];
  readonly #counts = { asked: 0, secure: 0, insecure: 0, failed: 0 };

  constructor(truth: Truth, world: SimulatedWorld) {
    this.#truth = truth;
    this.#world = world;
    this.#clerk = new Clerk(world);
  }

  ask(questions: readonly QuestionPlan[], reach: Reach): void {
    let waiting: Errand[] = [];
    for (const question of questions) {
      const { afterSeconds = 0, together = false } = question;
      if (afterSeconds > 0 && waiting.length === 0) this.#world.sleep(afterSeconds * 1_000);
      waiting.push(this.#clerk.send(question));
      if (together) continue;
      this.#answered(waiting, reach);
      waiting = [];
    }
    this.#answered(waiting, reach);
  }

  /** G5: whatever he did is over when every TTL is. */
  aftermath(questions: readonly QuestionPlan[]): void {
    this.#world.sleep(ALL_IS_OVER_SECONDS * 1_000);
    const again = questions.slice(-ASKED_AGAIN).map(({ name, type }) => ({ name, type }));
    this.ask(again, 'none');
  }

  #answered(errands: readonly Errand[], reach: Reach): void {
    if (errands.length === 0) return;
    this.#clerk.await(errands);
    for (const errand of errands) this.#judge(errand, reach);
  }

  #judge({ question, resolution, reply, answeredSeconds }: Errand, reach: Reach): void {
    const { name, type } = question;
    const at = { nowSeconds: answeredSeconds, reach };
    const asked = { name: nameOf(name), type: typeFromMnemonic(type)!, ...at };
    const counts = this.#counts;
    counts.asked++;
    if (reply!.rcode === Rcode.SERVFAIL) counts.failed++;
    else if (resolution?.security.status === 'secure' || reply!.authenticData) counts.secure++;
    else counts.insecure++;
    const wrong = [
      ...(resolution === undefined ? [] : check(this.#truth, asked, resolution)),
      ...checkReply(this.#truth, asked, question, reply!),
    ];
    this.#flaws.push(...wrong.map((flaw) => `${name} ${type}: ${flaw}`));
  }

  end(): Omit<Played, 'done'> {
    for (const report of this.#world.reports) {
      if (report.kind === 'internal error') this.#flaws.push(`internal error: ${report.sentence}`);
    }
    return { flaws: this.#flaws, ...this.#counts };
  }
}
