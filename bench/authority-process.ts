/** The authority as the benchmark sees it: a process that is told things and asked things. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AuthorityZones, FromAuthority, ToAuthority } from './authority.js';
import type { Foundation } from './subjects.js';

export class Authority {
  readonly #child: ChildProcess;
  foundation: Foundation | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(
    zones: AuthorityZones,
    progress: (done: number, of: number, what: string) => void,
  ): Promise<Authority> {
    const program = fileURLToPath(new URL('./authority.js', import.meta.url));
    const authority = new Authority(fork(program, { stdio: 'inherit' }));
    authority.#tell({ kind: 'start', ...zones });
    const ready = await authority.#hear('ready', (message) => {
      if (message.kind === 'keys' || message.kind === 'zones') {
        progress(message.done, message.of, message.kind);
      }
    });
    authority.foundation = { hints: ready.hints, anchor: ready.anchor };
    return authority;
  }

  setRoundTripMs(ms: number): void {
    this.#tell({ kind: 'round trip', ms });
  }

  setLossShare(share: number): void {
    this.#tell({ kind: 'loss', share });
  }

  async queries(): Promise<number> {
    this.#tell({ kind: 'count' });
    return (await this.#hear('count')).queries;
  }

  stop(): void {
    this.#child.disconnect();
  }

  #tell(message: ToAuthority): void {
    this.#child.send(message);
  }

  #hear<K extends FromAuthority['kind']>(
    kind: K,
    others: (message: FromAuthority) => void = () => {},
  ): Promise<Extract<FromAuthority, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the authority has ended'));
      const hear = (message: FromAuthority) => {
        if (message.kind !== kind) {
          others(message);
          return;
        }
        this.#child.off('message', hear);
        this.#child.off('exit', gone);
        resolve(message as Extract<FromAuthority, { kind: K }>);
      };
      this.#child.on('message', hear);
      this.#child.once('exit', gone);
    });
  }
}
