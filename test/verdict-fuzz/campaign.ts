/** Many worlds, some lives in each, until enough answers were tampered with. */
import { type Scheme, harmlessScheme, randomIntent, replayScheme, themesFor } from './adversary.js';
import { Dice } from './dice.js';
import { generateCase, generateWorld } from './generate.js';
import { Theatre } from './life.js';
import type { Case } from './plan.js';
import { buildScene } from './scene.js';
import { variationsOf } from './variations.js';

export interface Finding {
  /** Without tampering, an honest answer was refused. */
  readonly found: Case;
  readonly honest: boolean;
  readonly flaws: readonly string[];
}

export interface Tally {
  worlds: number;
  lives: number;
  questions: number;
  /** Replies that were changed on the way. */
  tampered: number;
  honestAnswers: number;
  secure: number;
  insecure: number;
  failed: number;
  readonly operators: Map<string, number>;
  readonly findings: Finding[];
}

export interface CampaignOptions {
  readonly seed: number;
  /** How many replies are to be tampered with. */
  readonly count: number;
  readonly mostFindings?: number;
  /** Beginnings of the names of forgeries: what the attacker mostly does. */
  readonly themes?: readonly string[];
  /** Nobody does any harm, and `count` is the number of answers. */
  readonly honestOnly?: boolean;
  readonly progress?: (tally: Tally) => void;
}

const LIVES_PER_WORLD = 20;
/** Of each variation, when nobody does any harm; otherwise one. */
const VARIED_LIVES = 6;
const nothing: Scheme = () => undefined;

export function runCampaign(options: CampaignOptions): Tally {
  const { seed, count, mostFindings = 1, themes = [], honestOnly = false, progress } = options;
  const limits = { count, mostFindings, themes: themesFor(themes), honestOnly };
  const tally: Tally = {
    worlds: 0,
    lives: 0,
    questions: 0,
    tampered: 0,
    honestAnswers: 0,
    secure: 0,
    insecure: 0,
    failed: 0,
    operators: new Map(),
    findings: [],
  };
  const dice = new Dice(seed);
  const done = (): number => (honestOnly ? tally.honestAnswers : tally.tampered);
  while (done() < count && tally.findings.length < mostFindings) {
    oneWorld(dice.seed(), tally, limits);
    progress?.(tally);
  }
  return tally;
}

function oneWorld(
  seed: number,
  tally: Tally,
  { count, mostFindings, themes, honestOnly }: Required<Omit<CampaignOptions, 'seed' | 'progress'>>,
): void {
  const dice = new Dice(seed);
  const world = generateWorld(seed);
  const theatre = new Theatre(buildScene(world));
  tally.worlds++;
  const honestLives = honestOnly ? LIVES_PER_WORLD : 2;
  for (let life = 0; life < honestLives; life++) {
    if (tally.findings.length >= mostFindings) return;
    const scheme = life % 2 === 0 ? nothing : harmlessScheme(dice.seed());
    honestLife(theatre, generateCase(seed, world, dice.seed()), scheme, tally);
  }
  for (const { world: varied, suits, also } of variationsOf(seed, world)) {
    const other = new Theatre(buildScene(varied));
    const own = new Dice(seed);
    for (let life = 0; life < (honestOnly ? VARIED_LIVES : 1); life++) {
      if (tally.findings.length >= mostFindings) return;
      const made = generateCase(seed, varied, own.seed(), suits);
      const questions = [...made.questions, ...also];
      honestLife(other, { ...made, questions }, nothing, tally);
    }
  }
  if (honestOnly) return;
  for (let life = 0; life < LIVES_PER_WORLD; life++) {
    if (tally.tampered >= count || tally.findings.length >= mostFindings) return;
    const { scheme, suits, ownServersOnly } = randomIntent(dice.seed(), themes);
    const life = generateCase(seed, world, dice.seed(), suits, ownServersOnly);
    oneLife(theatre, life, scheme, tally);
  }
}

function honestLife(theatre: Theatre, life: Case, scheme: Scheme, tally: Tally): void {
  const played = theatre.play(life, scheme, true);
  tally.honestAnswers += played.asked;
  if (played.flaws.length === 0) return;
  const found = { ...life, tampering: played.done };
  tally.findings.push({ found, honest: true, flaws: played.flaws });
}

function oneLife(theatre: Theatre, life: Case, scheme: Scheme, tally: Tally): void {
  const played = theatre.play(life, scheme, false);
  tally.lives++;
  tally.questions += played.asked;
  tally.tampered += played.done.length;
  tally.secure += played.secure;
  tally.insecure += played.insecure;
  tally.failed += played.failed;
  for (const { operator } of played.done.flatMap(({ moves }) => moves)) {
    tally.operators.set(operator, (tally.operators.get(operator) ?? 0) + 1);
  }
  if (played.flaws.length === 0) return;
  const found = { ...life, tampering: played.done };
  tally.findings.push({ found, honest: false, flaws: played.flaws });
}

/** Plays a printed case again; what is wrong with it now. */
export function replay(found: Case, honest = false): readonly string[] {
  const theatre = new Theatre(buildScene(found.world));
  return theatre.play(found, replayScheme(found.tampering), honest).flaws;
}
