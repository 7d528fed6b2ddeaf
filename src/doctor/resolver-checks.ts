/** The resolver that the mailer asks, seen from the mailer: what it would ask was asked. */
import type { Check } from './check.js';
import type { Facts, ReplyFacts, ResolverFacts } from './facts.js';

type Found = ReturnType<Check['find']>;

/** The first resolver that has it. */
function atResolver(find: (resolver: ResolverFacts, where: string) => Found): Check['find'] {
  return ({ resolvers }: Facts): Found => {
    for (const resolver of resolvers) {
      const found = find(resolver, `${resolver.address} port ${resolver.port}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

const worked = (reply: ReplyFacts | undefined): boolean =>
  reply !== undefined && (reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN');

function openPort(transport: 'udp' | 'tcp', isLoopback: boolean): string {
  return isLoopback
    ? `iptables -I INPUT -i lo -p ${transport} --dport 53 -j ACCEPT (or what your firewall has)`
    : 'Use a resolver on this host: nameserver 127.0.0.1';
}

export const RESOLVER_CHECKS: Readonly<Record<string, Check>> = {
  'resolver-silent': {
    matters: 'Without a resolver no mail leaves: every delivery waits in the queue.',
    find: atResolver(({ probe, probeOverTcp }, where) =>
      probe === undefined && probeOverTcp === undefined
        ? { wrong: `Nobody answers at ${where}.`, fix: 'systemctl enable --now anchorite' }
        : undefined,
    ),
  },
  'resolver-refuses': {
    matters: 'Every delivery waits in the queue, since no name can be looked up.',
    find: atResolver(({ probe, probeOverTcp }, where) => {
      const reply = probe ?? probeOverTcp;
      if (reply === undefined || worked(reply)) return undefined;
      const fix =
        reply.rcode === 'REFUSED'
          ? "Anchorite's configuration, with the address of the mailer:\nallow: [127.0.0.0/8, ::1]"
          : `anchorite resolve --trace . NS`;
      return { wrong: `${where} answers . NS with ${reply.rcode}.`, fix };
    }),
  },
  'resolver-without-udp': {
    matters: 'Mailers ask over UDP first, and wait for seconds before they try anything else.',
    find: atResolver(({ probe, probeOverTcp, isLoopback }, where) =>
      probe === undefined && probeOverTcp !== undefined
        ? {
            wrong: `${where} answers over TCP, but not over UDP.`,
            fix: openPort('udp', isLoopback),
          }
        : undefined,
    ),
  },
  'resolver-without-tcp': {
    matters:
      'Large answers, such as many TLSA or DNSKEY records, are cut short over UDP and asked for ' +
      'again over TCP (RFC 7766): mail to these domains waits.',
    find: atResolver(({ probe, probeOverTcp, isLoopback }, where) =>
      probe !== undefined && probeOverTcp === undefined
        ? {
            wrong: `${where} answers over UDP, but not over TCP.`,
            fix: openPort('tcp', isLoopback),
          }
        : undefined,
    ),
  },
  'no-ad': {
    matters:
      'Without AD every TLSA record counts as insecure and is not used: mail goes out without ' +
      'DANE, and nothing says so (Postfix logs "DNSSEC validation may be unavailable").',
    find: atResolver(({ probe }, where) =>
      worked(probe) && probe?.authenticData === false
        ? {
            wrong: `${where} answers . NS without the AD bit: it does not validate, or hides it.`,
            fix: 'Let it be Anchorite that listens there:\nlisten: 127.0.0.1:53',
          }
        : undefined,
    ),
  },
  'tlsa-not-proven': {
    matters:
      'Postfix defers mail to a signed domain when its TLSA question fails, and takes a domain ' +
      'for one without DANE when the denial is not proven.',
    find: atResolver(({ probe, tlsa }, where) => {
      if (!worked(probe) || probe?.authenticData === false) return undefined;
      if (worked(tlsa) && tlsa?.authenticData === true) return undefined;
      const how =
        tlsa === undefined
          ? 'does not answer TLSA questions'
          : worked(tlsa)
            ? 'denies TLSA records without the AD bit'
            : `answers TLSA questions with ${tlsa.rcode}`;
      return {
        wrong: `${where} ${how}, though it validates other answers.`,
        fix: 'Let the mailer ask Anchorite and nothing in between:\nlisten: 127.0.0.1:53',
      };
    }),
  },
  'anchor-missing': {
    matters:
      "The root's key with tag 38696 takes over from 20326 (RFC 5011): without it nothing is " +
      'secure from that day on, and all signed mail domains are deferred.',
    find: ({ anchorTags }) => {
      if (anchorTags === undefined || anchorTags.includes(NEW_ROOT_KEY)) return undefined;
      const have = anchorTags.length === 0 ? 'none' : anchorTags.join(', ');
      return {
        wrong: `The root's trust anchors lack key tag ${NEW_ROOT_KEY} (there: ${have}).`,
        fix: 'Take out trust-anchor and trust-anchor-file, so that the shipped anchors are used',
      };
    },
  },
};

/** https://data.iana.org/root-anchors/ (RFC 9718). */
const NEW_ROOT_KEY = 38_696;
