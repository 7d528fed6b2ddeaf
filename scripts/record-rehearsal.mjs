/**
 * Writes src/embedding/rehearsal-recording.ts: what the servers of a small signed Internet answer,
 * with keys that nobody has any more. To be run again only when other questions are wanted.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './prepare.mjs';

ensureInstalled();
ensureBuilt();
const from = (file) => import(join(root, 'build', 'src', file));
const { buildLab, singleKey, splitKeys } = await from('lab/index.js');
const { formatRecord, parseName } = await from('presentation/index.js');
const { TrustAnchors } = await from('dnssec/index.js');
const { Resolver } = await from('resolver/index.js');
const { NodeCryptoProvider } = await from('runtime/crypto.js');
const { labSigner } = await from('runtime/lab-signer.js');
const { decodeMessage, typeFromMnemonic } = await from('wire/index.js');
const plan = await from('embedding/rehearsal-plan.js');
const { REHEARSAL_SETTINGS, REHEARSAL_QUESTIONS, RehearsalEntropy } = plan;

const P256 = 13;
const RSA = 8;
const mail = () => `@ MX 10 mx
mx A 11.25.0.1
mx AAAA 3025::1
_25._tcp.mx TLSA 3 1 1 ${'5a'.repeat(32)}
`;
const server = (zone) => [{ name: `ns1.${zone}`, families: [4] }];
const world = {
  zones: [
    { origin: '.', signing: splitKeys(P256), servers: [{ name: 'a.root.', families: [4] }] },
    { origin: 'test.', signing: splitKeys(P256), servers: server('test.') },
    { origin: 'one.test.', text: mail(), signing: singleKey(P256), servers: server('one.test.') },
    { origin: 'two.test.', text: mail(), signing: singleKey(RSA), servers: server('two.test.') },
    { origin: 'plain.test.', text: mail(), servers: server('plain.test.') },
  ],
  domains: [],
};
const crypto = new NodeCryptoProvider();
const lab = buildLab({ world, tools: { signer: labSigner, crypto } });
const wallSeconds = Math.floor(Date.now() / 1000);
const { policy } = REHEARSAL_SETTINGS;
const resolver = new Resolver({
  config: { ...REHEARSAL_SETTINGS.config, hints: lab.rootServers },
  crypto,
  entropy: new RehearsalEntropy(),
  anchors: TrustAnchors.from(lab.rootAnchors(), { crypto, policy }),
});

const replies = new Map();
let handle = 0;
let nowMs = 0;
for (const [name, type] of REHEARSAL_QUESTIONS) {
  const events = [
    {
      kind: 'question',
      handle: ++handle,
      name: parseName(name),
      type: typeFromMnemonic(type),
      checkingDisabled: false,
      recursionDesired: true,
    },
  ];
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    nowMs += 1;
    const now = { monotonicMs: nowMs, wallSeconds, cacheMs: nowMs };
    for (const effect of resolver.handle(event, now)) {
      if (effect.kind !== 'send') continue;
      const { address, transport, octets, queryId } = effect;
      const reply = lab.network.answer(address, transport, octets, wallSeconds);
      events.push({ kind: 'received', queryId, octets: reply.octets });
      const [question] = decodeMessage(octets).value.questions;
      const key = `${address} ${question.name.toString().toLowerCase()} ${question.type}`;
      replies.set(key, Buffer.from(reply.octets).toString('base64'));
    }
  }
}

const quoted = (text) => `'${text}'`;
const lines = [...replies].map(([key, octets]) => `  [${quoted(key)}, ${quoted(octets)}],`);
const hints = lab.rootServers.map(({ addresses }) => quoted(String(addresses[0])));
writeFileSync(
  join(root, 'src', 'embedding', 'rehearsal-recording.ts'),
  `/** Made by scripts/record-rehearsal.mjs: replies of servers that never existed. */
/* eslint-disable */
// prettier-ignore
export const RECORDING = {
  wallSeconds: ${wallSeconds},
  rootServer: ${hints[0]},
  anchor: ${quoted(formatRecord(lab.rootAnchors()[0]))},
  /** By address, name and type; the ID and the letter case are put in when asked. */
  replies: new Map<string, string>([
  ${lines.join('\n  ')}
  ]),
} as const;
`,
);
