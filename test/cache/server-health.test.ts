/** Server health: patience, choice, and what a few forged packets must not be able to spoil. */
import t from 'tap';
import { type ServerCandidate, ServerHealth } from '../../src/cache/index.js';
import { SeededRandom } from '../../src/lab/index.js';
import { IpAddress } from '../../src/wire/index.js';
import { name } from './made-up-data.js';

const SEED = 20_270_115;
t.comment(`seed ${SEED}`);

function entropyOf(random: SeededRandom) {
  return {
    uint32: () => random.uint32(),
    fill: (octets: Uint8Array) => {
      for (let at = 0; at < octets.length; at++) octets[at] = random.uint32() & 0xff;
    },
  };
}

const entropy = entropyOf(new SeededRandom(SEED));
const ZONE = name('example.');

function server(text: string, port = 53): ServerCandidate {
  const { key } = IpAddress.parse(text)!;
  return { key: port === 53 ? key : `${key}#${port}` };
}

const A = server('192.0.2.1');
const B = server('192.0.2.2');
const C = server('2001:db8::1');
const D = server('2001:db8::2');

function health(): ServerHealth {
  return new ServerHealth({ entropy });
}

function shares<T>(count: number, choose: () => T): Map<T, number> {
  const found = new Map<T, number>();
  for (let round = 0; round < count; round++) {
    const chosen = choose();
    found.set(chosen, (found.get(chosen) ?? 0) + 1 / count);
  }
  return found;
}

t.test('patience (RFC 6298)', (t) => {
  const servers = health();
  const now = { monotonicMs: 1_000 };
  t.equal(servers.retransmitMs(A.key), 400, 'unknown');
  t.equal(servers.repliesHeard, 0, 'whoever is silent is not heard');
  servers.reportReply(A.key, 100, now, true);
  t.equal(servers.repliesHeard, 1);
  t.equal(servers.retransmitMs(A.key), 300, 'R + 4 · R/2');
  servers.reportReply(A.key, 100, now, true);
  t.equal(servers.retransmitMs(A.key), 250, 'the variance shrinks');
  for (let round = 0; round < 100; round++) servers.reportReply(A.key, 100, now, true);
  t.ok(servers.retransmitMs(A.key) < 101 && servers.retransmitMs(A.key) >= 100);
  for (let round = 0; round < 100; round++) servers.reportReply(B.key, 1, now, true);
  t.equal(servers.retransmitMs(B.key), 30, 'floor');
  servers.reportReply(C.key, 900_000, now, true);
  t.equal(servers.retransmitMs(C.key), 2_000, 'cap');
  servers.reportReply(D.key, -5, now, true);
  t.equal(servers.retransmitMs(D.key), 30, 'a measurement below zero is zero');

  t.test('doubles with each outage, and only with each', (t) => {
    const outage = health();
    const at = (monotonicMs: number) => ({ monotonicMs });
    outage.reportTimeout(A.key, at(400), true);
    outage.reportTimeout(A.key, at(401), true);
    outage.reportTimeout(A.key, at(405), true);
    t.equal(outage.retransmitMs(A.key), 800, 'three questions under way together: one outage');
    outage.reportTimeout(A.key, at(1_200), true);
    t.equal(outage.retransmitMs(A.key), 1_600);
    outage.reportTimeout(A.key, at(2_800), true);
    t.equal(
      outage.retransmitMs(A.key),
      400,
      'given up: the probe after the pause is not so patient',
    );
    outage.reportReply(A.key, 40, at(3_000), true);
    t.equal(outage.retransmitMs(A.key), 120, 'one reply, and all is well');
    outage.reportReply(B.key, 1_200, at(0), true);
    for (let round = 0; round < 50; round++) outage.reportReply(B.key, 1_200, at(0), true);
    outage.reportTimeout(B.key, at(5_000), true);
    t.equal(outage.retransmitMs(B.key), 2_000, 'cap');
    t.end();
  });

  t.test('late is later than usual, once it is known what is usual', (t) => {
    const usual = health();
    t.equal(usual.hedgeMs(A.key), undefined);
    usual.reportReply(A.key, 50, now, true);
    t.equal(usual.hedgeMs(A.key), 100, 'one reply: twice as long is late');
    t.equal(usual.hedgeMs(B.key), undefined, 'one server says nothing about another');
    for (let round = 0; round < 50; round++) usual.reportReply(A.key, 50, now, true);
    t.equal(usual.hedgeMs(A.key), 60, 'a steady server may jitter by 10 ms');
    usual.reportTimeout(A.key, { monotonicMs: 9_000 }, true);
    t.equal(usual.hedgeMs(A.key), 90, 'one packet may get lost');
    usual.reportTimeout(A.key, { monotonicMs: 19_000 }, true);
    t.equal(usual.hedgeMs(A.key), undefined, 'in trouble nothing is usual');
    t.end();
  });

  t.test('what first replies of other servers say about one that was never asked', (t) => {
    const met = health();
    const meet = (rttMs: number, count: number) => {
      for (let index = 0; index < count; index++) {
        met.reportReply(`s${met.count}`.padEnd(4), rttMs, now, true);
      }
    };
    meet(20, 1);
    t.equal(met.hedgeMs(A.key), undefined, 'one is not enough');
    meet(20, 1);
    t.equal(met.hedgeMs(A.key), 50, 'two are alike by chance');
    meet(20, 40);
    t.equal(met.hedgeMs(A.key), 30, 'all alike: ten more is late');
    meet(20, 1);
    met.reportTimeout(A.key, now, true);
    t.equal(met.hedgeMs(A.key), undefined, 'not for one that is in trouble');
    meet(380, 20);
    t.equal(met.hedgeMs(B.key), undefined, 'never later than one waits anyway');
    t.end();
  });

  t.test('many new servers that stay silent', (t) => {
    const met = health();
    const key = (index: number) => `n${index}`.padEnd(4);
    for (let index = 0; index < 10; index++) met.reportReply(key(index), 20, now, true);
    met.reportSilentStranger(key(100));
    for (let round = 0; round < 50; round++) met.reportSilentStranger(key(100));
    t.equal(met.strangersAreOftenSilent, false, 'one server counts once');
    for (let index = 0; index < 10; index++) met.reportSilentStranger(key(index));
    t.equal(met.strangersAreOftenSilent, false, 'those that have answered are no strangers');
    for (let index = 101; index < 106; index++) met.reportSilentStranger(key(index));
    t.equal(met.strangersAreOftenSilent, true);
    for (let index = 200; index < 220; index++) met.reportReply(key(index), 20, now, true);
    t.equal(met.strangersAreOftenSilent, false, 'good ones make up for them');
    t.end();
  });
  t.end();
});

