/** Domains whose servers are odd, slow or dead, whether or not the data are sound. */
import { LAB_ALGORITHMS } from './lab-signer.js';
import { INSECURE, mailAnswers, mailFails, mailLines, SECURE } from './mail-zone.js';
import { RRType } from '../wire/index.js';
import type { ChokeShows, ServerBehaviour } from './server-behaviour.js';
import {
  type Expectation,
  type LabDomain,
  type ServerSpec,
  singleKey,
  type ZoneSpec,
} from './world-spec.js';

const SIGNED = singleKey(LAB_ALGORITHMS.ECDSAP256SHA256);

function zone(name: string, behaviours: readonly ServerBehaviour[], signed: boolean): ZoneSpec {
  return {
    origin: `${name}.`,
    text: mailLines(name),
    servers: [{ name: `ns1.${name}.`, behaviours }],
    ...(signed ? { signing: SIGNED } : {}),
  };
}

/** Odd, but the answer can be had. */
function works(
  name: string,
  shows: string,
  behaviours: readonly ServerBehaviour[],
  signed = true,
): LabDomain {
  return {
    name,
    shows,
    zones: [zone(name, behaviours, signed)],
    expectations: mailAnswers(name, signed ? SECURE : INSECURE),
  };
}

function fails(
  name: string,
  shows: string,
  behaviours: readonly ServerBehaviour[],
  ede: number,
  status: 'failed' | 'bogus' = 'failed',
): LabDomain {
  return {
    name,
    shows,
    zones: [zone(name, behaviours, true)],
    expectations: mailFails(name, { status, ede }),
  };
}

function twoServers(name: string, shows: string, bad: readonly ServerBehaviour[]): LabDomain {
  const servers: ServerSpec[] = [
    { name: `ns1.${name}.`, behaviours: bad },
    { name: `ns2.${name}.` },
  ];
  return {
    name,
    shows,
    zones: [{ origin: `${name}.`, text: mailLines(name), signing: SIGNED, servers }],
    expectations: mailAnswers(name, SECURE),
  };
}

/** RFC 7672 §2.2.2: unsigned, and the servers do not answer questions for TLSA records. */
function choking(shows: ChokeShows): LabDomain {
  const name = `tlsa-${shows.toLowerCase()}.plain`;
  const behaviours = [{ kind: 'chokes on type', type: RRType.TLSA, shows } as const];
  return {
    name,
    shows: `Unsigned, on a server that meets TLSA questions with ${shows}: no data, not SERVFAIL.`,
    zones: [zone(name, behaviours, false)],
    expectations: exceptTlsa(mailAnswers(name, INSECURE), unansweredTlsa(name)),
  };
}

/** The same where the zone is signed: whoever does that may be hiding TLSA records. */
function hiding(shows: ChokeShows): LabDomain {
  const name = `tlsa-${shows.toLowerCase()}.broken`;
  const behaviours = [{ kind: 'chokes on type', type: RRType.TLSA, shows } as const];
  const [failing] = mailFails(name, { status: 'failed', ede: 22 }).slice(-1);
  return {
    name,
    shows: `Signed, on a server that meets TLSA questions with ${shows}: mail has to wait.`,
    zones: [zone(name, behaviours, true)],
    expectations: exceptTlsa(mailAnswers(name, SECURE), failing!),
  };
}

function unansweredTlsa(domain: string): Expectation {
  const name = `_25._tcp.mx.${domain}`;
  return { name, type: 'TLSA', rcode: 'NOERROR', records: 0, ...INSECURE, ede: 29 };
}

function exceptTlsa(expectations: readonly Expectation[], tlsa: Expectation): Expectation[] {
  return [...expectations.filter(({ type }) => type !== 'TLSA'), tlsa];
}

/** Unsigned, and nobody gives a usable answer to anything. */
function unsignedFails(name: string, shows: string, made: ServerBehaviour): LabDomain {
  const expectations = mailFails(name, { status: 'failed', ede: 22 });
  return {
    name,
    shows,
    zones: [zone(name, [made], false)],
    expectations: exceptTlsa(expectations, unansweredTlsa(name)),
  };
}

