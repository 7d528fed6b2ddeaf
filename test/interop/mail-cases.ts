// The messages of the Postfix run: to whom, and what a mailer that does DANE (RFC 7672) must
// make of each with a resolver that can be believed.

export interface MailCase {
  readonly domain: string;
  readonly shows: string;
  readonly status: 'sent' | 'deferred' | 'bounced';
  /** With `sent`: which host received it, and whether its certificate was verified. */
  readonly host?: 'good' | 'mute' | 'anchored';
  readonly verified?: boolean;
  /** With the other two: what the log must give as the reason. */
  readonly reason?: RegExp;
}

function verified(domain: string, shows: string, host: MailCase['host'] = 'good'): MailCase {
  return { domain, shows, status: 'sent', host, verified: true };
}

function unverified(domain: string, shows: string): MailCase {
  return { domain, shows, status: 'sent', host: 'good', verified: false };
}

function deferred(domain: string, shows: string, reason: RegExp): MailCase {
  return { domain, shows, status: 'deferred', reason };
}

const lookupError = /TLSA lookup error/;
const temporary = /Host not found, try again/;

export const mailCases: readonly MailCase[] = [
  verified('alpha-mail.se', 'matching TLSA, P-256 and NSEC'),
  verified('sub.alpha-mail.se', 'signed child on the server of its parent'),
  verified('post10.org', 'RSASHA512'),
  verified('zehn.org', 'NSEC3 with 10 iterations'),
  verified('kurve.net', 'P-384'),
  verified('eddy.net', 'Ed25519'),
  verified('eddy448.net', 'Ed448'),
  verified('schmal.de', 'signed live, NSEC3 narrow'),
  verified('fern.de', 'name servers without glue'),
  verified('sechs.net', 'name servers with IPv6 only'),
  verified('lahm.se', 'a silent and a lame name server'),
  verified('halb.se', 'one of two name servers has false signatures'),
  verified('zwei.org', 'two algorithms, one good signature'),
  verified('tief.unter.zehn.org', 'delegated two labels down'),
  verified('optout.net', 'opt-out zone, TLSA itself signed'),
  verified('both.alpha-mail.se', 'two TLSA records, one matches; no MX'),
  verified('wmail.wild.de', 'TLSA from a wildcard; no MX'),
  verified('wmail.wild3.org', 'TLSA from a wildcard, NSEC3; no MX'),
  verified('cmail.schmal.de', 'TLSA behind a CNAME; no MX'),
  verified('any.wild.wild3.org', 'MX from a wildcard'),
  verified('post.alias.de', 'host is a CNAME into another zone; no MX'),
  verified('anker.de', "the host's own authority (DANE-TA)", 'anchored'),
  unverified('plain.se', 'unsigned zone: its TLSA must not count'),
  unverified('plain.net', 'unsigned behind opt-out'),
  unverified('kunde.optout.net', 'unsigned customer of an opt-out zone'),
  unverified('insel.ru', 'signed, but no chain of trust leads there'),
  unverified('gost.se', 'DS of an unknown digest type'),
  unverified('post.alpha-mail.se', 'signed MX that names a host in an unsigned zone'),
  unverified('ohne.alpha-mail.se', 'signed zone, proof that there is no TLSA'),
  unverified('unbrauchbar.de', 'TLSA of an unknown kind: TLS, but nothing to verify'),
  deferred('falsch.de', 'TLSA of another key', /(not trusted|not verified)/),
  deferred('stumm.de', 'TLSA, but STARTTLS was not offered', /TLS is required/),
  deferred('forged.se', 'TLSA with a false signature', lookupError),
  deferred('nosig.net', 'TLSA without a signature', lookupError),
  deferred('ohne.nodenial.net', 'no proof that there is no TLSA', lookupError),
  deferred('wrongds.se', 'MX below a wrong DS', temporary),
  deferred('expired.org', 'MX with an expired signature', temporary),
  deferred('notyet.org', 'MX with a signature of the future', temporary),
  {
    domain: 'nope.alpha-mail.se',
    shows: 'a domain that does not exist',
    status: 'bounced',
    reason: /Host or domain name not found/,
  },
];