t.test('choice', (t) => {
  t.test('nobody known: all get their turn, both families', (t) => {
    const servers = health();
    const now = { monotonicMs: 0 };
    const found = shares(4_000, () => servers.choose([A, B, C, D], ZONE, entropy, now));
    for (const each of [A, B, C, D]) {
      const share = found.get(each) ?? 0;
      t.ok(share > 0.2 && share < 0.3, `${share}`);
    }
    t.equal(servers.choose([], ZONE, entropy, now), undefined);
    t.equal(servers.choose([B], ZONE, entropy, now), B);
    t.end();
  });

  t.test('the fastest gets most, the unknown get tried, near equals share', (t) => {
    const servers = health();
    const now = { monotonicMs: 0 };
    servers.reportReply(A.key, 20, now, true);
    servers.reportReply(B.key, 22, now, true);
    servers.reportReply(C.key, 150, now, true);
    const found = shares(8_000, () => servers.choose([A, B, C, D], ZONE, entropy, now));
    const share = (each: ServerCandidate) => found.get(each) ?? 0;
    t.ok(share(A) > 0.4 && share(B) > 0.4, `20 ms: ${share(A)}, 22 ms: ${share(B)}`);
    t.equal(share(C), 0, 'known to be slow');
    t.ok(share(D) > 0.03 && share(D) < 0.08, `unknown: ${share(D)}`);
    t.end();
  });

  t.test('the slower the best, the more is tried', (t) => {
    const tried = (rttMs: number): number => {
      const servers = health();
      const now = { monotonicMs: 0 };
      servers.reportReply(A.key, rttMs, now, true);
      return shares(4_000, () => servers.choose([A, B], ZONE, entropy, now)).get(B) ?? 0;
    };
    const [fast, middle, slow] = [tried(10), tried(100), tried(1_000)] as const;
    t.ok(fast < 0.08 && middle > 0.2 && middle < 0.3 && slow > 0.45, `${[fast, middle, slow]}`);
    t.end();
  });

  t.test('a slow one is measured again after ten minutes, and so found when it got fast', (t) => {
    const servers = health();
    servers.reportReply(A.key, 30, { monotonicMs: 0 }, true);
    servers.reportReply(B.key, 300, { monotonicMs: 0 }, true);
    const share = (monotonicMs: number): number => {
      const pick = () => servers.choose([A, B], ZONE, entropy, { monotonicMs });
      return shares(4_000, pick).get(B) ?? 0;
    };
    t.equal(share(599_000), 0);
    servers.reportReply(A.key, 30, { monotonicMs: 590_000 }, true);
    t.ok(share(600_000) > 0.03, 'another look');
    for (let round = 0; round < 30; round++) {
      servers.reportReply(B.key, 5, { monotonicMs: 600_001 }, true);
    }
    t.ok(share(600_002) > 0.9, 'it is the fastest now');
    t.end();
  });

  t.test('old measurements are still better than none', (t) => {
    const servers = health();
    servers.reportReply(A.key, 20, { monotonicMs: 0 }, true);
    servers.reportReply(B.key, 300, { monotonicMs: 0 }, true);
    const pick = () => servers.choose([A, B], ZONE, entropy, { monotonicMs: 5_000_000 });
    const share = shares(4_000, pick).get(A) ?? 0;
    t.ok(share > 0.9, `${share}`);
    t.end();
  });

  t.test('the dead are left alone ever longer, and probed ever again', (t) => {
    const servers = health();
    servers.reportReply(A.key, 20, { monotonicMs: 0 }, true);
    let monotonicMs = 1_000;
    const pauses: number[] = [];
    for (let outage = 0; outage < 12; outage++) {
      // Time-outs until it is given up.
      for (let wait = 0; wait < 3; wait++) {
        servers.reportTimeout(B.key, { monotonicMs }, true);
        monotonicMs += 2_500;
        if (!chosenEver(servers, B, monotonicMs)) break;
      }
      const start = monotonicMs;
      while (!chosenEver(servers, B, monotonicMs)) monotonicMs += 500;
      pauses.push(monotonicMs - start);
    }
    t.ok(pauses.at(-1)! > 250_000 && pauses.at(-1)! <= 300_000, `last pause ${pauses.at(-1)} ms`);
    t.ok(pauses.every((pause, index) => index < 3 || pause >= pauses[index - 1]! - 3_000));
    servers.reportReply(B.key, 10, { monotonicMs }, true);
    const pick = () => servers.choose([A, B], ZONE, entropy, { monotonicMs });
    t.ok((shares(1_000, pick).get(B) ?? 0) > 0.9, 'back at once with one reply');
    t.end();
  });

  t.test('all dead or lame: somebody is asked all the same', (t) => {
    const servers = health();
    const at = (monotonicMs: number) => ({ monotonicMs });
    servers.reportLame(A.key, ZONE, at(0));
    for (let round = 0; round < 5; round++) servers.reportUnreachable(B.key, at(round));
    for (let round = 0; round < 200; round++) {
      t.equal(servers.choose([A, B], ZONE, entropy, at(10)), B, 'the dead before the lame') ||
        t.bailout();
    }
    t.equal(servers.choose([A], ZONE, entropy, at(10)), A);
    t.end();
  });

  t.test(
    'lame for one zone, good for another; forgotten after a while or when it is usable',
    (t) => {
      const servers = health();
      const at = (monotonicMs: number) => ({ monotonicMs });
      servers.reportLame(A.key, ZONE, at(0));
      t.ok(servers.isLame(A.key, name('EXAMPLE.'), at(1)));
      t.notOk(servers.isLame(A.key, name('other.'), at(1)));
      t.notOk(servers.isLame(B.key, ZONE, at(1)));
      const found = shares(500, () => servers.choose([A, B], ZONE, entropy, at(1)));
      t.equal(found.get(A), undefined);
      t.ok(servers.isLame(A.key, ZONE, at(899_999)));
      t.notOk(servers.isLame(A.key, ZONE, at(900_000)));
      servers.reportLame(A.key, ZONE, at(900_000));
      servers.reportUsable(A.key, ZONE);
      t.notOk(servers.isLame(A.key, ZONE, at(900_001)));
      t.end();
    },
  );

  t.test('a dead family costs no time-out per zone, and is found again', (t) => {
    const servers = health();
    const at = (monotonicMs: number) => ({ monotonicMs });
    for (let index = 0; index < 10; index++) {
      servers.reportUnreachable(server(`2001:db8::dead:${index}`).key, at(index));
      servers.reportReply(server(`198.51.100.${index}`).key, 30, at(index), true);
    }
    // A zone that was never met before.
    const fresh = [server('203.0.113.9'), server('2001:db8:9::9')] as const;
    const share = (): number =>
      shares(4_000, () => servers.choose(fresh, ZONE, entropy, at(100))).get(fresh[1]) ?? 0;
    const silent = share();
    t.ok(silent > 0.005 && silent < 0.08, `IPv6 while silent: ${silent}`);
    t.equal(servers.choose([C], ZONE, entropy, at(100)), C, 'IPv6 only: asked');
    const both = shares(400, () => servers.choose([C, D], ZONE, entropy, at(100)));
    t.equal(both.size, 2, 'IPv6 only: all of them');
    servers.reportReply(C.key, 20, at(101), true);
    const back = share();
    t.ok(back > 0.4, `IPv6 after one reply: ${back}`);
    t.end();
  });

  t.test('order: everybody once, the best first, the dead and the lame last', (t) => {
    const servers = health();
    const at = (monotonicMs: number) => ({ monotonicMs });
    servers.reportReply(A.key, 200, at(0), true);
    servers.reportReply(B.key, 100, at(0), true);
    servers.reportLame(C.key, ZONE, at(0));
    for (let round = 0; round < 3; round++) servers.reportUnreachable(D.key, at(0));
    for (let round = 0; round < 50; round++) {
      t.same(servers.order([A, C, B, D], ZONE, entropy, at(1)), [B, A, D, C]);
    }
    t.same(servers.order([], ZONE, entropy, at(1)), []);
    t.end();
  });
  t.end();
});

