/** What a look at a server takes for presented. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { makeCertificate, newKey, pem } from '../support/certificate-maker.js';
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
    const server = JSON.stringify({ host: '127.0.0.1', port, serverName: 'here' });
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
