/** Queries on their way out: real sockets on loopback against servers that behave as told. */
import { execFileSync } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Entropy } from '../../src/resolver/index.js';
import { type OutgoingQuery, SystemEntropy, type UpstreamEvent } from '../../src/runtime/index.js';
import { sendFailure } from '../../src/runtime/send-failures.js';
import { UPSTREAM_TCP_LIMITS, UpstreamTcp } from '../../src/runtime/upstream-tcp.js';
import { UpstreamUdp } from '../../src/runtime/upstream-udp.js';
import { buildQuery, frame, IpAddress, TcpDeframer } from '../../src/wire/index.js';
import { name } from '../server/front-desk.js';
import { pause, until } from './scripted-machine.js';

const LOOPBACK = IpAddress.parse('127.0.0.1')!;
const settings = { entropy: new SystemEntropy(), sourceAddresses: [] };

let lastQueryId = 0;

function query(
  port: number,
  fields: { id?: number; address?: string; transport?: 'udp' | 'tcp'; edns?: number } = {},
): OutgoingQuery {
  lastQueryId++;
  const { id = lastQueryId & 0xffff, address, transport = 'udp', edns } = fields;
  return {
    kind: 'send',
    queryId: lastQueryId,
    address: address === undefined ? LOOPBACK : IpAddress.parse(address)!,
    port,
    transport,
    octets: buildQuery({
      id,
      name: name('www.example.org'),
      type: 1,
      class: 1,
      ...(edns === undefined ? {} : { edns: { udpSizeOctets: edns, dnssecOk: true } }),
    }),
  };
}

/** The query as a reply of `size` octets. */
function replyTo(octets: Uint8Array, size = octets.length): Uint8Array {
  const reply = new Uint8Array(size);
  reply.set(octets.subarray(0, Math.min(size, octets.length)));
  if (size > 2) reply[2]! |= 0x80;
  return reply;
}

// --- UDP ---

type UdpBehaviour = (octets: Uint8Array, from: RemoteInfo, socket: UdpSocket) => void;

async function udpServer(t: Test, behaviour: UdpBehaviour, address = '127.0.0.1'): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (octets, from) => behaviour(octets, from, socket));
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  t.teardown(() => socket.close());
  return socket.address().port;
}

function openUdp(t: Test, entropy: Entropy = settings.entropy, sources: IpAddress[] = []) {
  const events: UpstreamEvent[] = [];
  const udp = new UpstreamUdp({ entropy, sourceAddresses: sources }, (event) => {
    events.push(event);
  });
  t.teardown(() => udp.close());
  return { udp, events };
}

t.test('UDP: each query from a port of its own, which is closed when nobody waits', async (t) => {
  const ports: number[] = [];
  const port = await udpServer(t, (octets, from, socket) => {
    ports.push(from.port);
    socket.send(replyTo(octets), from.port, from.address);
  });
  const { udp, events } = openUdp(t);
  const queries = Array.from({ length: 150 }, () => query(port, { edns: 1232 }));
  for (const one of queries) udp.send(one);
  await until('all replies', () => events.length === queries.length);
  t.equal(udp.openSockets, queries.length, 'open until they are abandoned');
  const distinct = new Set(ports);
  t.equal(distinct.size, queries.length, 'no port twice at the same time');
  t.ok(Math.min(...ports) >= 1024);
  const byQuery = new Map(events.map((event) => [event.queryId, event]));
  for (const { queryId, octets } of queries) {
    const event = byQuery.get(queryId);
    if (event?.kind !== 'received') t.fail(`query ${queryId}: ${event?.kind}`);
    else if (event.octets[1] !== octets[1] || event.oversized) t.fail('not its own reply');
  }
  for (const { queryId } of queries) udp.abandon(queryId);
  t.equal(udp.openSockets, 0);
  await until('the kernel has none left', () => !openPorts().some((one) => distinct.has(one)));
});

/** Local ports of all UDP sockets of this network namespace. */
function openPorts(): number[] {
  const lines = readFileSync('/proc/net/udp', 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => Number.parseInt(line.trim().split(/\s+/)[1]!.split(':')[1]!, 16));
}

