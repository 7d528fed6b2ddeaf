// The other hand of the man in the middle: puts a query to the server that it was meant for, from
// a namespace in which that server can be reached.
//   node attack-relay.js SOCKET

import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { overTcp, overUdp } from './ask-servers.js';
import type { RelayReply, RelayRequest } from './attack-box.js';

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  createInterface(socket).on('line', (line) => void pass(line, (text) => socket.write(text)));
}).listen(process.argv[2]!, () => console.log('ready'));

async function pass(line: string, write: (text: string) => void): Promise<void> {
  const { id, address, transport, query } = JSON.parse(line) as RelayRequest;
  const octets = Buffer.from(query, 'base64');
  const ask = transport === 'udp' ? overUdp : overTcp;
  const reply = await ask(address, { octets, id: octets.readUInt16BE(0) }, 8000);
  // A server that does not answer is as silent through here as without.
  if (reply === undefined) return;
  const result: RelayReply = { id, reply: reply.toString('base64') };
  write(`${JSON.stringify(result)}\n`);
}
