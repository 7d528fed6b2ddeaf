/**
 * The findings, one row each, in the order in which they should be repaired: what is wrong, why it
 * matters for mail, and the line that fixes it. A row looks at the facts and nothing else.
 */
import type { Check, Finding } from './check.js';
import type { Facts } from './facts.js';
import { HOST_CHECKS } from './host-checks.js';
import { MAILER_CHECKS } from './mailer-checks.js';
import { NETWORK_CHECKS } from './network-checks.js';
import { RESOLVER_CHECKS } from './resolver-checks.js';

const CHECKS: Readonly<Record<string, Check>> = {
  ...NETWORK_CHECKS,
  ...HOST_CHECKS,
  ...RESOLVER_CHECKS,
  ...MAILER_CHECKS,
};

export const FINDING_CODES: readonly string[] = Object.keys(CHECKS);

export function diagnose(facts: Facts): readonly Finding[] {
  return Object.entries(CHECKS).flatMap(([code, { matters, find }]) => {
    const found = find(facts);
    return found === undefined ? [] : [{ code, wrong: found.wrong, matters, fix: found.fix }];
  });
}
