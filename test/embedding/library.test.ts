/**
 * The library as a mailer uses it, over real sockets: createResolver forwards, and validates, to a
 * daemon that runs on the lab.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  ConfigurationError,
  createResolver,
  type DnsRecord,
  type EmbeddedResolver,
  type QueryResult,
  type ResolverOptions,
  verifyChain,
} from '../../src/index.js';
import { labServerKey, makeCertificate, newKey } from '../support/certificate-maker.js';
import { startLabDaemon } from '../support/lab-daemon.js';

const daemon = await startLabDaemon();
const open: EmbeddedResolver[] = [];

function resolverWith(options: ResolverOptions = {}): EmbeddedResolver {
  const given = { forward: daemon.endpoint, trustAnchor: daemon.anchor, rfc5011: false };
  const resolver = createResolver({ ...given, ...options });
  open.push(resolver);
  return resolver;
}

t.teardown(async () => {
  for (const resolver of open) resolver.close();
  await daemon.close();
});

/** The first record of one type, with the fields of that type. */
function first<T extends DnsRecord['type']>(
  result: QueryResult,
  type: T,
): (DnsRecord & { readonly type: T }) | undefined {
  const isWanted = (record: DnsRecord): record is DnsRecord & { readonly type: T } =>
    record.type === type;
  return result.answers.find(isWanted);
}

t.test('what MTAs ask: typed records, each with its security', async (t) => {
  const resolver = resolverWith();
  const mx = await resolver.query('p256.dane', 'MX');
  t.match(mx, { rcode: 'NOERROR', security: 'secure', ede: [], stale: false });
  t.match(mx.why, { code: 'validated', zone: /^p256\.dane\.$/i });
  t.match(first(mx, 'MX'), {
    name: /^p256\.dane\.$/i,
    preference: 10,
    exchange: 'mx.p256.dane.',
    security: 'secure',
    text: '10 mx.p256.dane.',
  });
  const a = await resolver.query('mx.p256.dane.', 'A');
  t.match(first(a, 'A')?.address, /^\d+\.\d+\.\d+\.\d+$/);
  const tlsa = await resolver.query('_25._tcp.mx.p256.dane', 'TLSA');
  t.match(first(tlsa, 'TLSA'), { usage: 3, selector: 1, matchingType: 1, security: 'secure' });
  t.equal(first(tlsa, 'TLSA')?.data.length, 32);
  t.ok(tlsa.ttlSeconds > 0 && tlsa.ttlSeconds <= 86_400);
  t.match(await resolver.query('p256.dane', 'DNSKEY'), { security: 'secure' });
  const soa = await resolver.query('p256.dane', 'SOA');
  t.match(first(soa, 'SOA'), { type: 'SOA', serial: 1, name: /p256/i });
  const again = await resolver.query('p256.dane', 15);
  t.equal(again.fromCache, true, 'types may be numbers; the second time comes from memory');
});

t.test('absence, insecurity and forgery are told apart, with the reason', async (t) => {
  const resolver = resolverWith();
  const absent = await resolver.query('_443._tcp.mx.p256.dane', 'TLSA');
  t.match(absent, { rcode: 'NXDOMAIN', security: 'secure', answers: [] });
  t.ok(absent.authority.length > 0, 'the proof is handed out');
  const insecure = await resolver.query('unsigned.dane', 'MX');
  t.match(insecure, { rcode: 'NOERROR', security: 'insecure', why: { code: 'no DS' } });
  t.match(first(insecure, 'MX'), { security: 'insecure' });
  const bogus = await resolver.query('expired.broken', 'MX');
  t.match(bogus, { rcode: 'SERVFAIL', security: 'bogus', answers: [], authority: [] });
  t.match(bogus.why, { code: 'signature expired', section: /^RFC 4035/, zone: /broken\.$/i });
  t.match(bogus.ede[0]?.code, 7);
});

t.test('nothing is secure without the right anchor', async (t) => {
  const key = Buffer.alloc(64, 7).toString('base64');
  const stranger = resolverWith({ trustAnchor: `. IN DNSKEY 257 3 13 ${key}` });
  const refused = await stranger.query('p256.dane', 'MX');
  t.match(refused, { rcode: 'SERVFAIL', security: 'bogus', answers: [] });
  t.match(refused.why.zone, '.');
  const warnings: string[] = [];
  const unvalidating = resolverWith({ trustAnchor: [], onWarning: (text) => warnings.push(text) });
  const unvalidated = await unvalidating.query('p256.dane', 'MX');
  t.match(unvalidated, { rcode: 'NOERROR', security: 'indeterminate', why: { code: 'no anchor' } });
  t.match(warnings.join(), /no trust anchor is configured: nothing is validated/);
  const unknown = resolverWith({
    trustAnchor: ['. IN DS 1 200 2 AABB', daemon.anchor],
    onWarning: (text) => warnings.push(text),
  });
  t.match(await unknown.query('p256.dane', 'MX'), { security: 'secure' });
  t.match(warnings.join(), /anchor of \. with key tag 1 is ignored: unsupported algorithm/);
});