/** Whether a server is ever chosen beside a good one. */
function chosenEver(servers: ServerHealth, candidate: ServerCandidate, at: number): boolean {
  servers.reportReply(A.key, 20, { monotonicMs: at }, true);
  for (let round = 0; round < 300; round++) {
    const chosen = servers.choose([A, candidate], ZONE, entropy, { monotonicMs: at });
    if (chosen === candidate) return true;
  }
  return false;
}

t.test('S9: EDNS-capability poisoning', (t) => {
  const at = (monotonicMs: number) => ({ monotonicMs });

  t.test('a server that ever answered EDNS is never downgraded by one packet', (t) => {
    const servers = health();
    servers.reportReply(A.key, 20, at(0), true);
    t.notOk(servers.mayDropEdns(A.key));
    for (let attack = 0; attack < 50; attack++) {
      // One forged FORMERR without OPT, then an ordinary reply.
      servers.reportReply(A.key, 1, at(attack * 10), false);
      servers.reportEdnsRefused(A.key, at(attack * 10));
      t.notOk(servers.mayDropEdns(A.key), 'not even for the question in hand');
      t.notOk(servers.avoidsEdns(A.key, at(attack * 10 + 1)));
      servers.reportReply(A.key, 20, at(attack * 10 + 5), true);
    }
    t.end();
  });

  t.test('nor by lost packets', (t) => {
    const servers = health();
    servers.reportReply(A.key, 20, at(0), true);
    for (let round = 1; round < 20; round++) {
      servers.reportTimeout(A.key, at(round * 5_000), true);
      servers.reportReply(A.key, 20, at(round * 5_000 + 1), false);
    }
    t.notOk(servers.mayDropEdns(A.key));
    t.notOk(servers.avoidsEdns(A.key, at(100_001)));
    t.end();
  });

  t.test('an unknown server: one refusal counts for one question', (t) => {
    const servers = health();
    servers.reportEdnsRefused(A.key, at(0));
    t.ok(servers.mayDropEdns(A.key));
    servers.reportReply(A.key, 20, at(1), false);
    t.notOk(servers.avoidsEdns(A.key, at(2)), 'the next question begins with EDNS');
    servers.reportReply(A.key, 20, at(3), true);
    t.notOk(servers.mayDropEdns(A.key), 'and finds that it was a forgery');
    t.end();
  });

  t.test('a server that really has none is known after two, for a quarter of an hour', (t) => {
    const servers = health();
    for (let question = 0; question < 2; question++) {
      servers.reportReply(A.key, 20, at(question), false);
      servers.reportEdnsRefused(A.key, at(question));
      servers.reportReply(A.key, 20, at(question), false);
    }
    t.ok(servers.avoidsEdns(A.key, at(2)));
    t.ok(servers.avoidsEdns(A.key, at(899_000)));
    t.notOk(servers.avoidsEdns(A.key, at(900_002)), 'asked again: servers are upgraded');
    t.notOk(servers.avoidsEdns(B.key, at(2)));
    t.end();
  });

  t.test('a server that drops EDNS silently', (t) => {
    const servers = health();
    for (let round = 0; round < 3; round++) servers.reportTimeout(A.key, at(round * 3_000), true);
    t.notOk(servers.avoidsEdns(A.key, at(9_000)), 'a dead server is no proof');
    servers.reportReply(A.key, 20, at(9_000), false);
    t.notOk(servers.avoidsEdns(A.key, at(9_001)), 'nor is one plain reply');
    servers.reportReply(A.key, 20, at(9_002), false);
    t.ok(servers.avoidsEdns(A.key, at(9_003)));
    servers.reportReply(A.key, 20, at(9_004), true);
    t.notOk(servers.avoidsEdns(A.key, at(9_005)), 'one reply with EDNS ends it');
    t.end();
  });
  t.end();
});

