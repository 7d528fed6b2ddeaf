/**
 * Three ways to one decision, over every domain of the lab: the call of the library, Postfix's
 * policy table, and DNS answers as a mailer reads them, who sees the AD bit and nothing else.
 */
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { labWorld } from '../../src/lab/index.js';
import { createResolver, type DaneResult } from '../../src/index.js';
import { parseName } from '../../src/presentation/index.js';
import { askServer, SocketmapServer } from '../../src/runtime/index.js';
import { AccessList } from '../../src/server/index.js';
import {
  IpAddress,
  type Message,
  type Name,
  parseMx,
  Rcode,
  RRType,
} from '../../src/wire/index.js';
import { startLabDaemon } from '../support/lab-daemon.js';

const daemon = await startLabDaemon();
const resolver = createResolver({
  forward: daemon.endpoint,
  trustAnchor: daemon.anchor,
  rfc5011: false,
});
const loopback = IpAddress.parse('127.0.0.1')!;
const start = await SocketmapServer.open({
  driver: daemon.driver,
  access: AccessList.loopback,
  endpoints: [{ kind: 'inet', address: loopback, port: 0 }],
  report: () => undefined,
});
if (!start.ok) throw new Error(start.sentence);
const [table] = start.server.endpoints;
const tablePort = table?.kind === 'inet' ? table.port : 0;
const dnsPort = Number(daemon.endpoint.split(':')[1]);

t.teardown(async () => {
  await start.server.close(0);
  resolver.close();
  await daemon.close();
});

/** What a stub resolver knows of an answer. */
interface Seen {
  readonly failed: boolean;
  readonly isSecure: boolean;
  readonly isNameError: boolean;
  readonly records: readonly { readonly owner: Name; readonly rdata: Uint8Array }[];
}

async function ask(name: Name, type: number): Promise<Seen> {
  const question = { name, type, recursionDesired: true, authenticData: true };
  const server = { address: loopback, port: dnsPort };
  const reply = await askServer(question, server, 'tcp', { tryMs: 30_000, tries: 1 });
  const message: Message | undefined = reply.ok ? reply.message : undefined;
  const rcode = message?.rcode ?? Rcode.SERVFAIL;
  return {
    failed: rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN,
    isSecure: message?.authenticData === true,
    isNameError: rcode === Rcode.NXDOMAIN,
    records: (message?.answer ?? []).filter((record) => record.type === type),
  };
}

/** An exchange as Postfix goes about it: addresses, then TLSA by the AD bit of what it has. */
async function actionAt(host: Name): Promise<string> {
  const addresses = [await ask(host, RRType.A), await ask(host, RRType.AAAA)];
  const found = addresses.filter(({ records }) => records.length > 0);
  if (found.length === 0) return addresses.some(({ failed }) => failed) ? 'defer' : 'skip';
  const secure = found.find(({ isSecure }) => isSecure);
  const expanded = secure?.records[0]?.owner;
  const alias = secure === undefined ? await ask(host, RRType.CNAME) : undefined;
  const isSignedAlias = alias?.isSecure === true && alias.records.length > 0;
  const bases = expanded === undefined ? (isSignedAlias ? [host] : []) : [expanded, host];
  for (const base of bases) {
    const tlsa = await ask(parseName(`_25._tcp.${base.toString()}`)!, RRType.TLSA);
    if (tlsa.failed) return 'defer';
    if (tlsa.records.length === 0 || !tlsa.isSecure) continue;
    // The kinds of records that a mailer may use at all, as its TLS library says.
    return tlsa.records.some(({ rdata }) => isUsable(rdata)) ? 'authenticate' : 'encrypt';
  }
  return 'opportunistic';
}

function isUsable([usage = 255, selector = 255, matching = 255, ...data]: Uint8Array): boolean {
  const lengths: Readonly<Record<number, number>> = { 1: 32, 2: 64 };
  const fits = matching === 0 ? data.length > 60 : data.length === lengths[matching];
  return (usage === 2 || usage === 3) && selector < 2 && fits;
}

interface ByDns {
  readonly outcome: string;
  readonly actions: readonly string[];
  readonly isSecure: boolean;
}

async function decideByDns(domain: Name): Promise<ByDns> {
  const mx = await ask(domain, RRType.MX);
  const { isSecure } = mx;
  if (mx.failed) return { outcome: 'defer', actions: [], isSecure };
  if (mx.isNameError) return { outcome: 'refuse', actions: [], isSecure };
  const exchanges = mx.records.map(({ rdata }) => parseMx(rdata)!);
  exchanges.sort((a, b) => a.preference - b.preference);
  if (exchanges.length === 1 && exchanges[0]!.exchange.isRoot) {
    return { outcome: 'refuse', actions: [], isSecure };
  }
  const hosts = exchanges.length === 0 ? [domain] : exchanges.map(({ exchange }) => exchange);
  const actions: string[] = [];
  for (const host of hosts) actions.push(await actionAt(host));
  const can = actions.some((action) => action !== 'defer' && action !== 'skip');
  const outcome = can ? 'deliver' : actions.includes('defer') ? 'defer' : 'refuse';
  return { outcome, actions, isSecure };
}

/** What the table has to say to that. */
function levelOf({ outcome, actions, isSecure }: ByDns): string {
  if (outcome === 'defer') return 'TEMP';
  const used = actions.filter((action) => action !== 'skip');
  if (outcome === 'refuse' || used.every((action) => action === 'opportunistic')) return 'NOTFOUND';
  const isWhole = isSecure && used.every((action) => action === 'authenticate');
  return isWhole ? 'OK dane-only' : 'OK dane';
}

function askTable(domain: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = `QUERY ${domain}`;
    const socket = connect(tablePort, '127.0.0.1', () => {
      socket.write(`${request.length}:${request},`);
    });
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      const whole = /^\d+:(.*),$/s.exec(heard);
      if (whole === null) return;
      socket.end();
      resolve(whole[1]!);
    });
    socket.on('error', reject);
  });
}

/** As many at once: the domains whose servers are silent take their time. */
const AT_ONCE = 24;

async function compare(t: Test, text: string): Promise<void> {
  const byDns = await decideByDns(parseName(text)!);
  const result: DaneResult = await resolver.daneForDomain(text);
  const reply = await askTable(text);
  const byCall = { outcome: result.outcome, actions: result.exchanges.map(({ action }) => action) };
  const { outcome, actions } = byDns;
  t.same(byCall, { outcome, actions }, `${text}: the call and DNS`);
  const level = reply.startsWith('TEMP ') ? 'TEMP' : reply.trimEnd();
  t.equal(level, levelOf(byDns), `${text}: the table and DNS`);
}

t.test('every domain of the lab, asked in three ways', async (t) => {
  const waiting = labWorld().domains.map(({ name, mail }) => mail?.domain ?? name);
  const { length } = waiting;
  const takeTurns = async (): Promise<void> => {
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      await compare(t, text);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
  t.ok(length > 150, `${length} domains`);
});
