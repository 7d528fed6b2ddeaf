/** Who waits with whom, how many, how long: joining, displacement, and a TCP connection's life. */
import t from 'tap';
import { CLIENT_LIMITS, TcpSession } from '../../src/server/index.js';
import {
  EdeCode,
  extendedErrorsOf,
  frame,
  type Name,
  Rcode,
  RRType,
} from '../../src/wire/index.js';
import {
  ADDRESSES,
  answered,
  client,
  FrontDesk,
  insecure,
  later,
  name,
  questionOf,
  repliesOf,
  request,
  SIGNED_ADDRESSES,
  secure,
  silenceOf,
} from './front-desk.js';

const resolution = answered({ sets: [[SIGNED_ADDRESSES, secure]] });
const limitOf = (limit: keyof typeof CLIENT_LIMITS): number => CLIENT_LIMITS[limit].value;
const nth = (index: number): Name => name(`n${index}.example.org`);

t.test('every limit says what it is for', (t) => {
  for (const [key, { value, unit, reason, stops }] of Object.entries(CLIENT_LIMITS)) {
    t.ok(value > 0 && unit !== '' && reason !== '' && stops !== '', key);
  }
  t.ok(limitOf('guaranteedQuestions') < limitOf('outstandingQuestions'));
  t.ok(limitOf('cookieRenewSeconds') < limitOf('cookieLifeSeconds'));
  t.ok(limitOf('tcpFirstQueryMs') <= limitOf('tcpIdleMs'));
  t.end();
});

t.test('equal questions share one resolution, each gets its own reply (Rebirthday)', (t) => {
  const desk = new FrontDesk();
  const variants = [
    request({ id: 1 }),
    request({ id: 2, name: name('WWW.EXAMPLE.ORG') }),
    request({ id: 3, ad: true }),
    request({ id: 4, edns: {} }),
    request({ id: 5, edns: { dnssecOk: true, size: 512 } }),
    request({ id: 6, edns: { size: 4096, options: [{ code: 8, data: new Uint8Array(8) }] } }),
  ];
  const { handle } = questionOf(desk.receive(variants[0]!, client('127.0.0.1', 1001)));
  for (let at = 1; at < variants.length; at++) {
    const effects = desk.receive(variants[at]!, client('127.0.0.1', 1001 + at));
    t.same(effects, [], 'nothing more is asked');
  }
  t.equal(desk.server.outstandingQuestions, 1);
  const replies = repliesOf(desk.server.finished(handle, resolution, desk.now));
  t.same(
    replies.map(({ client: to, message }) => [to.port, message.id]),
    variants.map((_, at) => [1001 + at, at + 1]),
  );
  t.same(
    replies.map(({ message }) => message.authenticData),
    [false, false, true, false, true, false],
    'each by its own bits',
  );
  t.same(
    replies.map(({ message }) => message.edns?.dnssecOk),
    [undefined, undefined, undefined, false, true, false],
  );
  t.equal(replies[1]?.message.questions[0]?.name.toString(), 'WWW.EXAMPLE.ORG.');
  t.equal(desk.server.isIdle, true);
  t.end();
});

t.test('CD, RD, type and name keep questions apart', (t) => {
  const desk = new FrontDesk({ cacheSnooping: true });
  const asked = [
    request(),
    request({ cd: true }),
    request({ rd: false }),
    request({ type: RRType.AAAA }),
    request({ name: name('ww.wexample.org') }),
  ];
  const handles = asked.map((octets) => questionOf(desk.receive(octets)).handle);
  t.equal(new Set(handles).size, asked.length);
  t.equal(desk.server.outstandingQuestions, asked.length);
  t.end();
});

