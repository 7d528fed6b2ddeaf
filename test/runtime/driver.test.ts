/** The loop around the machine. */
import { createSocket } from 'node:dgram';
import t from 'tap';
import type { Effect, Now, Report, Resolution } from '../../src/resolver/index.js';
import {
  type Clock,
  Driver,
  type OutgoingQuery,
  type QuestionEvent,
  SystemClock,
  type UpstreamEvent,
} from '../../src/runtime/index.js';
import { IpAddress, Rcode } from '../../src/wire/index.js';
import { answered, name } from '../server/front-desk.js';
import { answering, pause, ScriptedMachine, until } from './scripted-machine.js';

const SERVER = IpAddress.parse('192.0.2.53')!;

class Network {
  readonly sent: OutgoingQuery[] = [];
  readonly abandoned: number[] = [];
  closed = false;
  onSend: (query: OutgoingQuery) => void = () => {};
  deliver: (event: UpstreamEvent) => void = () => {};

  readonly open = (deliver: (event: UpstreamEvent) => void) => {
    this.deliver = deliver;
    return {
      send: (query: OutgoingQuery) => {
        this.sent.push(query);
        this.onSend(query);
      },
      abandon: (queryId: number) => void this.abandoned.push(queryId),
      close: () => {
        this.closed = true;
      },
    };
  };
}

/** With it, all that happens at once happens in one turn, however slow the machine is. */
const STILL = clockOf(() => 5_000);

function clockOf(monotonicMs: () => number): Clock {
  const now = (): Now => ({ monotonicMs: monotonicMs(), wallSeconds: 5, cacheMs: monotonicMs() });
  return { now, monotonicMs };
}

function setUp(machine = new ScriptedMachine(), clock: Clock = new SystemClock()) {
  const network = new Network();
  const reports: Report[] = [];
  const driver = new Driver({
    machine,
    clock,
    openUpstream: network.open,
    report: (report) => void reports.push(report),
  });
  return { machine, network, reports, clock, driver };
}

function question(driver: Driver, label = 'www'): QuestionEvent {
  return {
    kind: 'question',
    handle: driver.newHandle(),
    name: name(`${label}.example.org`),
    type: 1,
    checkingDisabled: false,
    recursionDesired: true,
  };
}

function sending(queryId: number, transport: 'udp' | 'tcp' = 'udp'): Effect {
  const octets = new Uint8Array(12);
  return { kind: 'send', queryId, address: SERVER, port: 53, transport, octets };
}

const errorsOf = ({ errors }: Resolution): string[] => errors.map(({ text }) => text);

t.test('effects are carried out in order, and the asker hears once', (t) => {
  const { machine, network, driver, reports } = setUp();
  machine.script = (event) =>
    event.kind === 'question'
      ? [
          sending(1),
          sending(2),
          { kind: 'abandon', queryId: 1 },
          { kind: 'report', report: { kind: 'trust anchor', sentence: 'hello' } },
          { kind: 'finished', handle: event.handle, resolution: answered() },
          { kind: 'finished', handle: event.handle, resolution: answered() },
        ]
      : [];
  let heard = 0;
  driver.ask(question(driver), () => {
    heard++;
  });
  t.equal(heard, 1);
  t.same(
    network.sent.map(({ queryId }) => queryId),
    [1, 2],
  );
  t.same(network.abandoned, [1]);
  t.match(reports, [{ kind: 'trust anchor' }]);
  t.equal(driver.outstandingQuestions, 0);
  driver.close();
  t.end();
});

t.test('events that effects cause wait for their turn', (t) => {
  const { machine, network, driver } = setUp(new ScriptedMachine(), STILL);
  const order: string[] = [];
  network.onSend = ({ queryId }) => {
    // A socket may fail while the machine's effects are still being carried out.
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
    order.push(`sent ${queryId}`);
  };
  machine.script = (event) => {
    order.push(event.kind);
    return event.kind === 'question' ? [sending(1), sending(2)] : [];
  };
  driver.ask(question(driver), () => {});
  t.same(order, ['question', 'sent 1', 'sent 2', 'failed', 'failed']);
  driver.close();
  t.end();
});

t.test('an answer may cause the next question', (t) => {
  const { driver } = setUp(new ScriptedMachine(answering(() => answered())), STILL);
  const heard: string[] = [];
  driver.ask(question(driver), () => {
    driver.ask(question(driver), () => void heard.push('second'));
    heard.push('first');
  });
  t.same(heard, ['first', 'second']);
  driver.close();
  t.end();
});

