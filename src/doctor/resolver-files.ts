/** resolv.conf(5) and nsswitch.conf(5), as the C library reads them. */
import type { ResolvConf } from './facts.js';

export function readResolvConf(text: string, path: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  for (const line of text.split('\n')) {
    // A comment begins in the first column, or where a word would.
    const words = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    const [keyword, ...rest] = words;
    if (keyword === 'nameserver' && rest[0] !== undefined) nameservers.push(rest[0]);
    // The last of several lines counts.
    if (keyword === 'search' || keyword === 'domain') search = rest;
    if (keyword === 'options') options.push(...rest);
  }
  return { path, nameservers, search, options };
}

/** The sources of host names; undefined when there is no such line. */
export function readNsswitch(text: string): readonly string[] | undefined {
  for (const line of text.split('\n')) {
    const [, sources] = /^\s*hosts:([^#]*)/.exec(line) ?? [];
    if (sources === undefined) continue;
    return sources
      .replace(/\[[^\]]*\]/g, ' ')
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '');
  }
  return undefined;
}
