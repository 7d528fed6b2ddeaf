/** The guard of the benchmark bites: one unit more than the budget is named, whatever it is. */
import t from 'tap';
import { overallocated } from '../../bench/allocation-work.js';
import { type Budget, overspent, underspent, type Work } from '../../bench/counted-work.js';

const WORK: Work = {
  tenthsOfRoundTrips: 20,
  queries: 3,
  octetsSent: 160,
  octetsReceived: 700,
  signatureChecks: 3,
  repeatedChecks: 0,
  keyImports: 1,
  digests: 1,
  nsec3Rounds: 0,
};
const BUDGET: Budget = { cold: WORK };

t.test('within the budget', (t) => {
  t.same(overspent({ cold: { ...WORK } }, BUDGET), []);
  t.equal(underspent({ cold: { ...WORK } }, BUDGET), 0);
  t.equal(underspent({ cold: { ...WORK, queries: 2 } }, BUDGET), 1, 'it should be lowered');
  t.end();
});

t.test('one more of anything', (t) => {
  for (const what of Object.keys(WORK) as (keyof Work)[]) {
    const is = WORK[what] + 1;
    t.same(overspent({ cold: { ...WORK, [what]: is } }, BUDGET), [
      `cold: ${what} ${is}, the budget is ${WORK[what]}`,
    ]);
  }
  t.end();
});

t.test('cases that only one side knows', (t) => {
  t.same(overspent({ cold: WORK, warm: WORK }, BUDGET), ['warm: not in the budget']);
  t.same(overspent({}, BUDGET), ['cold: in the budget, but not counted']);
  t.end();
});

t.test('allocations: a tenth more is another version of V8, what is beyond it is ours', (t) => {
  const budget = { hit: 1_000 };
  t.same(overallocated({ hit: 1_100 }, budget), []);
  t.same(overallocated({ hit: 1_101 }, budget), ['hit: 1101 octets allocated, the budget is 1000']);
  t.same(overallocated({ hit: 1, cold: 1 }, budget), ['cold: not in the budget of allocations']);
  t.same(overallocated({}, budget), ['hit: in the budget, but not counted']);
  t.end();
});
