/** What a worker notes of open questions, and what is read of it when the worker is no more. */
import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { openJournalFile, QuestionJournal, unansweredIn } from '../../src/runtime/index.js';
import { UdpClient } from '../../src/runtime/listen-udp.js';
import { name, request } from '../server/front-desk.js';
import { prod, start, UdpStub, withSlowAnswers } from './running-daemon.js';

/** Replies of such a client go nowhere. */
const listener = { send: () => {} } as unknown as ConstructorParameters<typeof UdpClient>[0];
const clientAt = (host: string, port: number): UdpClient => UdpClient.at(listener, host, port)!;
const asked = (label: string): Uint8Array => request({ name: name(`${label}.example`) });

function fresh(t: Test): number {
  const file = openJournalFile();
  if (file === undefined) throw new Error('nothing is writable here');
  t.teardown(() => closeSync(file));
  return file;
}

t.test('what is open is found, what is answered or dropped is not', (t) => {
  const file = fresh(t);
  const first = new QuestionJournal(file, 0, 2);
  const second = new QuestionJournal(file, 1, 2);
  const clients = [clientAt('127.0.0.1', 1), clientAt('fe80::1%lo', 65_535), clientAt('::1', 3)];
  first.note(0, asked('a'), clients[0]!);
  first.note(7, asked('b'), clients[1]!);
  second.note(1, asked('c'), clients[2]!);
  const found = () => unansweredIn(file).map(({ front, port }) => [front, port]);
  t.same(
    new Set(found()),
    new Set([
      [0, 1],
      [0, 65_535],
      [1, 3],
    ]),
  );
  const zoned = unansweredIn(file).find(({ port }) => port === 65_535);
  t.match(zoned, { front: 0, listener: 7, host: 'fe80::1%lo' });
  t.same(zoned?.octets, asked('b'));
  clients[0]!.reply(new Uint8Array(12));
  clients[2]!.skip();
  t.same(found(), [[0, 65_535]]);
  clients[1]!.reply(new Uint8Array(12));
  t.same(found(), []);
  t.end();
});

t.test('bounds: too long, too many, and a file that says nonsense', (t) => {
  const file = fresh(t);
  const journal = new QuestionJournal(file, 0, 1);
  journal.note(0, new Uint8Array(600), clientAt('127.0.0.1', 1));
  t.equal(unansweredIn(file).length, 0, 'longer than a place in the file');
  const clients = Array.from({ length: 5_000 }, (_, index) => clientAt('127.0.0.1', index));
  for (const client of clients) journal.note(0, asked('x'), client);
  t.equal(unansweredIn(file).length, 4_096);
  for (const client of clients) client.skip();
  t.equal(unansweredIn(file).length, 0);
  for (const client of clients.slice(0, 10)) journal.note(0, asked('y'), client);
  t.equal(unansweredIn(file).length, 10, 'places are used again');
  ftruncateSync(file, 0);
  writeSync(file, Buffer.alloc(5_000, 0xff), 0, 5_000, 0);
  t.same(unansweredIn(file), [], 'lengths beyond a place');
  t.end();
});

t.test('a disk that was full for a while costs no place for good', (t) => {
  const closed = openJournalFile() ?? 0;
  closeSync(closed);
  const journal = new QuestionJournal(closed, 0, 1);
  const client = clientAt('127.0.0.1', 1);
  for (let count = 0; count < 5_000; count++) journal.note(0, asked('lost'), client);
  const file = fresh(t);
  t.equal(file, closed, 'control: the descriptor can be written to from now on');
  journal.note(0, asked('kept'), client);
  t.same(
    unansweredIn(file).map(({ octets }) => octets),
    [asked('kept')],
  );
  t.end();
});

t.test('a question that is taken over is answered, and not noted again', async (t) => {
  const file = fresh(t);
  const { script, release } = withSlowAnswers();
  const journal = new QuestionJournal(file, 0, 1);
  const running = await start(t, script, { journal });
  const { daemon, port } = running;
  const heir = createSocket('udp4');
  t.teardown(() => heir.close());
  await new Promise<void>((resolve) => heir.bind(0, '127.0.0.1', resolve));
  const reply = new Promise<Buffer>((resolve) => heir.once('message', resolve));
  const octets = request({ name: name('slow'), id: 77 });
  daemon.takeOver({ front: 0, listener: 0, host: '127.0.0.1', port: heir.address().port, octets });
  t.equal(unansweredIn(file).length, 0, 'should it kill this one as well, it ends there');
  const stub = new UdpStub(t, port);
  const own = stub.ask(request({ name: name('slow'), id: 78 }));
  for (let tries = 0; unansweredIn(file).length === 0 && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.equal(unansweredIn(file).length, 1, 'control: what is heard is noted');
  prod(running, release());
  t.equal((await reply).readUInt16BE(0), 77);
  t.equal((await own).id, 78);
  t.equal(unansweredIn(file).length, 0);
  const nowhere = { front: 0, port: 1, octets };
  daemon.takeOver({ ...nowhere, listener: 9, host: '127.0.0.1' });
  daemon.takeOver({ ...nowhere, listener: 0, host: 'no address' });
});
