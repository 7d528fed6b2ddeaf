/** `anchorite serve`: the daemon from its first line of log to its exit status. */
import { ReplyCache } from '../cache/index.js';
import { type Config, formatSocketAddress, type SettingKey } from '../config/index.js';
import { type Assembly, assemble, type LabSettings, rehearseWhenIdle } from '../embedding/index.js';
import {
  Daemon,
  type DaemonReport,
  inheritedSockets,
  type LostQuestion,
  MetricsServer,
  notifyReady,
  notifyStopping,
  QuestionJournal,
  removeStaleSocket,
  SocketmapServer,
  SystemEntropy,
} from '../runtime/index.js';
import { AccessList, CookieJar, DEFAULT_NAME_SERVER_CONFIG } from '../server/index.js';
import { rcodeMnemonic, typeMnemonic } from '../wire/index.js';
import { EXIT, type Invocation, type Run } from './command.js';
import { refuse } from './config-commands.js';
import { readLabFlags } from './lab-flags.js';
import { type Log, type LogEvent, openLog } from './log.js';
import { limitComplaints } from './log-limiter.js';
import { metricsText, type Samples, samplesOf } from './metrics.js';
import { readConfig } from './read-config.js';
import { rounded, wordsOf } from './report-words.js';
import {
  endWorker,
  isWorker,
  journalFile,
  sharedCookieSecret,
  tellLast,
  work,
  workerProcesses,
} from './workers.js';

export const serve: Run = async ({ flags, rest, startedMs }) => {
  const result = await readConfig(flags);
  if (!result.ok) return refuse(result.errors);
  const lab = readLabFlags(flags);
  if ('problem' in lab) return refuse([{ message: lab.problem }]);
  const { places } = result;
  const count = workerProcesses(result.config.workers);
  const inheritance = inheritedSockets(process.env, isWorker() ? process.ppid : process.pid);
  if (inheritance?.ok === false) return refuse([{ message: inheritance.sentence }]);
  const config = {
    ...result.config,
    // Who has systemd open sockets has said there where to listen.
    ...inheritance?.sockets,
    // Memory is bounded for the whole, however many share in it.
    cacheSizeOctets: result.config.cacheSizeOctets / count,
  };
  const canReopen = inheritance === undefined;
  const opened = await openLog({ level: config.logLevel, format: config.logFormat });
  const log = limitComplaints(opened, () => performance.now());
  endLoudly(log);
  const setup = {
    config,
    places,
    lab: lab.settings,
    flags,
    log,
    startedMs,
    processes: count,
    canReopen,
  };
  const status =
    count > 1 && !isWorker() ? await runWorkers(setup, ['serve', ...rest]) : await runDaemon(setup);
  await log.close();
  endWorker(status);
  return status;
};

interface Setup {
  readonly config: Config;
  readonly places: ReadonlyMap<SettingKey, string>;
  readonly lab: LabSettings | undefined;
  readonly flags: Invocation['flags'];
  readonly log: Log;
  readonly startedMs: number;
  /** Whether the sockets are our own; those of systemd can be had once only. */
  readonly canReopen: boolean;
  /** That answer clients beside each other. */
  readonly processes: number;
}

/** The first process of several; ends with the exit status. */
async function runWorkers(setup: Setup, args: readonly string[]): Promise<number> {
  const { config, log, processes: count, canReopen } = setup;
  const { Supervisor } = await import('./supervisor.js');
  const cookieSecret = new Uint8Array(16);
  new SystemEntropy().fill(cookieSecret);
  const supervisor = new Supervisor({ count, args, cookieSecret, log, canReopen });
  const metrics = await openMetrics(config, log, () => supervisor.samples());
  if (metrics === undefined) return EXIT.failure;
  // Once for all: a worker could mistake for stale what another one is about to listen on.
  for (const endpoint of config.socketmap) {
    if (endpoint.kind === 'unix') await removeStaleSocket(endpoint.path);
  }
  const stopped = stopSignal(log);
  supervisor.startAll();
  void supervisor.ready.then((addresses) => announce(addresses, setup));
  const failed = await Promise.race([supervisor.failed, stopped]);
  await supervisor.stopAll();
  metrics.close();
  return failed ?? EXIT.ok;
}

