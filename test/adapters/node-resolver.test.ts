/**
 * The look-alike of Node's resolver against Node's own: where both can give an answer, it has to be
 * the same, shape for shape and error for error. Node's asks a daemon on the lab.
 */
import { promises } from 'node:dns';
import t, { type Test } from 'tap';
import { createResolver, toNodeResolver } from '../../src/index.js';
import { startLabDaemon } from '../support/lab-daemon.js';

const daemon = await startLabDaemon();
const anchorite = createResolver({
  forward: daemon.endpoint,
  trustAnchor: daemon.anchor,
  rfc5011: false,
});
const adapted = toNodeResolver(anchorite);
const native = new promises.Resolver();
native.setServers([daemon.endpoint]);

t.teardown(async () => {
  anchorite.close();
  await daemon.close();
});

type Method = (resolver: promises.Resolver) => Promise<unknown>;

interface Outcome {
  readonly value?: unknown;
  readonly error?: {
    readonly code: unknown;
    readonly syscall: unknown;
    readonly hostname: unknown;
  };
}

/** TTLs count down, and c-ares gives names back in the case of the wire. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (key, each: unknown) => (key === 'ttl' ? 'TTL' : each));
  return JSON.parse(text.toLowerCase());
}

async function outcome(resolver: promises.Resolver, method: Method): Promise<Outcome> {
  try {
    const value = await method(resolver);
    const list = Array.isArray(value) ? [...(value as unknown[])] : value;
    if (Array.isArray(list)) list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { value: comparable(list) };
  } catch (error) {
    const { code, syscall, hostname, message } = error as NodeJS.ErrnoException & {
      hostname?: string;
    };
    return { error: { code, syscall, hostname, message } as Outcome['error'] & object };
  }
}

async function same(t: Test, what: string, method: Method): Promise<Outcome> {
  const [mine, theirs] = await Promise.all([outcome(adapted, method), outcome(native, method)]);
  t.same(mine, theirs, what);
  return mine;
}

t.test('records: the shapes of Node', async (t) => {
  await same(t, 'resolve4', (r) => r.resolve4('mx.p256.dane'));
  await same(t, 'resolve4 ttl', (r) => r.resolve4('mx.p256.dane', { ttl: true }));
  await same(t, 'null options', (r) =>
    r.resolve4('mx.p256.dane', null as unknown as { ttl: false }),
  );
  await same(t, 'resolve6', (r) => r.resolve6('mx.p256.dane'));
  await same(t, 'resolve6 ttl', (r) => r.resolve6('mx.p256.dane', { ttl: true }));
  await same(t, 'resolveMx', (r) => r.resolveMx('two-exchanges.dane'));
  await same(t, 'null MX', (r) => r.resolveMx('null-mx.dane'));
  await same(t, 'resolveNs', (r) => r.resolveNs('p256.dane'));
  await same(t, 'resolveSoa', (r) => r.resolveSoa('p256.dane'));
  await same(t, 'resolveTxt', (r) => r.resolveTxt('a.b.odd.dane'));
  await same(t, 'resolveCname', (r) => r.resolveCname('mail.cname-mx.dane'));
  await same(t, 'through an alias', (r) => r.resolve4('mail.cname-mx.dane'));
  await same(t, 'resolve with a type', (r) => r.resolve('p256.dane', 'MX'));
  await same(t, 'resolve without one', (r) => r.resolve('mx.p256.dane'));
  await same(t, 'resolve SOA', (r) => r.resolve('p256.dane', 'SOA'));
  await same(t, 'resolveCaa', (r) => r.resolveCaa('services.dane'));
  await same(t, 'resolveSrv', (r) => r.resolveSrv('_imap._tcp.services.dane'));
  await same(t, 'resolveNaptr', (r) => r.resolveNaptr('services.dane'));
  await same(t, 'resolvePtr', (r) => r.resolvePtr('ptr.services.dane'));
});

t.test('errors: the codes, calls and messages of Node', async (t) => {
  const absent = await same(t, 'no such name', (r) => r.resolveMx('nobody.p256.dane'));
  t.match(absent.error, { code: 'ENOTFOUND', syscall: 'queryMx' });
  const empty = await same(t, 'no data', (r) => r.resolveTxt('mx.p256.dane'));
  t.match(empty.error, { code: 'ENODATA' });
  const bogus = await same(t, 'bogus', (r) => r.resolve4('mx.expired.broken'));
  t.match(bogus.error, { code: 'ESERVFAIL', syscall: 'queryA', hostname: 'mx.expired.broken' });
  await same(t, 'no reverse name', (r) => r.reverse('11.25.1.1'));
  t.throws(() => adapted.resolve('p256.dane', 'NOTYPE' as 'A'), { code: 'ERR_INVALID_ARG_VALUE' });
  await same(t, 'no address', (r) => r.reverse('nonsense'));
  await t.rejects(adapted.reverse('nonsense'), { code: 'EINVAL' }, 'rejects, and does not throw');
  await t.rejects(adapted.resolveMx('a..b'), { code: 'EBADNAME' });
});

t.test('what Node cannot say: why an answer is bogus', async (t) => {
  await t.rejects(adapted.resolveMx('expired.broken'), {
    code: 'ESERVFAIL',
    ede: [{ code: 7 }],
    why: { code: 'signature expired', section: /^RFC 4035/, server: /./ },
  });
});

t.test('TLSA, on every version of Node, and only when it is signed', async (t) => {
  const [record] = await adapted.resolveTlsa('_25._tcp.mx.certificate.dane');
  t.match(record, { certUsage: 3, selector: 1, match: 1 });
  t.ok(record?.data instanceof ArrayBuffer);
  t.equal(record?.data.byteLength, 32);
  t.match(await adapted.resolve('_25._tcp.mx.p256.dane', 'TLSA'), [{ certUsage: 3 }]);
  // RFC 7672 §2.2: nobody may use these, and a caller of Node's functions cannot know that.
  const insecure = '_25._tcp.mx.unsigned.dane';
  await t.rejects(adapted.resolveTlsa(insecure), { code: 'ENODATA', why: { code: 'no DS' } });
  await t.rejects(adapted.resolveTlsa('_25._tcp.mx.expired-tlsa.broken'), { code: 'ESERVFAIL' });
  const all = toNodeResolver(anchorite, { insecureTlsa: true });
  t.match(await all.resolveTlsa(insecure), [{ certUsage: 3 }]);
});

t.test('resolveAny, cancel, and what does not apply', async (t) => {
  const any = (await adapted.resolveAny('p256.dane')) as { type: string }[];
  t.same([...new Set(any.map(({ type }) => type))].sort(), ['MX', 'NS', 'SOA']);
  const hosts = (await adapted.resolveAny('mx.p256.dane')) as { type: string; address: string }[];
  t.match(hosts, [
    { type: 'A', address: /^11\./ },
    { type: 'AAAA', address: /^30/ },
  ]);
  const pending = adapted.resolveMx('ed448.dane');
  adapted.cancel();
  await t.rejects(pending, { code: 'ECANCELLED', syscall: 'queryMx' });
  t.match(await adapted.resolveMx('ed448.dane'), [{ priority: 10 }], 'and on it goes');
  t.ok(adapted instanceof promises.Resolver, 'for those who look (cacheable-lookup does)');
  t.same(adapted.getServers(), []);
  t.throws(() => adapted.setServers(['192.0.2.1']), { code: 'ENOTIMP' });
});

t.test('names in other scripts are the names that Node takes them for', async (t) => {
  const known = await same(t, 'another script', (resolver) => resolver.resolveMx('ｐ256。dane'));
  t.match(known.value, [{ exchange: 'mx.p256.dane' }]);
  await same(t, 'nobody has it', (resolver) => resolver.resolve4('bücher.dane'));
  t.match(await adapted.resolveTlsa('_25._tcp.mx.ｐ256.dane'), [{ certUsage: 3 }]);
});
