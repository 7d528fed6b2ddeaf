/** `anchorite dane` as it is started: what it prints, and exit statuses. */
import t from 'tap';
import { dane } from './dane-command.js';

t.test('the decision is the exit status', async (t) => {
  const good = await dane('p256.dane');
  t.match(good, { status: 0, stdout: /^p256\.dane: deliver\. DANE authenticates every server/ });
  t.match(good.stdout, /^Postfix policy: dane-only$/m);
  t.match(good.stdout, /^10 mx\.p256\.dane: authenticate$/m);
  t.match(good.stdout, /^ {2}TLSA 3 1 1 [0-9a-f]{16}…: usable$/im);
  const cases: ReadonlyArray<readonly [string, number, RegExp]> = [
    ['unsigned.dane', 3, /mx\.unsigned\.dane: opportunistic\n.*not signed/],
    ['pkix.dane', 3, /TLSA 1 1 1 .*: unusable, usage 1 \(PKIX-EE\) is not for mail servers/],
    ['expired.broken', 5, /expired\.broken: defer\. .* has expired .*\(server \S+\)/],
    ['null-mx.dane', 6, /refuse\. null-mx\.dane takes no mail/],
    // RFC 7672 §2.2.1: authenticated, but by an MX that anybody could have written.
    ['tenant.plain', 3, /mx\.p256\.dane: authenticate/],
    // In another script; what it means in ASCII is in the answer.
    ['ｐ256。dane', 0, /^p256\.dane: deliver\./],
    ['bücher.dane', 6, /There is no domain xn--bcher-kva\.dane \(proven\)/],
  ];
  for (const [domain, status, stdout] of cases) t.match(await dane(domain), { status, stdout });
  t.match(await dane('mx.p256.dane', '--host', '--port', '465'), {
    status: 3,
    stdout: /_465\._tcp/,
  });
});

t.test('as JSON', async (t) => {
  const { status, stdout } = await dane('two-exchanges.dane', '--json');
  t.equal(status, 3);
  t.match(JSON.parse(stdout), {
    domain: 'two-exchanges.dane',
    outcome: 'deliver',
    route: { kind: 'MX', secure: true },
    exchanges: [
      { exchange: 'mx.expired-tlsa.broken', action: 'defer', why: { code: 'signature expired' } },
      { exchange: 'mx.p256.dane', action: 'authenticate', records: [{ usage: 3 }] },
    ],
  });
});

t.test('what is written wrongly is told', async (t) => {
  const cases: ReadonlyArray<readonly [string[], RegExp]> = [
    [['a..b'], /'a\.\.b' is not a domain name/],
    [['bücher.dane/x'], /'bücher\.dane\/x' is not a domain name/],
    [['192.0.2.1'], /is an address, and DANE is about names \(RFC 7672 §2\.2\)/],
    [['2001:db8::1', '--host'], /is an address/],
    [['p256.dane', '--port', '0'], /--port must be a number/],
    [['p256.dane', '--connect-to', 'here'], /--connect-to must be/],
    [[], /DOMAIN is missing/],
  ];
  for (const [args, stderr] of cases)
    t.match(await dane(...args), { status: 2, stderr, stdout: '' });
});
