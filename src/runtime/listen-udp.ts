/** Sockets that hear clients over UDP. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Client } from '../server/index.js';
import { IpAddress } from '../wire/index.js';

export interface ListenAddress {
  readonly address: IpAddress;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Descriptors of sockets that are bound there already, by transport. */
  readonly inherited?: { readonly udp?: number; readonly tcp?: number };
}

/** Where a reply to this datagram goes. */
export class UdpClient implements Client {
  readonly transport = 'udp';
  readonly address: IpAddress;
  readonly port: number;
  /** As the system wrote it: with a zone identifier, if it has one (RFC 4007 §11). */
  readonly host: string;
  readonly #listener: UdpListener;
  /** It has been answered, or will never be. */
  settled = false;
  /** Called then, once; only who keeps books of open questions needs it. */
  whenSettled: (() => void) | undefined;

  constructor(listener: UdpListener, address: IpAddress, port: number, host: string) {
    this.#listener = listener;
    this.address = address;
    this.port = port;
    this.host = host;
  }

  /** Undefined where the host is no address. */
  static at(listener: UdpListener, host: string, port: number): UdpClient | undefined {
    const address = addressOfHost(host);
    return address === undefined ? undefined : new UdpClient(listener, address, port, host);
  }

  reply(octets: Uint8Array): void {
    // Too late to be an answer; the question stays in the books for whoever comes after.
    if (this.#listener.isClosed) return;
    this.#listener.send(octets, this);
    this.#settle();
  }

  skip(): void {
    this.#settle();
  }

  #settle(): void {
    this.settled = true;
    this.whenSettled?.();
  }
}

export type UdpHandler = (octets: Uint8Array, client: UdpClient) => void;

// Bursts wait here while an answer is being worked out. The kernel may grant less.
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;
/** Text to address, for clients that ask again and again: bounded, and dropped as a whole. */
const REMEMBERED_HOSTS = 1_024;

export class UdpListener {
  readonly local: ListenAddress;
  readonly #socket: Socket;
  readonly #hosts = new Map<string, IpAddress>();
  #closed = false;

  private constructor(socket: Socket, local: ListenAddress, handler: UdpHandler) {
    this.#socket = socket;
    this.local = local;
    socket.on('message', (datagram, remote) => this.#received(datagram, remote, handler));
    // An ICMP error about one reply concerns that client; the socket goes on.
    socket.on('error', () => {});
  }

  static open(where: ListenAddress, handler: UdpHandler): Promise<UdpListener> {
    const { address, port, inherited } = where;
    const socket = createSocket({
      type: address.family === 4 ? 'udp4' : 'udp6',
      // IPv4 clients come in over IPv4 sockets, never in disguise.
      ipv6Only: address.family === 6,
      recvBufferSize: RECEIVE_BUFFER_OCTETS,
      lookup: (hostname, family, callback) => callback(null, hostname, Number(family)),
    });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      const fd = inherited?.udp;
      socket.bind(fd === undefined ? { address: address.toString(), port } : { fd }, () => {
        socket.removeAllListeners('error');
        const local = { ...where, port: socket.address().port };
        resolve(new UdpListener(socket, local, handler));
      });
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** What cannot be sent is lost, as datagrams may be; the client asks again. */
  send(octets: Uint8Array, { port, host }: UdpClient): void {
    this.#socket.send(octets, port, host);
  }

  /** What comes in is left to whoever shares the socket or opens it next; replies still go out. */
  stopReceiving(): void {
    receivingHandle(this.#socket)?.recvStop();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #received(datagram: Uint8Array, remote: RemoteInfo, handler: UdpHandler): void {
    const address = this.#addressOf(remote.address);
    if (address === undefined) return;
    // A plain array, since slices of a Buffer are views that keep and share its memory.
    const octets = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length);
    handler(octets, new UdpClient(this, address, remote.port, remote.address));
  }

  #addressOf(host: string): IpAddress | undefined {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const address = addressOfHost(host);
    if (address === undefined) return undefined;
    if (this.#hosts.size >= REMEMBERED_HOSTS) this.#hosts.clear();
    this.#hosts.set(host, address);
    return address;
  }
}

/** Node can stop reading without closing only inside; where it cannot, all is read as before. */
function receivingHandle(socket: Socket): { recvStop(): void } | undefined {
  const symbols = Object.getOwnPropertySymbols(socket) as (symbol & keyof Socket)[];
  const key = symbols.find(({ description }) => description === 'state symbol');
  const state = key === undefined ? undefined : (socket[key] as unknown);
  const { handle } = (state ?? {}) as { handle?: { recvStop?: unknown } | null };
  return typeof handle?.recvStop === 'function' ? (handle as { recvStop(): void }) : undefined;
}

/** The address without its zone identifier, which only says on which link it is. */
export function addressOfHost(host: string): IpAddress | undefined {
  const zone = host.indexOf('%');
  return IpAddress.parse(zone < 0 ? host : host.slice(0, zone));
}
