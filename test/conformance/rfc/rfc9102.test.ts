/**
 * RFC 9102 Appendix A: chains of records from the root's key to a TLSA RRset or to its absence, in
 * octets (A.1) and as text (all).
 */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  type CryptoProvider,
  delegationFromReferral,
  signerOf,
  TrustAnchors,
  type ValidationContext,
  validateDnskeys,
  validateNegative,
  validateRRset,
  validateWildcardAnswer,
  type ZoneKeys,
} from '../../../src/dnssec/index.js';
import { parseTime } from '../../../src/presentation/index.js';
import {
  decodeMessage,
  groupRRsets,
  type Name,
  type RRset,
  RRType,
  typeFromMnemonic,
} from '../../../src/wire/index.js';
import { context, name } from '../../dnssec/signed-zone.js';
import { projectPath } from '../../vectors/shared-data.js';
import { PROVIDERS, readExample, recordsOf, tampered, unsignedSet } from './worked-example.js';

const ANCHOR =
  '. 86400 IN DS 47005 13 2 2eb6e9f2480126691594d649a5a613de3052e37861634641bb568746f2ffc4d4';

class Chain {
  readonly #rrsets: readonly RRset[];
  readonly #crypto: CryptoProvider;
  readonly #nowSeconds: number;

  constructor(rrsets: readonly RRset[], crypto: CryptoProvider, time: string) {
    this.#rrsets = rrsets;
    this.#crypto = crypto;
    this.#nowSeconds = parseTime(time)!;
  }

