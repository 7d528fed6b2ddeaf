import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { UpstreamEvent } from '../../src/runtime/index.js';
import { UPSTREAM_TCP_LIMITS, UpstreamTcp } from '../../src/runtime/upstream-tcp.js';
import { frame, TcpDeframer } from '../../src/wire/index.js';
import { pause, until } from './scripted-machine.js';

import { query, replyTo, settings } from './upstream-queries.js';

interface TcpServer {
  readonly port: number;
  readonly connections: Socket[];
  /** Messages of all connections, in order of arrival. */
  readonly heard: { readonly octets: Uint8Array; readonly socket: Socket }[];
}

async function tcpServer(
  t: Test,
  behaviour: (octets: Uint8Array, socket: Socket, server: TcpServer) => void,
): Promise<TcpServer> {
  const server: Server = createServer();
  const seen: TcpServer = { port: 0, connections: [], heard: [] };
  server.on('connection', (socket) => {
    const deframer = new TcpDeframer();
    seen.connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const octets of deframer.push(chunk)) {
        seen.heard.push({ octets, socket });
        behaviour(octets, socket, seen);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of seen.connections) socket.destroy();
  });
  return Object.assign(seen, { port: (server.address() as AddressInfo).port });
}

function openTcp(t: Test, limits: Partial<typeof UPSTREAM_TCP_LIMITS> = {}) {
  const events: UpstreamEvent[] = [];
  const tcp = new UpstreamTcp(settings, (event) => void events.push(event), {
    ...UPSTREAM_TCP_LIMITS,
    ...limits,
  });
  t.teardown(() => tcp.close());
  return { tcp, events };
}

const idsOf = (events: readonly UpstreamEvent[]): number[] => events.map(({ queryId }) => queryId);

t.test('TCP: queries share a connection, replies come in any order (RFC 7766)', async (t) => {
  const held: Uint8Array[] = [];
  const server = await tcpServer(t, (octets, socket) => {
    held.push(octets);
    if (held.length < 5) return;
    const stream = Buffer.concat(held.reverse().map((one) => frame(replyTo(one))));
    // In odd pieces, as networks do.
    for (let at = 0; at < stream.length; at += 7) socket.write(stream.subarray(at, at + 7));
  });
  const { tcp, events } = openTcp(t);
  const queries = Array.from({ length: 5 }, () => query(server.port, { transport: 'tcp' }));
  for (const one of queries) tcp.send(one);
  await until('five replies', () => events.length === 5);
  t.equal(server.connections.length, 1);
  t.same(idsOf(events), idsOf(queries as never).reverse());
  for (const event of events) {
    const sent = queries.find(({ queryId }) => queryId === event.queryId)!;
    if (event.kind !== 'received') t.fail(event.kind);
    else t.same(event.octets, replyTo(sent.octets));
  }
  held.length = 0;
  for (const one of Array.from({ length: 5 }, () => query(server.port))) tcp.send(one);
  await until('five more', () => events.length === 10);
  t.equal(server.connections.length, 1, 'the connection is kept for the next ones');
});

t.test('TCP: an idle connection is closed after a while', async (t) => {
  const server = await tcpServer(t, (octets, socket) => socket.write(frame(replyTo(octets))));
  const { tcp, events } = openTcp(t, { idleMs: 60 });
  tcp.send(query(server.port));
  await until('the reply', () => events.length === 1);
  t.equal(tcp.openConnections, 1);
  await until('it is closed', () => tcp.openConnections === 0, 1_000);
  tcp.send(query(server.port));
  await until('another reply', () => events.length === 2);
  t.equal(server.connections.length, 2);
});

t.test('TCP: a server that closes kept connections costs one retry, not a failure', async (t) => {
  const server = await tcpServer(t, (octets, socket, { heard }) => {
    const onThis = heard.filter((one) => one.socket === socket).length;
    // It answers one query per connection, and closes as the second one arrives.
    if (onThis === 1) socket.write(frame(replyTo(octets)));
    else socket.destroy();
  });
  const { tcp, events } = openTcp(t);
  tcp.send(query(server.port));
  await until('the first reply', () => events.length === 1);
  tcp.send(query(server.port));
  await until('the second reply', () => events.length === 2);
  t.match(events, [{ kind: 'received' }, { kind: 'received' }]);
  t.equal(server.connections.length, 2);
});

t.test('TCP: a server that closes without a word has failed', async (t) => {
  const server = await tcpServer(t, (_octets, socket) => socket.destroy());
  const { tcp, events } = openTcp(t);
  tcp.send(query(server.port));
  await until('the failure', () => events.length === 1);
  t.match(events, [{ kind: 'failed', failure: 'closed' }]);
  t.equal(server.connections.length, 1, 'and is not asked again from here');
  t.equal(tcp.openConnections, 0);
});