t.test('a negative trust anchor makes a zone insecure, and says so', async (t) => {
  const resolver = resolverWith({ negativeTrustAnchor: 'expired.broken' });
  const result = await resolver.query('expired.broken', 'MX');
  t.match(result, { security: 'insecure', why: { code: 'negative trust anchor' } });
  t.match(await resolver.query('future.broken', 'MX'), { security: 'bogus' });
});

t.test('misuse is an exception, and nothing else is', async (t) => {
  const resolver = resolverWith();
  await t.rejects(resolver.query('a..b'), { code: 'ERR_INVALID_NAME' });
  await t.rejects(resolver.query('p256.dane', 'NOSUCHTYPE'), { code: 'ERR_INVALID_TYPE' });
  await t.rejects(resolver.query('p256.dane', 'ANY'), { code: 'ERR_INVALID_TYPE' });
  await t.rejects(resolver.query('p256.dane', 'AXFR'), { code: 'ERR_INVALID_TYPE' });
  await t.rejects(resolver.query('p256.dane', 65_536), { code: 'ERR_INVALID_TYPE' });
  const reason = new Error('enough');
  await t.rejects(resolver.query('p256.dane', 'A', { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const slow = resolver.query('big.dane', 'MX', { signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  await t.rejects(slow, reason);
  const interrupted = resolver.query('rsa.dane', 'MX');
  setImmediate(() => resolver.close());
  await t.rejects(interrupted, { code: 'ERR_CLOSED' });
  await t.rejects(resolver.query('p256.dane'), { code: 'ERR_CLOSED' });
  resolver.close();
});

t.test('wrong options are told at once, all of them', async (t) => {
  t.throws(() => createResolver({ ednsSize: 1, cacheSize: 'much' }), {
    code: 'ERR_CONFIGURATION',
    errors: [/^option ednsSize must/, /^option cacheSize must/],
  });
  const misspelt = { ednsSizes: 1400 } as ResolverOptions;
  t.throws(() => createResolver(misspelt), { message: /did you mean 'edns-size'/ });
  const misplaced = { listen: '127.0.0.1' } as ResolverOptions;
  t.throws(() => createResolver(misplaced), { message: /option listen belongs to the daemon/ });
  const missing = resolverWith({ rootHints: '/nonexistent/hints' });
  await t.rejects(missing.query('p256.dane'), ConfigurationError);
});

t.test('anchor files: master files, RFC 9718, and what is neither', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = file('root.key', `; the lab's key\n${daemon.anchor}\n`);
  const { trustAnchor: _, ...rest }: ResolverOptions = { trustAnchor: '' };
  const fromFile = createResolver({ ...rest, forward: daemon.endpoint, trustAnchorFile: good });
  open.push(fromFile);
  t.match(await fromFile.query('p256.dane', 'MX'), { security: 'secure' });
  const digest = (from: string, until: string): string =>
    '<?xml version="1.0"?><TrustAnchor id="x" source="y"><Zone>.</Zone>' +
    `<KeyDigest id="1" validFrom="${from}" validUntil="${until}"><KeyTag>1</KeyTag>` +
    `<Algorithm>13</Algorithm><DigestType>2</DigestType><Digest>${'AB'.repeat(32)}</Digest>` +
    '</KeyDigest></TrustAnchor>';
  const cases: ReadonlyArray<readonly [name: string, text: string, problem: RegExp]> = [
    ['empty', '', /holds no anchor/],
    ['hints', '. IN NS a.root.\n', /line 1: a trust anchor is a DS or DNSKEY record/],
    ['html', '<html></html>', /is not a list of root anchors/],
    ['old.xml', digest('2010-01-01T00:00:00Z', '2019-01-01T00:00:00Z'), /in force today/],
    ['new.xml', digest('2090-01-01T00:00:00Z', '2091-01-01T00:00:00Z'), /in force today/],
  ];
  for (const [name, text, problem] of cases) {
    const resolver = createResolver({ trustAnchorFile: file(name, text) });
    await t.rejects(resolver.query('.'), { message: problem }, name);
  }
  const current = digest('2020-01-01T00:00:00Z', '2091-01-01T00:00:00Z');
  const foreign = resolverWith({ trustAnchor: [], trustAnchorFile: file('now.xml', current) });
  t.match(await foreign.query('p256.dane', 'MX'), { security: 'bogus' }, 'read, and not ours');
});

t.test('RFC 5011: state is kept, found again, and no reason to stop', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const warnings: string[] = [];
  const options: ResolverOptions = {
    rfc5011: true,
    stateDir: folder,
    onWarning: (text) => warnings.push(text),
  };
  const maintained = resolverWith(options);
  t.match(await maintained.query('p256.dane', 'MX'), { security: 'secure' });
  for (let tries = 0; readdirSync(folder).length === 0 && tries < 60; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The look is a timer of the machine; a question lets it run.
    await maintained.query('p256.dane', 'MX');
  }
  t.same(readdirSync(folder), ['rfc5011.root.state']);
  const kept = readFileSync(join(folder, 'rfc5011.root.state'), 'utf8');
  t.match(kept, /^key VALID /m);
  maintained.close();
  // The kept key counts, and the configured anchor of nobody does no harm beside it.
  const again = resolverWith({ ...options, trustAnchor: `. IN DS 1 13 2 ${'AB'.repeat(32)}` });
  t.match(await again.query('p256.dane', 'MX'), { security: 'secure' });
  again.close();
  t.same(
    warnings.filter((text) => text.includes('state-dir')),
    [],
  );
  writeFileSync(join(folder, 'rfc5011.root.state'), kept.slice(0, -20));
  const torn = resolverWith(options);
  t.match(await torn.query('p256.dane', 'MX'), { security: 'secure' });
  t.match(warnings.join(), /rfc5011\.root\.state line \d+: .*starting from the configured anchors/);
});

t.test('a forwarder that has only an error for one name is asked for the next', async (t) => {
  const resolver = resolverWith();
  // MX answers make it fetch ahead, among others what is broken.
  for (const domain of ['two-exchanges.dane', 'null-mx.dane', 'nobody.p256.dane']) {
    await resolver.query(domain, 'MX');
  }
  await resolver.query('mail.cname-mx.dane', 'A');
  await resolver.query('ptr.services.dane', 'PTR');
  t.match(await resolver.query('mx.expired.broken', 'A'), { rcode: 'SERVFAIL' });
  t.match(await resolver.query('1.1.25.11.in-addr.arpa', 'PTR'), { rcode: 'NXDOMAIN' });
});

t.test('the DANE decision as one call', async (t) => {
  const resolver = resolverWith();
  // RFC 7672 §2.2: DANE does not apply to an address, and it is no domain that does not exist.
  for (const address of ['192.0.2.1', '2001:db8::1']) {
    const code = 'ERR_INVALID_NAME';
    await t.rejects(resolver.daneForDomain(address), { code, message: /an address has no DANE/ });
  }
  t.match(await resolver.daneForDomain('ｐ256。dane'), { domain: 'p256.dane', outcome: 'deliver' });
  const good = await resolver.daneForDomain('CERTIFICATE.dane');
  t.match(good, { domain: 'certificate.dane', port: 25, outcome: 'deliver' });
  t.match(good.route, { kind: 'MX', secure: true, why: { code: 'validated' } });
  const [exchange] = good.exchanges;
  t.match(exchange, {
    exchange: 'mx.certificate.dane',
    action: 'authenticate',
    serverName: 'mx.certificate.dane',
    tlsaName: '_25._tcp.mx.certificate.dane',
    records: [{ usage: 3, selector: 1, matchingType: 1, state: 'usable' }],
    referenceNames: ['mx.certificate.dane', 'certificate.dane'],
  });
  const own = makeCertificate({ subject: 'anybody', key: labServerKey });
  t.match(verifyChain(exchange?.records ?? [], [own], exchange?.referenceNames ?? []), {
    ok: true,
    record: /^3 1 1 /,
    depth: 0,
  });
  const stranger = new X509Certificate(makeCertificate({ subject: 'anybody', key: newKey() }));
  t.match(verifyChain(exchange?.records ?? [], [stranger], []), {
    ok: false,
    code: 'no match',
    attempts: [{ record: /^3 1 1 / }],
  });
  const bogus = await resolver.daneForDomain('expired-tlsa.broken');
  t.match(bogus, { outcome: 'defer', exchanges: [{ action: 'defer', why: { server: /./ } }] });
  const host = await resolver.daneForDomain('mx.p256.dane', { port: 465, isHost: true });
  t.match(host, { route: { kind: 'host' }, exchanges: [{ reason: 'no TLSA' }] });
  await t.rejects(resolver.daneForDomain('p256.dane', { port: 0 }), { code: 'ERR_INVALID_PORT' });
  await t.rejects(resolver.daneForDomain('a..b'), { code: 'ERR_INVALID_NAME' });
  const aborted = AbortSignal.abort(new Error('enough'));
  await t.rejects(resolver.daneForDomain('p256.dane', { signal: aborted }), { message: 'enough' });
  const controller = new AbortController();
  const waiting = resolver.daneForDomain('rsa.dane', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.rejects(waiting, { message: 'enough' });
  const closing = resolverWith();
  const pending = closing.daneForDomain('split.dane');
  closing.close();
  await t.rejects(pending, { code: 'ERR_CLOSED' });
});