  get ctx(): ValidationContext {
    return context({ nowSeconds: this.#nowSeconds, crypto: this.#crypto });
  }

  get(owner: string, mnemonic: string): RRset {
    const type = typeFromMnemonic(mnemonic);
    const found = this.#rrsets.find((set) => set.type === type && set.owner.equals(name(owner)));
    if (found === undefined) throw new Error(`no ${owner} ${mnemonic}`);
    return found;
  }

  /** From the anchor down; throws the sentence of the first link that does not hold. */
  keys(zone: string): ZoneKeys {
    const { ctx } = this;
    const steps = zonesTo(zone);
    let vouching: Parameters<typeof validateDnskeys>[2] = TrustAnchors.from(recordsOf(ANCHOR), ctx);
    let keys: ZoneKeys | undefined;
    for (const step of steps) {
      if (keys !== undefined) {
        const cut = delegationFromReferral(name(step), [this.get(step, 'DS')], keys, ctx);
        if (!('kind' in cut) || cut.kind !== 'signed') throw new Error(JSON.stringify(cut));
        vouching = cut.ds;
      }
      const verdict = validateDnskeys(name(step), this.get(step, 'DNSKEY'), vouching, ctx);
      if (verdict.status !== 'secure') throw new Error(verdict.sentence);
      keys = verdict.keys;
    }
    return keys!;
  }

  answer(zone: string, rrset: RRset): string {
    const verdict = validateRRset(rrset, this.keys(zone), this.ctx);
    return verdict.status === 'secure' ? 'secure' : verdict.reason;
  }

  negative(zone: string, asked: string, authority: readonly RRset[]): string {
    const claim = { name: name(asked), type: RRType.TLSA, kind: 'name error' } as const;
    const verdict = validateNegative(claim, authority, this.keys(zone), this.ctx);
    return 'status' in verdict ? verdict.reason : `${verdict.security.status} ${verdict.kind}`;
  }
}

function zonesTo(zone: string): string[] {
  const labels = zone === '.' ? [] : zone.split('.');
  const below = labels.map((_, at) => labels.slice(at).join('.')).reverse();
  return ['.', ...below];
}

function withEach(t: Test, run: (t: Test, chain: Chain) => void, time = '20200101000000'): void {
  for (const crypto of PROVIDERS) {
    const chain = new Chain(readExample('rfc9102.zone'), crypto, time);
    t.test(crypto.name, (t) => {
      run(t, chain);
      t.end();
    });
  }
}

t.test('A.1: _443._tcp.www.example.com, the octets of the RFC', (t) => {
  const path = projectPath('test', 'conformance', 'rfc', 'rfc9102-a1.hex');
  const octets = new Uint8Array(Buffer.from(readFileSync(path, 'utf8').trim(), 'hex'));
  // A chain is a row of records as they stand in a message: here, the answer section of one.
  const message = decodeMessage(
    new Uint8Array([0, 0, 0x84, 0, 0, 0, 0, 18, 0, 0, 0, 0, ...octets]),
  );
  if (!message.ok) throw new Error('the octets are not 18 records');
  const rrsets = groupRRsets(message.value.answer);
  t.equal(rrsets.length, 6);
  for (const crypto of PROVIDERS) {
    const chain = new Chain(rrsets, crypto, '20200101000000');
    const tlsa = chain.get('_443._tcp.www.example.com', 'TLSA');
    t.equal(chain.answer('example.com', tlsa), 'secure', crypto.name);
    t.equal(chain.answer('example.com', tampered(tlsa)), 'signature does not verify');
    t.equal(chain.answer('example.com', unsignedSet(tlsa)), 'signature missing');
    for (const time of ['20181127000000', '20201203000000']) {
      t.throws(() => new Chain(rrsets, crypto, time).keys('example.com'), time);
    }
    for (const [owner, type] of [
      ['.', 'DNSKEY'],
      ['com', 'DS'],
      ['com', 'DNSKEY'],
      ['example.com', 'DS'],
      ['example.com', 'DNSKEY'],
    ] as const) {
      const link = chain.get(owner, type);
      const broken = rrsets.map((set) => (set === link ? tampered(set) : set));
      t.throws(() => new Chain(broken, crypto, '20200101000000').keys('example.com'), owner + type);
    }
  }
  t.end();
});

t.test('A.1 to A.8: every record set as text, from the day it is signed to the last', (t) => {
  const rrsets = readExample('rfc9102.zone');
  t.equal(rrsets.length, 28);
  for (const crypto of PROVIDERS) {
    for (const rrset of rrsets) {
      const zone = String(signerOf(rrset)).replace(/(?<=.)\.$/, '');
      const label = `${crypto.name}: ${String(rrset.owner)} ${rrset.type}`;
      const at = (time: string, set = rrset): string =>
        new Chain(rrsets, crypto, time).answer(zone, set);
      t.equal(at('20181128000000'), 'secure', label);
      t.equal(at('20201202000000'), 'secure', label);
      t.equal(at('20200101000000', tampered(rrset)), 'signature does not verify', label);
      t.throws(() => at('20181127000000'), 'too early');
      t.throws(() => at('20201203000000'), 'too late');
    }
  }
  t.end();
});

t.test('A.2: _25._tcp.example.com, NSEC wildcard', (t) => {
  withEach(t, (t, chain) => {
    const tlsa = chain.get('_25._tcp.example.com', 'TLSA');
    t.equal(chain.answer('example.com', tlsa), 'secure');
    const judge = (sets: readonly RRset[]) =>
      validateWildcardAnswer(
        tlsa.owner,
        RRType.TLSA,
        name('_tcp.example.com'),
        sets,
        chain.keys('example.com'),
        chain.ctx,
      ).status;
    t.equal(judge([chain.get('*._tcp.example.com', 'NSEC')]), 'secure');
    t.equal(judge([chain.get('smtp.example.com', 'NSEC')]), 'bogus');
    t.equal(judge([]), 'bogus');
  });
  t.end();
});

t.test('A.3: _25._tcp.example.org, NSEC3 wildcard', (t) => {
  withEach(t, (t, chain) => {
    const tlsa = chain.get('_25._tcp.example.org', 'TLSA');
    t.equal(chain.answer('example.org', tlsa), 'secure');
    const nsec3 = (hash: string) => chain.get(`${hash}.example.org`, 'NSEC3');
    const judge = (sets: readonly RRset[]) =>
      validateWildcardAnswer(
        tlsa.owner,
        RRType.TLSA,
        name('_tcp.example.org'),
        sets,
        chain.keys('example.org'),
        chain.ctx,
      ).status;
    t.equal(judge([nsec3('dlm7rss9pejqnh0ev6h7k1ikqqcl5mae')]), 'secure');
    t.equal(judge([nsec3('vkv62jbv85822q8rtmfnbhfnmnat9ve3')]), 'bogus');
  });
  t.end();
});

t.test('A.4: _443._tcp.www.example.org, CNAME', (t) => {
  withEach(t, (t, chain) => {
    const alias = chain.get('_443._tcp.www.example.org', 'CNAME');
    const target = chain.get('dane311.example.org', 'TLSA');
    for (const rrset of [alias, target]) {
      t.equal(chain.answer('example.org', rrset), 'secure');
      t.equal(chain.answer('example.org', tampered(rrset)), 'signature does not verify');
    }
  });
  t.end();
});

t.test('A.5: _443._tcp.www.example.net, DNAME', (t) => {
  withEach(t, (t, chain) => {
    t.equal(chain.answer('example.net', chain.get('example.net', 'DNAME')), 'secure');
    const target = chain.get('_443._tcp.www.example.com', 'TLSA');
    t.equal(chain.answer('example.com', target), 'secure');
    t.equal(chain.answer('example.net', target), 'owner outside zone');
  });
  t.end();
});

t.test('A.6: _25._tcp.smtp.example.com, NSEC denial', (t) => {
  withEach(t, (t, chain) => {
    const nsec = chain.get('smtp.example.com', 'NSEC');
    const asked = '_25._tcp.smtp.example.com';
    t.equal(chain.negative('example.com', asked, [nsec]), 'secure name error');
    t.notMatch(chain.negative('example.com', asked, []), /secure/);
    t.notMatch(chain.negative('example.com', asked, [unsignedSet(nsec)]), /secure/);
    t.notMatch(chain.negative('example.com', '_25._tcp.www.example.com', [nsec]), /secure/);
  });
  t.end();
});

t.test('A.7: _25._tcp.smtp.example.org, NSEC3 denial', (t) => {
  withEach(t, (t, chain) => {
    const hashes = [
      'vkv62jbv85822q8rtmfnbhfnmnat9ve3',
      'dlm7rss9pejqnh0ev6h7k1ikqqcl5mae',
      'a73bi8coh6dvf1arqdeuogf95r0828mk',
    ];
    const proof = hashes.map((hash) => chain.get(`${hash}.example.org`, 'NSEC3'));
    const asked = '_25._tcp.smtp.example.org';
    t.equal(chain.negative('example.org', asked, proof), 'secure name error');
    for (let left = 0; left < proof.length; left++) {
      const some = proof.filter((_, at) => at !== left);
      t.notMatch(chain.negative('example.org', asked, some), /secure/, hashes[left]!);
    }
  });
  t.end();
});

t.test('A.8: _443._tcp.www.insecure.example, NSEC3 opt-out insecure delegation', (t) => {
  withEach(t, (t, chain) => {
    const proof = ['c1kgc91hrn9nqi2qjh1ms78ki8p7s75o', 'shn05itmoa45mmnv74lc4p0nnfmimtjt'].map(
      (hash) => chain.get(`${hash}.example`, 'NSEC3'),
    );
    const judge = (child: Name, sets: readonly RRset[]) => {
      const verdict = delegationFromReferral(child, sets, chain.keys('example'), chain.ctx);
      return 'status' in verdict ? verdict.reason : verdict.kind;
    };
    t.equal(judge(name('insecure.example'), proof), 'unsigned');
    // The first alone is enough: it matches the closest encloser and covers the next closer name.
    // The second is there for the wildcard, of which a delegation has no need.
    t.equal(judge(name('insecure.example'), proof.slice(0, 1)), 'unsigned');
    t.not(judge(name('insecure.example'), proof.slice(1)), 'unsigned');
    t.not(judge(name('insecure.example'), proof.map(unsignedSet)), 'unsigned');
  });
  t.end();
});
