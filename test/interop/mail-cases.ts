// The messages of the run with mail programs: to whom, and what a mailer that does DANE
// (RFC 7672) must make of each with a resolver that can be believed.

import type { MailHostId } from './mail-hosts.js';
import type { MailProgramId } from './mail-program.js';

/**
 * Delivered to a server that DANE has authenticated, delivered without that, kept for another
 * attempt, or given back to the sender.
 */
export type Fate = 'verified' | 'unverified' | 'deferred' | 'bounced';

/** What a program makes of a case instead, for a reason that lies in the program. */
export interface Deviation {
  readonly fate: Fate;
  /** Which host received it, where that differs, too. */
  readonly host?: MailHostId;
  readonly because: string;
}

export interface MailCase {
  readonly domain: string;
  readonly shows: string;
  readonly fate: Fate;
  /** The rule of RFC 7672, or of the RFC that is named, by which it must be so. */
  readonly section: string;
  /** Where it arrives, when it does. */
  readonly host: MailHostId;
  /** What Postfix must give as the reason, when it does not deliver. */
  readonly reason?: RegExp;
  readonly deviations?: Readonly<Partial<Record<MailProgramId, Deviation>>>;
}

type Rest = Partial<Pick<MailCase, 'host' | 'reason' | 'deviations'>>;

function maker(fate: Fate) {
  return (domain: string, section: string, shows: string, rest: Rest = {}): MailCase => ({
    domain,
    section,
    shows,
    fate,
    host: 'good',
    ...rest,
  });
}
const verified = maker('verified');
const unverified = maker('unverified');
const deferred = maker('deferred');
const bounced = maker('bounced');

const lookupError = { reason: /TLSA lookup error/ };
const temporary = { reason: /Host not found, try again/ };
const untrusted = { reason: /(not trusted|not verified)/ };

/** doc/op/op.me, "DANE"; `dane_tlsa_chk` in sendmail/tlsh.c. */
const sendmailOnly311: MailCase['deviations'] = {
  sendmail: {
    fate: 'unverified',
    because:
      'sendmail implements TLSA 3 1 x and nothing else ("Only TLSA RR 3-1-x (DANE-EE) is ' +
      'currently implemented", its Operations Guide); it passes over other records as if they ' +
      'were not there.',
  },
};

/** `getmxrr` in sendmail/domain.c. */
const sendmailAsksOnce: MailCase['deviations'] = {
  sendmail: {
    fate: 'unverified',
    because:
      'sendmail asks for TLSA at the name in the MX record only, not at the one to which that ' +
      'name is an alias.',
  },
};

const fingerLooksOnce: MailCase['deviations'] = {
  'posttls-finger': {
    fate: 'deferred',
    because: 'posttls-finger stops at the first exchange that speaks with it.',
  },
};

/** What receivers publish about their certificates, right and wrong. */
const certificateCases: readonly MailCase[] = [
  verified('ee311.dane.se', '§3.1.1', 'DANE-EE(3), key, SHA2-256'),
  verified('ee312.dane.se', '§3.1.1', 'DANE-EE(3), key, SHA2-512'),
  verified('ee310.dane.se', '§3.1.1', 'DANE-EE(3), key in full'),
  verified('ee301.dane.se', '§3.1.1', 'DANE-EE(3), certificate, SHA2-256', {
    deviations: sendmailOnly311,
  }),
  verified('ee302.dane.se', '§3.1.1', 'DANE-EE(3), certificate, SHA2-512', {
    deviations: sendmailOnly311,
  }),
  verified('ee300.dane.se', '§3.1.1', 'DANE-EE(3), certificate in full', {
    deviations: sendmailOnly311,
  }),
  verified('ta201.dane.se', '§3.1.2', 'DANE-TA(2), certificate, with the chain', {
    host: 'anchored',
    deviations: sendmailOnly311,
  }),
  verified('ta211.dane.se', '§3.1.2', 'DANE-TA(2), key, with the chain', {
    host: 'anchored',
    deviations: sendmailOnly311,
  }),
  verified('rollover.dane.se', 'RFC 7671 §8.1', 'two records, of the last key and of this one'),
  verified('expired.dane.se', '§3.1.1', 'the certificate has expired; DANE-EE does not care', {
    host: 'expired',
  }),
  verified('misnamed.dane.se', '§3.1.1', 'another name in the certificate; nor for that', {
    host: 'misnamed',
  }),
  deferred('data.dane.org', '§2.2', 'the record is of another key', untrusted),
  deferred('selector.dane.org', '§2.2', 'wrong selector: says certificate, is of the key', {
    ...untrusted,
    deviations: sendmailOnly311,
  }),
  deferred('matching.dane.org', '§2.2', 'wrong matching type: another hash function', untrusted),
  unverified('malformed.dane.org', 'RFC 7671 §10.3', 'SHA2-512 of 32 octets cannot be used'),
  unverified('pkix.dane.org', '§3.1.3', 'PKIX-EE(1), self-signed: cannot be used with SMTP'),
  unverified('unusable.dane.org', '§2.2', 'only a matching type that nobody knows'),
  deferred('othername.dane.org', '§3.2.3', 'DANE-TA(2), but the name is another', {
    ...untrusted,
    host: 'anchored',
    deviations: sendmailOnly311,
  }),
  deferred('mute.dane.org', '§2.2', 'a TLSA record, but the server has no STARTTLS', {
    reason: /TLS is required/,
  }),
];

