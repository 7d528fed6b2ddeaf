// Knot DNS that signs its zones itself and keeps their signatures fresh.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressPair } from './addresses.js';
import { knotSettings, type ServedZone } from './authorities.js';
import type { LiveServer } from './live-servers.js';
import { run } from './processes.js';
import { algorithmNames } from './signers.js';
import type { Signing } from './zone-spec.js';

export class KnotLive implements LiveServer {
  readonly #addresses: readonly string[];
  readonly #folder: string;
  readonly #signed = new Map<ServedZone, Signing>();
  readonly #unsigned: ServedZone[] = [];

  private constructor(addresses: readonly string[], folder: string) {
    this.#addresses = addresses;
    this.#folder = folder;
  }

  static async prepare(places: readonly AddressPair[], folder: string): Promise<KnotLive> {
    const addresses = places.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    const made = new KnotLive(addresses, folder);
    await mkdir(join(folder, 'database'), { recursive: true });
    await made.#writeSettings();
    return made;
  }

  command(): string[] {
    return ['knotd', '-c', this.#file];
  }

  async addSignedZone({ name }: { name: string }, file: string): Promise<void> {
    this.#unsigned.push({ name, file });
    await this.#writeSettings();
  }

  async addZone({ name }: { name: string }, file: string, signing?: Signing): Promise<string[]> {
    if (signing === undefined) this.#unsigned.push({ name, file });
    else this.#signed.set({ name, file }, signing);
    await this.#writeSettings();
    if (signing === undefined) return [];
    const algorithm = `algorithm=${algorithmNames[signing.algorithm].knot}`;
    await this.#keymgr([name, 'generate', algorithm, 'ksk=yes', 'zsk=no']);
    await this.#keymgr([name, 'generate', algorithm, 'ksk=no', 'zsk=yes']);
    const output = await this.#keymgr([name, 'ds']);
    return output.split('\n').flatMap((line) => {
      const start = line.indexOf(' DS ');
      return start < 0 ? [] : [line.slice(start + 4).trim()];
    });
  }

  get #file(): string {
    return join(this.#folder, 'server.conf');
  }

  async #keymgr(args: readonly string[]): Promise<string> {
    return run('keymgr', ['-c', this.#file, ...args]);
  }

  async #writeSettings(): Promise<void> {
    const policies = [...this.#signed].flatMap(([{ name }, { algorithm, denial }]) => [
      `  - id: "for ${name}"`,
      `    algorithm: ${algorithmNames[algorithm].knot}`,
      // The parent has the DS already, whatever the child publishes.
      '    cds-cdnskey-publish: none',
      `    nsec3: ${denial.kind === 'nsec3' ? 'on' : 'off'}`,
    ]);
    const zones = [...this.#signed.keys()].flatMap(({ name, file }) => [
      `  - domain: "${name}"`,
      `    file: "${file}"`,
      '    dnssec-signing: on',
      `    dnssec-policy: "for ${name}"`,
    ]);
    const settings = knotSettings(this.#addresses, this.#folder, this.#unsigned, {
      policies,
      zones,
    });
    await writeFile(this.#file, settings);
  }
}