async function runDaemon(setup: Setup): Promise<number> {
  const { config, lab, log } = setup;
  const assembled = await assemble(config, {
    report: (report) => log.write(wordsOf(report)),
    tracing: log.isOn('debug'),
    ...(lab === undefined ? {} : { lab }),
  });
  if (!assembled.ok) return refuse(assembled.problems.map((message) => ({ message })));
  const { assembly } = assembled;
  for (const sentence of assembly.warnings) {
    log.write({ level: 'warn', event: 'trust-anchor', sentence });
  }
  const daemons = await openDaemons(assembly, setup);
  if (daemons === undefined) {
    assembly.driver.close();
    return EXIT.failure;
  }
  const policies = await openPolicies(assembly, setup);
  if (policies === undefined) {
    await Promise.all(daemons.map(({ daemon }) => daemon.close()));
    assembly.driver.close();
    return EXIT.failure;
  }
  const samples = (): Samples =>
    samplesOf({ assembly, daemons: daemons.map(({ daemon }) => daemon), policies });
  const metrics = isWorker() ? 'elsewhere' : await openMetrics(config, log, samples);
  if (metrics === undefined) {
    await Promise.all([policies.close(), ...daemons.map(({ daemon }) => daemon.close())]);
    assembly.driver.close();
    return EXIT.failure;
  }
  const addresses = daemons.flatMap(({ daemon, remark }) =>
    daemon.addresses.map(({ address, port }) => formatSocketAddress(address, port) + remark),
  );
  const takeOver = (question: LostQuestion): void => {
    daemons[question.front]?.daemon.takeOver(question);
  };
  const stopped = isWorker() ? work(addresses, { samples, takeOver }) : stopSignal(log);
  if (!isWorker()) await announce(addresses, setup);
  assembly.driver.start();
  void rehearse(assembly, daemons, log);
  await stopped;
  if (metrics !== 'elsewhere') metrics.close();
  if (!isWorker()) void notifyStopping();
  await Promise.all([policies.close(), ...daemons.map(({ daemon }) => daemon.close())]);
  assembly.driver.close();
  if (isWorker()) await tellLast(samples());
  else log.write({ level: 'info', event: 'stopped', sentence: 'every question is answered' });
  return EXIT.ok;
}

interface OpenDaemon {
  readonly daemon: Daemon;
  /** Behind its addresses, where they are made known. */
  readonly remark: string;
}

/** Two fronts in one house: what either tells its clients, and keeps to tell again, is its own. */
async function openDaemons(
  assembly: Assembly,
  setup: Setup,
): Promise<readonly OpenDaemon[] | undefined> {
  const { listen, listenSecureOnly } = assembly.config;
  const daemon = await openDaemon(assembly, setup, listen, false);
  if (daemon === undefined) return undefined;
  const ordinary = { daemon, remark: '' };
  if (listenSecureOnly.length === 0) return [ordinary];
  const second = await openDaemon(assembly, setup, listenSecureOnly, true);
  if (second !== undefined) return [ordinary, { daemon: second, remark: ' (secure only)' }];
  await daemon.close();
  return undefined;
}

async function openDaemon(
  { config, driver, clock, entropy }: Assembly,
  { places, log, processes }: Setup,
  listen: Config['listen'],
  secureOnly: boolean,
): Promise<Daemon | undefined> {
  const fronts = config.listenSecureOnly.length === 0 ? 1 : 2;
  const maxOctets = config.cacheSizeOctets / 10 / fronts;
  const secret = sharedCookieSecret();
  const file = journalFile();
  const front = secureOnly ? 1 : 0;
  const parts = {
    driver,
    clock,
    processes,
    ...(file === undefined ? {} : { journal: new QuestionJournal(file, front, fronts) }),
    cookies: secret === undefined ? CookieJar.withNewSecret(entropy) : new CookieJar(secret),
    replies: new ReplyCache({ maxOctets, secret: entropy.uint32() }),
    config: {
      ...DEFAULT_NAME_SERVER_CONFIG,
      access: new AccessList(config.allow),
      minimalResponses: config.minimalResponses,
      reportAnswers: config.logQueries,
      secureOnly,
    },
    listen,
    report: (report: DaemonReport) => log.write(wordsOfServer(report)),
  };
  let start = await Daemon.open(parts);
  // Nobody asked for ::1 in particular, and a machine without IPv6 is no mistake.
  const isDefault = !secureOnly && !places.has('listen');
  if (!start.ok && isDefault && LACKS_ADDRESS.has(start.code)) {
    log.write({ level: 'warn', event: 'listen', sentence: `${start.sentence}; going on without` });
    const only4 = listen.filter(({ address }) => address.family === 4);
    start = await Daemon.open({ ...parts, listen: only4 });
  }
  if (start.ok) return start.daemon;
  log.write({ level: 'error', event: 'listen', sentence: start.sentence });
  return undefined;
}

/** Postfix's policy table; with no place to listen, a server without listeners. */
async function openPolicies(
  { config, driver }: Assembly,
  { log, processes }: Setup,
): Promise<SocketmapServer | undefined> {
  const start = await SocketmapServer.open({
    driver,
    access: new AccessList(config.allow),
    endpoints: config.socketmap,
    processes,
    report: ({ kind, sentence }) => {
      if (kind === 'internal error')
        log.write({ level: 'error', event: 'internal-error', sentence });
      else if (config.logQueries) log.write({ level: 'info', event: 'policy', sentence });
    },
  });
  if (!start.ok) {
    log.write({ level: 'error', event: 'socketmap', sentence: start.sentence });
    return undefined;
  }
  for (const endpoint of start.server.endpoints) {
    const place =
      endpoint.kind === 'unix'
        ? `unix:${endpoint.path}`
        : `inet:${formatSocketAddress(endpoint.address, endpoint.port)}`;
    const sentence = `answering Postfix on socketmap:${place}:QUERY`;
    log.write({ level: 'info', event: 'socketmap', sentence });
  }
  return start.server;
}

