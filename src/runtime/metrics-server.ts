/** A page for monitoring over HTTP: one path, made anew for each request, for those who may ask. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AccessList, CLIENT_LIMITS } from '../server/index.js';
import { describeBindError, formatEndpoint } from './daemon.js';
import { addressOfHost, type ListenAddress } from './listen-udp.js';

export interface MetricsParts {
  readonly listen: readonly ListenAddress[];
  readonly access: AccessList;
  /** The text of the page. */
  readonly page: () => string | Promise<string>;
}

export type MetricsStart =
  | { readonly ok: true; readonly server: MetricsServer }
  | { readonly ok: false; readonly sentence: string };

const PATH = '/metrics';

export class MetricsServer {
  readonly #parts: MetricsParts;
  readonly #servers: Server[] = [];
  readonly #addresses: ListenAddress[] = [];

  private constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  /** All addresses or none. */
  static async open(parts: MetricsParts): Promise<MetricsStart> {
    const server = new MetricsServer(parts);
    for (const address of parts.listen) {
      try {
        await server.#listen(address);
      } catch (error) {
        server.close();
        return { ok: false, sentence: describeBindError(formatEndpoint(address), error).sentence };
      }
    }
    return { ok: true, server };
  }

  /** With the ports that the system has chosen. */
  get addresses(): readonly ListenAddress[] {
    return this.#addresses;
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #listen({ address, port }: ListenAddress): Promise<void> {
    const patienceMs = CLIENT_LIMITS.metricsRequestMs.value;
    // Only who asks for it pays for loading it.
    const { createServer } = await import('node:http');
    const options = {
      requestTimeout: patienceMs,
      headersTimeout: patienceMs,
      // By itself Node looks every 30 s only whether anybody is too slow.
      connectionsCheckingInterval: patienceMs / 5,
    };
    const server = createServer(options, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.maxConnections = CLIENT_LIMITS.metricsConnections.value;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const place = { host: address.toString(), port, ipv6Only: address.family === 6 };
      server.listen(place, () => {
        server.removeListener('error', reject);
        server.on('error', () => {});
        resolve();
      });
    });
    this.#servers.push(server);
    const bound = server.address();
    this.#addresses.push({
      address,
      port: typeof bound === 'object' && bound !== null ? bound.port : port,
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = addressOfHost(request.socket.remoteAddress ?? '');
    if (from === undefined || !this.#parts.access.admits(from)) {
      request.socket.destroy();
      return;
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || request.url?.replace(/\?.*/, '') !== PATH) {
      response.writeHead(isRead ? 404 : 405, { 'content-type': 'text/plain' });
      response.end(`there is ${PATH} here, to be read\n`);
      return;
    }
    const page = await this.#parts.page();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : page);
  }
}
