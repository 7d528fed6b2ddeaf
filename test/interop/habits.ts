// A name server with bad habits, as boxes before real ones have them: NSD has the zones and
// answers; what stands before it treats some questions as its zone's habit says. Both run in one
// namespace, NSD on the loopback interface.
//   node habits.js CONFIGURATION.json

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { backendPlace } from './addresses.js';
import { framed, onMessages } from './dns-stream.js';

/** What is done to some questions; everything else is passed on as it came. */
export type Habit =
  | 'NOTIMP to TLSA'
  | 'SERVFAIL to TLSA'
  | 'silent to TLSA'
  // Of servers that know no EDNS: an error (RFC 6891 §7), or an answer without it.
  | 'FORMERR to EDNS'
  | 'deaf to EDNS'
  // As its FAQ has it: the OPT record is ignored, and TCP is the business of another program.
  | 'MaraDNS'
  // The reply has the name in lower case, however it was asked.
  | 'lower case';

export interface HabitsConfiguration {
  /** The command that runs NSD in the foreground. */
  readonly backend: readonly string[];
  readonly places: readonly { readonly address: string; readonly habit: Habit }[];
}

const typeTlsa = 52;
const [formErr, servFail, notImp] = [1, 2, 4];

/** The end of the question section of a query with one question, which names nothing twice. */
function questionEnd(query: Buffer): number {
  let at = 12;
  while (at < query.length && query[at] !== 0) at += query[at]! + 1;
  return at + 5;
}

function questionType(query: Buffer): number {
  const end = questionEnd(query);
  return end <= query.length ? query.readUInt16BE(end - 4) : 0;
}

/** A header with the error, and the question; no EDNS, which is a part of the habit. */
function errorReply(query: Buffer, rcode: number): Buffer {
  const reply = Buffer.from(query.subarray(0, questionEnd(query)));
  // QR, the opcode and RD of the query; then the error.
  reply[2] = 0x80 | (query[2]! & 0x79);
  reply[3] = rcode;
  reply.writeUInt16BE(1, 4);
  reply.fill(0, 6, 12);
  return reply;
}

/** What the box does: answers itself, says nothing, or passes a query on. */
type Deed =
  | { readonly kind: 'answer'; readonly reply: Buffer }
  | { readonly kind: 'silence' }
  | { readonly kind: 'pass'; readonly query: Buffer };

function withoutEdns(query: Buffer): Buffer {
  const bare = Buffer.from(query.subarray(0, questionEnd(query)));
  bare.writeUInt16BE(0, 10);
  return bare;
}

function inLowerCase(query: Buffer): Buffer {
  const lower = Buffer.from(query);
  // No length octet of a label looks like a capital letter: the greatest is 63.
  for (let at = 12; at < questionEnd(query) - 4; at += 1) {
    if (lower[at]! >= 0x41 && lower[at]! <= 0x5a) lower[at]! |= 0x20;
  }
  return lower;
}

function deedOf(query: Buffer, habit: Habit): Deed {
  const pass: Deed = { kind: 'pass', query };
  if (query.length < 17) return pass;
  const answer = (rcode: number): Deed => ({ kind: 'answer', reply: errorReply(query, rcode) });
  const isTlsa = questionType(query) === typeTlsa;
  const hasEdns = query.readUInt16BE(10) > 0;
  switch (habit) {
    case 'NOTIMP to TLSA':
      return isTlsa ? answer(notImp) : pass;
    case 'SERVFAIL to TLSA':
      return isTlsa ? answer(servFail) : pass;
    case 'silent to TLSA':
      return isTlsa ? { kind: 'silence' } : pass;
    case 'FORMERR to EDNS':
      return hasEdns ? answer(formErr) : pass;
    case 'deaf to EDNS':
    case 'MaraDNS':
      return { kind: 'pass', query: withoutEdns(query) };
    case 'lower case':
      return { kind: 'pass', query: inLowerCase(query) };
  }
}

function serveUdp(address: string, habit: Habit): void {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const front = createSocket(type);
  front.on('message', (query, client) => {
    const deed = deedOf(query, habit);
    if (deed.kind === 'silence') return;
    if (deed.kind === 'answer') {
      front.send(deed.reply, client.port, client.address);
      return;
    }
    const back = createSocket('udp4');
    const timer = setTimeout(() => back.close(), 2000);
    back.on('message', (reply) => {
      clearTimeout(timer);
      front.send(reply, client.port, client.address);
      back.close();
    });
    back.send(deed.query, backendPlace.port, backendPlace.host);
  });
  front.bind(53, address);
}

function serveTcp(address: string, habit: Habit): void {
  const server = createServer((socket) => {
    onMessages(socket, (query) => answerOverTcp(socket, query, habit));
  });
  server.listen(53, address);
}

function answerOverTcp(socket: Socket, query: Buffer, habit: Habit): void {
  const deed = deedOf(query, habit);
  if (deed.kind === 'silence') return;
  if (deed.kind === 'answer') {
    socket.write(framed(deed.reply));
    return;
  }
  const back = connect(backendPlace);
  back.on('error', () => socket.destroy());
  back.on('data', (chunk) => socket.write(chunk));
  socket.on('close', () => back.destroy());
  back.write(framed(deed.query));
}

const configuration = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HabitsConfiguration;
const [program, ...args] = configuration.backend;
const backend = spawn(program!, args, { stdio: 'inherit' });
backend.on('exit', () => process.exit(1));
for (const { address, habit } of configuration.places) {
  serveUdp(address, habit);
  if (habit !== 'MaraDNS') serveTcp(address, habit);
}
process.on('SIGTERM', () => {
  backend.removeAllListeners('exit');
  backend.on('exit', () => process.exit(0));
  backend.kill('SIGTERM');
});