function unansweredDomains(): readonly LabDomain[] {
  return [
    ...(['NOTIMP', 'SERVFAIL', 'REFUSED', 'silence'] as const).map(choking),
    ...(['NOTIMP', 'silence'] as const).map(hiding),
    // Since the DNS flag day of 2019 nobody asks again without EDNS when no reply comes.
    unsignedFails(
      'no-edns-silence.plain',
      'Unsigned, on a server that swallows every query with an OPT record.',
      { kind: 'no EDNS', shows: 'silence' },
    ),
    unsignedFails(
      'upward.plain',
      'Unsigned, on a server that points to the root: no data is not what that means.',
      { kind: 'upward referral' },
    ),
  ];
}

export function serverDomains(): readonly LabDomain[] {
  return [
    twoServers('one-dead.dane', 'Two servers, of which one never answers.', [{ kind: 'silent' }]),
    twoServers('one-closed.dane', 'Two servers, of which one is switched off.', [
      { kind: 'port closed' },
    ]),
    twoServers('one-lame.dane', 'Two servers, of which one refuses every question.', [
      { kind: 'fixed rcode', rcode: 5 },
    ]),
    twoServers('one-stripped.dane', 'Two servers, of which one leaves the signatures out.', [
      { kind: 'ignores DO' },
    ]),
    works('tcp-only.dane', 'Every UDP reply is truncated.', [{ kind: 'truncates UDP' }]),
    works('fragments.dane', 'Datagrams above 300 octets get lost on the way.', [
      { kind: 'loses large UDP', aboveOctets: 300 },
    ]),
    works('no-tcp.dane', 'The server does not listen on TCP.', [
      { kind: 'port closed', transport: 'tcp' },
    ]),
    works('lower-case.dane', 'The server returns the question in lower case: no 0x20 there.', [
      { kind: 'lower-cases question' },
    ]),
    works('cookie.dane', 'The server insists on DNS cookies (RFC 7873).', [
      { kind: 'requires cookie' },
    ]),
    works('no-aa.dane', 'The server never sets AA.', [{ kind: 'clears AA' }]),
    works(
      'ede.plain',
      'The server adds an Extended DNS Error, which must not be passed on.',
      [{ kind: 'extended error', code: 6, text: 'made up by the server' }],
      false,
    ),
    ...(['FORMERR', 'NOTIMP', 'plain reply'] as const).map((shown) => {
      const name = `no-edns-${shown.toLowerCase().replace(' ', '-')}.plain`;
      const shows = `Unsigned, on a server without EDNS; an OPT record meets ${shown}.`;
      return works(name, shows, [{ kind: 'no EDNS', shows: shown }], false);
    }),
    ...unansweredDomains(),
    fails('silent.broken', 'No server ever answers.', [{ kind: 'silent' }], 22),
    fails('closed.broken', 'The host is there, nothing listens.', [{ kind: 'port closed' }], 22),
    fails('refused.broken', 'A lame delegation: REFUSED.', [{ kind: 'fixed rcode', rcode: 5 }], 22),
    fails(
      'servfail.broken',
      'A lame delegation: SERVFAIL.',
      [{ kind: 'fixed rcode', rcode: 2 }],
      22,
    ),
    fails(
      'upward.broken',
      'A lame delegation: the server points to the root.',
      [{ kind: 'upward referral' }],
      22,
    ),
    fails(
      'no-edns.broken',
      'A signed zone on a server without EDNS.',
      [{ kind: 'no EDNS', shows: 'FORMERR' }],
      10,
      'bogus',
    ),
    fails(
      'stripped.broken',
      'A signed zone on a server that never sends signatures.',
      [{ kind: 'ignores DO' }],
      10,
      'bogus',
    ),
    {
      name: 'cycle-a.broken',
      shows: 'Its server is named in cycle-b.broken, whose server is named in cycle-a.broken.',
      zones: [],
      linesInParent: 'cycle-a NS ns.cycle-b.broken.\ncycle-b NS ns.cycle-a.broken.\n',
      expectations: exceptTlsa(
        mailFails('cycle-a.broken', { status: 'failed', ede: 22 }),
        unansweredTlsa('cycle-a.broken'),
      ),
    },
  ];
}
