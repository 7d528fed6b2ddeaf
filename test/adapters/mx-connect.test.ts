/**
 * mx-connect and nodemailer as they are published, with this resolver below them: mail to domains
 * of the lab, whose servers are played by smtp-server on this machine.
 */
import type { KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import t from 'tap';
import {
  createResolver,
  type MxConnectAdapter,
  type MxConnectOptions,
  toMxConnect,
} from '../../src/index.js';
import { labServerKey, makeCertificate, newKey } from '../support/certificate-maker.js';
import { startLabDaemon } from '../support/lab-daemon.js';
import { type ReceivingServer, receivingServer } from '../support/smtp-servers.js';

interface MxConnection {
  readonly socket: Socket;
  readonly hostname: string;
  readonly requireTls?: boolean;
  readonly daneEnabled?: boolean;
  readonly tlsaRecords?: readonly unknown[];
}

const mxConnect = createRequire(import.meta.url)('mx-connect') as (
  options: object,
) => Promise<MxConnection>;

const daemon = await startLabDaemon();
const resolver = createResolver({
  forward: daemon.endpoint,
  trustAnchor: daemon.anchor,
  rfc5011: false,
});
const open: ReceivingServer[] = [];

t.teardown(async () => {
  for (const server of open) server.close();
  resolver.close();
  await daemon.close();
});

async function serverWith(key: KeyObject): Promise<ReceivingServer> {
  const server = await receivingServer([makeCertificate({ subject: 'whoever', key })], key);
  open.push(server);
  return server;
}

interface Connected {
  readonly connection: MxConnection;
  readonly adapter: MxConnectAdapter;
}

/** The lab's addresses lead nowhere; the hook takes the connection to a server of the test. */
async function connectTo(
  domain: string,
  server: ReceivingServer,
  options: MxConnectOptions = {},
): Promise<Connected> {
  const adapter = toMxConnect(resolver, { domain, ...options });
  const { dnsOptions, dane } = adapter;
  const connectHook = (_: object, target: { socket?: Socket }, done: () => void): void => {
    target.socket = connect(server.port, '127.0.0.1', done);
  };
  const connection = await mxConnect({ target: domain, dnsOptions, dane, connectHook });
  return { connection, adapter };
}

/** What a mailer does: EHLO, STARTTLS, the check, and only then the message. */
async function deliver({ connection, adapter }: Connected, recipient: string): Promise<string> {
  const { hostname, requireTls = false, socket } = connection;
  const servername = await adapter.serverName(hostname);
  const smtp = new SMTPConnection({
    connection: socket,
    host: hostname,
    requireTLS: requireTls,
    // The records decide, not the authorities of this machine.
    tls: { servername, rejectUnauthorized: false },
  });
  await new Promise<void>((resolve, reject) => {
    smtp.on('error', reject);
    smtp.connect((error) => (error ? reject(error) : resolve()));
  });
  const verdict = await adapter.verifyPeer(hostname, smtp._socket as TLSSocket);
  if (verdict?.ok === false) {
    smtp.close();
    return `refused: ${verdict.code}`;
  }
  const envelope = { from: 'a@sender.test', to: [recipient] };
  await new Promise((resolve, reject) => {
    smtp.send(envelope, 'Subject: test\r\n\r\ntext\r\n', (error, info) =>
      error ? reject(error) : resolve(info),
    );
  });
  smtp.quit();
  return verdict === undefined ? 'delivered' : 'delivered, authenticated';
}

t.test('a domain with DANE: nodemailer delivers over the socket of mx-connect', async (t) => {
  const server = await serverWith(labServerKey);
  const connected = await connectTo('certificate.dane', server);
  t.match(connected.connection, {
    hostname: 'mx.certificate.dane',
    daneEnabled: true,
    requireTls: true,
    tlsaRecords: [{ usage: 3, selector: 1, mtype: 1 }],
  });
  t.equal(await deliver(connected, 'b@certificate.dane'), 'delivered, authenticated');
  t.match(server.messages, [{ recipients: ['b@certificate.dane'], overTls: true }]);
});

t.test('the same domain and a server with another key: nothing is handed over', async (t) => {
  const server = await serverWith(newKey());
  const connected = await connectTo('certificate.dane', server);
  t.equal(await deliver(connected, 'b@certificate.dane'), 'refused: no match');
  t.same(server.messages, []);
});

t.test("DANE-TA: the mail domain's name will do where its MX is signed (§3.2.2)", async (t) => {
  // The record is the lab server's key itself (2 1 0): here it is an authority that issues.
  const authority = { subject: 'Authority', key: labServerKey };
  const serverFor = async (name: string) => {
    const key = newKey();
    const own = makeCertificate({ subject: 'x', names: [name], key, issuer: authority });
    const server = await receivingServer([own], key);
    open.push(server);
    return server;
  };
  const outcome = async (name: string, options: MxConnectOptions = {}) => {
    const connected = await connectTo('full-key.dane', await serverFor(name), options);
    return deliver(connected, 'b@full-key.dane');
  };
  t.equal(await outcome('mx.full-key.dane'), 'delivered, authenticated');
  t.equal(await outcome('full-key.dane'), 'delivered, authenticated');
  t.equal(await outcome('other.test'), 'refused: name mismatch');
  // A domain whose own records do not lead to this host lends it no name.
  const tenant = { domain: 'tenant.plain' };
  t.equal(await outcome('mx.full-key.dane', tenant), 'delivered, authenticated');
  t.equal(await outcome('tenant.plain', tenant), 'refused: name mismatch');
});

t.test('a domain without DANE: as before', async (t) => {
  const server = await serverWith(newKey());
  for (const domain of ['unsigned.dane', 'no-tlsa.dane', 'foreign-host.dane']) {
    const connected = await connectTo(domain, server);
    t.notOk(connected.connection.daneEnabled, domain);
    t.equal(await deliver(connected, `b@${domain}`), 'delivered');
  }
  t.equal(server.messages.length, 3);
});

t.test('failed look-ups: no connection, and the error says what failed', async (t) => {
  const server = await serverWith(labServerKey);
  await t.rejects(connectTo('expired-tlsa.broken', server), {
    category: 'dane',
    temporary: true,
    message: /look-up of _25\._tcp\.mx\.expired-tlsa\.broken TLSA failed.*expired/,
  });
  await t.rejects(connectTo('expired.broken', server), { code: 'ESERVFAIL', category: 'dns' });
  await t.rejects(connectTo('null-mx.dane', server), { message: /.*/ });
  // The first exchange cannot be used; mx-connect goes on to the second.
  const { connection } = await connectTo('two-exchanges.dane', server);
  t.equal(connection.hostname, 'mx.p256.dane');
  connection.socket.destroy();
});

t.test('records that nobody can use: refused, or hidden, as it is told', async (t) => {
  const server = await serverWith(newKey());
  const refusing = await connectTo('pkix.dane', server);
  t.match(refusing.connection, { daneEnabled: true, requireTls: true });
  refusing.connection.socket.destroy();
  const hiding = await connectTo('pkix.dane', server, { unusable: 'opportunistic' });
  t.notOk(hiding.connection.daneEnabled);
  t.equal(await deliver(hiding, 'b@pkix.dane'), 'delivered');
});

t.test('records at the name behind an alias are found (RFC 7672 §2.2.2)', async (t) => {
  const server = await serverWith(labServerKey);
  const { connection, adapter } = await connectTo('cname-mx.dane', server);
  t.match(connection, { daneEnabled: true, hostname: 'mail.cname-mx.dane' });
  t.equal(await adapter.serverName(connection.hostname), 'mx.cname-mx.dane');
  connection.socket.destroy();
});