t.test('letter case, TCP, cookies', (t) => {
  const servers = health();
  const at = (monotonicMs: number) => ({ monotonicMs });
  t.notOk(servers.losesCase(A.key));
  servers.reportCaseLost(A.key);
  t.notOk(servers.losesCase(A.key), 'one lucky forger does not switch 0x20 off');
  servers.reportCaseLost(A.key);
  t.ok(servers.losesCase(A.key));
  t.notOk(servers.losesCase(B.key));

  t.notOk(servers.prefersTcp(A.key, at(0)));
  servers.preferTcp(A.key, at(0));
  t.ok(servers.prefersTcp(A.key, at(599_999)));
  t.notOk(servers.prefersTcp(A.key, at(600_000)));

  t.test('S8: cookies (RFC 7873, RFC 9018)', (t) => {
    const cookie = servers.clientCookie(A.key);
    t.equal(cookie.length, 8);
    t.same(servers.clientCookie(A.key), cookie, 'the same for the same server');
    t.notSame(servers.clientCookie(B.key), cookie, 'another for another: no tracking');
    t.notSame(servers.clientCookie(server('192.0.2.1', 5353).key), cookie, 'by port too');
    t.equal(servers.serverCookie(A.key), undefined);
    for (const length of [0, 1, 7, 33, 41, 255]) {
      servers.setServerCookie(A.key, new Uint8Array(length));
      t.equal(servers.serverCookie(A.key), undefined, `${length} octets are malformed`);
    }
    const given = new Uint8Array(16).fill(3);
    servers.setServerCookie(A.key, given);
    given.fill(4);
    t.same(servers.serverCookie(A.key), new Uint8Array(16).fill(3), 'a copy');
    servers.setServerCookie(A.key, new Uint8Array(40));
    t.same(servers.serverCookie(A.key), new Uint8Array(16).fill(3), 'malformed: the old one stays');
    t.equal(servers.serverCookie(B.key), undefined);
    servers.setServerCookie(A.key, undefined);
    t.equal(servers.serverCookie(A.key), undefined);
    t.end();
  });
  t.end();
});

