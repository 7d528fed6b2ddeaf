/**
 * Sockets that systemd has opened for us (sd_listen_fds(3)). They are there before the daemon and
 * stay while it starts anew, so questions that come meanwhile wait in them. Node does not say what
 * a descriptor is, so that is looked up in the tables of the kernel (proc_pid_net(5)).
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { IpAddress } from '../wire/index.js';
import { formatEndpoint } from './daemon.js';
import type { ListenAddress } from './listen-udp.js';

const FIRST_DESCRIPTOR = 3;
const TABLES = [
  { file: 'udp', transport: 'udp' },
  { file: 'udp6', transport: 'udp' },
  { file: 'tcp', transport: 'tcp' },
  { file: 'tcp6', transport: 'tcp' },
] as const;
/** What the systemd unit calls sockets of the second front (FileDescriptorName=). */
const SECURE_ONLY = 'secure-only';

/** By front; one that systemd has nothing for is absent and listens where it is configured to. */
export interface InheritedSockets {
  readonly listen?: readonly ListenAddress[];
  readonly listenSecureOnly?: readonly ListenAddress[];
}

export type Inheritance =
  | { readonly ok: true; readonly sockets: InheritedSockets }
  | { readonly ok: false; readonly sentence: string };

interface Found {
  readonly transport: 'udp' | 'tcp';
  readonly address: IpAddress;
  readonly port: number;
}

/**
 * Undefined where nothing was passed. `owner` is the process that was started by systemd: for a
 * worker the first process, which opens what the worker asks for.
 */
export function inheritedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  owner: number,
): Inheritance | undefined {
  const count = Number(environment.LISTEN_FDS ?? 0);
  if (environment.LISTEN_PID !== String(owner) || !(count > 0)) return undefined;
  const names = (environment.LISTEN_FDNAMES ?? '').split(':');
  const table = socketTable(owner);
  const listen = new Map<string, ListenAddress>();
  const listenSecureOnly = new Map<string, ListenAddress>();
  for (let index = 0; index < count; index++) {
    const descriptor = FIRST_DESCRIPTOR + index;
    const found = table.get(linkOf(owner, descriptor));
    if (found === undefined) {
      const what = 'neither a UDP socket nor a TCP socket';
      return { ok: false, sentence: `descriptor ${descriptor} from systemd is ${what}` };
    }
    const { transport, address, port } = found;
    const front = names[index] === SECURE_ONLY ? listenSecureOnly : listen;
    const key = formatEndpoint({ address, port });
    const inherited = { ...front.get(key)?.inherited, [transport]: descriptor };
    front.set(key, { address, port, inherited });
  }
  const sockets = {
    ...(listen.size === 0 ? {} : { listen: [...listen.values()] }),
    ...(listenSecureOnly.size === 0 ? {} : { listenSecureOnly: [...listenSecureOnly.values()] }),
  };
  return { ok: true, sockets };
}

function linkOf(owner: number, descriptor: number): string {
  try {
    return readlinkSync(`/proc/${owner}/fd/${descriptor}`);
  } catch {
    return '';
  }
}

/** By what the link of a descriptor says: `socket:[inode]`. */
function socketTable(owner: number): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const { file, transport } of TABLES) {
    let text = '';
    try {
      text = readFileSync(`/proc/${owner}/net/${file}`, 'latin1');
    } catch {
      // A machine without IPv6 has no tables of it.
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [host = '', port = ''] = (fields[1] ?? '').split(':');
      const address = addressOf(host);
      if (address === undefined) continue;
      found.set(`socket:[${fields[9]}]`, { transport, address, port: Number.parseInt(port, 16) });
    }
  }
  return found;
}

/** Words of 32 bits in hexadecimal digits, each as the machine keeps numbers. */
function addressOf(digits: string): IpAddress | undefined {
  const octets = Buffer.from(digits, 'hex');
  if (octets.length !== 4 && octets.length !== 16) return undefined;
  if (endianness() === 'LE') octets.swap32();
  return IpAddress.fromOctets(Uint8Array.from(octets));
}
