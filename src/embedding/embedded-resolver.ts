/** The resolver as a mailer embeds it: one object with `query` and `close`. */
import type { DaneDecision } from '../dane/index.js';
import { type Config, type ConfigError, makeConfig, readOptions } from '../config/index.js';
import type { Report, Resolution } from '../resolver/index.js';
import { decideWith, readDomain } from '../runtime/index.js';
import { IpAddress, type Name, RRType, typeFromMnemonic } from '../wire/index.js';
import { type Assembly, assemble } from './assembly.js';
import { type DaneResult, daneResultOf } from './dane-result.js';
import { DAEMON_SETTINGS, type ResolverOptions } from './options.js';
import { type QueryResult, resultOf } from './result.js';

/** Thrown for options that are wrong; `errors` lists every mistake. */
export class ConfigurationError extends Error {
  readonly code = 'ERR_CONFIGURATION';
  readonly errors: readonly string[];

  constructor(errors: readonly string[]) {
    super(errors.join('; '));
    this.name = 'ConfigurationError';
    this.errors = errors;
  }
}

export interface QueryOptions {
  /** Ends the wait; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface DaneOptions extends QueryOptions {
  /** 25 unless told. */
  readonly port?: number;
  /** The name is that of a host, as in `[mail.example.org]`: no MX look-up (RFC 7672 §2.2.2). */
  readonly isHost?: boolean;
}

export interface EmbeddedResolver {
  /**
   * Resolves and validates one question. Rejected for misuse only (a name that is none, an aborted
   * signal, a closed resolver); what happens in the DNS is a result.
   */
  query(name: string, type?: string | number, options?: QueryOptions): Promise<QueryResult>;
  /**
   * What a mailer that does DANE has to do with mail for a domain (RFC 7672): which exchanges, and
   * at each whether to authenticate, to encrypt, to do as before DANE, or to wait. Rejected for
   * misuse only.
   */
  daneForDomain(domain: string, options?: DaneOptions): Promise<DaneResult>;
  /** Ends what is under way, closes all sockets and forgets the cache. */
  close(): void;
}

/** Nothing is sent before the first query. */
export function createResolver(options: ResolverOptions = {}): EmbeddedResolver {
  return new Embedded(readResolverOptions(options), options.onWarning ?? (() => undefined));
}

function readResolverOptions({ onWarning: _, ...values }: ResolverOptions): Config {
  const settings = readOptions(values);
  const misplaced = settings.filter(({ name }) => DAEMON_SETTINGS.includes(name));
  const result = makeConfig(settings);
  const problems = [
    ...misplaced.map(({ subject }) => `${subject} belongs to the daemon`),
    ...(result.ok ? [] : result.errors.map(({ message }: ConfigError) => message)),
  ];
  if (!result.ok || problems.length > 0) throw new ConfigurationError(problems);
  return result.config;
}

const CLOSED = 'the resolver is closed';

class Embedded implements EmbeddedResolver {
  readonly #config: Config;
  readonly #warn: (sentence: string) => void;
  readonly #rejects = new Set<(error: Error) => void>();
  #assembly: Promise<Assembly> | undefined;
  #closed = false;

  constructor(config: Config, warn: (sentence: string) => void) {
    this.#config = config;
    this.#warn = warn;
  }

  async query(
    nameText: string,
    typeText: string | number = 'A',
    { signal }: QueryOptions = {},
  ): Promise<QueryResult> {
    const name = readName(nameText);
    const type = readType(typeText);
    const assembly = await this.#ready(signal);
    return resultOf(await this.#ask(assembly, name, type, signal));
  }

  async daneForDomain(
    domain: string,
    { port = 25, isHost = false, signal }: DaneOptions = {},
  ): Promise<DaneResult> {
    const name = readName(domain);
    // RFC 7672 §2.2: to an address DANE does not apply; as a name it would not be there at all.
    if (IpAddress.parse(domain) !== undefined) {
      throw misuse('ERR_INVALID_NAME', `an address has no DANE: ${domain}`);
    }
    if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
      throw misuse('ERR_INVALID_PORT', `not a port: ${port}`);
    }
    const { driver } = await this.#ready(signal);
    const decision = await this.#wait<DaneDecision>(signal, (resolve, reject) => {
      const destination = { name, port, viaMx: !isHost };
      return decideWith(driver, destination, { decided: resolve, broke: reject });
    });
    return daneResultOf(decision);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const reject of this.#rejects) reject(misuse('ERR_CLOSED', CLOSED));
    this.#rejects.clear();
    this.#assembly?.then(
      ({ driver }) => driver.close(),
      () => undefined,
    );
  }

  async #assemble(): Promise<Assembly> {
    const report = (report: Report): void => {
      // Bogus answers are told to the one who asked; these concern everybody.
      if ('sentence' in report) this.#warn(report.sentence);
    };
    const assembled = await assemble(this.#config, { report, tracing: false });
    if (!assembled.ok) throw new ConfigurationError(assembled.problems);
    for (const warning of assembled.assembly.warnings) this.#warn(warning);
    return assembled.assembly;
  }

  async #ready(signal: AbortSignal | undefined): Promise<Assembly> {
    signal?.throwIfAborted();
    if (this.#closed) throw misuse('ERR_CLOSED', CLOSED);
    this.#assembly ??= this.#assemble();
    const assembly = await this.#assembly;
    signal?.throwIfAborted();
    if (this.#closed) throw misuse('ERR_CLOSED', CLOSED);
    return assembly;
  }

  #ask(
    { driver }: Assembly,
    name: Name,
    type: number,
    signal: AbortSignal | undefined,
  ): Promise<Resolution> {
    return this.#wait<Resolution>(signal, (resolve) => {
      const handle = driver.newHandle();
      const how = { checkingDisabled: false, recursionDesired: true } as const;
      driver.ask({ kind: 'question', handle, name, type, ...how }, resolve);
      return { cancel: () => driver.cancel(handle) };
    });
  }

  /** Until what was started ends, the signal aborts it, or the resolver is closed. */
  #wait<T>(
    signal: AbortSignal | undefined,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => Cancellable,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#rejects.delete(reject);
      };
      const abort = (): void => {
        forget();
        started?.cancel();
        reject(signal?.reason);
      };
      this.#rejects.add(reject);
      signal?.addEventListener('abort', abort, { once: true });
      const settle = (value: T): void => {
        forget();
        resolve(value);
      };
      const fail = (error: unknown): void => {
        forget();
        reject(error);
      };
      const started: Cancellable | undefined = start(settle, fail);
    });
  }
}

interface Cancellable {
  cancel(): void;
}

function readName(text: string): Name {
  const name = readDomain(text);
  if (name === undefined) throw misuse('ERR_INVALID_NAME', `not a domain name: ${text}`);
  return name;
}

function readType(text: string | number): number {
  const type = typeof text === 'number' ? text : typeFromMnemonic(text);
  const isNumber = Number.isInteger(type) && type !== undefined && type > 0 && type <= 0xffff;
  // RFC 6895 §3.1: meta-types are no data; ANY is refused as RFC 8482 allows.
  const isMeta = isNumber && ((type >= RRType.TKEY && type <= RRType.ANY) || type === RRType.OPT);
  if (!isNumber || isMeta) throw misuse('ERR_INVALID_TYPE', `cannot be asked for: ${text}`);
  return type;
}

function misuse(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code });
}
