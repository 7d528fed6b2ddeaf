/** Names in any script, where they meet the DNS (RFC 5890, RFC 6531). */
import t from 'tap';
import { asciiDomain, asciiRequest, readDomain } from '../../src/runtime/domain-text.js';

t.test('U-labels become A-labels; ASCII stays as it is written', (t) => {
  const cases: ReadonlyArray<readonly [string, string | undefined]> = [
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example.', 'xn--bcher-kva.example.'],
    ['_25._tcp.mx.faß.example', '_25._tcp.mx.xn--fa-hia.example'],
    ['почта.пример', 'xn--80a1acny.xn--e1afmkfd'],
    ['邮件。例子', 'xn--5nq051n.xn--fsqu00a'],
    ['a\\046b.EXAMPLE', 'a\\046b.EXAMPLE'],
    ['p256.dane', 'p256.dane'],
    // Node's conversion takes what it is for a URL: these would lose their ends.
    ['bücher.example/x', undefined],
    ['bücher.example:25', undefined],
    ['bücher.example?x', undefined],
    ['b%C3%BCcher.ex\u00e4mple', undefined],
    ['bü cher', undefined],
    ['bü@cher', undefined],
    ['\u{1f600}\u0000.example', undefined],
    [`${'ü'.repeat(80)}.example`, undefined],
    // Fullwidth digits: 127.0.0.1, and 1.2, which URLs take for 1.0.0.2.
    ['\uff11\uff12\uff17.0.0.1', undefined],
    ['\uff11.2', undefined],
  ];
  for (const [text, ascii] of cases) {
    const name = readDomain(text);
    t.equal(asciiDomain(text) === undefined ? undefined : name && asciiDomain(text), ascii, text);
    t.equal(name === undefined, ascii === undefined, text);
  }
  t.end();
});

t.test("a policy table's request: only the name changes", (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['QUERY bücher.example', 'QUERY xn--bcher-kva.example'],
    ['QUERY [mx.bücher.example]:587', 'QUERY [mx.xn--bcher-kva.example]:587'],
    ['QUERYwithTLSRPT bücher.example:587', 'QUERYwithTLSRPT xn--bcher-kva.example:587'],
    ['QUERY example.org', 'QUERY example.org'],
    ['QUERY bücher/x.example', 'QUERY bücher/x.example'],
  ];
  for (const [text, expected] of cases) {
    const octets = asciiRequest(Uint8Array.from(Buffer.from(text)));
    t.equal(Buffer.from(octets).toString(), expected);
  }
  const broken = Uint8Array.of(0x51, 0x20, 0xff, 0xfe);
  t.same(asciiRequest(broken), broken, 'no UTF-8: left to be refused');
  t.end();
});
