/**
 * The listener for clients that cannot see AD: what arrives there of TLSA, SSHFP, SMIMEA and
 * OPENPGPKEY is validated, whatever the client asks with; all else is as on the ordinary listener.
 */
import t from 'tap';
import { ReplyCache } from '../../src/cache/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { EdeCode, extendedErrorsOf, type Message, Rcode, RRType } from '../../src/wire/index.js';
import {
  ADDRESSES,
  type Ask,
  answered,
  client,
  FrontDesk,
  forged,
  insecure,
  later,
  NOW,
  name,
  onlyReply,
  optOut,
  questionOf,
  repliesOf,
  request,
  rrset,
  secure,
  uncovered,
} from './front-desk.js';

const OWNER = name('_25._tcp.mx.example.org');
const PROTECTED = [RRType.TLSA, RRType.SSHFP, RRType.SMIMEA, RRType.OPENPGPKEY];
const RDATA = Uint8Array.of(3, 1, 1, 0xaa, 0xbb);

const setOf = (type: number) => rrset(OWNER, type, [RDATA], true);
const answerOf = (type: number, security: Resolution['security']) =>
  answered({ sets: [[setOf(type), security]] });

function ask(resolution: Resolution, asked: Ask, secureOnly = true): Message {
  const desk = new FrontDesk({ secureOnly });
  return desk.exchange(request({ name: OWNER, ...asked }), resolution);
}

const codes = ({ edns }: Message): number[] => extendedErrorsOf(edns).map(({ code }) => code);

t.test('what is not validated becomes no data, whoever asks and however', (t) => {
  const ways: readonly Ask[] = [
    {},
    { ad: true },
    { cd: true },
    { edns: { dnssecOk: true } },
    { cd: true, ad: true, edns: { dnssecOk: true } },
  ];
  for (const type of PROTECTED) {
    for (const way of ways) {
      for (const security of [insecure, optOut, uncovered]) {
        const what = `type ${type}, ${security.status}, ${JSON.stringify(way)}`;
        const seen = ask(answerOf(type, security), { type, ...way });
        t.equal(seen.rcode, Rcode.NOERROR, what);
        t.equal(seen.answer.length + seen.authority.length, 0, 'no records');
        t.equal(seen.authenticData, false);
        if (way.edns !== undefined) t.ok(codes(seen).includes(EdeCode.SYNTHESIZED), 'and says so');
        const ordinary = ask(answerOf(type, security), { type, ...way }, false);
        t.ok(ordinary.answer.length > 0, 'the ordinary listener tells it');
      }
      const seen = ask(answerOf(type, secure), { type, ...way });
      t.ok(seen.answer.length > 0, `type ${type}, secure, ${JSON.stringify(way)}: told`);
    }
  }
  t.end();
});

t.test('one weak link makes the whole insecure', (t) => {
  const target = { ...setOf(RRType.TLSA), owner: name('tlsa.example.org') };
  const alias = rrset(OWNER, RRType.CNAME, [target.owner.octets], true);
  const both = [insecure, secure] as const;
  for (const first of both) {
    for (const second of both) {
      const security = first === secure ? second : first;
      const resolution = answered({
        sets: [
          [alias, first],
          [target, second],
        ],
        security,
      });
      const seen = ask(resolution, { type: RRType.TLSA });
      const all = first === secure && second === secure;
      t.equal(seen.answer.length, all ? 2 : 0, `${first.status} alias to ${second.status} records`);
    }
  }
  const stale = { ...answerOf(RRType.SSHFP, insecure), stale: true };
  t.equal(ask(stale, { type: RRType.SSHFP }).answer.length, 0, 'nor data past its TTL');
  t.end();
});

t.test('failures stay failures: only what is there and not validated is left out', (t) => {
  const unchecked = { rcode: Rcode.NOERROR, answer: [setOf(RRType.TLSA)], authority: [] };
  const failed: Resolution = {
    ...answered({ rcode: Rcode.SERVFAIL, security: forged, unchecked }),
    answer: [],
  };
  for (const cd of [false, true]) {
    const desk = new FrontDesk({ secureOnly: true });
    const octets = request({ name: OWNER, type: RRType.TLSA, cd });
    const asked = questionOf(desk.receive(octets));
    t.equal(asked.checkingDisabled, false, `CD=${cd}: the resolver is to judge`);
    const seen = onlyReply(desk.server.finished(asked.handle, failed, desk.now));
    t.equal(seen.rcode, Rcode.SERVFAIL, 'bogus');
    t.equal(seen.answer.length, 0);
    t.equal(seen.checkingDisabled, cd, 'CD comes back as it was sent (RFC 4035 §3.2.2)');
  }
  const control = ask(failed, { type: RRType.TLSA, cd: true }, false);
  t.equal(control.answer.length, 1, 'on the ordinary listener CD=1 brings it');

  const ended = new FrontDesk({ secureOnly: true });
  const asked = questionOf(ended.receive(request({ name: OWNER, type: RRType.TLSA })));
  const late = later(90_000_000);
  const expired = ended.server.finished(asked.handle, answerOf(RRType.TLSA, secure), late);
  t.equal(onlyReply(expired).rcode, Rcode.SERVFAIL, 'a signature that ended is no lack of one');
  t.end();
});

t.test('other types are as ever; what comes along with them is not', (t) => {
  const addresses = answered({ sets: [[ADDRESSES, insecure]] });
  const seen = ask(addresses, { name: ADDRESSES.owner });
  t.equal(seen.answer.length, 2, 'insecure addresses are told');
  const mixed = { rcode: Rcode.NOERROR, answer: [ADDRESSES, setOf(RRType.TLSA)], authority: [] };
  const failed: Resolution = {
    ...answered({ rcode: Rcode.SERVFAIL, security: forged, unchecked: mixed }),
    answer: [],
  };
  const types = (message: Message): number[] => message.answer.map(({ type }) => type);
  const plain: Ask = { name: ADDRESSES.owner, cd: true };
  t.same(types(ask(failed, plain)), [RRType.A, RRType.A], 'CD=1 works for addresses');
  t.ok(types(ask(failed, plain, false)).includes(RRType.TLSA), 'control: it was there');
  t.end();
});

t.test('replies from memory: each front has its own', (t) => {
  const memory = (): ReplyCache => new ReplyCache({ maxOctets: 100_000, secret: 1 });
  const ordinary = new FrontDesk({}, memory());
  const strict = new FrontDesk({ secureOnly: true }, memory());
  for (const transport of ['udp', 'tcp'] as const) {
    const from = client('127.0.0.1', 40_000, transport);
    for (const cd of [false, true]) {
      const octets = request({ name: OWNER, type: RRType.TLSA, cd });
      for (let round = 0; round < 3; round++) {
        for (const desk of [ordinary, strict]) {
          const effects = desk.receive(octets, from);
          const recalled = repliesOf(effects)[0]?.message;
          const seen =
            recalled ??
            onlyReply(
              desk.server.finished(
                questionOf(effects).handle,
                answerOf(RRType.TLSA, insecure),
                NOW,
              ),
            );
          const which = desk === strict ? 'secure only' : 'ordinary';
          const expected = desk === strict ? 0 : 1;
          t.equal(seen.answer.length, expected, `${which}, ${transport}, CD=${cd}, ${round}`);
        }
      }
    }
  }
  t.end();
});