t.test('bounded', (t) => {
  const servers = new ServerHealth({ entropy, maxServers: 50, maxLameEntries: 50 });
  const now = { monotonicMs: 0 };
  for (let index = 0; index < 1_000; index++) {
    const { key } = server(`2001:db8::${index.toString(16)}`);
    servers.reportReply(key, 10, now, true);
    servers.reportLame(key, name(`z${index}.`), now);
  }
  t.equal(servers.count, 50);
  t.notOk(servers.isLame(server('2001:db8::1').key, name('z1.'), now));
  t.ok(servers.isLame(server('2001:db8::3e7').key, name('z999.'), now));
  servers.clear();
  t.equal(servers.count, 0);
  t.end();
});

t.test('a day of questions: the mean waiting time comes close to that of the best server', (t) => {
  const random = new SeededRandom(SEED);
  const own = entropyOf(random);
  const rtts = new Map([
    [A, 80],
    [B, 25],
    [C, 140],
    [D, Infinity],
  ]);
  const servers = new ServerHealth({ entropy: own });
  let monotonicMs = 0;
  let waited = 0;
  const questions = 2_000;
  for (let question = 0; question < questions; question++) {
    monotonicMs += 43_000;
    let left = [A, B, C, D];
    for (;;) {
      const now = { monotonicMs };
      const chosen = servers.choose(left, ZONE, own, now)!;
      const rtt = rtts.get(chosen)! * (0.9 + (random.uint32() % 20) / 100);
      const patience = servers.retransmitMs(chosen.key);
      if (rtt <= patience) {
        servers.reportReply(chosen.key, rtt, { monotonicMs: monotonicMs + rtt }, true);
        waited += rtt;
        break;
      }
      waited += patience;
      servers.reportTimeout(chosen.key, { monotonicMs: monotonicMs + patience }, true);
      monotonicMs += patience;
      if (left.length > 1) left = left.filter((each) => each !== chosen);
    }
  }
  const mean = waited / questions;
  t.comment(
    `mean wait ${mean.toFixed(1)} ms; the best server takes 25, a random one would cost 160`,
  );
  t.ok(mean < 45, `${mean}`);
  t.end();
});
