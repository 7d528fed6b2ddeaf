/** The cases of DANE for mail (RFC 7672): kinds of records, and ways from a domain to a host. */
import { LAB_CERTIFICATE, LAB_PUBLIC_KEY, LAB_PUBLIC_KEY_DIGEST } from './certificates.js';
import { LAB_ALGORITHMS } from './lab-signer.js';
import {
  found,
  hostLines,
  INSECURE,
  mailHostAddress6,
  nameError,
  noData,
  tlsaData,
  tlsaLine,
} from './mail-zone.js';
import {
  type Expectation,
  type LabDomain,
  type MailAction,
  type MailExpectation,
  singleKey,
  type ZoneSpec,
} from './world-spec.js';

const P256 = LAB_ALGORITHMS.ECDSAP256SHA256;

function signed(name: string, text: string): ZoneSpec {
  return { origin: `${name}.`, text, signing: singleKey(P256) };
}

function deliver(...exchanges: readonly MailAction[]): MailExpectation {
  return { outcome: 'deliver', exchanges };
}

const digest = (text: string): string => tlsaData(text).replace(/^3 1 1 /, '');
/** Twice as long as one of SHA2-256. */
const longDigest = (text: string): string => digest(text) + digest(`again ${text}`);

/** A domain with one exchange and the given TLSA records there. */
function records(
  name: string,
  shows: string,
  action: MailAction,
  ...datas: readonly string[]
): LabDomain {
  const lines = datas.map((data) => `_25._tcp.mx TLSA ${data}`);
  const text = ['@ MX 10 mx', hostLines('mx', name), ...lines].join('\n');
  return {
    name,
    shows,
    zones: [signed(name, text)],
    expectations: [
      found(name, 'MX'),
      found(`mx.${name}`, 'A'),
      found(`_25._tcp.mx.${name}`, 'TLSA', datas.length),
    ],
    mail: deliver(action),
  };
}

function kindsOfRecords(): readonly LabDomain[] {
  const one = digest('one');
  const two = digest('two');
  return [
    records(
      'certificate.dane',
      'TLSA of a real key, which is with the tests.',
      'authenticate',
      `3 1 1 ${LAB_PUBLIC_KEY_DIGEST}`,
    ),
    records(
      'full-certificate.dane',
      'A whole certificate as TLSA (3 0 0).',
      'authenticate',
      `3 0 0 ${LAB_CERTIFICATE}`,
    ),
    records(
      'full-key.dane',
      'A whole public key of an authority (2 1 0).',
      'authenticate',
      `2 1 0 ${LAB_PUBLIC_KEY}`,
    ),
    records('sha512.dane', 'SHA2-512 (3 1 2).', 'authenticate', `3 1 2 ${longDigest('a')}`),
    records(
      'dane-ta.dane',
      "The domain's own authority, by key and by certificate (2 1 1, 2 0 1).",
      'authenticate',
      `2 1 1 ${one}`,
      `2 0 1 ${two}`,
    ),
    records(
      'rollover.dane',
      'Two keys, the present one and the next (RFC 7671 §8.1).',
      'authenticate',
      `3 1 1 ${one}`,
      `3 1 1 ${two}`,
    ),
    records(
      'agility.dane',
      'Two digests of one key: the stronger counts (RFC 7671 §9).',
      'authenticate',
      `3 1 1 ${one}`,
      `3 1 2 ${longDigest('one')}`,
    ),
    records(
      'mixed.dane',
      'A record that is not for mail (1 1 1), beside one that is.',
      'authenticate',
      `1 1 1 ${one}`,
      `3 1 1 ${two}`,
    ),
    records(
      'pkix.dane',
      'Only records of public authorities (0 and 1): TLS, but unauthenticated (RFC 7672 §3.1.3).',
      'encrypt',
      `1 1 1 ${one}`,
      `0 0 1 ${two}`,
    ),
    records(
      'unusable.dane',
      'Only records that nobody can use: unknown numbers, a digest that is too short.',
      'encrypt',
      `9 1 1 ${one}`,
      `3 7 1 ${one}`,
      `3 1 200 ${one}`,
      '3 1 1 abcdef',
      '3 0 0 abcdef',
    ),
  ];
}

interface Way {
  readonly zones: readonly ZoneSpec[];
  readonly expectations: readonly Expectation[];
  readonly mail: MailExpectation;
}

