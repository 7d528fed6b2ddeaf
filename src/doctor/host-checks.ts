/** Between the mailer and the resolver on the same host: resolv.conf, nsswitch.conf, containers. */
import { IpAddress } from '../wire/index.js';
import type { Check } from './check.js';
import type { Facts, ResolvConf } from './facts.js';

export const RESOLV_CONF_LINES = 'nameserver 127.0.0.1\noptions edns0 trust-ad';

const SYSTEMD = ['127.0.0.53', '127.0.0.54'];
const DOCKER = '127.0.0.11';
/** What Kubernetes puts into `search`: NAMESPACE.svc.DOMAIN, svc.DOMAIN. */
const CLUSTER = /(^|\.)svc\./;

/** The file as such is there; checks of its lines have nothing to say otherwise. */
function inResolvConf(
  find: (file: ResolvConf, facts: Facts) => ReturnType<Check['find']>,
): Check['find'] {
  return (facts) => {
    const { resolvConf } = facts.host;
    if (resolvConf === undefined || resolvConf.nameservers.length === 0) return undefined;
    return find(resolvConf, facts);
  };
}

export function isLoopback(address: string): boolean {
  return IpAddress.parse(address.replace(/%.*$/, ''))?.isLoopback === true;
}

/** Somebody else's resolver that happens to have an address of this host. */
function isMiddleman(address: string): boolean {
  return address === DOCKER || SYSTEMD.includes(address);
}

export const HOST_CHECKS: Readonly<Record<string, Check>> = {
  'no-nameserver': {
    matters: 'The mailer asks 127.0.0.1 port 53 then, and only if it is told nothing else.',
    find: ({ host: { resolvConf } }) => {
      if (resolvConf !== undefined && resolvConf.nameservers.length > 0) return undefined;
      const wrong =
        resolvConf === undefined
          ? 'There is no /etc/resolv.conf.'
          : `${resolvConf.path} names no nameserver.`;
      return { wrong, fix: `/etc/resolv.conf:\n${RESOLV_CONF_LINES}` };
    },
  },
  'systemd-resolved': {
    matters:
      'systemd-resolved stands between the mailer and Anchorite, and the AD bit is lost there or ' +
      'comes from its own idea of DNSSEC, so DANE is off or rests on the wrong resolver.',
    find: inResolvConf(({ path, nameservers }) => {
      const found = nameservers.find((one) => SYSTEMD.includes(one));
      if (found === undefined) return undefined;
      const wrong = `${path} points to systemd-resolved (${found}).`;
      return {
        wrong,
        fix: `rm /etc/resolv.conf; then /etc/resolv.conf:\n${RESOLV_CONF_LINES}`,
      };
    }),
  },
  'docker-resolver': {
    matters:
      'The resolver that Docker puts into containers forwards questions and drops the AD bit, so ' +
      'the mailer never sees that a TLSA record is secure.',
    find: inResolvConf(({ path, nameservers }) =>
      nameservers.includes(DOCKER)
        ? {
            wrong: `${path} points to Docker's resolver (${DOCKER}).`,
            fix:
              'Run Anchorite in the network namespace of the mailer ' +
              '(network_mode: "service:anchorite") and mount a resolv.conf with:\n' +
              RESOLV_CONF_LINES,
          }
        : undefined,
    ),
  },
  'cluster-dns': {
    matters:
      'The DNS service of a Kubernetes cluster caches without the AD bit, so the mailer never ' +
      'sees that a TLSA record is secure.',
    find: inResolvConf(({ path, search, nameservers }) => {
      const domain = search.find((one) => CLUSTER.test(one));
      if (domain === undefined || nameservers.every(isLoopback)) return undefined;
      return {
        wrong: `${path} is that of a Kubernetes pod (search ${domain}).`,
        fix:
          'Run Anchorite as a sidecar of the mailer; in the pod: dnsPolicy: None, ' +
          'dnsConfig: {nameservers: ["127.0.0.1"], options: [{name: trust-ad}]}',
      };
    }),
  },
  'foreign-nameserver': {
    matters:
      'RFC 7672 §2.1: whoever can forge an answer on the way from there can set AD, and then the ' +
      'mailer verifies the certificate of the attacker.',
    find: inResolvConf(({ path, nameservers, search }) => {
      const foreign = nameservers.filter((one) => !isLoopback(one));
      const isCluster = search.some((one) => CLUSTER.test(one));
      if (foreign.length !== nameservers.length || isCluster) return undefined;
      return {
        wrong: `${path} names ${foreign.join(', ')}, which is not on this host.`,
        fix: `/etc/resolv.conf:\n${RESOLV_CONF_LINES}`,
      };
    }),
  },
  'other-nameservers': {
    matters:
      'When the first is slow for a moment the C library asks the next, and believes it as much: ' +
      'an attacker has only to delay a packet.',
    find: inResolvConf(({ path, nameservers }) => {
      const foreign = nameservers.filter((one) => !isLoopback(one) || isMiddleman(one));
      const own = nameservers.length - foreign.length;
      if (foreign.length === 0 || own === 0) return undefined;
      return {
        wrong: `${path} names ${foreign.join(', ')} beside a resolver on this host.`,
        fix: [`Delete from ${path}:`, ...foreign.map((one) => `nameserver ${one}`)].join('\n'),
      };
    }),
  },
  'trust-ad-missing': {
    matters:
      'glibc 2.31 and newer clears the AD bit before a program sees it, unless this option is ' +
      'there. Postfix asks for it by itself; Exim, OpenSSH and others do not, and go without DANE.',
    // RFC 7672 §2.1: while a resolver is on another host, its AD bit is better not trusted.
    find: inResolvConf(({ path, options, nameservers }, { host }) =>
      host.libc === 'musl' || options.includes('trust-ad') || !nameservers.every(isLoopback)
        ? undefined
        : { wrong: `${path} lacks the option trust-ad.`, fix: `${path}:\noptions edns0 trust-ad` },
    ),
  },
  'many-dots': {
    matters:
      'Every name with fewer dots is first looked up below each search domain: several questions ' +
      'for one, and a search domain may answer for the domain that was meant.',
    find: inResolvConf(({ path, options, search }) => {
      const ndots = options.find((one) => /^ndots:([2-9]|1\d)/.test(one));
      if (ndots === undefined || search.length === 0) return undefined;
      return {
        wrong: `${path} has ${ndots} with search domains.`,
        fix: `${path}:\noptions ndots:1`,
      };
    }),
  },
  'nss-before-dns': {
    matters:
      'Names that are looked up through the C library (Postfix with smtp_host_lookup = native, ' +
      'Exim for its own host) are answered there first, without any regard to DNSSEC.',
    find: ({ host: { hostSources } }) => {
      if (hostSources === undefined) return undefined;
      const dns = hostSources.indexOf('dns');
      const before = hostSources
        .slice(0, dns < 0 ? hostSources.length : dns)
        .filter((one) => one === 'resolve' || one.startsWith('mdns'));
      if (dns >= 0 && before.length === 0) return undefined;
      const wrong =
        dns < 0
          ? 'The hosts line of /etc/nsswitch.conf does not have dns.'
          : `The hosts line of /etc/nsswitch.conf has ${before.join(' and ')} before dns.`;
      return { wrong, fix: '/etc/nsswitch.conf:\nhosts: files dns' };
    },
  },
};
