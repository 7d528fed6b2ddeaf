/** All scenarios of our own. */
import { daneCorners } from './dane.js';
import type { OwnScenario } from './script.js';
import { securityStates } from './security-states.js';

export function ownScenarios(): OwnScenario[] {
  return [...securityStates(), ...daneCorners()];
}
