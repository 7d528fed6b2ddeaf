/** The way from here to the authoritative servers, and the clock that signatures are held to. */
import type { Check } from './check.js';
import type { Facts, PathFacts } from './facts.js';

const FIREWALL = 'Let the host reach port 53 of any address, over UDP and TCP';

/** Root servers answer over IPv4 in some way; without that, the single ways mean nothing. */
function onIpv4(find: (path: PathFacts) => ReturnType<Check['find']>): Check['find'] {
  return ({ network }: Facts) => {
    const path = network?.ipv4;
    if (path === undefined || network?.impossibleAnswered === true) return undefined;
    return path.udp || path.tcp ? find(path) : undefined;
  };
}

const reaches = (path: PathFacts | undefined): boolean => path?.udp === true || path?.tcp === true;

export const NETWORK_CHECKS: Readonly<Record<string, Check>> = {
  'port-53-intercepted': {
    matters:
      'Somebody on the way answers in the name of every server. Signed answers hold or fail, ' +
      'but as a rule the interceptor leaves signatures out, and mail to signed domains waits.',
    find: ({ network }) =>
      network?.impossibleAnswered === true
        ? {
            wrong:
              '192.0.2.1 answered a DNS question, which is impossible: port 53 is intercepted.',
            fix:
              'Ask the operator of the network to let port 53 alone; until then, forward to a ' +
              'resolver that hands on signatures: forward: ADDRESS',
          }
        : undefined,
  },
  'root-unreachable': {
    matters: 'No name can be resolved, and every delivery waits in the queue.',
    find: ({ network }) => {
      if (network === undefined || reaches(network.ipv4) || reaches(network.ipv6)) return undefined;
      return { wrong: 'No root server answers, over UDP or TCP.', fix: FIREWALL };
    },
  },
  'udp-53-blocked': {
    matters:
      'Every question takes seconds until it is asked over TCP; mailers give up before that.',
    find: onIpv4(({ udp }) =>
      udp ? undefined : { wrong: 'Root servers answer over TCP, but not over UDP.', fix: FIREWALL },
    ),
  },
  'tcp-53-blocked': {
    matters:
      'Answers that do not fit into a datagram cannot be fetched (RFC 7766): as soon as the keys ' +
      'of a zone are that large, mail to everything below it waits.',
    find: onIpv4(({ tcp }) =>
      tcp ? undefined : { wrong: 'Root servers answer over UDP, but not over TCP.', fix: FIREWALL },
    ),
  },
  'large-udp-lost': {
    matters:
      'Answers with signatures are of that size: each gets lost and is asked for again over TCP, ' +
      'which makes every first delivery slow.',
    find: onIpv4(({ udp, largeUdp }) =>
      udp && largeUdp === 'lost'
        ? {
            wrong: 'Datagrams of up to 1232 octets do not arrive, though short ones do.',
            fix: "Anchorite's configuration, until the path is repaired:\nedns-size: 512",
          }
        : undefined,
    ),
  },
  'ipv6-dead': {
    matters:
      'Servers are asked over IPv6 and do not answer; each first try is lost, and zones that are ' +
      'reachable over IPv6 only cannot be had.',
    find: ({ network }) =>
      network?.ipv6 !== undefined && !reaches(network.ipv6) && reaches(network.ipv4)
        ? {
            wrong: 'The host has an IPv6 address, but no root server answers over IPv6.',
            fix: "Anchorite's configuration:\nipv6: off",
          }
        : undefined,
  },
  'clock-wrong': {
    matters:
      'Signatures are valid between two points in time. A clock outside makes everything bogus, ' +
      'and all mail to signed domains waits.',
    find: ({ network }) => {
      const clock = network?.clock;
      if (clock === undefined) return undefined;
      const { wallSeconds, latestInceptionSeconds, earliestExpirationSeconds } = clock;
      const behind = latestInceptionSeconds - wallSeconds;
      const ahead = wallSeconds - earliestExpirationSeconds;
      if (behind <= TOLERATED_SECONDS && ahead <= 0) return undefined;
      const [by, way] = behind > 0 ? [behind, 'behind'] : [ahead, 'ahead'];
      return {
        wrong: `The clock is at least ${duration(by)} ${way}: the root's signatures say so.`,
        fix: 'timedatectl set-ntp true (or systemctl enable --now chrony)',
      };
    },
  },
  'no-anchor-matches': {
    matters: 'Nothing validates: no answer gets the AD bit, and all signed domains are deferred.',
    find: ({ network, anchorTags }) => {
      const published = network?.rootKeyTags ?? [];
      if (anchorTags === undefined || anchorTags.length === 0 || published.length === 0) {
        return undefined;
      }
      if (published.some((tag) => anchorTags.includes(tag))) return undefined;
      return {
        wrong:
          `The root's keys have the tags ${published.join(', ')}; the trust anchors have ` +
          `${anchorTags.join(', ')}.`,
        fix: 'Install a newer release of Anchorite, or fix trust-anchor and trust-anchor-file',
      };
    },
  },
};

/** What the validator tolerates, too. */
const TOLERATED_SECONDS = 60;

function duration(seconds: number): string {
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} hours`
    : `${Math.round(seconds / 86_400)} days`;
}
