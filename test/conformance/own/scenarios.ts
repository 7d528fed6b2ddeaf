/** All scenarios of our own. */
import { algorithms } from './algorithms.js';
import { clocks } from './clocks.js';
import { daneCorners } from './dane.js';
import { denials } from './denial.js';
import { mailCorners } from './mail.js';
import { mailPrefetch } from './prefetch.js';
import { rollovers } from './rollovers.js';
import type { OwnScenario } from './script.js';
import { securityStates } from './security-states.js';

export function ownScenarios(): OwnScenario[] {
  return [
    ...securityStates(),
    ...daneCorners(),
    ...mailCorners(),
    ...algorithms(),
    ...denials(),
    ...mailPrefetch(),
    ...rollovers(),
    ...clocks(),
  ];
}
