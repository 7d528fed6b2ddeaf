/** Aliases and wildcards: names whose data stand somewhere else. */
import { LAB_ALGORITHMS } from './lab-signer.js';
import { found, hostLines, INSECURE, nameError, noData, tlsaData, tlsaLine } from './mail-zone.js';
import {
  type LabDomain,
  type DenialSpec,
  NSEC,
  nsec3,
  singleKey,
  type ZoneSpec,
} from './world-spec.js';

const P256 = LAB_ALGORITHMS.ECDSAP256SHA256;

function signed(name: string, text: string, denial: DenialSpec = NSEC): ZoneSpec {
  return { origin: `${name}.`, text, signing: singleKey(P256, denial) };
}

/** An exchange with addresses, and one line more. */
function withLine(name: string, line: string): string {
  return `@ MX 10 mx\n${hostLines('mx', name)}${line}\n`;
}

function wildcard(name: string, what: string, denial: DenialSpec): LabDomain {
  const tlsa = tlsaData(`mx.${name}`);
  const lines = `*._tcp.mx TLSA ${tlsa}\n* TXT "from a wildcard"`;
  return {
    name,
    shows: `TLSA from a wildcard, proven with ${what}.`,
    zones: [signed(name, withLine(name, lines), denial)],
    expectations: [
      found(`_25._tcp.mx.${name}`, 'TLSA'),
      found(`any.${name}`, 'TXT'),
      noData(`any.${name}`, 'A'),
      noData(`_25._tcp.mx.${name}`, 'A'),
    ],
  };
}

function tlsaAliases(): readonly LabDomain[] {
  const within = 'cname-tlsa.dane';
  const elsewhere = 'cname-elsewhere.dane';
  const toInsecure = 'cname-to-insecure.dane';
  const tlsa = `tlsa._dane TLSA ${tlsaData(within)}`;
  return [
    {
      name: within,
      shows: 'TLSA behind a CNAME in the same zone (RFC 7671 §7).',
      zones: [signed(within, withLine(within, `_25._tcp.mx CNAME tlsa._dane\n${tlsa}`))],
      expectations: [found(`_25._tcp.mx.${within}`, 'TLSA'), found(`mx.${within}`, 'A')],
    },
    {
      name: elsewhere,
      shows: 'TLSA behind a CNAME into another signed zone.',
      zones: [signed(elsewhere, withLine(elsewhere, '_25._tcp.mx CNAME _25._tcp.mx.p256.dane.'))],
      expectations: [found(`_25._tcp.mx.${elsewhere}`, 'TLSA')],
    },
    {
      name: toInsecure,
      shows: 'TLSA behind a CNAME into an unsigned zone: as weak as the weakest link.',
      zones: [
        signed(toInsecure, withLine(toInsecure, '_25._tcp.mx CNAME _25._tcp.mx.unsigned.dane.')),
      ],
      expectations: [{ ...found(`_25._tcp.mx.${toInsecure}`, 'TLSA'), ...INSECURE }],
    },
  ];
}

function exchangeAliases(): readonly LabDomain[] {
  const cname = 'cname-mx.dane';
  const dname = 'dname.dane';
  const cnameLines = [
    '@ MX 10 mail',
    'mail CNAME mx',
    hostLines('mx', cname),
    tlsaLine('mx', cname),
  ];
  const dnameLines = [
    '@ MX 10 mx.old',
    'old DNAME new',
    hostLines('mx.new', dname),
    tlsaLine('mx.new', dname),
  ];
  return [
    {
      name: cname,
      shows: 'An MX record that points to a CNAME: RFC 5321 §5.1 forbids it, mailers follow.',
      zones: [signed(cname, cnameLines.join('\n'))],
      expectations: [
        found(cname, 'MX'),
        found(`mail.${cname}`, 'A'),
        found(`_25._tcp.mx.${cname}`, 'TLSA'),
        nameError(`_25._tcp.mail.${cname}`, 'TLSA'),
      ],
    },
    {
      name: dname,
      shows: 'A DNAME: everything below old.dname.dane lives below new.dname.dane.',
      zones: [signed(dname, dnameLines.join('\n'))],
      expectations: [
        found(`mx.old.${dname}`, 'A'),
        found(`_25._tcp.mx.old.${dname}`, 'TLSA'),
        nameError(`nobody.old.${dname}`, 'A'),
      ],
    },
    {
      name: 'null-mx.dane',
      shows: 'A null MX (RFC 7505): this domain takes no mail, provably.',
      zones: [signed('null-mx.dane', '@ MX 0 .\n')],
      expectations: [found('null-mx.dane', 'MX'), noData('null-mx.dane', 'A')],
    },
  ];
}

export function aliasDomains(): readonly LabDomain[] {
  return [
    wildcard('wildcard.dane', 'NSEC', NSEC),
    wildcard('wildcard.hashed', 'NSEC3', nsec3()),
    ...tlsaAliases(),
    ...exchangeAliases(),
  ];
}
