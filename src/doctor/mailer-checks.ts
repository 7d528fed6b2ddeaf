/** The mailers' own settings: DANE must be switched on, and nothing must stand above it. */
import type { Check } from './check.js';
import type { EximFacts, Facts, PostfixFacts, ResolvConf } from './facts.js';
import type { SmtpClient } from './postfix-settings.js';

type Found = ReturnType<Check['find']>;

function inPostfix(find: (postfix: PostfixFacts, facts: Facts) => Found): Check['find'] {
  return (facts) => (facts.postfix === undefined ? undefined : find(facts.postfix, facts));
}

interface Effective {
  readonly value: string | undefined;
  /** Where it is set, with the line that sets it to something else. */
  readonly place: string;
  fix(value: string): string;
}

/** One that hands mail to a content filter beside it looks nothing up: DANE is not for it. */
function asksDns({ overrides }: SmtpClient): boolean {
  return overrides.get('disable_dns_lookups')?.toLowerCase() !== 'yes';
}

/** What holds for each service that sends: main.cf, or `-o` in master.cf above it. */
function inEachClient(setting: string, find: (effective: Effective) => Found): Check['find'] {
  return inPostfix((postfix) => {
    const { settings } = postfix;
    const clients = postfix.clients.filter(asksDns);
    const main: Effective = {
      value: settings.get(setting),
      place: '',
      fix: (value) => mainCf(`${setting} = ${value}`),
    };
    const above = clients.filter(({ overrides }) => overrides.has(setting));
    const all = above.map(({ service, overrides }) => ({
      value: overrides.get(setting),
      place: ` for the service ${service} (master.cf)`,
      fix: (value: string) => `master.cf, ${service}:\n-o ${setting}=${value}`,
    }));
    // What every service sets by itself, main.cf sets for nobody.
    if (above.length < clients.length || clients.length === 0) all.unshift(main);
    for (const effective of all) {
      const found = find(effective);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

function inExim(find: (exim: EximFacts) => Found): Check['find'] {
  return ({ exim }) => (exim === undefined ? undefined : find(exim));
}

/** What the C library makes of the file; comments and order of keywords are nobody's business. */
function linesOf({ nameservers, search, options }: ResolvConf): string {
  return [nameservers, search, options].map((words) => words.join(' ')).join('\n');
}

const mainCf = (line: string): string => `main.cf:\n${line}`;

export const MAILER_CHECKS: Readonly<Record<string, Check>> = {
  'postfix-chroot': {
    matters:
      'The smtp client runs in a chroot and reads the copy, not the file in /etc: it asks the ' +
      'resolver of old, whatever that was.',
    find: inPostfix(({ clients, resolvConf, queueFolder }, { host }) => {
      const isChrooted = clients.some((client) => client.isChrooted);
      if (!isChrooted || host.resolvConf === undefined) return undefined;
      if (resolvConf !== undefined && linesOf(resolvConf) === linesOf(host.resolvConf)) {
        return undefined;
      }
      const copy = `${queueFolder}/etc/resolv.conf`;
      const wrong =
        resolvConf === undefined
          ? `Postfix runs in a chroot, and ${copy} is missing.`
          : `Postfix runs in a chroot, and ${copy} differs from /etc/resolv.conf.`;
      return { wrong, fix: `cp /etc/resolv.conf ${copy} && postfix reload` };
    }),
  },
  'postfix-dns-support-level': {
    matters: 'Postfix asks for no DNSSEC and ignores AD: DANE is off, whatever else is set.',
    find: inEachClient('smtp_dns_support_level', ({ value: level = '', place, fix }) => {
      if (level === 'dnssec') return undefined;
      const wrong = `smtp_dns_support_level is ${level === '' ? 'not set' : level}${place}.`;
      return { wrong, fix: fix('dnssec') };
    }),
  },
  'postfix-security-level': {
    matters:
      'Postfix does not look for TLSA records at this level, and takes any certificate or none.',
    find: inEachClient('smtp_tls_security_level', ({ value: level = '', place, fix }) => {
      if (level === 'dane' || level === 'dane-only') return undefined;
      const wrong = `smtp_tls_security_level is ${level === '' ? 'not set' : level}${place}.`;
      return { wrong, fix: fix('dane') };
    }),
  },
  'postfix-host-lookup': {
    matters:
      'Addresses that come from the C library carry no AD bit, so Postfix counts the exchange as ' +
      'insecure and does not ask for its TLSA records.',
    find: inEachClient('smtp_host_lookup', ({ value: lookup = 'dns', place, fix }) => {
      if (!/\bnative\b/.test(lookup)) return undefined;
      return { wrong: `smtp_host_lookup is ${lookup}${place}.`, fix: fix('dns') };
    }),
  },
  'postfix-probe-off': {
    matters: 'When AD gets lost, mail goes out without DANE and the log does not say so.',
    find: inPostfix(({ settings }) =>
      settings.get('dnssec_probe') === ''
        ? { wrong: 'dnssec_probe is empty.', fix: 'postconf -X dnssec_probe && postfix reload' }
        : undefined,
    ),
  },
  'postfix-policy-above-dane': {
    matters:
      'A policy from MTA-STS takes the place of DANE for its domain: the weaker of the two is ' +
      'used (RFC 8461 §2 wants it the other way round).',
    find: inPostfix(({ settings }) => {
      const maps = settings.get('smtp_tls_policy_maps') ?? '';
      if (!/mta-?sts/i.test(maps)) return undefined;
      return {
        wrong: `smtp_tls_policy_maps asks an MTA-STS resolver (${maps}).`,
        fix: 'Use one that leaves domains with DANE alone, or take it out of smtp_tls_policy_maps',
      };
    }),
  },
  'exim-dnssec-off': {
    matters: 'Exim asks for no DNSSEC: DANE is off, whatever else is set.',
    find: inExim(({ main, path }) =>
      main.get('dns_dnssec_ok') === '0'
        ? { wrong: `${path} has dns_dnssec_ok = 0.`, fix: `${path}:\ndns_dnssec_ok = 1` }
        : undefined,
    ),
  },
  'exim-trusts-aa': {
    matters:
      'Exim takes every authoritative answer of these domains for validated. Anchorite sets AD; ' +
      'nothing else has to be trusted.',
    find: inExim(({ main, path }) => {
      const trusted = main.get('dns_trust_aa');
      if (trusted === undefined || trusted === '') return undefined;
      return {
        wrong: `${path} has dns_trust_aa = ${trusted}.`,
        fix: `Delete from ${path}: dns_trust_aa`,
      };
    }),
  },
  'exim-transport-without-dane': {
    matters: 'Mail that leaves by this transport is not protected by DANE.',
    find: inExim(({ smtpTransports, path }) => {
      for (const [name, settings] of smtpTransports) {
        for (const setting of ['dnssec_request_domains', 'hosts_try_dane']) {
          const value = settings.get(setting);
          if (value === undefined || !['', ':', '!*'].includes(value)) continue;
          return {
            wrong: `${path}: the transport ${name} has an empty ${setting}.`,
            fix: `${path}, ${name}:\n${setting} = *`,
          };
        }
      }
      return undefined;
    }),
  },
};
