/** The lookup function as net, tls, http and dgram call it, over real connections. */
import { createSocket } from 'node:dgram';
import { ADDRCONFIG, type LookupAddress, V4MAPPED } from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpServer, get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import t from 'tap';
import { createResolver, type LookupFunction, toLookup } from '../../src/index.js';
import { makeCertificate, newKey, pem, pemKey } from '../support/certificate-maker.js';
import { startLabDaemon } from '../support/lab-daemon.js';

const daemon = await startLabDaemon();
const resolver = createResolver({
  forward: daemon.endpoint,
  trustAnchor: daemon.anchor,
  rfc5011: false,
});
const lookup = toLookup(resolver);

t.teardown(async () => {
  resolver.close();
  await daemon.close();
});

interface LookedUp {
  readonly error: NodeJS.ErrnoException | null;
  readonly address: string;
  readonly family: number;
}

function one(hostname: string, options: object | number = {}): Promise<LookedUp> {
  return new Promise((resolve) => {
    lookup(hostname, options as object, (error, address, family) =>
      resolve({ error, address, family }),
    );
  });
}

function all(hostname: string, options: object = {}): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) =>
      error === null ? resolve(addresses) : reject(error),
    );
  });
}

t.test('every form of the call', async (t) => {
  const host = 'mx.p256.dane';
  t.match(await one('mx.ｐ256。dane'), { error: null, address: /^11\\.|:/ }, 'in another script');
  t.match(await one(host, { family: 4 }), { error: null, address: /^11\./, family: 4 });
  t.match(await one(host, { family: 6 }), { error: null, address: /^30/, family: 6 });
  t.match(await one(host, 4), { address: /^11\./, family: 4 }, 'dgram gives a number');
  t.match(await one(host, { family: 'IPv6' }), { family: 6 });
  const bare = await new Promise((resolve) => {
    lookup(host, (error, address, family) => resolve({ error, address, family }));
  });
  t.match(bare, { error: null, address: /./ }, 'without options');
  const families = async (options: object) =>
    (await all(host, options)).map(({ family }) => family);
  t.same(await families({}), [6, 4]);
  t.same(await families({ order: 'ipv4first' }), [4, 6]);
  t.same(await families({ verbatim: false }), [4, 6]);
  t.same(await families({ family: 4 }), [4]);
  t.match(await one('192.0.2.7'), { address: '192.0.2.7', family: 4 }, 'addresses pass through');
  t.match(await all('2001:db8::1'), [{ address: '2001:db8::1', family: 6 }]);
  t.same(
    await all('six.dane', { family: 6, hints: V4MAPPED }).catch(({ code }) => code),
    'ENOTFOUND',
  );
  const onlyFour = await all('mx.refused-aaaa.dane', { family: 6, hints: V4MAPPED }).catch(
    () => [],
  );
  t.same(onlyFour, [], 'nobody');
  t.ok((await all(host, { hints: ADDRCONFIG })).length > 0);
  t.throws(() => lookup(host, { family: 5 as 4 }, () => {}), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => (lookup as (name: string) => void)(host), { code: 'ERR_INVALID_ARG_TYPE' });
});

t.test('absent is ENOTFOUND; bogus is ESERVFAIL, also when it is only half', async (t) => {
  const absent = await one('nobody.p256.dane');
  t.match(absent.error, {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: 'nobody.p256.dane',
  });
  const noAddress = await one('p256.dane');
  t.match(noAddress.error, { code: 'ENOTFOUND' });
  const bogus = await one('mx.expired.broken');
  t.match(bogus.error, { code: 'ESERVFAIL', why: { code: 'signature expired' } });
  await t.rejects(all('mx.expired.broken'), { code: 'ESERVFAIL' });
  t.match((await one('a..b')).error, { code: 'ENOTFOUND' });
});

/** The lab's addresses belong to nobody, so connections go by a name that is this machine. */
const here = 'localhost';

t.test('net and http, as they call it', async (t) => {
  const server = createServer((socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const options of [{}, { family: 4 }, { autoSelectFamily: false, family: 4 }]) {
    const socket = connect({ host: here, port, lookup: lookup as never, ...options });
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    t.equal(chunk.toString(), 'hello');
    socket.destroy();
  }
  server.close();
  const refused = connect({ host: 'mx.expired.broken', port, lookup: lookup as never });
  const [error] = (await once(refused, 'error')) as [Error];
  t.match(error, { code: 'ESERVFAIL' }, 'no connection to where nobody proved to be');

  const web = createHttpServer((_, response) => response.end('page'));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const url = `http://${here}:${(web.address() as AddressInfo).port}/`;
  const request = get(url, { lookup: lookup as never, agent: false });
  const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
  t.equal(response.statusCode, 200);
  response.resume();
  web.close();
});

t.test('tls and dgram, as they call it', async (t) => {
  const key = newKey();
  const cert = pem(makeCertificate({ subject: here, names: [here], key }));
  const server = createTlsServer({ key: pemKey(key), cert }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connectTls({
    host: here,
    servername: here,
    port,
    ca: cert,
    lookup: lookup as never,
  });
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  t.equal(chunk.toString(), 'hello');
  socket.destroy();
  server.close();

  const receiver = createSocket('udp4');
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const sender = createSocket({ type: 'udp4', lookup: lookup as LookupFunction as never });
  sender.send('hello', receiver.address().port, here);
  const [datagram] = (await once(receiver, 'message')) as [Buffer];
  t.equal(datagram.toString(), 'hello');
  sender.close();
  receiver.close();
});