t.test('a datagram sent again is answered once', (t) => {
  const desk = new FrontDesk();
  const { handle } = questionOf(desk.receive(request({ id: 7 })));
  t.equal(silenceOf(desk.receive(request({ id: 7 }))), 'repeated');
  t.same(desk.receive(request({ id: 8 })), [], 'another ID is another request');
  t.same(desk.receive(request({ id: 7 }), client('127.0.0.1', 40_001)), [], 'or another port');
  t.same(desk.receive(request({ id: 7 }), client('127.0.0.2')), [], 'or another address');
  t.same(desk.receive(request({ id: 7 }), client('127.0.0.1', 40_000, 'tcp')), [], 'or TCP');
  t.equal(repliesOf(desk.server.finished(handle, resolution, desk.now)).length, 5);
  t.same(desk.server.finished(handle, resolution, desk.now), [], 'finished is finished');
  t.end();
});

t.test('waiters of one question and of one address are bounded', (t) => {
  const open = { access: { admits: () => true } as never };
  const desk = new FrontDesk(open);
  const most = limitOf('waitersPerQuestion');
  for (let at = 0; at < most; at++) {
    desk.receive(request({ id: at }), client(`192.0.2.${at}`));
  }
  const [told] = repliesOf(desk.receive(request({ id: 999 }), client('198.51.100.1')));
  t.equal(told?.message.rcode, Rcode.SERVFAIL, 'one more is sent away');
  t.same(desk.receive(request({ id: 999 })), [], 'but loopback may wait');

  const crowd = new FrontDesk(open);
  const perAddress = limitOf('waitersPerAddress');
  const from = client('2001:db8::1');
  const handles: number[] = [];
  for (let at = 0; at < perAddress; at++) {
    handles.push(questionOf(crowd.receive(request({ name: nth(at) }), from)).handle);
  }
  t.equal(silenceOf(crowd.receive(request(), from)), 'too many waiting', 'it may be forged');
  t.ok(questionOf(crowd.receive(request(), client('2001:db8::2'))), 'others are not affected');
  crowd.server.finished(handles[0]!, resolution, crowd.now);
  t.ok(questionOf(crowd.receive(request({ type: RRType.MX }), from)), 'a place is free again');

  const mta = new FrontDesk();
  for (let at = 0; at < perAddress * 2; at++) mta.receive(request({ name: nth(at) }));
  t.equal(mta.server.outstandingQuestions, perAddress * 2, 'loopback is one big client');
  t.end();
});

t.test('all waiters together are bounded, too', (t) => {
  const desk = new FrontDesk();
  const most = limitOf('waiters');
  for (let at = 0; at < most; at++) {
    desk.receive(request({ id: at & 0xffff }), client('127.0.0.1', 10_000 + (at >> 4)));
  }
  const [told] = repliesOf(desk.receive(request(), client('127.0.0.1', 65_000)));
  t.equal(told?.message.rcode, Rcode.SERVFAIL);
  t.equal(desk.server.outstandingQuestions, 1);
  t.end();
});

