/**
 * What is too rare in random worlds, put into them on purpose. Nobody means any harm there: all
 * that is asked has to be answered, and rightly. The dice are their own, so that the world that is
 * varied and all that happens in it stay what they were.
 */
import { Dice, hashOf } from './dice.js';
import { isRollable } from './generate.js';
import type { QuestionPlan, WorldPlan, ZonePlan } from './plan.js';

export interface Variation {
  readonly world: WorldPlan;
  /** Where most questions should go. */
  readonly suits: (zone: ZonePlan) => boolean;
  /** What chance would hardly ask for. */
  readonly also: readonly QuestionPlan[];
}

export function variationsOf(seed: number, world: WorldPlan): Variation[] {
  // A world that changes, or is in two hands, has second servers for that.
  if (world.second !== undefined) return [];
  const dice = new Dice(hashOf('variations', seed));
  return [withStaleServers(dice, world), withIsland(dice, world)].filter(
    (one) => one !== undefined,
  );
}

/** Nothing about it makes it insecure, wherever its chain of trust begins. */
function isPlain(zone: ZonePlan, { evil }: WorldPlan): boolean {
  return isRollable(zone, evil) && zone.algorithms?.[0] === 13;
}

/** RFC 4035 §5.5: a zone has two servers, and one of them an old copy. */
function withStaleServers(dice: Dice, world: WorldPlan): Variation | undefined {
  const candidates = world.zones
    .slice(1)
    .filter((zone) => isPlain(zone, world) && zone.hasDs !== false);
  if (candidates.length === 0) return undefined;
  const stale = [...new Set([dice.one(candidates).origin, dice.one(candidates).origin])];
  return { world: { ...world, stale }, suits: ({ origin }) => stale.includes(origin), also: [] };
}

/** RFC 4035 §4.3: an island of security that is reached by way of a zone that is not signed. */
function withIsland(dice: Dice, world: WorldPlan): Variation | undefined {
  const candidates = world.zones.filter(
    (zone) => zone.origin.split('.').length > 3 && isPlain(zone, world),
  );
  if (candidates.length === 0) return undefined;
  const { origin } = dice.one(candidates);
  const above = origin.slice(origin.indexOf('.') + 1);
  const { evil, islands, negativeAnchors } = world;
  if ([...evil, ...islands].includes(above) || negativeAnchors.length > 0) return undefined;
  const zones = world.zones.map((zone): ZonePlan => {
    if (zone.origin === origin) return { ...zone, hasDs: false, servedWith: above };
    if (zone.origin !== above) return zone;
    const { lines, otherLines, servedWith } = zone;
    return { origin: above, lines, otherLines, ...(servedWith && { servedWith }) };
  });
  return {
    world: { ...world, zones, islands: [...islands, origin] },
    suits: (zone) => zone.origin === origin,
    // RFC 4035 §3.1.4.1: that is not for the island to say.
    also: [{ name: origin, type: 'DS', dnssecOk: true }],
  };
}
