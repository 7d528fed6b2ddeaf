/** What a look at a server takes for presented. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { promisify } from 'node:util';
import t from 'tap';
import { presentedCertificates, probeSmtp } from '../../src/runtime/index.js';
import { makeCertificate, newKey, pem, pemKey } from '../support/certificate-maker.js';
import { receivingServer } from '../support/smtp-servers.js';

const runtime = new URL('../../src/runtime/index.js', import.meta.url).href;

t.test('an authority that only this machine has was not sent (RFC 7672 §3.1.2)', async (t) => {
  const root = { subject: 'Root', key: newKey() };
  const authority = makeCertificate({ ...root, isAuthority: true });
  const key = newKey();
  const own = makeCertificate({ subject: 'here', key, issuer: root });
  const file = join(t.testdir(), 'authorities.pem');
  writeFileSync(file, pem(authority));

  // Node reads the file when it starts.
  const countSeen = async (port: number): Promise<number> => {
    const server = JSON.stringify({
      host: '127.0.0.1',
      port,
      serverName: 'here',
      isImplicitTls: false,
    });
    const script =
      `const { probeSmtp } = await import(${JSON.stringify(runtime)});` +
      `console.log((await probeSmtp(${server})).certificates?.length);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: file } },
    );
    return Number(stdout);
  };
  for (const chain of [[own], [own, authority]]) {
    const server = await receivingServer(chain, key);
    t.equal(await countSeen(server.port), chain.length);
    server.close();
  }
});

t.test('nor is it taken for sent when somebody else has made the connection', async (t) => {
  const root = { subject: 'Root', key: newKey() };
  const authority = makeCertificate({ ...root, isAuthority: true });
  const stray = makeCertificate({ subject: 'Stray', key: newKey(), isAuthority: true });
  const key = newKey();
  const own = makeCertificate({ subject: 'here', key, issuer: root });
  for (const chain of [[own], [own, authority], [own, stray, authority]]) {
    const server = createServer({ key: pemKey(key), cert: chain.map(pem).join('') });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, rejectUnauthorized: false, ca: [pem(authority)] });
    await once(socket, 'secureConnect');
    t.same(presentedCertificates(socket), chain, 'as they were sent, and in that order');
    socket.destroy();
    server.close();
  }
});

t.test('TLS first: the certificates, and that SMTP is spoken inside', async (t) => {
  const key = newKey();
  const own = makeCertificate({ subject: 'here', key });
  const mail = await receivingServer([own], key, true);
  const place = { host: '127.0.0.1', serverName: 'here', isImplicitTls: true };
  t.match(await probeSmtp({ ...place, port: mail.port }), {
    reached: 'TLS',
    isImplicit: true,
    certificates: [own],
  });
  mail.close();
  const other = createServer({ key: pemKey(key), cert: pem(own) }, (socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n');
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  // Whoever has the certificate but no SMTP is no place for mail.
  t.match(await probeSmtp({ ...place, port }), { reached: 'connection', sentence: /./ });
  other.close();
});