t.test(
  'a burst of replies leaves room for clients, and its order and instants are kept',
  async (t) => {
    let nowMs = 100;
    const clock = clockOf(() => nowMs);
    const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
    const instants: number[] = [];
    machine.script = (_, now) => {
      instants.push(now.monotonicMs);
      nowMs += 0.4;
      return [];
    };
    for (let queryId = 1; queryId <= 8; queryId++) {
      nowMs += 0.01;
      network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
    }
    const arrivedBy = nowMs;
    t.equal(machine.events.length, 3, 'a millisecond of work, and then others');
    const turns: number[] = [];
    while (machine.events.length < 8) {
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(machine.events.length);
    }
    t.same(turns, [6, 8], 'each turn of the event loop gets its share');
    t.same(
      machine.events.map((event) => 'queryId' in event && event.queryId),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.ok(instants.every((instant) => instant <= arrivedBy) && instants[7]! > instants[6]!);
    t.ok(instants[7]! < nowMs - 1, 'the last one is not late for having waited here');
    const { presentMs } = machine;
    t.ok(
      presentMs.every((dealtWithMs, at) => at === 0 || dealtWithMs >= presentMs[at - 1]! + 0.4),
      'and queries that it causes are not late for that either',
    );
    driver.close();
  },
);

t.test('beside a program that takes long turns, the driver takes as long ones', async (t) => {
  let nowMs = 100;
  const clock = clockOf(() => nowMs);
  const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
  machine.script = () => {
    nowMs += 0.5;
    return [];
  };
  for (let queryId = 1; queryId <= 200; queryId++) {
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
  }
  const dealtWith: number[] = [];
  for (const othersMs of [5, 0, 1_000]) {
    nowMs += othersMs;
    const before = machine.events.length;
    await new Promise((resolve) => setImmediate(resolve));
    dealtWith.push(machine.events.length - before);
  }
  t.same(dealtWith, [10, 2, 40], 'half of the time, at least one millisecond, at most twenty');
  driver.close();
});

t.test('closed while events wait, the driver is silent', async (t) => {
  let nowMs = 100;
  const clock = clockOf(() => nowMs);
  const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
  machine.script = () => {
    nowMs += 2;
    return [];
  };
  for (const queryId of [1, 2]) {
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
  }
  driver.close();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  t.equal(machine.events.length, 1);
});

t.test('no timer is left behind when one is set while another one fires', async (t) => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const system = new SystemClock();
  let order: readonly string[] = [];
  // On a busy machine the two timers may fire in two turns; then it is tried again.
  for (let tries = 0; tries < 50 && order[1] !== 'failed'; tries++) {
    let spentMs = 0;
    const clock = clockOf(() => system.monotonicMs() + spentMs);
    const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
    const before = timers();
    machine.deadlineMs = clock.now().monotonicMs + 20;
    driver.ask(question(driver), () => {});
    machine.script = (event) => {
      spentMs += 2;
      // An event makes something due at once, and its turn is over before that can be done.
      machine.deadlineMs = event.kind === 'failed' ? 0 : clock.now().monotonicMs + 60_000;
      return [];
    };
    // Set for the same instant, so that it fires between the driver's timer and what follows it.
    setTimeout(() => network.deliver({ kind: 'failed', queryId: 1, failure: 'closed' }), 20);
    await until('all is done', () => machine.events.length >= 3);
    await pause(20);
    order = machine.kinds().slice(0, 3);
    driver.close();
    t.equal(timers(), before);
  }
  t.same(order, ['question', 'failed', 'tick']);
});

t.test('events that wait bring what is due: no ticks are piled up behind them', async (t) => {
  let nowMs = 100;
  const clock = clockOf(() => nowMs);
  const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
  // After all of them came, before they are dealt with.
  machine.deadlineMs = 103;
  machine.script = (event) => {
    nowMs += 2;
    // Longer than the timer that is set meanwhile.
    for (const endMs = performance.now() + 2; performance.now() < endMs;);
    if (event.kind === 'tick') machine.deadlineMs = undefined;
    return [];
  };
  for (let queryId = 1; queryId <= 20; queryId++) {
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
  }
  await until('the tick', () => machine.kinds().at(-1) === 'tick');
  await pause(10);
  t.same(machine.kinds().slice(0, 20), Array(20).fill('failed'));
  t.equal(machine.events.length, 21);
  driver.close();
});