t.test('UDP: sockets are connected, others cannot reply (SAD DNS, RFC 5452)', async (t) => {
  const seen: { from: RemoteInfo; octets: Uint8Array }[] = [];
  const port = await udpServer(t, (octets, from) => void seen.push({ from, octets }));
  const { udp, events } = openUdp(t);
  udp.send(query(port));
  await until('the query', () => seen.length === 1);
  const { from, octets } = seen[0]!;
  const local = from.port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .find((text) => {
      return text.includes(`:${local} `) && text.includes('0100007F');
    });
  const remote = port.toString(16).toUpperCase().padStart(4, '0');
  t.match(line, new RegExp(`0100007F:${remote} 01`), 'the kernel knows the peer');
  const stranger = createSocket('udp4');
  t.teardown(() => stranger.close());
  stranger.send(replyTo(octets), from.port, '127.0.0.1');
  await pause(50);
  t.same(events, [], 'a perfect forgery from another port is not even seen');
});

t.test('UDP: a wrong ID is a near miss, once, and the right reply still counts', async (t) => {
  const port = await udpServer(t, (octets, from, socket) => {
    const say = (reply: Uint8Array): void => socket.send(reply, from.port, from.address);
    say(new Uint8Array(0));
    say(Uint8Array.of(octets[0]!));
    for (let wrong = 1; wrong <= 20; wrong++) {
      const forged = replyTo(octets);
      forged[1]! ^= wrong;
      say(forged);
    }
    say(Uint8Array.of(octets[0]!, octets[1]!, 0));
    say(replyTo(octets));
  });
  const { udp, events } = openUdp(t);
  udp.send(query(port));
  await until('both replies', () => events.length >= 3);
  await pause(20);
  t.same(
    events.map(({ kind }) => kind),
    ['near miss', 'received', 'received'],
  );
  t.match(events[1], { octets: { length: 3 } }, 'what is in it, the resolver judges');
});

t.test('UDP: more than was advertised is marked (RFC 9715)', async (t) => {
  let size = 0;
  const port = await udpServer(t, (octets, from, socket) => {
    socket.send(replyTo(octets, size), from.port, from.address);
  });
  const { udp, events } = openUdp(t);
  for (const [edns, replySize, oversized] of [
    [1232, 1232, undefined],
    [1232, 1233, true],
    [1232, 4096, true],
    [undefined, 512, undefined],
    [undefined, 513, true],
    [4096, 4000, undefined],
  ] as const) {
    size = replySize;
    events.length = 0;
    udp.send(query(port, edns === undefined ? {} : { edns }));
    await until('the reply', () => events.length === 1);
    const event = events[0]!;
    t.equal(event.kind === 'received' && event.oversized, oversized ?? undefined, `${replySize}`);
    t.equal(event.kind === 'received' && event.octets.length, replySize);
    t.equal(event.kind === 'received' && event.octets.constructor, Uint8Array, 'no Buffer');
  }
});

t.test('UDP: what cannot be sent is a failed query, never an exception', async (t) => {
  const { udp, events } = openUdp(t);
  const closed = await udpServer(t, () => {});
  const failureOf = async (one: OutgoingQuery): Promise<string> => {
    events.length = 0;
    udp.send(one);
    await until(`failure of ${one.address}`, () => events.length === 1);
    const [event] = events;
    return event?.kind === 'failed' ? event.failure : String(event?.kind);
  };
  const gone = createSocket('udp4');
  await new Promise<void>((resolve) => gone.bind(0, '127.0.0.1', resolve));
  const { port } = gone.address();
  await new Promise<void>((resolve) => gone.close(() => resolve()));
  t.equal(await failureOf(query(port)), 'refused');
  t.equal(await failureOf(query(closed, { address: '::ffff:127.0.0.1' })), 'send error');
  t.equal(await failureOf(query(closed, { address: '::ffff:192.0.2.1' })), 'send error');
  // 255.255.255.255 needs SO_BROADCAST; port 0 is nowhere; a stray link-local needs a zone.
  const broadcast = await failureOf(query(closed, { address: '255.255.255.255' }));
  t.match(broadcast, /send error|unreachable/);
  t.equal(await failureOf(query(0)), 'send error');
  t.match(await failureOf(query(53, { address: 'fe80::1' })), /send error|unreachable/);
  t.equal(udp.openSockets, 0, 'and nothing is left open');
  const away = openUdp(t, settings.entropy, [IpAddress.parse('203.0.113.7')!]);
  away.udp.send(query(closed));
  await until('no such source', () => away.events.length === 1);
  t.match(away.events, [{ kind: 'failed', failure: 'unreachable' }]);
});

