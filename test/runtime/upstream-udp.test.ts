/** Queries over UDP: real sockets on loopback against servers that behave as told. */
import { execFileSync } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Entropy } from '../../src/resolver/index.js';
import type { OutgoingQuery, UpstreamEvent } from '../../src/runtime/index.js';
import { sendFailure } from '../../src/runtime/send-failures.js';
import { UpstreamUdp } from '../../src/runtime/upstream-udp.js';
import { IpAddress } from '../../src/wire/index.js';
import { pause, until } from './scripted-machine.js';

import { LOOPBACK, query, replyTo, settings } from './upstream-queries.js';

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

t.test('UDP: a flood of replies to one query is not kept until its turn comes', async (t) => {
  const port = await udpServer(t, (octets, from, socket) => {
    for (let count = 0; count < 100; count++) {
      socket.send(replyTo(octets, 4_096), from.port, from.address);
    }
  });
  const { udp, events } = openUdp(t);
  udp.send(query(port));
  await until('some replies', () => events.length >= 13);
  await pause(50);
  t.equal(events.length, 13, 'as many as come to 64 KiB');
  t.equal(udp.openSockets, 1, 'the resolver says when enough was heard');
  udp.send(query(port));
  await until('those to another query', () => events.length > 13);
});

t.test('UDP: more than was advertised is marked (RFC 9715)', async (t) => {
  let size = 0;
  const port = await udpServer(t, (octets, from, socket) => {
    socket.send(replyTo(octets, size), from.port, from.address);
  });
  const { udp, events } = openUdp(t);
  for (const [edns, replySize, oversized] of [
    [1232, 1232, false],
    [1232, 1233, true],
    [1232, 4096, true],
    [undefined, 512, false],
    [undefined, 513, true],
    [4096, 4000, false],
  ] as const) {
    size = replySize;
    events.length = 0;
    udp.send(query(port, edns === undefined ? {} : { edns }));
    await until('the reply', () => events.length === 1);
    const event = events[0]!;
    t.equal(event.kind === 'received' && event.oversized, oversized, `${replySize}`);
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