/** With no place to listen, a server without listeners; undefined when it cannot listen. */
async function openMetrics(
  config: Config,
  log: Log,
  samples: () => Samples | Promise<Samples>,
): Promise<MetricsServer | undefined> {
  const start = await MetricsServer.open({
    listen: config.metrics,
    access: new AccessList(config.allow),
    page: async () => metricsText(await samples()),
  });
  if (!start.ok) {
    log.write({ level: 'error', event: 'metrics', sentence: start.sentence });
    return undefined;
  }
  for (const { address, port } of start.server.addresses) {
    const sentence = `counters on http://${formatSocketAddress(address, port)}/metrics`;
    log.write({ level: 'info', event: 'metrics', sentence });
  }
  return start.server;
}

const LACKS_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

async function announce(
  addresses: readonly string[],
  { flags, log, startedMs }: Setup,
): Promise<void> {
  const startMs = rounded(performance.now() - startedMs);
  const sentence = `answering on ${addresses.join(' and ')}`;
  log.write({ level: 'info', event: 'ready', sentence, fields: { startMs } });
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(addresses[0] ?? '') ?? [];
  if (flags.suggest === true) {
    const question = flags.lab === true ? '_25._tcp.mx.p256.dane TLSA' : '. NS';
    process.stdout.write(`\nIn another terminal:  dig @${host} -p ${port} +dnssec ${question}\n\n`);
  }
  const notified = await notifyReady(sentence);
  if (notified.kind !== 'failed') return;
  log.write({ level: 'warn', event: 'systemd', sentence: notified.sentence });
}

/** Warms the program up; a machine that judges recorded signatures wrongly is not to be trusted. */
async function rehearse(
  { config, driver }: Assembly,
  daemons: readonly OpenDaemon[],
  log: Log,
): Promise<void> {
  const choice = { implementation: config.crypto, sha1: config.sha1 };
  let heard = 0;
  const isBusy = (): boolean => {
    const before = heard;
    heard = 0;
    for (const { daemon } of daemons) {
      heard += daemon.counters.udpRequests + daemon.counters.tcpRequests;
    }
    return heard !== before || driver.outstandingQuestions > 0;
  };
  // Nobody waits for it, so nobody would catch what it throws, and the program would end.
  const wrong = await rehearseWhenIdle(choice, isBusy).catch(
    (error: unknown) => `the rehearsal after the start failed: ${String(error)}`,
  );
  if (wrong !== undefined) log.write({ level: 'error', event: 'internal-error', sentence: wrong });
  else
    log.write({
      level: 'debug',
      event: 'rehearsed',
      sentence: 'recorded answers were judged well',
    });
}

/** SIGTERM and SIGINT end the daemon after what was asked is answered; a second one at once. */
function stopSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.failure);
      asked = true;
      log.write({
        level: 'info',
        event: 'stopping',
        sentence: `${signal}: answering what is open`,
      });
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  });
}

/** After an exception that nobody caught nothing is certain: say so, and let systemd start anew. */
function endLoudly(log: Log): void {
  process.on('uncaughtException', (error) => {
    const sentence = `ending because of a broken invariant: ${error.stack ?? error.message}`;
    log.write({ level: 'error', event: 'internal-error', sentence });
    void log.close().then(() => process.exit(EXIT.failure));
  });
}

function wordsOfServer(report: DaemonReport): LogEvent {
  switch (report.kind) {
    case 'answered': {
      const { client, name, type, rcode, security, authenticData } = report;
      const outcome = `${rcodeMnemonic(rcode)}, ${security}${authenticData ? ', AD' : ''}`;
      return {
        level: 'info',
        event: 'answered',
        sentence: `${name} ${typeMnemonic(type)}: ${outcome}`,
        fields: {
          client: client.address.toString(),
          transport: client.transport,
          tookMs: rounded(report.tookMs),
          fromCache: report.fromCache,
          sizeOctets: report.sizeOctets,
        },
      };
    }
    case 'displaced': {
      const { name, type, ageMs } = report;
      const question = `${name} ${typeMnemonic(type)}`;
      const sentence = `too many open questions: gave up ${question} after ${rounded(ageMs)} ms`;
      return { level: 'warn', event: 'displaced', sentence };
    }
    case 'internal error':
      return { level: 'error', event: 'internal-error', sentence: report.sentence };
  }
}
