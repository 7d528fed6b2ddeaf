/** What was read and measured. Undefined means that it could not be: no finding follows from it. */

import type { SmtpClient } from './postfix-settings.js';

export interface Facts {
  readonly host: HostFacts;
  readonly postfix: PostfixFacts | undefined;
  readonly exim: EximFacts | undefined;
  /** Key tags of the root's trust anchors that Anchorite would use. */
  readonly anchorTags: readonly number[] | undefined;
  /** The resolvers that the mailer asks, or the one named on the command line. */
  readonly resolvers: readonly ResolverFacts[];
  readonly network: NetworkFacts | undefined;
}

export interface ResolvConf {
  readonly path: string;
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  /** As they stand there: `trust-ad`, `ndots:5`. */
  readonly options: readonly string[];
}

export interface HostFacts {
  /** Undefined when there is no such file. */
  readonly resolvConf: ResolvConf | undefined;
  /** Sources of host names in order, without the [actions]; undefined when not told. */
  readonly hostSources: readonly string[] | undefined;
  readonly libc: 'glibc' | 'musl' | undefined;
}

export interface PostfixFacts {
  /** Settings of main.cf that are given, with `$name` expanded. */
  readonly settings: ReadonlyMap<string, string>;
  /** The services of master.cf that send, with what they set above main.cf. */
  readonly clients: readonly SmtpClient[];
  readonly queueFolder: string;
  /** In the chroot; undefined when there is none. */
  readonly resolvConf: ResolvConf | undefined;
}

export interface EximFacts {
  readonly path: string;
  /** Settings of the main section. */
  readonly main: ReadonlyMap<string, string>;
  /** Settings of each transport with `driver = smtp`, by its name. */
  readonly smtpTransports: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** What came back, as far as it matters here. */
export interface ReplyFacts {
  readonly rcode: string;
  readonly authenticData: boolean;
}

export interface ResolverFacts {
  readonly address: string;
  readonly port: number;
  readonly isLoopback: boolean;
  /** `. NS` with AD and DO, which is Postfix's dnssec_probe; undefined: no reply. */
  readonly probe: ReplyFacts | undefined;
  readonly probeOverTcp: ReplyFacts | undefined;
  /** TLSA below a signed name, where there is none: denied with AD by a resolver that validates. */
  readonly tlsa: ReplyFacts | undefined;
}

/** How one of the root servers answers over one family of addresses. */
export interface PathFacts {
  /** A short question over UDP. */
  readonly udp: boolean;
  readonly tcp: boolean;
  /** A reply of more than 512 octets over UDP. */
  readonly largeUdp: 'arrived' | 'truncated' | 'lost';
}

export interface NetworkFacts {
  /** Somebody answered in the name of 192.0.2.1, an address that nobody has (RFC 5737). */
  readonly impossibleAnswered: boolean;
  readonly ipv4: PathFacts | undefined;
  /** Undefined when the host has no address that reaches out. */
  readonly ipv6: PathFacts | undefined;
  /** Key tags of the root's key signing keys, as the network has them: unvalidated. */
  readonly rootKeyTags: readonly number[];
  readonly clock: ClockFacts | undefined;
}

/** The clock beside the validity of the root's own signatures: they are renewed all the time. */
export interface ClockFacts {
  readonly wallSeconds: number;
  readonly latestInceptionSeconds: number;
  readonly earliestExpirationSeconds: number;
}
