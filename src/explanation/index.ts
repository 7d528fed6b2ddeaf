/** Why a name is bogus, insecure or not to be had, in words for people. Asks nobody. */
export { type CaseFacts, followUps, type FollowUp } from './case-facts.js';
export type { Cause } from './causes.js';
export { explain } from './explain.js';
export type { Explanation, Since } from './explanation.js';
export { letterText, sinceWords } from './letter.js';