t.test('UDP: a port that is taken is passed over', async (t) => {
  const taken = createSocket('udp4');
  await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const ports: number[] = [];
  const port = await udpServer(t, (octets, from, socket) => {
    ports.push(from.port);
    socket.send(replyTo(octets), from.port, from.address);
  });
  let draws = 0;
  const stubborn: Entropy = {
    // The first three draws give the port that is taken.
    uint16: () => (++draws <= 3 ? taken.address().port - 1_024 : settings.entropy.uint16()),
    uint32: () => settings.entropy.uint32(),
    fill: (octets) => settings.entropy.fill(octets),
  };
  const { udp, events } = openUdp(t, stubborn, [LOOPBACK]);
  udp.send(query(port));
  await until('the reply', () => events.length === 1);
  t.match(events, [{ kind: 'received' }]);
  t.ok(draws > 3);
  t.not(ports[0], taken.address().port);

  const hopeless: Entropy = { ...stubborn, uint16: () => taken.address().port - 1_024 };
  const stuck = openUdp(t, hopeless, [LOOPBACK]);
  stuck.udp.send(query(port));
  await until('it gives up', () => stuck.events.length === 1);
  t.match(stuck.events, [{ kind: 'failed', failure: 'send error' }]);
});

t.test('UDP: late replies to abandoned queries are not heard', async (t) => {
  const port = await udpServer(t, (octets, from, socket) => {
    setTimeout(() => socket.send(replyTo(octets), from.port, from.address), 30);
  });
  const { udp, events } = openUdp(t);
  const one = query(port);
  udp.send(one);
  await pause(5);
  udp.abandon(one.queryId);
  udp.abandon(one.queryId);
  await pause(60);
  t.same(events, []);
});

t.test('UDP over IPv6', { skip: hasIpv6() ? false : 'no ::1 on this machine' }, async (t) => {
  const hosts: string[] = [];
  const behaviour: UdpBehaviour = (octets, from, socket) => {
    hosts.push(from.address);
    socket.send(replyTo(octets), from.port, from.address);
  };
  const port = await udpServer(t, behaviour, '::1');
  const { udp, events } = openUdp(t);
  udp.send(query(port, { address: '::1' }));
  await until('the reply', () => events.length === 1);
  t.match(events, [{ kind: 'received' }]);
  t.same(hosts, ['::1']);
});

function hasIpv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001');
  } catch {
    return false;
  }
}

t.test('without descriptors queries fail, and afterwards all is well (EMFILE)', async (t) => {
  // In a process of its own, as the limit cannot be raised again.
  const program = `
    const { UpstreamUdp } = await import(${JSON.stringify(moduleUrl('upstream-udp.js'))});
    const { SystemEntropy } = await import(${JSON.stringify(moduleUrl('entropy.js'))});
    const { IpAddress } = await import(${JSON.stringify(moduleUrl('../wire/index.js'))});
    const outcomes = {};
    const settings = { entropy: new SystemEntropy(), sourceAddresses: [] };
    const udp = new UpstreamUdp(settings, ({ kind, failure = '' }) => {
      outcomes[kind + ' ' + failure] = (outcomes[kind + ' ' + failure] ?? 0) + 1;
    });
    const address = IpAddress.parse('127.0.0.1');
    const send = (queryId) => udp.send(
      { kind: 'send', queryId, address, port: 9, transport: 'udp', octets: new Uint8Array(17) });
    for (let queryId = 1; queryId <= 100; queryId++) send(queryId);
    const open = udp.openSockets;
    udp.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    send(1000);
    console.log(JSON.stringify({ open, after: udp.openSockets, outcomes }));
    udp.close();`;
  const command = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
  const options = { encoding: 'utf8', timeout: 20_000 } as const;
  const shown = execFileSync('bash', ['-c', command, process.execPath, program], options);
  const { open, after, outcomes } = JSON.parse(shown);
  t.ok(open > 5 && open < 64, `${open} sockets could be opened`);
  t.equal(outcomes['failed send error'], 100 - open, 'each of the others failed, once');
  t.equal(after, 1, 'then it works again');
});

function moduleUrl(file: string): string {
  return new URL(`../../src/runtime/${file}`, import.meta.url).href;
}

t.test('errors of the system in the words of the resolver', (t) => {
  const words: Record<string, string> = {
    ECONNREFUSED: 'refused',
    ENETUNREACH: 'unreachable',
    EHOSTUNREACH: 'unreachable',
    EADDRNOTAVAIL: 'unreachable',
    ECONNRESET: 'closed',
    EPIPE: 'closed',
    EINVAL: 'send error',
    EPERM: 'send error',
    EMFILE: 'send error',
    ENOBUFS: 'send error',
    EWHATEVER: 'send error',
  };
  for (const [code, failure] of Object.entries(words)) {
    t.equal(sendFailure(Object.assign(new Error(code), { code })), failure, code);
  }
  t.equal(sendFailure('odd'), 'send error');
  t.end();
});

// --- TCP ---

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