t.test('a full table: stuck questions make room, quick ones and the first half do not', (t) => {
  const desk = new FrontDesk();
  const most = limitOf('outstandingQuestions');
  const guaranteed = limitOf('guaranteedQuestions');
  const handles: number[] = [];
  for (let at = 0; at < most; at++) {
    const octets = request({ name: nth(at), edns: {} });
    handles.push(questionOf(desk.receive(octets, client('127.0.0.1', 10_000 + at))).handle);
  }
  const [early] = repliesOf(desk.receive(request({ edns: {} })));
  t.equal(early?.message.rcode, Rcode.SERVFAIL, 'while all are young, the new one is refused');
  t.equal(extendedErrorsOf(early?.message.edns)[0]?.code, EdeCode.OTHER);

  desk.now = later(limitOf('displaceableAfterMs'));
  const effects = desk.receive(request({ name: name('victim.example.org') }));
  const cancelled = effects.flatMap((effect) =>
    effect.kind === 'resolve' && effect.event.kind === 'cancelled' ? [effect.event.handle] : [],
  );
  t.same(cancelled, [handles[guaranteed]], 'the oldest of the second half gives way');
  const [sorry] = repliesOf(effects);
  t.equal(sorry?.client.port, 10_000 + guaranteed);
  t.equal(sorry?.message.rcode, Rcode.SERVFAIL);
  t.match(
    effects.find(({ kind }) => kind === 'report'),
    { report: { kind: 'displaced' } },
  );
  const victim = questionOf(effects);
  t.equal(repliesOf(desk.server.finished(victim.handle, resolution, desk.now)).length, 1);
  t.same(desk.server.finished(handles[guaranteed]!, resolution, desk.now), [], 'too late for it');
  t.equal(desk.server.outstandingQuestions, most - 1);

  // However long it goes on, the first half stays, and every new question gets its 200 ms.
  for (let round = 0; round < 3 * most; round++) {
    desk.now = later(10_000 + round);
    const flood = desk.receive(request({ name: name(`f${round}.example.org`) }));
    for (const effect of flood) {
      if (effect.kind !== 'resolve' || effect.event.kind !== 'cancelled') continue;
      const place = handles.indexOf(effect.event.handle);
      if (place >= 0 && place < guaranteed) t.fail(`question ${place} was displaced`);
    }
  }
  t.equal(desk.server.outstandingQuestions, most);
  for (const handle of handles.slice(0, guaranteed)) {
    if (repliesOf(desk.server.finished(handle, resolution, desk.now)).length !== 1) t.fail('lost');
  }
  t.end();
});

t.test('of several processes each has its part of the table', (t) => {
  const most = limitOf('outstandingQuestions');
  for (const processes of [1, 4, 7]) {
    const desk = new FrontDesk({}, undefined, processes);
    for (let index = 0; index < most + 10; index++) {
      desk.receive(request({ id: index, name: nth(index) }), client('127.0.0.1', 1_024 + index));
    }
    t.equal(desk.server.outstandingQuestions, Math.ceil(most / processes), `${processes}`);
  }
  t.end();
});

t.test('a connection that goes takes its questions along, unless others wait', (t) => {
  const desk = new FrontDesk();
  const one = client('127.0.0.1', 1, 'tcp');
  const two = client('127.0.0.1', 1, 'tcp');
  const alone = questionOf(desk.receive(request({ name: nth(1) }), one)).handle;
  const shared = questionOf(desk.receive(request({ name: nth(2) }), one)).handle;
  desk.receive(request({ name: nth(2) }), two);
  t.same(desk.server.gone(one), [{ kind: 'resolve', event: { kind: 'cancelled', handle: alone } }]);
  t.equal(desk.server.outstandingQuestions, 1);
  const replies = repliesOf(desk.server.finished(shared, resolution, desk.now));
  t.equal(replies.length, 1);
  t.equal(replies[0]?.client, two);
  t.same(desk.server.gone(two), []);
  t.same(desk.server.gone(one), []);
  t.end();
});

t.test('who asked what is reported when asked for', (t) => {
  const desk = new FrontDesk({ reportAnswers: true });
  const { handle } = questionOf(desk.receive(request({ ad: true })));
  desk.now = later(25);
  const reports = desk.server
    .finished(handle, resolution, desk.now)
    .flatMap((effect) => (effect.kind === 'report' ? [effect.report] : []));
  t.match(reports, [
    {
      kind: 'answered',
      type: RRType.A,
      rcode: Rcode.NOERROR,
      security: 'secure',
      authenticData: true,
      tookMs: 25,
    },
  ]);
  const quiet = new FrontDesk();
  const asked = questionOf(quiet.receive(request()));
  t.equal(quiet.server.finished(asked.handle, answered(), quiet.now).length, 1);
  t.end();
});

t.test('a resolver that ends a question before it has been left standing', (t) => {
  const desk = new FrontDesk();
  const { handle } = questionOf(desk.receive(request()));
  desk.server.finished(handle, answered({ sets: [[ADDRESSES, insecure]] }), desk.now);
  t.ok(questionOf(desk.receive(request())), 'the same question starts afresh');
  t.end();
});

