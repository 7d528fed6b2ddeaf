/** The parts by themselves: the codec, signature checks with both libraries, NSEC3 hashes. */
import { Bench } from 'tinybench';
import type { CryptoProvider, ImportedKey } from '../src/dnssec/index.js';
import { NobleCryptoProvider } from '../src/dnssec/noble.js';
import { buildLab, type Lab, nsec3, singleKey, splitKeys } from '../src/lab/index.js';
import { parseName } from '../src/presentation/index.js';
import { NodeCryptoProvider } from '../src/runtime/crypto.js';
import { labSigner } from '../src/runtime/lab-signer.js';
import {
  buildQuery,
  decodeMessage,
  encodeMessage,
  groupRRsets,
  type Message,
  RRClass,
  typeFromMnemonic,
} from '../src/wire/index.js';

export interface MicroFigure {
  readonly group: string;
  readonly name: string;
  readonly perSecond: number;
  readonly microseconds: number;
  /** Relative margin of error, percent. */
  readonly margin: number;
}

const ALGORITHMS: readonly (readonly [number, string])[] = [
  [8, 'RSA-2048/SHA-256'],
  [13, 'ECDSA P-256'],
  [14, 'ECDSA P-384'],
  [15, 'Ed25519'],
  [16, 'Ed448'],
];

export async function microBench(
  milliseconds: number,
  progress: (done: number, of: number, what: string) => void,
): Promise<MicroFigure[]> {
  const groups: readonly (readonly [string, (bench: Bench) => void])[] = [
    ['codec', addCodec],
    ['signature check', addSignatures],
    ['NSEC3 hash', addNsec3],
  ];
  const figures: MicroFigure[] = [];
  for (const [index, [group, add]] of groups.entries()) {
    progress(index, groups.length, group);
    const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 4 });
    add(bench);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (!('latency' in result)) throw new Error(`${name} did not run`);
      figures.push({
        group,
        name,
        perSecond: 1_000 / result.latency.p50,
        microseconds: 1_000 * result.latency.p50,
        margin: result.latency.rme,
      });
    }
  }
  progress(groups.length, groups.length, 'micro-benchmarks');
  return figures;
}

const NAMES = `@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx TLSA 3 1 1 ${'8a9b1c2d'.repeat(8)}\n`;

function sampleLab(): Lab {
  return buildLab({
    world: {
      zones: [
        { origin: '.', signing: splitKeys(13) },
        { origin: 'nsec3.', text: NAMES, signing: singleKey(13, nsec3()) },
        { origin: 'rsa.', text: NAMES, signing: splitKeys(8) },
      ],
      domains: [],
    },
    tools: { signer: labSigner, crypto: new NodeCryptoProvider() },
  });
}

function reply(lab: Lab, server: string, name: string, type: string): Uint8Array {
  const query = buildQuery({
    id: 1,
    name: parseName(name)!,
    type: typeFromMnemonic(type)!,
    class: RRClass.IN,
    edns: { udpSizeOctets: 1_232, dnssecOk: true },
  });
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const answer = lab.servers.get(parseName(server)!.key)!.answer(query, 'tcp', nowSeconds);
  if (answer.kind !== 'reply') throw new Error(answer.kind);
  return answer.octets;
}

function decoded(octets: Uint8Array): Message {
  const result = decodeMessage(octets);
  if (!result.ok) throw new Error('malformed');
  return result.value;
}

function addCodec(bench: Bench): void {
  const lab = sampleLab();
  const messages = [
    ['TLSA and its signature', reply(lab, 'ns1.nsec3.', '_25._tcp.mx.nsec3.', 'TLSA')],
    ['MX, address and signatures', reply(lab, 'ns1.nsec3.', 'nsec3.', 'MX')],
    ['name error with NSEC3', reply(lab, 'ns1.nsec3.', 'no.where.nsec3.', 'A')],
    ['DNSKEY, 2 x RSA-2048', reply(lab, 'ns1.rsa.', 'rsa.', 'DNSKEY')],
  ] as const;
  for (const [what, octets] of messages) {
    const title = `${what} (${octets.length} octets)`;
    const message = decoded(octets);
    bench.add(`decode ${title}`, () => {
      decodeMessage(octets);
    });
    bench.add(`group ${title}`, () => {
      groupRRsets(message.answer);
      groupRRsets(message.authority);
    });
    bench.add(`encode ${title}`, () => {
      encodeMessage(message, { maxOctets: 65_535 });
    });
  }
}

function providers(): readonly CryptoProvider[] {
  return [new NodeCryptoProvider(), new NobleCryptoProvider()];
}

function addSignatures(bench: Bench): void {
  const data = new Uint8Array(300).fill(7);
  const forged = data.with(0, 8);
  for (const [algorithm, what] of ALGORITHMS) {
    const { privateKey, publicKey } = labSigner.generateKey(algorithm);
    const signature = labSigner.sign(algorithm, privateKey, data);
    for (const provider of providers()) {
      const key = provider.importKey(algorithm, publicKey) as ImportedKey;
      if (!provider.verify(algorithm, key, data, signature)) throw new Error(`${what} fails`);
      // Good ones are remembered (dnssec/good-signatures.ts); a bad one costs the same each time.
      bench.add(`${what}, ${provider.name}`, () => {
        provider.verify(algorithm, key, forged, signature);
      });
    }
  }
}

function addNsec3(bench: Bench): void {
  const name = parseName('_25._tcp.mx1.mail.example.org')!.canonicalOctets();
  const salt = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  for (const iterations of [0, 10, 50]) {
    for (const provider of providers()) {
      bench.add(`${iterations} iterations, ${provider.name}`, () => {
        provider.nsec3Hash(name, salt, iterations);
      });
    }
  }
}
