// PowerDNS with its BIND backend: reads zone files, keeps keys in a small database, and signs
// each answer as it is asked.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressPair } from './addresses.js';
import type { LiveServer } from './live-servers.js';
import { run } from './processes.js';
import { algorithmNames, isRsa } from './signers.js';
import type { Signing } from './zone-spec.js';

export class PowerDns implements LiveServer {
  readonly #folder: string;
  readonly #files = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async prepare(places: readonly AddressPair[], folder: string): Promise<PowerDns> {
    const made = new PowerDns(folder);
    await mkdir(folder, { recursive: true });
    const addresses = places.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    const settings = [
      'launch=bind',
      `bind-config=${folder}/named.conf`,
      `bind-dnssec-db=${folder}/keys.sqlite`,
      `local-address=${addresses.join(',')}`,
      `socket-dir=${folder}`,
      'guardian=no',
      'daemon=no',
      'primary=no',
      'security-poll-suffix=',
      'loglevel=4',
      '',
    ];
    await writeFile(join(folder, 'pdns.conf'), settings.join('\n'));
    await made.#writeZoneList();
    await made.#tool(['create-bind-db', join(folder, 'keys.sqlite')]);
    return made;
  }

  command(): string[] {
    return ['pdns_server', `--config-dir=${this.#folder}`];
  }

  async addSignedZone({ name }: { name: string }, file: string): Promise<void> {
    this.#files.set(name, file);
    await this.#writeZoneList();
    await this.#tool(['set-presigned', name]);
  }

  /** Serves a zone file; with `signing`, makes keys for it and returns its DS contents. */
  async addZone(zone: { name: string }, file: string, signing?: Signing): Promise<string[]> {
    this.#files.set(zone.name, file);
    await this.#writeZoneList();
    if (signing === undefined) return [];
    const algorithm = algorithmNames[signing.algorithm].pdns;
    const size = isRsa(signing.algorithm) ? ['2048'] : [];
    await this.#tool(['add-zone-key', zone.name, 'ksk', ...size, 'active', algorithm]);
    await this.#tool(['add-zone-key', zone.name, 'zsk', ...size, 'active', algorithm]);
    const { denial } = signing;
    if (denial.kind === 'nsec3') {
      const salt = denial.salt === '' ? '-' : denial.salt;
      const parameters = `1 ${denial.optOut ? 1 : 0} ${denial.iterations} ${salt}`;
      const narrow = denial.narrow ? ['narrow'] : [];
      await this.#tool(['set-nsec3', zone.name, parameters, ...narrow]);
    }
    const output = await this.#tool(['export-zone-ds', zone.name]);
    return output.split('\n').flatMap((line) => {
      const fields = /\sDS\s+(\d+ \d+ \d+ [0-9a-fA-F]+)/.exec(line);
      return fields === null ? [] : [fields[1]!];
    });
  }

  async #tool(args: readonly string[]): Promise<string> {
    return run('pdnsutil', [`--config-dir=${this.#folder}`, ...args]);
  }

  async #writeZoneList(): Promise<void> {
    const list = [...this.#files].map(
      ([name, file]) => `zone "${name}" { type native; file "${file}"; };`,
    );
    await writeFile(join(this.#folder, 'named.conf'), `${list.join('\n')}\n`);
  }
}