function way(name: string, shows: string, { zones, expectations, mail }: Way): LabDomain {
  return { name, shows, zones, expectations, mail };
}

/** All of the domain is in one signed zone with these lines. */
function lines(
  name: string,
  shows: string,
  text: readonly string[],
  mail: MailExpectation,
  ...expectations: readonly Expectation[]
): LabDomain {
  return way(name, shows, { zones: [signed(name, text.join('\n'))], expectations, mail });
}

function waysToHosts(): readonly LabDomain[] {
  const six = 'six.dane';
  const implicit = 'implicit.dane';
  const implicitTlsa = `_25._tcp TLSA ${tlsaData(implicit)}`;
  return [
    lines(
      implicit,
      'No MX record: the domain itself is the host (RFC 5321 §5.1).',
      [hostLines('@', implicit), implicitTlsa],
      deliver('authenticate'),
      noData(implicit, 'MX'),
      found(implicit, 'A'),
      found(`_25._tcp.${implicit}`, 'TLSA'),
    ),
    lines(
      'foreign-host.dane',
      'A signed MX that names a host in an unsigned zone.',
      ['@ MX 10 mx.unsigned.dane.'],
      deliver('opportunistic'),
      found('foreign-host.dane', 'MX'),
    ),
    way('tenant.plain', 'An unsigned domain at a host with DANE (RFC 7672 §2.2.1).', {
      zones: [{ origin: 'tenant.plain.', text: '@ MX 10 mx.p256.dane.' }],
      expectations: [{ ...found('tenant.plain', 'MX'), ...INSECURE }],
      mail: deliver('authenticate'),
    }),
    lines(
      six,
      'An exchange with an IPv6 address only.',
      ['@ MX 10 mx', `mx AAAA ${mailHostAddress6(`mx.${six}`)}`, tlsaLine('mx', six)],
      deliver('authenticate'),
      noData(`mx.${six}`, 'A'),
      found(`mx.${six}`, 'AAAA'),
    ),
    lines(
      'no-address.dane',
      'An exchange without any address.',
      ['@ MX 10 mx', tlsaLine('mx', 'no-address.dane')],
      { outcome: 'refuse', exchanges: ['skip'] },
      noData('mx.no-address.dane', 'A'),
    ),
    lines(
      'two-exchanges.dane',
      'The first exchange cannot be used, since its TLSA is bogus; the second can.',
      ['@ MX 20 mx.p256.dane.', '@ MX 10 mx.expired-tlsa.broken.'],
      deliver('defer', 'authenticate'),
      found('two-exchanges.dane', 'MX', 2),
    ),
  ];
}

function aliasedHosts(): readonly LabDomain[] {
  const original = 'cname-original.dane';
  const out = 'cname-out.dane';
  const outTlsa = `_25._tcp.mail TLSA ${tlsaData(`mail.${out}`)}`;
  const domain = 'cname-domain.dane';
  return [
    lines(
      original,
      'An exchange that is an alias, with TLSA at the alias only (RFC 7672 §2.2.2).',
      ['@ MX 10 mail', 'mail CNAME mx', hostLines('mx', original), tlsaLine('mail', original)],
      deliver('authenticate'),
      found(`mail.${original}`, 'A'),
      nameError(`_25._tcp.mx.${original}`, 'TLSA'),
      found(`_25._tcp.mail.${original}`, 'TLSA'),
    ),
    lines(
      out,
      'An exchange that is a signed alias of an unsigned host, with TLSA at the alias (§2.1.3).',
      ['@ MX 10 mail', 'mail CNAME mx.unsigned.dane.', outTlsa],
      deliver('authenticate'),
      { ...found(`mail.${out}`, 'A'), ...INSECURE },
      found(`_25._tcp.mail.${out}`, 'TLSA'),
    ),
    lines(
      domain,
      'A mail domain that is itself an alias: its MX records stand elsewhere.',
      ['mail CNAME p256.dane.'],
      { domain: `mail.${domain}`, ...deliver('authenticate') },
      found(`mail.${domain}`, 'MX'),
    ),
  ];
}

export function mailDomains(): readonly LabDomain[] {
  return [...kindsOfRecords(), ...waysToHosts(), ...aliasedHosts()];
}