t.test('TCP: refused, unreachable, mapped', async (t) => {
  const { tcp, events } = openTcp(t);
  const server = await tcpServer(t, () => {});
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise<void>((resolve) => free.close(() => resolve()));
  tcp.send(query(port));
  await until('refused', () => events.length === 1);
  t.match(events.pop(), { kind: 'failed', failure: 'refused' });
  tcp.send(query(server.port, { address: '::ffff:127.0.0.1' }));
  t.match(events.pop(), { kind: 'failed', failure: 'send error' });
  t.equal(server.connections.length, 0);
});

t.test('TCP: garbage instead of a length ends the connection', async (t) => {
  const server = await tcpServer(t, (_octets, socket) =>
    socket.write(Uint8Array.of(0, 3, 1, 2, 3)),
  );
  const { tcp, events } = openTcp(t);
  tcp.send(query(server.port));
  await until('the failure', () => events.length === 1);
  t.match(events, [{ kind: 'failed', failure: 'closed' }]);
  t.equal(tcp.openConnections, 0);
});

t.test('TCP: unknown IDs are passed over, equal IDs do not share a connection', async (t) => {
  const server = await tcpServer(t, (octets, socket) => {
    const stray = replyTo(octets);
    stray[0]! ^= 0x55;
    socket.write(frame(stray));
    socket.write(frame(replyTo(octets)));
    socket.write(frame(replyTo(octets)));
  });
  const { tcp, events } = openTcp(t);
  const one = query(server.port, { id: 77 });
  const two = query(server.port, { id: 77 });
  tcp.send(one);
  tcp.send(two);
  await until('both replies', () => events.length === 2);
  await pause(20);
  t.same(
    events.map(({ kind }) => kind),
    ['received', 'received'],
  );
  t.same(idsOf(events).sort(), [one.queryId, two.queryId].sort());
  t.equal(server.connections.length, 2);
});

t.test('TCP: abandoned queries close their connection', async (t) => {
  const server = await tcpServer(t, () => {});
  const { tcp, events } = openTcp(t);
  const one = query(server.port);
  const two = query(server.port);
  tcp.send(one);
  tcp.send(two);
  await until('both are heard', () => server.heard.length === 2);
  tcp.abandon(one.queryId);
  t.equal(tcp.openConnections, 1, 'the other one still waits');
  tcp.send(query(server.port));
  await until('the third', () => server.heard.length === 3);
  t.equal(server.connections.length, 2, 'a connection with an overdue reply takes no more');
  tcp.abandon(two.queryId);
  t.equal(tcp.openConnections, 1);
  t.same(events, []);
});

t.test('TCP: connections are bounded; idle ones give way, busy ones do not', async (t) => {
  const servers = await Promise.all(
    Array.from({ length: 4 }, (_, at) =>
      tcpServer(t, (octets, socket) => {
        if (at > 0) socket.write(frame(replyTo(octets)));
      }),
    ),
  );
  const { tcp, events } = openTcp(t, { connections: 2 });
  tcp.send(query(servers[0]!.port));
  tcp.send(query(servers[1]!.port));
  await until('one reply', () => events.length === 1);
  tcp.send(query(servers[2]!.port));
  await until('another', () => events.length === 2);
  t.equal(tcp.openConnections, 2, 'the idle one made room');
  const stalled = query(servers[0]!.port, { id: 1 });
  tcp.send({ ...stalled, port: servers[3]!.port });
  await until('a third', () => events.length === 3);
  t.match(events[2], { kind: 'received' });
  const busy = openTcp(t, { connections: 2 });
  busy.tcp.send(query(servers[0]!.port, { id: 5 }));
  busy.tcp.send(query(servers[0]!.port, { id: 5 }));
  busy.tcp.send(query(servers[1]!.port));
  t.match(busy.events, [{ kind: 'failed', failure: 'send error' }], 'no room, and it says so');
  t.equal(busy.tcp.openConnections, 2);
});

t.test('TCP: a connection is used up after so many queries', async (t) => {
  const server = await tcpServer(t, (octets, socket) => socket.write(frame(replyTo(octets))));
  const { tcp, events } = openTcp(t, { queriesPerConnection: 3 });
  for (let sent = 1; sent <= 7; sent++) {
    tcp.send(query(server.port));
    await until(`reply ${sent}`, () => events.length === sent);
  }
  t.equal(server.connections.length, 3);
});
