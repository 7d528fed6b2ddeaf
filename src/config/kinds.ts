/** The kinds of value: each reads one scalar strictly and writes it back in one canonical form. */
import { formatRecord, parseName, parseTrustAnchors } from '../presentation/index.js';
import { IpAddress, IpPrefix, type Name, type ResourceRecord } from '../wire/index.js';
import { readInstant, readSpan, writeInstant } from './instants.js';
import type { Kind, RawScalar, Read } from './setting.js';

function accept<T>(value: T): Read<T> {
  return { ok: true, value };
}

function refuse(problem: string): Read<never> {
  return { ok: false, problem };
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['yes', true],
  ['true', true],
  // A flag without a value: `--prefetch`.
  ['', true],
  ['off', false],
  ['no', false],
  ['false', false],
]);

export const onOff: Kind<boolean> = {
  allowed: 'on or off',
  placeholder: 'on|off',
  read(raw) {
    const value = typeof raw === 'boolean' ? raw : SWITCH_WORDS.get(String(raw).toLowerCase());
    return value === undefined ? refuse('') : accept(value);
  },
  write: (value) => (value ? 'on' : 'off'),
};

export interface IntegerRange {
  readonly least: number;
  readonly most: number;
  /** 'octets', 'seconds', 'iterations': what is counted. */
  readonly unit: string;
}

export function integer(range: IntegerRange): Kind<number> {
  return {
    allowed: `a whole number of ${range.unit} from ${range.least} to ${range.most}`,
    placeholder: 'N',
    read(raw) {
      const value = readDecimal(raw);
      if (value === undefined) return refuse('');
      return value >= range.least && value <= range.most ? accept(value) : refuse('');
    },
    write: (value) => value,
  };
}

/** Seconds, or a span with units: 90, 5m, 1h30m, 7d. */
export function seconds(range: Omit<IntegerRange, 'unit'>): Kind<number> {
  return {
    allowed: `seconds from ${range.least} to ${range.most}, or a span such as 90s, 5m, 1h or 1d`,
    placeholder: 'SECONDS',
    read(raw) {
      const value = readDecimal(raw) ?? readSpan(String(raw));
      if (value === undefined) return refuse('');
      return value >= range.least && value <= range.most ? accept(value) : refuse('');
    },
    write: (value) => value,
  };
}

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
]);

/** Octets, or a number with K, M or G (powers of 1024; KiB, MiB, GiB mean the same). */
export function size(least: number, most: number): Kind<number> {
  return {
    allowed: `octets from ${writeSize(least)} to ${writeSize(most)}, such as 64M or 1G`,
    placeholder: 'SIZE',
    read(raw) {
      const match = /^(\d{1,15})\s*([kmg]?)(?:i?b)?$/i.exec(String(raw).trim());
      const unit = SIZE_UNITS.get((match?.[2] ?? '').toLowerCase());
      if (match === null || unit === undefined) return refuse('');
      const value = Number(match[1]) * unit;
      return value >= least && value <= most ? accept(value) : refuse('');
    },
    write: writeSize,
  };
}

function writeSize(octets: number): string | number {
  for (const [suffix, unit] of [...SIZE_UNITS].reverse()) {
    if (suffix !== '' && octets >= unit && octets % unit === 0) {
      return `${octets / unit}${suffix.toUpperCase()}`;
    }
  }
  return octets;
}

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  const last = values.at(-1) ?? '';
  const allowed = values.length < 2 ? last : `${values.slice(0, -1).join(', ')} or ${last}`;
  return {
    allowed,
    placeholder: values.join('|'),
    read(raw) {
      // YAML and shells write some choices as booleans.
      const text = typeof raw === 'boolean' ? (raw ? 'on' : 'off') : String(raw).toLowerCase();
      const value = values.find((candidate) => candidate === text);
      return value === undefined ? refuse('') : accept(value);
    },
    write: (value) => value,
  };
}

export const file: Kind<string> = {
  allowed: 'the path of a file',
  placeholder: 'FILE',
  read: readPath,
  write: (value) => value,
};

export const folder: Kind<string> = {
  allowed: 'the path of a folder',
  placeholder: 'DIR',
  read: readPath,
  write: (value) => value,
};

function readPath(raw: RawScalar): Read<string> {
  if (typeof raw !== 'string' || raw === '') return refuse('');
  return raw.includes('\0') ? refuse('a path holds no NUL octet') : accept(raw);
}

export interface SocketAddress {
  readonly address: IpAddress;
  readonly port: number;
}

/** `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`. */
export function socketAddress(defaultPort: number, leastPort: 0 | 1): Kind<SocketAddress> {
  return {
    allowed:
      'an IPv4 or IPv6 address, with or without a port: ' +
      `192.0.2.1, 192.0.2.1:${defaultPort}, 2001:db8::1 or [2001:db8::1]:${defaultPort}`,
    placeholder: 'ADDRESS[:PORT]',
    read(raw) {
      if (typeof raw !== 'string') return refuse('');
      const { host, port } = splitPort(raw);
      const address = IpAddress.parse(host);
      if (address === undefined) return refuse('');
      const number = port === undefined ? defaultPort : readDecimal(port);
      if (number === undefined || number < leastPort || number > 65_535) {
        return refuse(`a port is a number from ${leastPort} to 65535`);
      }
      return accept({ address, port: number });
    },
    write: ({ address, port }) => formatSocketAddress(address, port),
  };
}