// --- TCP ---

const message = request();

function take(session: TcpSession, nowMs = 0): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let next = session.next(nowMs); next !== undefined; next = session.next(nowMs)) {
    messages.push(next);
  }
  return messages;
}

t.test('TCP: however the octets are cut, the messages are the same', (t) => {
  const other = request({ id: 2, name: name('a.longer.name.example.org'), edns: {} });
  const stream = Uint8Array.from([...frame(message), ...frame(other), ...frame(message)]);
  for (let size = 1; size <= stream.length; size++) {
    const session = new TcpSession(0);
    const messages: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      session.push(stream.slice(at, at + size));
      messages.push(...take(session));
    }
    if (messages.length !== 3) t.fail(`cut to ${size}: ${messages.length} messages`);
    if (size === 7) t.same(messages, [message, other, message]);
    if (session.heldOctets !== 0) t.fail(`cut to ${size}: ${session.heldOctets} octets are kept`);
  }
  t.end();
});

t.test('TCP: impossible lengths break the stream for good', (t) => {
  for (let length = 0; length < 12; length++) {
    const session = new TcpSession(0);
    session.push(Uint8Array.of(0, length, 1, 2, 3));
    t.equal(session.next(0), undefined);
    t.equal(session.broken, true, `length ${length}`);
    session.push(frame(message));
    t.equal(session.next(0), undefined, 'nothing after it is believed');
    t.equal(session.heldOctets, 0, 'nor kept');
    t.equal(session.wantsReading, false);
  }
  t.end();
});

t.test('TCP: a large announcement costs nothing until it is kept', (t) => {
  const session = new TcpSession(0);
  session.push(Uint8Array.of(0xff, 0xff));
  t.equal(session.heldOctets, 2);
  t.equal(session.next(0), undefined);
  session.push(new Uint8Array(65_534));
  t.equal(session.next(0), undefined);
  session.push(Uint8Array.of(9));
  t.equal(session.next(0)?.length, 65_535);
  t.equal(session.heldOctets, 0);
  t.end();
});

t.test('TCP: at most so many are unanswered, and reading stops meanwhile', (t) => {
  const most = limitOf('tcpQueriesInFlight');
  const session = new TcpSession(0);
  for (let at = 0; at < 100; at++) session.push(frame(message));
  t.equal(take(session).length, most);
  t.equal(session.wantsReading, false);
  t.equal(session.deadlineMs(), undefined, 'now it is for the resolver to hurry');
  session.replyWritten(10);
  session.replyTaken(20, true);
  t.equal(take(session, 20).length, 1, 'one out, one in');
  session.skipped();
  t.equal(take(session, 20).length, 1);
  t.equal(session.inFlight, most);
  t.end();
});

t.test('TCP: patience', (t) => {
  const first = limitOf('tcpFirstQueryMs');
  const idle = limitOf('tcpIdleMs');
  const session = new TcpSession(1_000);
  t.equal(session.deadlineMs(), 1_000 + first, 'the first query soon');
  session.push(frame(message).slice(0, 5));
  t.equal(session.next(1_500), undefined);
  t.equal(session.deadlineMs(), 1_000 + first, 'a part of one gains no time');
  session.push(frame(message).slice(5));
  t.same(take(session, 2_000), [message]);
  session.replyWritten(2_100);
  t.equal(session.deadlineMs(), 2_100 + limitOf('tcpUnreadMs'), 'the client must read');
  session.replyTaken(2_200, true);
  t.equal(session.deadlineMs(), 2_200 + idle);
  session.push(Uint8Array.of(0));
  t.equal(session.next(9_000), undefined);
  t.equal(session.deadlineMs(), 2_200 + idle, 'again: a part gains nothing');
  t.equal(session.isIdle, true);
  t.end();
});