/** What the resolver has to refuse, and what it must not refuse. */
const zoneCases: readonly MailCase[] = [
  deferred('wrongds.se', '§2.1.1', 'bogus MX zone', temporary),
  deferred('badsig.dane.se', '§2.1.2', 'bogus TLSA record', lookupError),
  deferred('oldsig.dane.se', '§2.1.2', 'the signature of the TLSA record has expired', lookupError),
  deferred('ohne.nodenial.net', '§2.1.2', 'proof that there is no TLSA, removed', lookupError),
  unverified('post.alpha-mail.se', '§2.2.2', 'signed domain, exchange in an unsigned zone'),
  verified('cmx.dane.de', '§2.2.2', 'the exchange is a CNAME', { deviations: sendmailAsksOnce }),
  verified('ctlsa.dane.de', 'RFC 7671 §7', 'the TLSA record is behind a CNAME'),
  verified('implicit.dane.de', '§2.2.2', 'no MX: the domain is its own exchange'),
  bounced('null.dane.de', 'RFC 7505 §3', 'null MX: takes no mail', {
    reason: /does not accept mail/,
  }),
  verified('six.dane.de', '§2.2.2', 'the exchange has an IPv6 address only'),
  verified('twokeys.dane.de', '§2.2', 'first exchange with another key, second good', {
    host: 'spare',
    deviations: fingerLooksOnce,
  }),
  verified('twosigs.dane.de', '§2.1.2', 'first exchange with a bogus TLSA, second good', {
    host: 'spare',
  }),
  verified('twodown.dane.de', 'RFC 5321 §5.1', 'first exchange down, second good', {
    host: 'spare',
  }),
];

const habits = ['notimp', 'servfail', 'silent'] as const;

/** Name servers that fail when asked for TLSA; RFC 7672 §2.2.2 tells of them. */
const failingServerCases: readonly MailCase[] = habits.flatMap((habit) => [
  deferred(`tlsa-${habit}.net`, '§2.1.2', `signed; TLSA servers: ${habit}`, lookupError),
  unverified(`tlsa-${habit}.org`, '§2.2.2', `unsigned; TLSA servers: ${habit}`),
  unverified(`at-${habit}.dane.de`, '§2.2.2', `signed, exchange there; TLSA servers: ${habit}`),
]);

/** The zones of the walk, each with its own algorithm, denial or trouble. */
const algorithmCases: readonly MailCase[] = [
  verified('alpha-mail.se', '§2.2', 'P-256 and NSEC'),
  verified('sub.alpha-mail.se', '§2.2', 'signed child on the server of its parent'),
  verified('post10.org', '§2.2', 'RSASHA512'),
  verified('zehn.org', '§2.2', 'NSEC3 with 10 iterations'),
  verified('kurve.net', '§2.2', 'P-384'),
  verified('eddy.net', '§2.2', 'Ed25519'),
  verified('eddy448.net', '§2.2', 'Ed448'),
  verified('schmal.de', '§2.2', 'signed live, NSEC3 narrow'),
  verified('fern.de', '§2.2', 'name servers without glue'),
  verified('sechs.net', '§2.2', 'name servers with IPv6 only'),
  verified('lahm.se', '§2.2', 'a silent and a lame name server'),
  verified('halb.se', '§2.2', 'one of two name servers has false signatures'),
  verified('zwei.org', '§2.2', 'two algorithms, one good signature'),
  verified('tief.unter.zehn.org', '§2.2', 'delegated two labels down'),
  verified('optout.net', '§2.2', 'opt-out zone, TLSA itself signed'),
  verified('both.alpha-mail.se', '§2.2.2', 'two TLSA records, one matches; no MX'),
  verified('wmail.wild.de', '§2.2.2', 'TLSA from a wildcard; no MX'),
  verified('wmail.wild3.org', '§2.2.2', 'TLSA from a wildcard, NSEC3; no MX'),
  verified('cmail.schmal.de', '§2.2.2', 'TLSA behind a CNAME; no MX'),
  verified('any.wild.wild3.org', '§2.2', 'MX from a wildcard'),
  verified('post.alias.de', '§2.2.2', 'host is a CNAME into another zone; no MX'),
  verified('anker.de', '§3.1.2', "the host's own authority", {
    host: 'anchored',
    deviations: sendmailOnly311,
  }),
  unverified('plain.se', '§2.2', 'unsigned zone: its TLSA must not count'),
  unverified('plain.net', '§2.2', 'unsigned behind opt-out'),
  unverified('kunde.optout.net', '§2.2', 'unsigned customer of an opt-out zone'),
  unverified('insel.ru', '§2.2', 'signed, but no chain of trust leads there'),
  unverified('gost.se', 'RFC 6840 §5.2', 'DS of an unknown digest type'),
  unverified('ohne.alpha-mail.se', '§2.2', 'signed zone, proof that there is no TLSA'),
  unverified('unbrauchbar.de', '§2.2', 'TLSA of an unknown kind: TLS, but nothing to verify'),
  deferred('falsch.de', '§2.2', 'TLSA of another key', untrusted),
  deferred('stumm.de', '§2.2', 'TLSA, but no STARTTLS', { reason: /TLS is required/ }),
  deferred('forged.se', '§2.1.2', 'TLSA with a false signature', lookupError),
  deferred('nosig.net', '§2.1.2', 'TLSA without a signature', lookupError),
  deferred('expired.org', '§2.1.1', 'MX with an expired signature', temporary),
  deferred('notyet.org', '§2.1.1', 'MX with a signature of the future', temporary),
  bounced('nope.alpha-mail.se', 'RFC 5321 §5.1', 'a domain that does not exist', {
    reason: /Host or domain name not found/,
  }),
];

export const mailCases: readonly MailCase[] = [
  ...certificateCases,
  ...zoneCases,
  ...failingServerCases,
  ...algorithmCases,
];
