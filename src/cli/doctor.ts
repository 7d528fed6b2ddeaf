/** `anchorite doctor`: looks at the mail host, asks what its mailer would ask, says what to do. */
import { type Config, SETTINGS, type SocketAddress } from '../config/index.js';
import { diagnose, type Facts, type Finding } from '../doctor/index.js';
import { keyTag } from '../dnssec/index.js';
import { readFoundations } from '../embedding/index.js';
import { probeNetwork, probeResolver, readMailHost, type MailHost } from '../runtime/index.js';
import { IpAddress, type ResourceRecord, RRType } from '../wire/index.js';
import { EXIT, type Run } from './command.js';
import { refuse } from './config-commands.js';
import { escapeControls } from './log.js';
import { readConfig } from './read-config.js';

const DNS_PORT = 53;
/** RFC 5737: documentation. */
const IMPOSSIBLE = { address: IpAddress.parse('192.0.2.1')!, port: DNS_PORT };

export const doctor: Run = async ({ flags }) => {
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  const server = readServer(flags.server);
  if (typeof server === 'string') return refuse([{ message: server }]);
  const mailHost = readMailHost(typeof flags.root === 'string' ? flags.root : '/');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const facts = await gather(mailHost, result.config, server, flags.offline === true, nowSeconds);
  if ('problems' in facts) return refuse(facts.problems.map((message) => ({ message })));
  const findings = diagnose(facts);
  const unseen = whatWasNotSeen(facts);
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ findings, unseen }, undefined, 2)}\n`
      : textOf(findings, unseen),
  );
  return findings.length === 0 ? EXIT.ok : EXIT.failure;
};

function readServer(value: unknown): SocketAddress | undefined | string {
  if (typeof value !== 'string') return undefined;
  const read = SETTINGS.forward.kind.read(value);
  return read.ok ? read.value : `--server must be ${SETTINGS.forward.kind.allowed}`;
}

async function gather(
  mailHost: MailHost,
  config: Config,
  server: SocketAddress | undefined,
  isOffline: boolean,
  nowSeconds: number,
): Promise<Facts | { readonly problems: readonly string[] }> {
  const read = readFoundations(config, nowSeconds);
  if (!read.ok) return read;
  const { hints, anchorRecords } = read.foundations;
  const anchorTags = anchorRecords.filter(({ owner }) => owner.isRoot).map(tagOf);
  const files = { ...mailHost, anchorTags };
  if (isOffline) return { ...files, resolvers: [], network: undefined };
  const roots = hints.flatMap(({ addresses }) =>
    addresses.map((address) => ({ address, port: DNS_PORT })),
  );
  const asked = server === undefined ? nameserversOf(mailHost) : [server];
  const [network, ...resolvers] = await Promise.all([
    probeNetwork({
      roots4: config.ipv4 ? roots.filter(({ address }) => address.family === 4) : [],
      roots6: config.ipv6 ? roots.filter(({ address }) => address.family === 6) : [],
      impossible: IMPOSSIBLE,
      wallSeconds: nowSeconds,
    }),
    ...asked.map((one) => probeResolver(one)),
  ]);
  return { ...files, resolvers, network };
}

/** RFC 4034 §5.1.1: a DS record begins with the tag of its key. */
function tagOf({ type, rdata }: ResourceRecord): number {
  return type === RRType.DS ? ((rdata[0] ?? 0) << 8) | (rdata[1] ?? 0) : keyTag(rdata);
}

/** The C library asks three at most (resolv.conf(5), MAXNS). */
const MOST_NAMESERVERS = 3;

function nameserversOf({ host }: MailHost): SocketAddress[] {
  return (host.resolvConf?.nameservers ?? []).slice(0, MOST_NAMESERVERS).flatMap((text) => {
    const address = IpAddress.parse(text);
    return address === undefined ? [] : [{ address, port: DNS_PORT }];
  });
}

function whatWasNotSeen(facts: Facts): string[] {
  const unseen: string[] = [];
  if (facts.postfix === undefined) unseen.push('no Postfix (/etc/postfix/main.cf)');
  if (facts.exim === undefined) unseen.push('no Exim configuration');
  if (facts.host.hostSources === undefined) unseen.push('no /etc/nsswitch.conf');
  if (facts.network === undefined) unseen.push('the network and the resolver: --offline');
  else if (facts.resolvers.length === 0) unseen.push('no resolver to ask');
  return unseen;
}

function textOf(findings: readonly Finding[], unseen: readonly string[]): string {
  const lines: string[] = [];
  for (const { code, wrong, matters, fix } of findings) {
    const indented = fix.split('\n').map((line) => `      ${line}`);
    lines.push(`${code}: ${wrong}`, `  Why:  ${matters}`, '  Fix:', ...indented, '');
  }
  lines.push(
    findings.length === 0
      ? 'Nothing wrong was found.'
      : `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}.`,
  );
  if (unseen.length > 0) lines.push(`Not looked at: ${unseen.join('; ')}.`);
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}