t.test('a question whose end waits for its turn is not given up', async (t) => {
  let nowMs = 100;
  const clock = clockOf(() => nowMs);
  const { machine, network, driver, reports } = setUp(new ScriptedMachine(), clock);
  machine.deadlineMs = 101;
  const asked = question(driver);
  const heard: Resolution[] = [];
  driver.ask(asked, (resolution) => void heard.push(resolution));
  machine.script = (event) => {
    nowMs += 60_000;
    // Until the timer that is set is due.
    for (const endMs = performance.now() + 3; performance.now() < endMs;);
    const isEnd = 'queryId' in event && event.queryId === 4;
    return isEnd ? [{ kind: 'finished', handle: asked.handle, resolution: answered() }] : [];
  };
  for (let queryId = 1; queryId <= 4; queryId++) {
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
  }
  await until('the end', () => heard.length > 0);
  t.same(errorsOf(heard[0]!), []);
  t.same(reports, []);
  driver.close();
});

t.test('a listener that throws stops nothing but itself', async (t) => {
  const network = new Network();
  const machine = new ScriptedMachine((event) =>
    event.kind === 'question'
      ? [
          { kind: 'report', report: { kind: 'trust anchor', sentence: 'hello' } },
          { kind: 'finished', handle: event.handle, resolution: answered() },
        ]
      : [],
  );
  const driver = new Driver({
    machine,
    clock: new SystemClock(),
    openUpstream: network.open,
    report: () => {
      throw new Error('not mine');
    },
  });
  const told = t.capture(process, 'emit', (name: string) => name === 'uncaughtException');
  let heard = 0;
  for (let count = 0; count < 2; count++) driver.ask(question(driver), () => void heard++);
  t.equal(heard, 2);
  await pause(5);
  const thrown = told().filter(({ args }) => args[0] === 'uncaughtException');
  t.match(
    thrown.map(({ args }) => args[1] as unknown),
    [{ message: 'not mine' }, { message: 'not mine' }],
    'its exceptions are for its owner to see',
  );
  driver.close();
});

t.test('once closed by a listener, nothing more is sent', (t) => {
  const { machine, network, driver } = setUp();
  machine.script = (event) =>
    event.kind === 'question'
      ? [{ kind: 'finished', handle: event.handle, resolution: answered() }, sending(1)]
      : [];
  driver.ask(question(driver), () => driver.close());
  t.same(network.sent, []);
  t.end();
});

t.test('a reply that is here when the timer fires is not late', async (t) => {
  const { machine, network, driver, clock } = setUp();
  const receiver = createSocket('udp4');
  await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
  receiver.on('message', () => {
    network.deliver({ kind: 'failed', queryId: 1, failure: 'unreachable' });
  });
  const sender = createSocket('udp4');
  await new Promise<void>((resolve) =>
    sender.connect(receiver.address().port, '127.0.0.1', resolve),
  );
  machine.script = (event) => {
    if (event.kind === 'tick') machine.deadlineMs = undefined;
    return [];
  };
  const dueMs = clock.now().monotonicMs + 20;
  machine.deadlineMs = dueMs;
  driver.ask(question(driver), () => {});
  // The event loop stands still until both are there, as it does while signatures are checked.
  sender.send('reply');
  while (clock.now().monotonicMs < dueMs + 10);
  await until('both events', () => machine.events.length >= 3);
  t.same(machine.kinds().slice(0, 3), ['question', 'failed', 'tick']);
  driver.close();
  receiver.close();
  sender.close();
});

t.test('a broken invariant fails one question, loudly', async (t) => {
  const { machine, driver, reports } = setUp(new ScriptedMachine(), STILL);
  machine.script = (event) => {
    if (event.kind !== 'question') return [];
    if (event.name.equals(name('bad.example.org'))) throw new Error('invariant');
    return [{ kind: 'finished', handle: event.handle, resolution: answered() }];
  };
  const outcomes: Resolution[] = [];
  driver.ask(question(driver, 'bad'), (resolution) => void outcomes.push(resolution));
  driver.ask(question(driver, 'good'), (resolution) => void outcomes.push(resolution));
  t.match(outcomes, [{ rcode: Rcode.SERVFAIL }, { rcode: Rcode.NOERROR }]);
  t.same(errorsOf(outcomes[0]!), ['internal error']);
  t.equal(outcomes[0]?.security.status, 'indeterminate', 'and never anything better');
  t.match(reports, [{ kind: 'internal error', sentence: /handling 'question' failed.*invariant/ }]);

  driver.ask(question(driver, 'good'), () => {
    throw new Error('asker');
  });
  t.match(reports[1], { kind: 'internal error', sentence: /replying failed.*asker/ });
  t.equal(driver.outstandingQuestions, 0);
  driver.close();
});

