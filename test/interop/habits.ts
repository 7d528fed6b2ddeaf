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

/** What becomes of a question for TLSA; everything else is passed on. */
export type Habit = 'NOTIMP to TLSA' | 'SERVFAIL to TLSA' | 'silent to TLSA';

export interface HabitsConfiguration {
  /** The command that runs NSD in the foreground. */
  readonly backend: readonly string[];
  readonly places: readonly { readonly address: string; readonly habit: Habit }[];
}

const typeTlsa = 52;
const rcodes: Readonly<Partial<Record<Habit, number>>> = {
  'SERVFAIL to TLSA': 2,
  'NOTIMP to TLSA': 4,
};

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

/** The reply that the habit gives, `silence`, or `undefined` where it passes the question on. */
function habitReply(query: Buffer, habit: Habit): Buffer | 'silence' | undefined {
  if (query.length < 17 || questionType(query) !== typeTlsa) return undefined;
  const rcode = rcodes[habit];
  return rcode === undefined ? 'silence' : errorReply(query, rcode);
}

function serveUdp(address: string, habit: Habit): void {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const front = createSocket(type);
  front.on('message', (query, client) => {
    const own = habitReply(query, habit);
    if (own === 'silence') return;
    if (own !== undefined) return front.send(own, client.port, client.address);
    const back = createSocket('udp4');
    const timer = setTimeout(() => back.close(), 2000);
    back.on('message', (reply) => {
      clearTimeout(timer);
      front.send(reply, client.port, client.address);
      back.close();
    });
    back.send(query, backendPlace.port, backendPlace.host);
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
  const own = habitReply(query, habit);
  if (own === 'silence') return;
  if (own !== undefined) {
    socket.write(framed(own));
    return;
  }
  const back = connect(backendPlace);
  back.on('error', () => socket.destroy());
  back.on('data', (chunk) => socket.write(chunk));
  socket.on('close', () => back.destroy());
  back.write(framed(query));
}

const configuration = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HabitsConfiguration;
const [program, ...args] = configuration.backend;
const backend = spawn(program!, args, { stdio: 'inherit' });
backend.on('exit', () => process.exit(1));
for (const { address, habit } of configuration.places) {
  serveUdp(address, habit);
  serveTcp(address, habit);
}
process.on('SIGTERM', () => {
  backend.removeAllListeners('exit');
  backend.on('exit', () => process.exit(0));
  backend.kill('SIGTERM');
});
