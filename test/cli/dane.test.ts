/** `anchorite dane` as it is started: what it prints, exit statuses, and a look at servers. */
import { execFile } from 'node:child_process';
import t from 'tap';
import { labServerKey, makeCertificate, newKey } from '../support/certificate-maker.js';
import { receivingServer, scriptedServer } from '../support/smtp-servers.js';
import { program } from './running-program.js';

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function dane(...args: string[]): Promise<Ended> {
  const words = [program, 'dane', ...args, '--lab', '--lab-delay', '1'];
  return new Promise((resolve) => {
    execFile(process.execPath, words, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

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

const certificate = makeCertificate({ subject: 'anything', key: labServerKey });

/** The look at one server in place of the lab's, whose addresses nobody has. */
function lookAt(port: number, domain = 'certificate.dane'): Promise<Ended> {
  return dane(domain, '--connect-to', `127.0.0.1:${port}`);
}

t.test('--connect: the server has the key of the record', async (t) => {
  const server = await receivingServer([certificate], labServerKey);
  t.teardown(() => server.close());
  const { status, stdout } = await lookAt(server.port);
  t.equal(status, 0);
  for (const check of ['MX', 'addresses', 'TLSA', 'connection', 'STARTTLS', 'TLS']) {
    t.match(stdout, new RegExp(`^  pass ${check} `, 'm'));
  }
  for (const check of ['certificate usage', 'selector', 'matching type', 'certificate data']) {
    t.match(stdout, new RegExp(`^  pass ${check} +3 1 1 .*DANE-EE`, 'm'));
  }
  t.match(stdout, /=> mail would be handed over$/m);
  t.same(server.messages, [], 'and no mail was');
  const json = await dane('certificate.dane', '--json', '--connect-to', `127.0.0.1:${server.port}`);
  const [exchange] = JSON.parse(json.stdout).exchanges;
  t.match(exchange.server, { accepts: true });
  t.ok(exchange.server.checks.every(({ outcome }: { outcome: string }) => outcome === 'passed'));
  // Where DANE asks for nothing but TLS, any certificate will do.
  t.match(await lookAt(server.port, 'pkix.dane'), { status: 3, stdout: /would be handed over/ });
});

t.test('--connect: another key is refused', async (t) => {
  const key = newKey();
  const server = await receivingServer([makeCertificate({ subject: 'anything', key })], key);
  t.teardown(() => server.close());
  const { status, stdout } = await lookAt(server.port);
  t.equal(status, 4);
  t.match(stdout, /^ {2}FAIL certificate data +3 1 1 .*belong to another certificate or key/m);
  t.match(stdout, /=> mail would not be handed over$/m);
});

t.test('--connect: servers that do not do their part', async (t) => {
  const greeting = '220 here\r\n';
  const hello = '250-here\r\n250 STARTTLS\r\n';
  const go = '220 go ahead\r\n';
  const cases: ReadonlyArray<readonly [string[], RegExp]> = [
    [[greeting, '250-here\r\n250 SIZE 100\r\n'], /FAIL STARTTLS +the server does not offer/],
    [['554 go away\r\n'], /FAIL connection +the server gave '554 go away'/],
    [[greeting, hello, '454 not now\r\n'], /FAIL STARTTLS +the server gave '454 not now'/],
    [[greeting, hello, `${go}250 injected\r\n`], /FAIL TLS +the server sent text in the clear/],
    [[greeting, hello, go, 'no handshake'], /FAIL TLS /],
    [['220-x\r\n'.repeat(4_000)], /FAIL connection +the server talks too much/],
  ];
  for (const [replies, sentence] of cases) {
    const server = await scriptedServer(...replies);
    const { status, stdout } = await lookAt(server.port);
    t.match({ status, stdout }, { status: 4, stdout: sentence }, replies.join('').slice(0, 60));
    t.match(stdout, /=> mail would not be handed over$/m);
    server.close();
  }
  const closed = await scriptedServer(greeting);
  closed.close();
  t.match(await lookAt(closed.port), { status: 4, stdout: /FAIL connection +.*ECONNREFUSED/ });
});

t.test('--connect --port 465: TLS first, then SMTP (RFC 8314 §3.3)', async (t) => {
  const over465 = (port: number) => dane('p256.dane', '--port', '465', ...to(port));
  const to = (port: number) => ['--connect-to', `127.0.0.1:${port}`];
  const implicit = await receivingServer([certificate], labServerKey, true);
  const explicit = await receivingServer([certificate], labServerKey);
  const { status, stdout } = await over465(implicit.port);
  // There is no TLSA record for this port, so nothing but TLS is asked for.
  t.equal(status, 3);
  t.match(stdout, /^ {2}pass connection +127\.0\.0\.1 port \d+ speaks SMTP\n {2}pass TLS +TLSv1/m);
  t.notMatch(stdout, /STARTTLS/);
  t.match(stdout, /=> mail would be handed over$/m);
  const clear = await over465(explicit.port);
  t.equal(clear.status, 4, 'nobody hands mail over in the clear there');
  t.match(clear.stdout, /pass connection .* accepts connections\n {2}FAIL TLS /);
  implicit.close();
  explicit.close();
});
