/** `anchorite dane DOMAIN`: the decision of RFC 7672, and on request a look at the servers. */
import { SETTINGS } from '../config/index.js';
import {
  checkServer,
  DANE_LIMITS,
  type DaneDecision,
  type ExchangeDecision,
  IMPLICIT_TLS_PORT,
  nameText,
} from '../dane/index.js';
import { type Assembly, assemble, daneResultOf } from '../embedding/index.js';
import { certificateTools, decideWith, probeSmtp, readDomain } from '../runtime/index.js';
import { IpAddress } from '../wire/index.js';
import { EXIT, type Invocation, type Run } from './command.js';
import { refuse } from './config-commands.js';
import { daneText, type LookedAtServer } from './dane-text.js';
import { readLabFlags } from './lab-flags.js';
import { readConfig } from './read-config.js';
import { octetsAsBase64 } from './resolve.js';

interface Wanted {
  readonly name: NonNullable<ReturnType<typeof readDomain>>;
  readonly port: number;
  readonly viaMx: boolean;
  readonly connect: boolean;
  /** Instead of the addresses of the exchanges. */
  readonly connectTo: { readonly host: string; readonly port: number } | undefined;
}

export const dane: Run = async (invocation) => {
  const wanted = readWanted(invocation);
  if (typeof wanted === 'string') return refuse([{ message: wanted }]);
  const { flags } = invocation;
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  const lab = readLabFlags(flags);
  if ('problem' in lab) return refuse([{ message: lab.problem }]);
  const assembled = await assemble(result.config, {
    report: (report) => {
      if ('sentence' in report) process.stderr.write(`;; ${report.sentence}\n`);
    },
    tracing: false,
    ...(lab.settings === undefined ? {} : { lab: lab.settings }),
  });
  if (!assembled.ok) return refuse(assembled.problems.map((message) => ({ message })));
  const { assembly } = assembled;
  for (const warning of assembly.warnings) process.stderr.write(`;; ${warning}\n`);
  const decision = await decide(assembly, wanted);
  assembly.driver.close();
  const servers = wanted.connect ? await lookAt(decision, wanted, assembly) : [];
  const text =
    flags.json === true ? jsonText(decision, servers) : daneText(decision, servers, wanted.connect);
  process.stdout.write(text);
  return statusOf(decision, servers);
};

function readWanted({ flags, positionals }: Invocation): Wanted | string {
  const [domain = ''] = positionals;
  const name = readDomain(domain);
  if (name === undefined) return `'${domain}' is not a domain name`;
  if (IpAddress.parse(domain) !== undefined) {
    return `'${domain}' is an address, and DANE is about names (RFC 7672 §2.2)`;
  }
  const portText = flags.port;
  const port = portText === undefined ? 25 : Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    return `--port must be a number from 1 to 65535`;
  }
  const connectTo = readConnectTo(flags['connect-to'], port);
  if (typeof connectTo === 'string') return connectTo;
  const connect = flags.connect === true || connectTo !== undefined;
  return { name, port, viaMx: flags.host !== true, connect, connectTo };
}

function readConnectTo(value: unknown, port: number): Wanted['connectTo'] | string {
  if (typeof value !== 'string') return undefined;
  const { kind } = SETTINGS.forward;
  const read = kind.read(value);
  if (!read.ok) return `--connect-to must be ${kind.allowed}`;
  const { address } = read.value;
  const hasPort = /^(?:[^:]+|\[.*\]):\d+$/.test(value);
  return { host: address.toString(), port: hasPort ? read.value.port : port };
}

function decide({ driver }: Assembly, destination: Wanted): Promise<DaneDecision> {
  return new Promise((decided, broke) => {
    decideWith(driver, destination, { decided, broke });
  });
}

/** All exchanges at once: each is another machine, and each look is bounded. */
function lookAt(
  decision: DaneDecision,
  wanted: Wanted,
  { clock }: Assembly,
): Promise<readonly LookedAtServer[]> {
  const exchanges = decision.exchanges.slice(0, DANE_LIMITS.probedExchanges.value);
  return Promise.all(
    exchanges.map(async (exchange) => {
      const seen = await probe(exchange, wanted);
      const { wallSeconds } = clock.now();
      const checked = checkServer(decision, exchange, seen, wallSeconds, certificateTools);
      return { exchange, ...checked };
    }),
  );
}

/** The first address where something listens; RFC 5321 §5.1 tries them one after the other. */
async function probe(exchange: ExchangeDecision, { port, connectTo }: Wanted) {
  const serverName = nameText(exchange.baseDomain ?? exchange.exchange);
  const places =
    connectTo === undefined
      ? exchange.addresses.map((address) => ({ host: address.toString(), port }))
      : [connectTo];
  let seen: Awaited<ReturnType<typeof probeSmtp>> = {
    reached: 'nothing',
    address: nameText(exchange.exchange),
    sentence: 'there is no address to connect to',
  };
  for (const place of places.slice(0, DANE_LIMITS.probedAddresses.value)) {
    seen = await probeSmtp({ ...place, serverName, isImplicitTls: port === IMPLICIT_TLS_PORT });
    if (seen.reached !== 'nothing') break;
  }
  return seen;
}

function jsonText(decision: DaneDecision, servers: readonly LookedAtServer[]): string {
  const { exchanges, ...result } = daneResultOf(decision);
  const value = {
    ...result,
    exchanges: exchanges.map((exchange, index) => {
      const server = servers.find((each) => each.exchange === decision.exchanges[index]);
      if (server === undefined) return exchange;
      const { checks, accepts } = server;
      return { ...exchange, server: { accepts, checks } };
    }),
  };
  return `${JSON.stringify(value, octetsAsBase64, 2)}\n`;
}

function statusOf(
  { outcome, route, exchanges }: DaneDecision,
  servers: readonly LookedAtServer[],
): number {
  if (outcome === 'refuse') return EXIT.noMail;
  if (outcome === 'defer') return EXIT.noAnswer;
  if (servers.some(({ accepts }) => !accepts)) return EXIT.bogus;
  const actions = exchanges.map(({ action }) => action).filter((action) => action !== 'skip');
  // RFC 7672 §2.2.1: over an insecure MX, authenticated servers may still be the wrong ones.
  const isSecure = route.isSecure && actions.every((action) => action === 'authenticate');
  return isSecure ? EXIT.ok : EXIT.insecure;
}
