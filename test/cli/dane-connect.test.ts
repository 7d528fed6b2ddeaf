/** `anchorite dane --connect`: a look at servers, sound ones and others. */
import t from 'tap';
import { labServerKey, makeCertificate, newKey } from '../support/certificate-maker.js';
import { dane, type Ended } from './dane-command.js';
import { receivingServer, scriptedServer } from '../support/smtp-servers.js';

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
  t.match(stdout, /^ {2}pass every kind +each combination of usage, selector and matching type/m);
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
  const tcpmux = 1; // Nobody listens there, and no port is chosen below 1024.
  t.match(await lookAt(tcpmux), { status: 4, stdout: /FAIL connection +.*ECONNREFUSED/ });
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
