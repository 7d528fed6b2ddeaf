/** The count that the interoperability run prints for Postfix (rounds.ts). */
import t from 'tap';
import { roundsForced } from './round-count.js';

/** `asked-answered name`, in milliseconds. */
function exchanged(...lines: readonly string[]) {
  return lines.map((line) => {
    const [, asked, answered, question = ''] = /^(\d+)-(\d+) (.*)$/.exec(line)!;
    return { question, askedMs: Number(asked), answeredMs: Number(answered) };
  });
}

t.test('answers that were waited for one after the other', (t) => {
  const trace = exchanged('0-100 MX', '101-201 A', '101-202 DNSKEY', '203-303 TLSA');
  t.same(roundsForced(trace, 400), { count: 3, questions: [['MX'], ['A', 'DNSKEY'], ['TLSA']] });
  t.equal(roundsForced(trace, 250).count, 2, 'until then');
  t.equal(roundsForced(trace, 50).count, 0);
  t.end();
});

t.test('what runs beside costs nothing; what waits for a late one does', (t) => {
  const beside = exchanged('0-100 MX', '50-150 other', '101-201 A', '151-251 late');
  t.equal(roundsForced(beside, 400).count, 2);
  const chain = exchanged('0-100 MX', '101-201 A', '150-250 AAAA', '202-302 TLSA', '251-351 x');
  t.equal(roundsForced(chain, 400).count, 3);
  t.end();
});
