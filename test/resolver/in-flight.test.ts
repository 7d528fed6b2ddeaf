/** What is under way, by key. */
import t from 'tap';
import { InFlight } from '../../src/resolver/index.js';

t.test('behaves as a Map does', (t) => {
  const open = new InFlight<number, { name: string }>();
  t.equal(open.oldest(), undefined);
  for (const [key, name] of [[3, 'c'] as const, [1, 'a'] as const, [2, 'b'] as const]) {
    open.set(key, { name });
  }
  t.equal(open.size, 3);
  t.same(open.oldest(), { name: 'c' }, 'in the order in which they were put in');
  t.same([...open.keys()], [3, 1, 2]);
  t.same(
    [...open.values()].map(({ name }) => name),
    ['c', 'a', 'b'],
  );
  open.set(3, { name: 'again' });
  t.equal(open.size, 3);
  t.same(open.get(3), { name: 'again' });
  t.ok(open.delete(3));
  t.notOk(open.delete(3), 'once only');
  t.notOk(open.has(3));
  t.equal(open.get(3), undefined);
  t.same(
    [...open.entries()],
    [
      [1, { name: 'a' }],
      [2, { name: 'b' }],
    ],
  );
  open.clear();
  t.equal(open.size, 0);
  t.same([...open.entries()], []);
  t.end();
});

t.test('what is deleted while others are walked through is not met any more', (t) => {
  const open = new InFlight<number, { key: number }>();
  for (let key = 0; key < 10; key++) open.set(key, { key });
  const met: number[] = [];
  for (const [key] of open.entries()) {
    met.push(key);
    open.delete(key + 1);
  }
  t.same(met, [0, 2, 4, 6, 8]);
  t.end();
});