function splitPort(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] };
  const colon = text.indexOf(':');
  // More than one colon without brackets: an IPv6 address and nothing else.
  if (colon < 0 || text.includes(':', colon + 1)) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

export function formatSocketAddress(address: IpAddress, port: number): string {
  return address.family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

export type StreamEndpoint =
  ({ readonly kind: 'inet' } & SocketAddress) | { readonly kind: 'unix'; readonly path: string };

const UNIX_PREFIX = 'unix:';

/** What `socketAddress` takes, or `unix:` and a path. */
export function streamEndpoint(defaultPort: number): Kind<StreamEndpoint> {
  const inet = socketAddress(defaultPort, 0);
  return {
    allowed: `${inet.allowed}; or unix: and an absolute path`,
    placeholder: 'ADDRESS[:PORT]|unix:PATH',
    read(raw) {
      if (typeof raw === 'string' && raw.startsWith(UNIX_PREFIX)) {
        const path = readPath(raw.slice(UNIX_PREFIX.length));
        if (!path.ok) return path;
        return path.value.startsWith('/')
          ? accept({ kind: 'unix', path: path.value })
          : refuse('the path begins with /');
      }
      const read = inet.read(raw);
      return read.ok ? accept({ kind: 'inet', ...read.value }) : read;
    },
    write: (value) => (value.kind === 'unix' ? UNIX_PREFIX + value.path : inet.write(value)),
  };
}

export const ipAddress: Kind<IpAddress> = {
  allowed: 'an IPv4 or IPv6 address',
  placeholder: 'ADDRESS',
  read(raw) {
    const address = IpAddress.parse(String(raw));
    return address === undefined ? refuse('') : accept(address);
  },
  write: (value) => value.toString(),
};

export const ipPrefix: Kind<IpPrefix> = {
  allowed: 'an address block such as 192.0.2.0/24 or 2001:db8::/32, or one address',
  placeholder: 'CIDR',
  read(raw) {
    const text = String(raw);
    const prefix = IpPrefix.parse(text);
    if (prefix === undefined) return refuse('');
    const [host = ''] = text.split('/');
    // 10.1.2.3/8 is more often a slip of the pen than a wish.
    if (IpAddress.parse(host)?.key !== prefix.address.key) {
      return refuse(`the address has bits beyond the prefix; ${prefix} would be that block`);
    }
    return accept(prefix);
  },
  write: (value) => value.toString(),
};

export const domainName: Kind<Name> = {
  allowed: 'a domain name',
  placeholder: 'NAME',
  read(raw) {
    const name = raw === '' ? undefined : parseName(String(raw));
    return name === undefined ? refuse('') : accept(name);
  },
  write: (value) => value.toString(),
};

export interface TrustAnchorRecords {
  readonly records: readonly ResourceRecord[];
}

/** One or more DS or DNSKEY records in zone-file text. */
export const trustAnchorText: Kind<TrustAnchorRecords> = {
  allowed: "DS or DNSKEY records in zone-file text, such as '. IN DS 38696 8 2 683D…'",
  placeholder: 'RECORD',
  read(raw) {
    const parsed = parseTrustAnchors(String(raw));
    if (parsed.error !== undefined) return refuse(parsed.error.message);
    return parsed.records.length === 0 ? refuse('') : accept({ records: parsed.records });
  },
  write: ({ records }) => records.map((record) => formatRecord(record)).join('\n'),
};

export type ClockSetting =
  | { readonly kind: 'system' }
  | { readonly kind: 'fixed'; readonly epochSeconds: number }
  | { readonly kind: 'offset'; readonly seconds: number };

/** The wall clock: the system's, one that stands still, or one that is ahead or behind. */
export const clock: Kind<ClockSetting> = {
  allowed:
    'system, an instant such as 2020-10-19T12:00:00Z or @1603108800, ' +
    'or an offset such as +90d or -3600',
  placeholder: 'TIME',
  read(raw) {
    const text = String(raw).trim();
    if (text === 'system') return accept({ kind: 'system' });
    const offset = /^([+-])(.+)$/s.exec(text);
    if (offset !== null) {
      const span = readDecimal(offset[2] ?? '') ?? readSpan(offset[2] ?? '');
      if (span === undefined || span > MAX_OFFSET_SECONDS) return refuse('');
      return accept({ kind: 'offset', seconds: offset[1] === '-' ? -span : span });
    }
    const epochSeconds = readInstant(text);
    return epochSeconds === undefined ? refuse('') : accept({ kind: 'fixed', epochSeconds });
  },
  write(value) {
    if (value.kind === 'system') return 'system';
    if (value.kind === 'fixed') return writeInstant(value.epochSeconds);
    return value.seconds < 0 ? `${value.seconds}` : `+${value.seconds}`;
  },
};

const MAX_OFFSET_SECONDS = 100 * 366 * 86_400;

export type WorkerCount = number | 'auto';

export const workerCount: Kind<WorkerCount> = {
  allowed: 'a whole number of processes from 1 to 64, or auto (one for each core)',
  placeholder: 'N|auto',
  read(raw) {
    if (raw === 'auto') return accept('auto');
    const value = readDecimal(raw);
    return value === undefined || value < 1 || value > 64 ? refuse('') : accept(value);
  },
  write: (value) => value,
};

/** Digits only: no sign, no exponent, no hexadecimal, nothing around them. */
function readDecimal(raw: RawScalar): number | undefined {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
  return typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : undefined;
}
