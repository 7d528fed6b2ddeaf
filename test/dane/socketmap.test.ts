/** Postfix's policy table without sockets: what is asked, and what a decision comes down to. */
import t from 'tap';
import {
  DANE_LIMITS,
  destinationText,
  postfixLevel,
  readSocketmapRequest,
  socketmapReply,
} from '../../src/dane/index.js';
import { decideIn, destinationOf } from '../support/drive-decision.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';

function request(text: string) {
  const read = readSocketmapRequest(Uint8Array.from(text, (each) => each.charCodeAt(0)));
  return read.kind === 'answered' ? read.reply : destinationText(read.destination);
}

t.test('requests: both maps of postfix-tlspol, and every form of a destination', (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['QUERY example.org', 'example.org'],
    ['QUERYwithTLSRPT example.org', 'example.org'],
    ['query Example.ORG.', 'example.org'],
    ['QUERY example.org:587', 'example.org:587'],
    ['QUERY [mx.example.org]', '[mx.example.org]'],
    ['QUERY [mx.example.org]:587', '[mx.example.org]:587'],
    // No policy: addresses, parents, services by name, nonsense.
    ['QUERY [192.0.2.1]', 'NOTFOUND '],
    ['QUERY [IPv6:2001:db8::1]', 'NOTFOUND '],
    ['QUERY 192.0.2.1', 'NOTFOUND '],
    ['QUERY .example.org', 'NOTFOUND '],
    ['QUERY example.org:submission', 'NOTFOUND '],
    ['QUERY example.org:0', 'NOTFOUND '],
    ['QUERY example.org:65536', 'NOTFOUND '],
    ['QUERY a..b', 'NOTFOUND '],
    ['QUERY .', 'NOTFOUND '],
    ['QUERY', 'NOTFOUND '],
    ['QUERY ', 'NOTFOUND '],
  ];
  for (const [text, expected] of cases) t.equal(request(text), expected, text);
  t.match(request('PURGE example.org'), /^PERM /);
  t.match(request(''), /^PERM /);
  t.end();
});

const lab = makeLab();

function decided(domain: string) {
  return decideIn(new SimulatedWorld({ lab }), destinationOf(domain)).decision;
}

t.test('replies: what Postfix has to do for the whole domain', (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['p256.dane', 'OK dane-only'],
    ['rollover.dane', 'OK dane-only'],
    ['implicit.dane', 'OK dane-only'],
    // `dane`, with which Postfix goes by the records of each server, and does not fall back.
    ['tenant.plain', 'OK dane'],
    ['pkix.dane', 'OK dane'],
    ['two-exchanges.dane', 'OK dane'],
    ['unsigned.dane', 'NOTFOUND '],
    ['no-tlsa.dane', 'NOTFOUND '],
    ['foreign-host.dane', 'NOTFOUND '],
    ['null-mx.dane', 'NOTFOUND '],
    ['no-address.dane', 'NOTFOUND '],
  ];
  for (const [domain, reply] of cases) t.equal(socketmapReply(decided(domain)), reply, domain);
  t.end();
});

t.test('what cannot be told now is TEMP, with the reason in one line of ASCII', (t) => {
  for (const domain of ['expired.broken', 'expired-tlsa.broken', 'refused.broken']) {
    const decision = decided(domain);
    const reply = socketmapReply(decision);
    t.match(reply, /^TEMP Mail for \S+ has to wait: [\x20-\x7e]+$/, domain);
    t.ok(reply.length <= 5 + DANE_LIMITS.socketmapReasonOctets.value);
    t.equal(postfixLevel(decision), undefined, 'a failure is never a policy');
  }
  t.match(
    socketmapReply(decided('expired-tlsa.broken')),
    /_25\._tcp\.mx\.expired-tlsa\.broken TLSA/,
  );
  t.end();
});
