/** A daemon on the lab, and resolvers put together for tests that use real sockets. */
import { type Config, makeConfig, type RawSetting } from '../../src/config/index.js';
import { type Assembly, assemble } from '../../src/embedding/index.js';
import { formatRecord, parseName } from '../../src/presentation/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { Daemon } from '../../src/runtime/index.js';
import { CookieJar, DEFAULT_NAME_SERVER_CONFIG } from '../../src/server/index.js';
import { IpAddress, RRType } from '../../src/wire/index.js';

export function configOf(values: Readonly<Record<string, RawSetting['value']>> = {}): Config {
  const result = makeConfig(
    Object.entries(values).map(([name, value]) => ({ name, value, place: name, subject: name })),
  );
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join());
  return result.config;
}

export async function assembled(config: Config, withLab: boolean): Promise<Assembly> {
  const lab = { oneWayDelayMs: 1, loss: 0 };
  const result = await assemble(config, {
    report: () => undefined,
    tracing: false,
    ...(withLab ? { lab } : {}),
  });
  if (!result.ok) throw new Error(result.problems.join());
  return result.assembly;
}

export function ask({ driver }: Assembly, nameText: string, type: number): Promise<Resolution> {
  const name = parseName(nameText);
  if (name === undefined) throw new Error(nameText);
  const handle = driver.newHandle();
  const how = { checkingDisabled: false, recursionDesired: true };
  return new Promise((resolve) => {
    driver.ask({ kind: 'question', handle, name, type, ...how }, resolve);
  });
}

export interface LabDaemon {
  readonly endpoint: string;
  /** The daemon's own resolver, for servers beside it. */
  readonly driver: Assembly['driver'];
  /** The root's key as the lab made it. */
  readonly anchor: string;
  close(): Promise<void>;
}

export async function startLabDaemon(): Promise<LabDaemon> {
  const assembly = await assembled(configOf({ 'cache-size': '16M' }), true);
  const address = IpAddress.parse('127.0.0.1');
  if (address === undefined) throw new Error('unreachable');
  const start = await Daemon.open({
    driver: assembly.driver,
    clock: assembly.clock,
    cookies: CookieJar.withNewSecret(assembly.entropy),
    config: DEFAULT_NAME_SERVER_CONFIG,
    listen: [{ address, port: 0 }],
    report: () => undefined,
  });
  if (!start.ok) throw new Error(start.sentence);
  const keys = await ask(assembly, '.', RRType.DNSKEY);
  const [set] = keys.answer;
  if (set === undefined) throw new Error('the lab has no root key');
  const anchor = set.rrset.rdatas
    .map((rdata) => formatRecord({ ...set.rrset, ttlSeconds: 0, rdata }))
    .filter((text) => /\s257\s/.test(text))
    .join('\n');
  return {
    endpoint: `127.0.0.1:${start.daemon.addresses[0]?.port}`,
    anchor,
    driver: assembly.driver,
    close: async () => {
      await start.daemon.close(0);
      assembly.driver.close();
    },
  };
}