t.test('a machine that breaks on every tick is not woken in a loop', async (t) => {
  const { machine, clock, driver, reports } = setUp();
  machine.script = (event) => {
    if (event.kind === 'tick') throw new Error('tick');
    return [];
  };
  machine.deadlineMs = clock.now().monotonicMs;
  driver.ask(question(driver), () => {});
  await pause(350);
  driver.close();
  t.ok(reports.length >= 1 && reports.length <= 5, `${reports.length} ticks in 350 ms`);
});

t.test('a transport that throws is a failed query', (t) => {
  const { machine, network, driver, reports } = setUp(new ScriptedMachine(), STILL);
  network.onSend = () => {
    throw Object.assign(new Error('no'), { code: 'EMFILE' });
  };
  machine.script = (event) => (event.kind === 'question' ? [sending(7)] : []);
  driver.ask(question(driver), () => {});
  t.match(machine.events[1], { kind: 'failed', queryId: 7, failure: 'send error' });
  t.match(reports, [{ kind: 'internal error' }]);
  driver.close();
  t.end();
});

t.test('the machine is woken when it wants to be, and early wakes are harmless', async (t) => {
  const { machine, clock, driver } = setUp();
  const wokenMs: number[] = [];
  const startMs = clock.now().monotonicMs;
  machine.script = (event, now) => {
    if (event.kind === 'question') machine.deadlineMs = startMs + 60;
    if (event.kind === 'tick') {
      wokenMs.push(now.monotonicMs - startMs);
      if (now.monotonicMs >= startMs + 60) machine.deadlineMs = undefined;
    }
    return [];
  };
  machine.deadlineMs = startMs + 20;
  driver.ask(question(driver), () => {});
  await until('the last wake', () => machine.deadlineMs === undefined);
  t.ok(wokenMs.at(-1)! >= 60 && wokenMs.at(-1)! < 1_000, `woken at ${wokenMs.join(', ')} ms`);
  t.ok(wokenMs.length <= 3);
  driver.close();
});

t.test('cancelling: the machine is told, the asker hears nothing', (t) => {
  const { machine, driver } = setUp();
  const asked = question(driver);
  driver.ask(asked, () => t.fail('it was cancelled'));
  driver.cancel(asked.handle);
  driver.cancel(asked.handle);
  t.same(machine.kinds(), ['question', 'cancelled'], 'once');
  driver.close();
  t.end();
});

t.test('a question that is cancelled before its turn is not begun', async (t) => {
  let nowMs = 100;
  const clock = clockOf(() => nowMs);
  const { machine, driver } = setUp(new ScriptedMachine(), clock);
  const begun: number[] = [];
  machine.script = (event) => {
    nowMs += 2;
    if (event.kind === 'question') begun.push(event.handle);
    return [];
  };
  const asked = ['one', 'two', 'three'].map((label) => question(driver, label));
  for (const event of asked) driver.ask(event, () => {});
  driver.cancel(asked[1]!.handle);
  await until('the last question', () => begun.length >= 2);
  t.same(begun, [asked[0]!.handle, asked[2]!.handle]);
  driver.close();
});

t.test('closing ends every question and the transport', (t) => {
  const { network, driver } = setUp();
  const outcomes: Resolution[] = [];
  driver.ask(question(driver), (resolution) => void outcomes.push(resolution));
  driver.close();
  driver.close();
  driver.ask(question(driver), (resolution) => void outcomes.push(resolution));
  t.match(outcomes, [{ rcode: Rcode.SERVFAIL }, { rcode: Rcode.SERVFAIL }]);
  t.same(outcomes.map(errorsOf), [['shutting down'], ['shutting down']]);
  t.equal(network.closed, true);
  network.deliver({ kind: 'received', queryId: 1, octets: new Uint8Array(0) });
  t.end();
});
