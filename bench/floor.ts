/**
 * About the least that a program of Node takes for a cold, secure TLSA question below a known
 * top-level domain: the sockets of three queries, one key to import, three signatures to check. It
 * believes all it hears, and its keys and signatures are its own; what a resolver takes beyond this
 * is its own work. Arguments: where to listen, and the address of the top-level domain's server.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomInt,
  sign,
  verify,
} from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

const [host, port, parent = ''] = process.argv.slice(2);
const HEADER_OCTETS = 12;
const OPT_OCTETS = 11;
const TYPE_DNSKEY = 48;

/** As long as the signed data of an RRset of one record. */
const SIGNED = Buffer.alloc(120, 1);

interface Kind {
  readonly jwk: JsonWebKey;
  readonly signature: Buffer;
  readonly hash: string | undefined;
}

const ec = (key: KeyObject) => ({ key, dsaEncoding: 'ieee-p1363' }) as const;

function kindOf(pair: { publicKey: KeyObject; privateKey: KeyObject }, hash?: string): Kind {
  const signature = sign(hash, SIGNED, ec(pair.privateKey));
  return { jwk: pair.publicKey.export({ format: 'jwk' }), signature, hash };
}

/** By the first octet of the zone's name. */
const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0x70, kindOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256')],
  [0x72, kindOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }), 'sha256')],
  [0x65, kindOf(generateKeyPairSync('ed25519'))],
]);

const importKey = ({ jwk }: Kind): KeyObject => createPublicKey({ key: jwk, format: 'jwk' });

function check({ hash, signature }: Kind, key: KeyObject): void {
  if (!verify(hash, SIGNED, ec(key), signature)) throw new Error('a good signature was refused');
}

const parentKind = KINDS.get(0x70)!;
const parentKey = importKey(parentKind);

const front = createSocket('udp4');
front.on('message', (question, client) => {
  ask(parent, question, (referral) => {
    // The last record before OPT is the glue.
    const glue = referral.subarray(-OPT_OCTETS - 4, -OPT_OCTETS).join('.');
    const zoneAt = zoneOf(question);
    const kind = KINDS.get(question[zoneAt + 1]!)!;
    let key: KeyObject | undefined;
    let reply: Buffer | undefined;
    const finish = (): void => {
      if (key === undefined || reply === undefined) return;
      check(kind, key);
      question.copy(reply, 0, 0, 2);
      reply.writeUInt16BE(0x81a0, 2);
      front.send(reply, client.port, client.address);
    };
    ask(glue, keyQuery(question, zoneAt), () => {
      key = importKey(kind);
      check(kind, key);
      finish();
    });
    ask(glue, question, (answer) => {
      reply = answer;
      finish();
    });
    setImmediate(() => check(parentKind, parentKey));
  });
});

/** From a new socket with a random port, as RFC 5452 §9.2 wants it. */
function ask(address: string, question: Uint8Array, heard: (reply: Buffer) => void): void {
  const socket: Socket = createSocket({
    type: 'udp4',
    lookup: (name, _family, done) => done(null, name, 4),
  });
  const query = Buffer.from(question);
  query.writeUInt16BE(randomInt(0x10000), 0);
  query.writeUInt16BE(0, 2);
  socket.on('message', (reply) => {
    socket.close();
    heard(reply);
  });
  const takeAnotherPort = (): void => {
    socket.close();
    ask(address, question, heard);
  };
  socket.once('error', takeAnotherPort);
  socket.on('listening', () => {
    socket.off('error', takeAnotherPort);
    socket.connect(53, address);
    socket.send(query);
  });
  socket.bind({ port: randomInt(1_024, 65_536) });
}

/** Where the last two labels of the question begin. */
function zoneOf(question: Uint8Array): number {
  const starts: number[] = [];
  for (let at = HEADER_OCTETS; question[at] !== 0; at += 1 + question[at]!) starts.push(at);
  return starts.at(-2)!;
}

function keyQuery(question: Buffer, zoneAt: number): Buffer {
  const query = Buffer.concat([question.subarray(0, HEADER_OCTETS), question.subarray(zoneAt)]);
  query.writeUInt16BE(TYPE_DNSKEY, query.length - OPT_OCTETS - 4);
  return query;
}

front.bind(Number(port), host, () => createServer().listen(Number(port), host));
process.on('SIGTERM', () => process.exit(0));
