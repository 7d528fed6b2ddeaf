/** Several processes behind one address: what they count together, and bounds for all of them. */
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { metricsText, sumOf, WorkerLedger, withoutGauges } from '../../src/cli/metrics.js';
import { CLIENT_LIMITS } from '../../src/server/index.js';
import { frame } from '../../src/wire/index.js';
import { childrenOf, exchange, query, run, serve } from './running-program.js';
import { aliveAgain, logged, samples, stop, TWO_WORKERS } from './running-workers.js';

t.test('sums: counters of the dead stay, what they held does not', (t) => {
  const ledger = new WorkerLedger();
  const key = 'anchorite_requests_total{transport="udp"}';
  const bucket = 'anchorite_resolution_seconds_bucket{le="0.1"}';
  ledger.heard(1, { [key]: 5, [bucket]: 2, anchorite_workers: 1, anchorite_cached_rrsets: 10 });
  ledger.heard(2, { [key]: 7, [bucket]: 1, anchorite_workers: 1, anchorite_cached_rrsets: 20 });
  t.match(ledger.sum, {
    [key]: 12,
    [bucket]: 3,
    anchorite_workers: 2,
    anchorite_cached_rrsets: 30,
  });
  ledger.ended(1);
  const after = { [key]: 12, [bucket]: 3, anchorite_workers: 1, anchorite_cached_rrsets: 20 };
  t.match(ledger.sum, { ...after, anchorite_worker_ends_total: 1 });
  ledger.heard(3, { [key]: 1 });
  t.equal(ledger.sum[key], 13);
  t.same(withoutGauges({ anchorite_workers: 1, anchorite_resolution_seconds_sum: 2 }), {
    anchorite_resolution_seconds_sum: 2,
  });
  t.match(metricsText(sumOf({ [bucket]: 1 }, { [bucket]: 2 })).split('\n'), [
    /^# HELP anchorite_resolution_seconds /,
    '# TYPE anchorite_resolution_seconds histogram',
    `${bucket} 3`,
  ]);
  t.end();
});

t.test('metrics of one process: what was asked, over what, and how secure it was', async (t) => {
  const server = await serve('--lab', '--lab-delay', '1', '--metrics', '127.0.0.1:0');
  await exchange(server.port, query('p256.dane', 'MX'));
  await exchange(server.port, query('p256.dane', 'MX'));
  await exchange(server.port, query('unsigned.dane', 'MX'));
  await exchange(server.port, query('expired.broken', 'MX'));
  const found = await samples(server);
  t.match(Object.fromEntries(found), {
    'anchorite_requests_total{transport="udp"}': 4,
    'anchorite_requests_total{transport="tcp"}': 0,
    anchorite_replies_total: 4,
    'anchorite_resolutions_total{security="insecure"}': 1,
    'anchorite_resolutions_total{security="bogus"}': 1,
    'anchorite_resolution_seconds_bucket{le="+Inf"}': 3,
    anchorite_resolution_seconds_count: 3,
    anchorite_workers: 1,
  });
  t.equal(found.get('anchorite_resolutions_total{security="secure"}'), 1, 'the second was kept');
  t.ok(found.get('anchorite_upstream_queries_total')! > 3);
  t.ok(found.get('process_resident_memory_bytes')! > 1e7);
  const [, port] = /counters on http:\/\/127\.0\.0\.1:(\d+)/.exec(server.log()) ?? [];
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 405);
  t.match(await halfARequest(Number(port)), /408/, 'nobody keeps a connection for nothing');
  t.equal(await stop(server), 0);
  const closed = await serve('--lab', '--metrics', '127.0.0.1:0', '--allow', '192.0.2.0/24');
  await t.rejects(samples(closed), 'only for those whom allow admits');
  t.equal(await stop(closed), 0);
  const taken = await serve('--lab', '--lab-delay', '1');
  const place = ['--listen', '127.0.0.1:0', '--metrics', `127.0.0.1:${taken.port}`];
  const refused = await run('serve', '--lab', ...place);
  t.match(refused, { status: 1, stderr: /metrics.*something else listens there already/ });
  t.equal(await stop(taken), 0);
});

t.test('workers share the sockets, and their counters survive them', async (t) => {
  const server = await serve(...TWO_WORKERS, '--lab-delay', '1');
  for (let count = 0; count < 20; count++) {
    const answer = await exchange(server.port, query('p256.dane', 'MX'));
    if (answer.flag_ad !== true) t.equal(answer.flag_ad, true);
  }
  const asked = await run('resolve', 'rsa.dane', 'MX', '--server', `127.0.0.1:${server.port}`);
  t.match(asked, { status: 0, stdout: /flags: rd ra ad/ });
  const before = await samples(server);
  t.equal(before.get('anchorite_workers'), 2);
  const udp = 'anchorite_requests_total{transport="udp"}';
  t.ok(before.get(udp)! >= 21, 'all that either has heard');
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const [victim = 0] = childrenOf(server.child.pid ?? 0);
    process.kill(victim, signal);
    await logged(server, new RegExp(`worker ${victim} (ended by|was told)`));
    await aliveAgain(server);
    const after = await samples(server);
    for (const [key, value] of before) {
      if (/_total|_bucket|_sum|_count/.test(key)) t.ok(after.get(key)! >= value, key);
    }
    t.equal((await exchange(server.port, query('p256.dane', 'MX'))).flag_ad, true);
  }
  t.match(server.log(), /worker \d+ ended by SIGKILL; another one takes its place/);
  const last = await samples(server);
  t.equal(last.get('anchorite_worker_ends_total'), 2);
  t.ok(last.get(udp)! >= before.get(udp)! + 2);
  t.equal(await stop(server), 0);
  t.equal(server.log().match(/ ready: /g)?.length, 1);
  const wrong = await run('serve', '--lab', '--workers', '2', '--listen', '192.0.2.77:0');
  t.match(wrong, { status: 1, stderr: /this machine has no such address/ });
});

t.test('bounds on connections hold for all workers together', async (t) => {
  const server = await serve(...TWO_WORKERS, '--lab-delay', '1');
  const most = CLIENT_LIMITS.tcpConnections.value;
  const open = new Set<Socket>();
  for (let count = 0; count < most + 40; count++) {
    const socket = connect(server.port, '127.0.0.1');
    open.add(socket);
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    await new Promise((resolve) => socket.once('connect', resolve));
    // Who has asked once may stay for ten seconds.
    socket.write(frame(query('p256.dane', 'MX')));
  }
  for (let tries = 0; open.size > most && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // The system chooses who gets a connection, so one can be full while the other is not.
  t.ok(open.size <= most, `${open.size} of ${most + 40} are open`);
  t.ok((await samples(server)).get('anchorite_tcp_connections')! <= most, 'as it says itself');
  for (const socket of open) socket.destroy();
  t.equal(await stop(server), 0);
});

/** What comes back before the connection ends; nothing where that takes much too long. */
function halfARequest(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.1\r\n'));
  let heard = '';
  socket.on('data', (octets) => {
    heard += octets.toString();
  });
  return new Promise((resolve) => {
    const patience = setTimeout(() => socket.destroy(), 20_000);
    socket.once('close', () => {
      clearTimeout(patience);
      resolve(heard);
    });
  });
}
